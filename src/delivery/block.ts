/** Large enough that a burst needs few of them, small enough that a nearly empty one is no waste. */
export const BLOCK_BYTES = 262_144;
const MAX_RECORDS = 2_048;
const COMMA = 0x2c;

/** Texts as UTF-8 in one buffer, each followed by a comma, so that neighbours are a body without further work. */
export class Block {
  readonly #bytes: Buffer;
  /** Where each text ends (its comma stands there). */
  readonly #ends = new Uint32Array(MAX_RECORDS);
  #used = 0;
  /** Texts written so far. */
  count = 0;
  /** Texts that are still needed. */
  live = 0;
  /** Ordinal, in its queue, of the first text. */
  ordinal = 0;
  /** Monotonic time of the last text, where ages matter. */
  touchedAt = 0;
  /** Order of age among the blocks of one destination. */
  sequence: number;

  constructor(size: number, sequence: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.sequence = sequence;
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** Writes a text and returns its bytes, or -1 when it does not fit. */
  append(text: string): number {
    const start = this.#used;
    const room = this.#bytes.length - start - 1;
    if (this.count === MAX_RECORDS) return -1;
    // Three bytes per UTF-16 unit at most; only near the end of a block is the exact length worth its cost.
    if (text.length * 3 > room && Buffer.byteLength(text) > room) return -1;
    const written = this.#bytes.write(text, start, 'utf8');
    const end = start + written;
    this.#bytes[end] = COMMA;
    this.#ends[this.count] = end;
    this.#used = end + 1;
    this.count += 1;
    this.live += 1;
    return written;
  }

  /** Takes the last text back. */
  undo(): void {
    this.count -= 1;
    this.live -= 1;
    this.#used = this.#start(this.count);
  }

  /** Empties the block for reuse. */
  reset(sequence: number): void {
    this.#used = 0;
    this.count = 0;
    this.live = 0;
    this.sequence = sequence;
  }

  /** Bytes of the texts `from` to `to` without their commas. */
  textBytes(from: number, to: number): number {
    return to === from ? 0 : this.#end(to - 1) - this.#start(from) - (to - from - 1);
  }

  /** How far from `from` one can go, up to `to`, within `maxBytes`; at least one text further if `atLeastOne`. */
  fit(from: number, to: number, maxBytes: number, atLeastOne: boolean): number {
    const limit = this.#start(from) + maxBytes;
    let last = to;
    if (this.#end(to - 1) > limit) {
      last = from;
      while (last < to && this.#end(last) <= limit) last += 1;
    }
    return last === from && atLeastOne ? from + 1 : last;
  }

  /** Copies the texts `from` to `to`, joined by commas, and returns the offset behind them. */
  copy(from: number, to: number, target: Buffer, offset: number): number {
    return offset + this.#bytes.copy(target, offset, this.#start(from), this.#end(to - 1));
  }

  text(index: number): string {
    return this.#bytes.toString('utf8', this.#start(index), this.#end(index));
  }

  #end(index: number): number {
    return this.#ends[index] as number;
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#end(index - 1) + 1;
  }
}
