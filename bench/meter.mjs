import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Nanoseconds that the calling thread has run; `undefined` where the system does not say. */
function mainThreadNanos() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]);
  } catch {
    return undefined;
  }
}

/** Highest resident memory of this process so far, in bytes. */
function peakBytes() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/**
 * Resident memory of an application that has loaded everything and done nothing yet; from here on the peak is counted
 * anew. What is loaded with the first request is loaded before: a kilobyte of code is not a kilobyte of records.
 */
export async function memoryAtStart() {
  await Promise.all([import('undici'), import('node:http')]);
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak of loading may hide that of the run.
  }
  return process.memoryUsage.rss();
}

/** Measures from its construction to `read()`. */
export class Meter {
  #startBytes;
  #cpu = process.cpuUsage();
  #main = mainThreadNanos();
  #begun = performance.now();
  #delay = monitorEventLoopDelay({ resolution: 1 });

  constructor(startBytes) {
    this.#startBytes = startBytes;
    this.#delay.enable();
  }

  read() {
    const { user, system } = process.cpuUsage(this.#cpu);
    const main = mainThreadNanos();
    this.#delay.disable();
    return {
      wallMillis: performance.now() - this.#begun,
      cpuMicros: user + system,
      mainMicros: main === undefined ? user + system : (main - this.#main) / 1000,
      delayP99Millis: this.#delay.percentile(99) / 1e6,
      peakBytes: peakBytes() - this.#startBytes,
    };
  }
}
