import { SLAB_BYTES } from './chunk-cache.ts';
import type { Piece } from './disk-batch.ts';
import type { SegmentReader } from './reader.ts';
import type { Segment } from './segment.ts';

/** As many as are written again in one go. */
const SOME = { maxRecords: 1_024, maxBytes: SLAB_BYTES };

/** Segments that the disk may not have kept: what waits in them is written again, some of it at a time. */
export class Unsynced {
  readonly #segments = new Set<Segment>();

  add(segment: Segment): void {
    this.#segments.add(segment);
  }

  /** Some of their records; none also while they are being read. */
  take(reader: SegmentReader): readonly Piece[] {
    for (const segment of this.#segments) {
      if (segment.ended) this.#segments.delete(segment);
      const pieces = reader.oldest([segment], SOME);
      if (pieces.length > 0) return pieces;
    }
    return [];
  }
}
