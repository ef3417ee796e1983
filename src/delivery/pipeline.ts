import { ExporterMetrics } from '../telemetry.ts';
import { ByteBudget } from './byte-budget.ts';
import type { CircuitState } from './circuit-breaker.ts';
import { Diagnostics } from './diagnostics.ts';
import { assembleLane, type Lane } from './lane.ts';
import { DROPPED, type DropReason, Ledger } from './ledger.ts';
import { Listeners } from './listeners.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import type { Queue } from './queue.ts';
import { nodeFiles } from './spool/files.ts';
import { Spool } from './spool/spool.ts';
import { SpooledQueue } from './spool/spooled-queue.ts';
import type { DestinationStats } from './stats.ts';

const SEVERITY_OF_STATE: readonly CircuitState[] = ['closed', 'half-open', 'throttled', 'open', 'held'];

/** A record that is kept in a first version until the final one is known. */
export interface Held {
  /** The final version takes the place of the first. */
  readonly settle: (text: string) => void;
}

/** Everything between an encoded record and the platform, for one destination. Shares nothing with other destinations. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #ledger: Ledger;
  readonly #budget: ByteBudget;
  readonly #diagnostics: Diagnostics;
  readonly #listeners: Listeners;
  readonly #spool: Spool | undefined;
  readonly #lanes: readonly Lane[];
  readonly #waiters = new Set<() => void>();
  /** By lane: whether the last final version that took the place of a first one has ended. */
  readonly #replaced: (() => boolean)[] = [];
  #closed = false;

  constructor(options: PipelineOptions) {
    const { meterProvider, name, lanes } = options;
    const origin = lanes[0]?.endpoint.origin ?? 'http://localhost';
    const metrics = meterProvider && new ExporterMetrics(meterProvider, name, origin);
    this.#options = options;
    this.#budget = new ByteBudget(options.queueBytes);
    const { clock, onDeadLetter, onDrop } = options;
    this.#listeners = new Listeners({ platform: name, clock, onDeadLetter, onDrop });
    this.#ledger = new Ledger(metrics, (count, reason) => this.#listeners.drop(count, reason));
    this.#diagnostics = new Diagnostics(options.name, options.clock);
    this.#spool = this.#openSpool();
    this.#lanes = options.lanes.map((lane) =>
      assembleLane(lane, options, {
        queue: this.#queue(lane.name),
        ledger: this.#ledger,
        diagnostics: this.#diagnostics,
        metrics,
        onDeadLetter: (text, reason) => this.#deadLetter(lane.name, text, reason),
        onProgress: () => this.#progress(),
      }),
    );
  }

  #openSpool(): Spool | undefined {
    const { clock, name, spool: settings, lanes, maxAgeMillis } = this.#options;
    if (settings === undefined) return undefined;
    return new Spool({
      ...{ files: nodeFiles, clock, settings, platform: name, maxAgeMillis, diagnostics: this.#diagnostics },
      lanes: lanes.map((lane, index) => ({ name: lane.name, onReadable: () => this.#lanes[index]?.sender.poke() })),
      onDrop: (count, reason) => this.#drop(count, reason),
      onRecovered: (count, damaged) => this.#recovered(count, damaged),
      onTick: () => this.#drainMemory(),
      isImpaired: () => this.#lanes.some(({ breaker }) => breaker.state !== 'closed'),
    });
  }

  #queue(lane: string): Queue {
    const { clock, maxAgeMillis: maxMillis } = this.#options;
    const age = Number.isFinite(maxMillis) ? { clock, maxMillis } : undefined;
    const memory = new MemoryQueue(this.#budget, (count, reason) => this.#drop(count, reason), age);
    return this.#spool === undefined ? memory : new SpooledQueue(this.#spool, this.#spool.queue(lane), memory);
  }

  #drop(count: number, reason: DropReason): void {
    this.#ledger.drop(count, reason);
    this.#diagnostics.warn(reason, `${DROPPED[reason] ?? 'records are dropped'}; they are counted`);
    this.#progress();
  }

  /** Records that an earlier process has left were taken over. */
  #recovered(count: number, damaged: number): void {
    this.#ledger.recover(count + damaged);
    if (damaged > 0) this.#drop(damaged, 'corrupt');
    for (const { sender } of this.#lanes) sender.wake();
  }

  #drainMemory(): void {
    for (const { queue } of this.#lanes) if (queue instanceof SpooledQueue) queue.drain();
  }

  #progress(): void {
    for (const waiter of this.#waiters) waiter();
  }

  /** Takes over one encoded record; from here on it is counted until it ends. False when it could not be kept. */
  accept(lane: number, text: string): boolean {
    const ledger = this.#ledger;
    ledger.accept(1);
    if (this.#closed) {
      ledger.drop(1, 'after_shutdown');
      return false;
    }
    const { queue, sender } = this.#lanes[lane] as Lane;
    if (!queue.append(text)) {
      ledger.drop(1, 'overflow');
      return false;
    }
    sender.wake();
    return true;
  }

  /** Takes over a record whose final text is to come; undefined when it could not be kept (it is counted then). */
  hold(lane: number, text: string): Held | undefined {
    const { queue, sender } = this.#lanes[lane] as Lane;
    this.#ledger.accept(1);
    const batch = this.#closed ? undefined : queue.appendTaken(text);
    if (batch === undefined) {
      this.#ledger.drop(1, this.#closed ? 'after_shutdown' : 'overflow');
      return undefined;
    }
    const settle = (final: string): void => {
      // The final text first: a crash in between delivers both.
      const isKept = queue.append(final);
      if (isKept) this.#replaced[lane] = queue.checkpoint();
      if (isKept) queue.acknowledge(batch);
      else queue.release(batch);
      sender.wake();
    };
    return { settle };
  }

  /** What is wrong with the spool, if something is. */
  get spoolProblem(): string | undefined {
    return this.#spool?.problem;
  }

  /** Whether records survive the process. */
  get isDurable(): boolean {
    return this.#spool !== undefined && this.#spool.state !== 'memory';
  }

  /** Whether success is to be reported only after the disk has confirmed it. */
  get syncsEveryBatch(): boolean {
    return this.#options.spool?.fsync === 'batch';
  }

  /** Resolves when the disk has confirmed everything accepted before; false when it could not, or there is no spool. */
  async sync(): Promise<boolean> {
    return this.#spool !== undefined && this.isDurable && (await this.#spool.sync());
  }

  /** Waits until everything accepted before has ended, for `timeoutMillis` at most; true when it has. Never rejects. */
  async flush(timeoutMillis: number): Promise<boolean> {
    const checks = this.#lanes.map(({ queue }) => queue.checkpoint());
    const replaced = [...this.#replaced];
    const ended = (): boolean =>
      // What was to be replaced has not ended before its final version has.
      checks.every((check) => check()) && this.#replaced.every((check, lane) => check === replaced[lane] || check());
    if (ended()) return true;
    const done = new AbortController();
    const check = (): void => {
      if (ended()) done.abort();
    };
    this.#waiters.add(check);
    for (const { sender } of this.#lanes) sender.beginFlush();
    // The only timer that keeps the process alive: whoever awaits a flush wants its result.
    await this.#options.clock.sleep(timeoutMillis, done.signal, true);
    for (const { sender } of this.#lanes) sender.endFlush();
    this.#waiters.delete(check);
    return ended();
  }

  /**
   * Accepts nothing more and delivers what it can within `timeoutMillis`. The rest stays in the spool, pending, for the
   * next process; without a spool it is counted as dropped. Never rejects.
   */
  async shutdown(timeoutMillis: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush(timeoutMillis);
    for (const { sender } of this.#lanes) sender.stop();
    await Promise.all(this.#lanes.map((lane) => this.#drain(lane)));
    for (const { queue } of this.#lanes) this.#ledger.drop(queue.clear(), 'shutdown');
    this.#listeners.flush();
    await this.#spool?.close();
  }

  /** Ends what is under way; its records come back to the queue, so that each is counted exactly once. */
  async #drain({ transport, sender }: Lane): Promise<void> {
    const idle = new AbortController();
    const check = (): void => {
      if (sender.inFlight === 0) idle.abort();
    };
    this.#waiters.add(check);
    transport.abort();
    check();
    await this.#options.clock.sleep(1_000, idle.signal, true);
    this.#waiters.delete(check);
    await transport.close();
  }

  stats(): DestinationStats {
    const { accepted, recovered, delivered, deadLettered, dropped, pending } = this.#ledger;
    const spool = this.#spool;
    const breaker = this.#lanes
      .map((lane) => lane.breaker)
      .reduce((worst, next) => (rank(next.state) > rank(worst.state) ? next : worst));
    const { reason } = breaker;
    return {
      platform: this.#options.name,
      accepted,
      recovered,
      delivered,
      pending,
      pendingBytes: this.#budget.used + (spool?.pendingBytes ?? 0),
      deadLettered,
      dropped: { ...dropped },
      requests: this.#lanes.reduce((sum, { attempter }) => sum + attempter.requests, 0),
      retries: this.#lanes.reduce((sum, { sender }) => sum + sender.retries, 0),
      ...(spool !== undefined && { spool: { state: spool.state, diskBytes: spool.diskBytes } }),
      circuit: {
        state: breaker.state,
        ...(reason !== undefined && { reason }),
        trips: this.#lanes.reduce((sum, lane) => sum + lane.breaker.trips, 0),
      },
    };
  }

  #deadLetter(lane: string, text: string, reason: string): void {
    this.#spool?.deadLetter(lane, text, reason);
    this.#listeners.deadLetter(text, reason);
  }
}

function rank(state: CircuitState): number {
  return SEVERITY_OF_STATE.indexOf(state);
}
