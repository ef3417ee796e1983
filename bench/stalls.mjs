import { openSync, readSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';

const NANOS = 1e6;
const TICK_MILLIS = 1;
const text = Buffer.alloc(128);

function openStatistics() {
  try {
    return openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return undefined;
  }
}

const statistics = openStatistics();

/** Milliseconds that the calling thread has waited for a processor so far; 0 where the system does not say. */
export function waitedMillis() {
  if (statistics === undefined) return 0;
  const length = readSync(statistics, text, 0, text.length, 0);
  return Number(text.latin1Slice(0, length).split(' ')[1]) / NANOS;
}

/**
 * How long the event loop stands still, tick by tick from construction to `read()`. `own` leaves out what the thread
 * has waited for a processor: that is the doing of other processes. Waiting for the disk is in it.
 */
export class Stalls {
  #raw = createHistogram();
  #own = createHistogram();
  #last = performance.now();
  #waited = waitedMillis();
  #timer = setInterval(() => this.#tick(), TICK_MILLIS);

  #tick() {
    const now = performance.now();
    const waited = waitedMillis();
    const stall = now - this.#last - TICK_MILLIS;
    this.#note(this.#raw, stall);
    this.#note(this.#own, stall - (waited - this.#waited));
    this.#last = now;
    this.#waited = waited;
  }

  #note(histogram, millis) {
    histogram.record(Math.max(1, Math.round(millis * NANOS)));
  }

  /** Of `millis` that have passed until now, those in which the thread did not wait for a processor since the last tick. */
  own(millis) {
    return Math.max(0, millis - (waitedMillis() - this.#waited));
  }

  /** Ends the measurement; the slice that is running counts. */
  read() {
    clearInterval(this.#timer);
    this.#tick();
    return {
      stallP999Millis: this.#own.percentile(99.9) / NANOS,
      stallMaxMillis: this.#own.max / NANOS,
      rawStallMaxMillis: this.#raw.max / NANOS,
    };
  }
}
