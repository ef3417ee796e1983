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
  /** A check that tells whether every record accepted until now has ended. */
  checkpoint(): () => boolean;
  /** Accepts one text; false when there is no room for it (it is then counted as dropped). */
  append(text: string): boolean;
  /** Accepts one text and hands it out at once, for whoever may replace it; undefined when there is no room for it. */
  appendTaken(text: string): Batch | undefined;
  /**
   * The oldest records that wait, or the youngest one. Records that have come back often are not mixed with others:
   * one of them may be what is refused. Undefined when there is none, or while their bytes are being read.
   */
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

/** Records that have come back this often travel without those that have not. */
export const OFTEN = 2;
