import { performance } from 'node:perf_hooks';

/** The only door to time and chance; tests walk through it with a clock of their own. */
export interface Clock {
  /** Monotonic milliseconds; the only basis for delays, deadlines and states. */
  now(): number;
  /** Milliseconds since the Unix epoch; only for HTTP dates, token times and record timestamps. */
  wallNow(): number;
  /** A number in [0, 1). */
  random(): number;
  /**
   * Resolves after `millis` (0 = the next turn of the event loop), or at once when `signal` aborts; never rejects.
   * Does not keep the process alive unless `ref` is true. Any length is allowed, `Infinity` waits for the signal.
   */
  sleep(millis: number, signal?: AbortSignal, ref?: boolean): Promise<void>;
  /**
   * Calls `action` once after `millis` (0 = the next turn of the event loop) unless the returned function is called
   * before. Never keeps the process alive. For hot paths: no promise, no signal.
   */
  after(millis: number, action: () => void): () => void;
}

/** Node's timers overflow into "fire at once" beyond this, so longer waits are taken in pieces. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/**
 * An immediate that is let go of does not run until something else wakes the event loop, so it is not: it holds the
 * process for one turn only.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function timer(millis: number, signal: AbortSignal | undefined, ref: boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timeout = setTimeout(done, millis);
    if (!ref) timeout.unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The real clock: `performance.now()`, `Date.now()`, `Math.random()` and unref'd timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  after(millis, action) {
    if (!(millis > 0)) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const end = performance.now() + millis;
    let timeout: NodeJS.Timeout;
    const wait = (left: number): void => {
      timeout = setTimeout(due, Math.min(left, LONGEST_TIMER_MILLIS)).unref();
    };
    const due = (): void => {
      const left = end - performance.now();
      if (left > 0) wait(left);
      else action();
    };
    wait(millis);
    return () => clearTimeout(timeout);
  },
  async sleep(millis, signal, ref = false) {
    if (signal?.aborted) return;
    if (!(millis > 0)) return nextTurn();
    const end = performance.now() + millis;
    for (let left = millis; left > 0 && !signal?.aborted; left = end - performance.now()) {
      await timer(Math.min(left, LONGEST_TIMER_MILLIS), signal, ref);
    }
  },
};
