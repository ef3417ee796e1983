/** Below this, Node's own pool of small buffers is as good. */
const SMALL_BYTES = 4_096;
const STEP_BYTES = 65_536;
const MAX_SPARE = 4;

/** Request bodies to write into: a fresh 300 KB buffer per request costs page faults and external-memory GC. */
export class BodyPool {
  readonly #spare: Buffer[] = [];

  /** A buffer of at least `bytes`. */
  take(bytes: number): Buffer {
    if (bytes <= SMALL_BYTES) return Buffer.allocUnsafe(bytes);
    const index = this.#spare.findIndex((buffer) => buffer.length >= bytes);
    if (index !== -1) return this.#spare.splice(index, 1)[0] as Buffer;
    this.#spare.shift();
    return Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  }

  /** Gives a buffer back; only when its request was answered in full, or a socket may still be reading from it. */
  give(buffer: Buffer): void {
    if (buffer.length > SMALL_BYTES && this.#spare.length < MAX_SPARE) this.#spare.push(buffer);
  }
}
