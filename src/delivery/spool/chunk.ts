import type { FrameSink } from './frame.ts';
import { FRAME_OVERHEAD, readFrames, textEnd, textStart } from './frame.ts';

/** Part of a segment in memory: its bytes and where the frames in them stand. Offsets are those of the segment. */
export class Chunk implements FrameSink {
  readonly bytes: Buffer;
  /** Offset, in the segment, of the first byte. */
  readonly base: number;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Bytes that have been looked at. */
  #used = 0;
  /** Lines that are no frames. */
  damaged = 0;
  /** Batches that point here. */
  pins = 0;
  /** Frames are still written to it. */
  open = false;

  constructor(bytes: Buffer, base: number) {
    this.bytes = bytes;
    this.base = base;
  }

  /** Finds the frames in the first `length` bytes. */
  static parse(bytes: Buffer, base: number, length: number): Chunk {
    const chunk = new Chunk(bytes, base);
    chunk.#used = readFrames(bytes, 0, length, chunk);
    return chunk;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Offset behind what this chunk knows of. */
  get limit(): number {
    return this.base + this.#used;
  }

  /** Bytes in use, from the beginning. */
  get used(): number {
    return this.#used;
  }

  covers(offset: number): boolean {
    return offset >= this.base && offset < this.limit;
  }

  frame(start: number, end: number): void {
    this.#starts.push(start);
    this.#ends.push(end);
  }

  corrupt(): void {
    this.damaged += 1;
  }

  /** A frame up to `end` has been written behind the last one. */
  extend(end: number): void {
    this.frame(this.#used, end);
    this.#used = end;
  }

  /** What was written up to `end` is not for reading: the header of a segment. */
  skip(end: number): void {
    this.#used = end;
  }

  /** What lies behind the last frame, up to `offset` of the segment, is none. */
  endAt(offset: number): void {
    this.#used = Math.max(this.#used, offset - this.base);
  }

  /** Where the frame begins and ends. */
  start(index: number): number {
    return this.base + (this.#starts[index] as number);
  }

  end(index: number): number {
    return this.base + (this.#ends[index] as number);
  }

  /** Bytes of the frame's text. */
  textBytes(index: number): number {
    return (this.#ends[index] as number) - (this.#starts[index] as number) - FRAME_OVERHEAD;
  }

  /** The first frame that begins at or behind `offset`. */
  indexAt(offset: number): number {
    const relative = offset - this.base;
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) < relative) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Copies the text of a frame and returns the offset behind it. */
  copyText(index: number, target: Buffer, offset: number): number {
    const start = textStart(this.#starts[index] as number);
    return offset + this.bytes.copy(target, offset, start, textEnd(this.#ends[index] as number));
  }

  text(index: number): string {
    const start = textStart(this.#starts[index] as number);
    return this.bytes.toString('utf8', start, textEnd(this.#ends[index] as number));
  }

  /** The frames `first` to `last` in a chunk of their own, so that a few records do not keep all others in memory. */
  copyOf(first: number, last: number): Chunk {
    const from = this.#starts[first] as number;
    const bytes = Buffer.from(this.bytes.subarray(from, this.#ends[last - 1]));
    const copy = new Chunk(bytes, this.base + from);
    for (let index = first; index < last; index += 1) {
      copy.frame((this.#starts[index] as number) - from, (this.#ends[index] as number) - from);
    }
    copy.#used = bytes.length;
    return copy;
  }
}
