import { AnswerTimes } from './answer-times.ts';

const SUCCESSES_PER_STEP = 5;

/**
 * How many requests may be in flight: additive increase after successes, halved when the platform throttles or takes
 * much longer than before to answer.
 */
export class ConcurrencyLimit {
  readonly #max: number;
  readonly #times = new AnswerTimes();
  #limit: number;
  #successes = 0;

  constructor(max: number) {
    this.#max = max;
    this.#limit = max;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** `millis` is how long the answer took; undefined when that is not comparable. */
  succeeded(millis?: number): void {
    if (millis !== undefined && this.#times.slowedDown(millis)) {
      this.throttled();
      return;
    }
    if (this.#limit >= this.#max) return;
    this.#successes += 1;
    if (this.#successes < SUCCESSES_PER_STEP) return;
    this.#successes = 0;
    this.#limit = Math.min(this.#max, this.#limit + 1);
  }

  throttled(): void {
    this.#successes = 0;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  /** After an outage: one at a time, so that a recovering platform is not knocked over again. */
  restart(): void {
    this.#successes = 0;
    this.#limit = 1;
  }
}
