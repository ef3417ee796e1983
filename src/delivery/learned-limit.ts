import type { Clock } from '../clock.ts';

/** A limit that was learned goes no further down than this; what is refused below it is not refused for its size. */
export const SMALLEST_LIMIT = 1_024;
/** So long after the last refusal one larger request is tried. */
const QUIET_MILLIS = 600_000;

/**
 * How many bytes one body may have: as configured, or as 413 answers have taught. What was learned is not for ever, a
 * proxy may have been in the way: after ten quiet minutes one request may have twice as much. If it passes, its size is
 * the new limit; if it is refused, that was all it cost.
 */
export class LearnedLimit {
  readonly #max: number;
  readonly #clock: Clock;
  #bytes: number;
  /** The last refusal, growth or try (monotonic). */
  #quietSince = 0;

  /** `max` as configured, in bytes. */
  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#bytes = max;
    this.#clock = clock;
  }

  /** What is known to pass, or not known to be refused. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the next request may have. */
  get next(): number {
    return this.#mayTry ? Math.min(this.#max, this.#bytes * 2) : this.#bytes;
  }

  get #mayTry(): boolean {
    return this.#bytes < this.#max && this.#clock.now() - this.#quietSince >= QUIET_MILLIS;
  }

  /** A request goes out; one beyond the limit is the try, and no other follows it for a while. */
  sent(bytes: number): void {
    if (bytes > this.#bytes) this.#quietSince = this.#clock.now();
  }

  /** A request of this size was taken. */
  passed(bytes: number): void {
    if (bytes <= this.#bytes || this.#bytes === this.#max) return;
    this.#bytes = Math.min(this.#max, bytes);
    this.#quietSince = this.#clock.now();
  }

  /** A request of this size was refused for it; false when smaller ones are not worth a try. */
  refused(bytes: number): boolean {
    this.#quietSince = this.#clock.now();
    const half = Math.max(SMALLEST_LIMIT, Math.floor(bytes / 2));
    if (half >= bytes) return false;
    // What was refused beyond the limit says nothing against the limit.
    if (bytes <= this.#bytes) this.#bytes = half;
    return true;
  }
}
