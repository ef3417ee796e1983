import { cpus, freemem, totalmem } from 'node:os';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';

/** Use of the whole machine, in whole percent (0–100). */
export interface LoadSample {
  readonly cpu: number;
  readonly memory: number;
}

/** Where the figures come from; `node:os` unless a test says otherwise. */
export interface LoadSource {
  cpus(): readonly { readonly times: Readonly<Record<string, number>> }[];
  freemem(): number;
  totalmem(): number;
}

interface CpuTimes {
  readonly idle: number;
  readonly total: number;
}

const INTERVAL_MILLIS = 5_000;
const FIRST_INTERVAL_MILLIS = 1_000;
/** Ticks without a reader after which sampling stops by itself; the next reader starts it again. */
const MAX_UNREAD_TICKS = 12;
const OS: LoadSource = { cpus, freemem, totalmem };

function cpuTimes(source: LoadSource): CpuTimes {
  let idle = 0;
  let total = 0;
  for (const { times } of source.cpus()) {
    for (const value of Object.values(times)) total += value;
    idle += times.idle ?? 0;
  }
  return { idle, total };
}

function percent(part: number): number {
  return Math.min(100, Math.max(0, Math.round(part * 100)));
}

/**
 * Samples CPU and memory use of the machine from the first `current()` on, after 1 s and then every 5 s, and stops by
 * itself after a minute without a reader. Its timer never keeps the process alive. Never throws; where the system
 * tells nothing, there is no sample.
 */
export class SystemLoad {
  readonly #clock: Clock;
  readonly #source: LoadSource;
  #sample: LoadSample | undefined;
  #running: AbortController | undefined;
  #stopped = false;
  #unread = 0;

  constructor(clock: Clock = systemClock, source: LoadSource = OS) {
    this.#clock = clock;
    this.#source = source;
  }

  /** The newest sample, undefined before the first; starts sampling. */
  current(): LoadSample | undefined {
    this.#unread = 0;
    if (this.#running === undefined && !this.#stopped) this.#start();
    return this.#sample;
  }

  /** Ends sampling for good. */
  stop(): void {
    this.#stopped = true;
    this.#running?.abort();
    this.#sample = undefined;
  }

  #start(): void {
    const controller = new AbortController();
    this.#running = controller;
    void this.#run(controller.signal).catch(() => {
      // A system that tells nothing (a sandbox): no figures, and no second try.
      this.stop();
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    let before = cpuTimes(this.#source);
    await this.#clock.sleep(FIRST_INTERVAL_MILLIS, signal);
    while (!signal.aborted) {
      const now = cpuTimes(this.#source);
      const total = now.total - before.total;
      const memory = 1 - this.#source.freemem() / this.#source.totalmem();
      if (total > 0) this.#sample = { cpu: percent(1 - (now.idle - before.idle) / total), memory: percent(memory) };
      before = now;
      this.#unread += 1;
      if (this.#unread > MAX_UNREAD_TICKS) break;
      await this.#clock.sleep(INTERVAL_MILLIS, signal);
    }
    // A sample of an hour ago says nothing about the event that wakes us up.
    this.#sample = undefined;
    this.#running = undefined;
  }
}
