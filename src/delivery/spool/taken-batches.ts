import { Slots } from '../slots.ts';
import { DiskBatch, fromOf, type Piece } from './disk-batch.ts';
import type { Segment } from './segment.ts';

/** The batches of a queue that are taken and neither acknowledged nor released. */
export class TakenBatches {
  readonly #batches = new Slots<DiskBatch>();
  /** Records in them. */
  count = 0;
  /** Bytes of their frames. */
  bytes = 0;

  add(pieces: readonly Piece[]): DiskBatch {
    const batch = this.#batches.add(new DiskBatch(pieces));
    this.count += batch.count;
    this.bytes += batch.frameBytes;
    return batch;
  }

  /** A batch becomes two, the first with `count` records. */
  split(batch: DiskBatch, count: number): readonly [DiskBatch, DiskBatch] {
    const [left, right] = batch.divide(count);
    this.remove(batch);
    return [this.add(left), this.add(right)];
  }

  remove(batch: DiskBatch): void {
    this.#batches.remove(batch);
    this.count -= batch.count;
    this.bytes -= batch.frameBytes;
    batch.unpin();
  }

  /** Whether a record of a segment that begins before `offset` is among them. */
  hasBefore(segment: Segment, offset: number): boolean {
    return this.#batches.members.some(({ pieces }) =>
      pieces.some((piece) => piece.segment === segment && fromOf(piece) < offset),
    );
  }
}
