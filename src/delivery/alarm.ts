import type { Clock } from '../clock.ts';

/** Calls `action` at the earliest of the times it was set to; one wait at a time. */
export class Alarm {
  readonly #clock: Clock;
  readonly #action: () => void;
  #at = Number.POSITIVE_INFINITY;
  #waiting: AbortController | undefined;

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
  }

  /** The time of the next call, `Infinity` when none is due. */
  get at(): number {
    return this.#at;
  }

  /** `at` is monotonic; a time in the past means the next turn of the event loop, `Infinity` means never. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.#waiting?.abort();
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#at = at;
    void this.#clock.sleep(at - this.#clock.now(), waiting.signal).then(() => {
      if (waiting.signal.aborted) return;
      this.#at = Number.POSITIVE_INFINITY;
      this.#action();
    });
  }

  clear(): void {
    this.#waiting?.abort();
    this.#at = Number.POSITIVE_INFINITY;
  }
}
