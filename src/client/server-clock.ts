import type { Clock } from '../clock.ts';

/** The server's clock as seen from here: what it said last, and the time that has passed since. */
export class ServerClock {
  readonly #clock: Clock;
  #atMillis: number;
  #heardAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMillis = clock.wallNow();
    this.#heardAt = clock.now();
  }

  /** Sets it by a timestamp of the server; by our own clock when there is none. */
  hear(timestamp: string | undefined): void {
    const millis = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
    this.#atMillis = Number.isNaN(millis) ? this.#clock.wallNow() : millis;
    this.#heardAt = this.#clock.now();
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return this.#atMillis + Math.floor(this.#clock.now() - this.#heardAt);
  }
}
