import type { Clock } from '../clock.ts';

/** Calls `action` at the earliest of the times it was set to; one wait at a time. */
export class Alarm {
  readonly #clock: Clock;
  readonly #action: () => void;
  #at = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

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
    this.#cancel?.();
    this.#at = at;
    this.#cancel = this.#clock.after(at - this.#clock.now(), () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#action();
    });
  }

  clear(): void {
    this.#cancel?.();
    this.#at = Number.POSITIVE_INFINITY;
  }
}
