import type { Clock } from '../../src/clock.ts';

/** One turn of the event loop: every promise that can settle without I/O has settled. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Sleeper {
  readonly at: number;
  readonly millis: number;
  readonly wake: () => void;
}

/**
 * A clock whose time passes only by `advance()`. Like the real one, `sleep(0)` is the next turn of the event loop,
 * `Infinity` waits for its signal, and an abort ends any sleep at once.
 */
export class FakeClock implements Clock {
  #now = 0;
  #wall = Date.UTC(2026, 0, 2, 3, 4, 5);
  readonly #sleepers = new Set<Sleeper>();
  /** What `random()` answers, in turn; the last one again and again. */
  readonly randoms: number[];
  /** Every sleep ever asked for, in order. */
  readonly slept: number[] = [];

  constructor(...randoms: readonly number[]) {
    this.randoms = randoms.length === 0 ? [0.5] : [...randoms];
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall;
  }

  /** Moves the wall clock alone, as an administrator or NTP would. */
  jumpWall(millis: number): void {
    this.#wall += millis;
  }

  random(): number {
    return (this.randoms.length > 1 ? this.randoms.shift() : this.randoms[0]) ?? 0.5;
  }

  sleep(millis: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(millis);
    if (signal?.aborted) return Promise.resolve();
    if (!(millis > 0)) return turn();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + millis, millis, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  after(millis: number, action: () => void): () => void {
    this.slept.push(millis);
    if (!(millis > 0)) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const wake = (): void => {
      this.#sleepers.delete(sleeper);
      action();
    };
    const sleeper: Sleeper = { at: this.#now + millis, millis, wake };
    this.#sleepers.add(sleeper);
    return () => this.#sleepers.delete(sleeper);
  }

  /** How many are asleep; with `millis`, only those who asked for exactly that long. */
  sleeping(millis?: number): number {
    return [...this.#sleepers].filter((sleeper) => millis === undefined || sleeper.millis === millis).length;
  }

  /** When the next sleeper wakes; `Infinity` when there is none. */
  get next(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#sleepers].map(({ at }) => at));
  }

  /** Lets time pass; sleepers wake in their order, each at its own time and with a turn of the event loop to act. */
  async advance(millis: number): Promise<void> {
    const end = this.#now + millis;
    await turn();
    while (this.next <= end) {
      const next = this.next;
      this.#set(next);
      for (const sleeper of [...this.#sleepers]) if (sleeper.at <= next) sleeper.wake();
      await turn();
    }
    this.#set(end);
    await turn();
  }

  /** Lets time pass in which this process does not run: nobody wakes. */
  skip(millis: number): void {
    this.#set(this.#now + millis);
  }

  #set(now: number): void {
    this.#wall += now - this.#now;
    this.#now = now;
  }
}
