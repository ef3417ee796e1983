import { Chunk } from './chunk.ts';
import type { Segment } from './segment.ts';

/** Frames are written from slabs of this size, which then serve as what has been read already. */
export const SLAB_BYTES = 262_144;
/** Slabs and read chunks kept; one more when it alone is larger. */
const MAX_BYTES = 4 * 1_048_576;
/** A full segment lets go of sixteen slabs at once; fresh ones cost page faults. */
const MAX_SPARE = 16;

interface Entry {
  readonly segment: Segment;
  readonly chunk: Chunk;
  used: number;
}

/** Frames that are still on their way to the disk are nowhere else, and more of them may come. */
function isOnDisk({ segment, chunk }: Entry): boolean {
  return !chunk.open && (segment.compressed || chunk.limit <= segment.diskBytes);
}

/** What of the segments is in memory: the youngest slabs that were written and the parts that were read last. */
export class ChunkCache {
  #entries: Entry[] = [];
  readonly #spare: Buffer[] = [];
  #bytes = 0;
  #clock = 0;

  /** The part of a segment that covers `offset`. */
  find(segment: Segment, offset: number): Chunk | undefined {
    for (const entry of this.#entries) {
      if (entry.segment !== segment || !entry.chunk.covers(offset)) continue;
      this.#clock += 1;
      entry.used = this.#clock;
      return entry.chunk;
    }
    return undefined;
  }

  add(segment: Segment, chunk: Chunk): void {
    this.#clock += 1;
    const added = { segment, chunk, used: this.#clock };
    this.#entries.push(added);
    this.#bytes += chunk.bytes.length;
    const byAge = this.#entries.filter((entry) => entry !== added && isOnDisk(entry)).sort((a, b) => a.used - b.used);
    for (const entry of byAge) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#remove(entry);
    }
  }

  /** A chunk to write the next frames of a segment to, `size` bytes or more; it is not let go of while it is `open`. */
  slab(segment: Segment, size: number): Chunk {
    const spare = size <= SLAB_BYTES ? this.#spare.pop() : undefined;
    const chunk = new Chunk(spare ?? Buffer.allocUnsafeSlow(Math.max(size, SLAB_BYTES)), segment.size);
    chunk.open = true;
    this.add(segment, chunk);
    return chunk;
  }

  /** Forgets everything of a segment. */
  forget(segment: Segment): void {
    for (const entry of this.#entries.filter((other) => other.segment === segment)) this.#remove(entry);
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    const { bytes, pins } = entry.chunk;
    this.#bytes -= bytes.length;
    // A buffer that a batch, or the thread pool, still reads from must not be written to again.
    if (pins === 0 && isOnDisk(entry) && bytes.length === SLAB_BYTES && this.#spare.length < MAX_SPARE)
      this.#spare.push(bytes);
  }
}
