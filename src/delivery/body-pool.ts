/** Most records alone are smaller than this. */
const SMALL_BYTES = 4_096;
const STEP_BYTES = 65_536;
const MAX_SMALL = 16;
const MAX_LARGE = 4;

/**
 * Request bodies to write into. A fresh 300 KB buffer per request costs page faults and external-memory GC; a fresh
 * small one per request outlives the young generation while its request is under way (both measured).
 */
export class BodyPool {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  /** A buffer of at least `bytes`. */
  take(bytes: number): Buffer {
    if (bytes <= SMALL_BYTES) return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
    const index = this.#large.findIndex((buffer) => buffer.length >= bytes);
    if (index !== -1) return this.#large.splice(index, 1)[0] as Buffer;
    this.#large.shift();
    return Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  }

  /** Gives a buffer back; only when its request was answered in full, or a socket may still be reading from it. */
  give(buffer: Buffer): void {
    const small = buffer.length <= SMALL_BYTES;
    const spare = small ? this.#small : this.#large;
    if (spare.length < (small ? MAX_SMALL : MAX_LARGE)) spare.push(buffer);
  }
}
