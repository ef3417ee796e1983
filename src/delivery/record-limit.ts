const SUCCESSES_PER_STEP = 5;

/**
 * How many records one request may have: half of those of a request that timed out, doubled after five successes. A
 * platform that cannot digest a large request in time may well digest two smaller ones.
 */
export class RecordLimit {
  readonly #max: number;
  #records: number;
  #successes = 0;

  /** `max` as configured. */
  constructor(max: number) {
    this.#max = max;
    this.#records = max;
  }

  get records(): number {
    return this.#records;
  }

  succeeded(): void {
    if (this.#records >= this.#max) return;
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_STEP) return;
    this.#successes = 0;
    this.#records = Math.min(this.#max, this.#records * 2);
  }

  /** Several requests that time out together count once: it is their size that is halved. */
  timedOut(records: number): void {
    this.#successes = 0;
    this.#records = Math.min(this.#records, Math.max(1, Math.floor(records / 2)));
  }
}
