import type { Batch } from '../codec/batch.ts';

export interface TakeOptions {
  readonly maxRecords: number;
  /** Bytes of texts and the commas between them; a single larger record is taken all the same. */
  readonly maxBytes: number;
  /** Only records that have never been sent. */
  readonly fresh?: boolean;
  /** From the young end instead of the old one. */
  readonly newest?: boolean;
}

/**
 * Records that wait for delivery, oldest first. What is taken stays owned by the queue: it is counted until it is
 * acknowledged, and released records go back to the place they had.
 */
export interface Queue {
  /** Records that wait. */
  readonly waiting: number;
  /** Records that are taken and neither acknowledged nor released. */
  readonly taken: number;
  /** Records ever accepted: the ordinal of the next one. */
  readonly appended: number;
  /** Whether every record with a smaller ordinal has ended. */
  isPast(ordinal: number): boolean;
  /** Accepts one text; false when there is no room for it (it is then counted as dropped). */
  append(text: string): boolean;
  take(options: TakeOptions): Batch | undefined;
  /** Two batches from one, the first with `count` records. The original must not be used any more. */
  split(batch: Batch, count: number): readonly [Batch, Batch];
  /** The records of a batch will not be needed any more. */
  acknowledge(batch: Batch): void;
  /** The records of a batch wait again. */
  release(batch: Batch): void;
  /** Drops everything that waits and returns how many records that were. */
  clear(): number;
}
