import type { MeterProvider } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import type { Codec } from '../codec/codec.ts';
import { ExporterMetrics } from '../telemetry.ts';
import { Attempter } from './attempt.ts';
import { ByteBudget } from './byte-budget.ts';
import type { CircuitBreakerOptions, CircuitState } from './circuit-breaker.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { DeadLetterHandler } from './dead-letter.ts';
import { Diagnostics } from './diagnostics.ts';
import type { Endpoint } from './endpoint.ts';
import { HttpTransport } from './http.ts';
import { Ledger } from './ledger.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { Queue } from './queue.ts';
import { Sender } from './sender.ts';
import { Settlement } from './settlement.ts';
import type { DestinationStats } from './stats.ts';

export type { DestinationStats } from './stats.ts';

/** One stream of a destination: its codec and endpoint. */
export interface LaneOptions {
  readonly codec: Codec;
  readonly endpoint: Endpoint;
  readonly concurrency: number;
}

export interface PipelineOptions {
  readonly name: string;
  readonly lanes: readonly LaneOptions[];
  readonly clock: Clock;
  readonly queueBytes: number;
  /** Upper bounds on top of the platform's own. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxDelayMillis: number;
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  /** Whether requests under way keep an otherwise finished process alive. */
  readonly holdsProcess: boolean;
  readonly maxRetryAfterMillis: number;
  readonly circuitBreaker: CircuitBreakerOptions;
  readonly meterProvider: MeterProvider | undefined;
  readonly onDeadLetter: DeadLetterHandler | undefined;
}

interface Lane {
  readonly queue: Queue;
  readonly attempter: Attempter;
  readonly breaker: CircuitBreaker;
  readonly transport: HttpTransport;
  readonly sender: Sender;
}

const SEVERITY_OF_STATE: readonly CircuitState[] = ['closed', 'half-open', 'throttled', 'open', 'held'];

/** Everything between an encoded record and the platform, for one destination. Shares nothing with other destinations. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #ledger: Ledger;
  readonly #budget: ByteBudget;
  readonly #lanes: readonly Lane[];
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#budget = new ByteBudget(options.queueBytes);
    const metrics = options.meterProvider && new ExporterMetrics(options.meterProvider, identity(options));
    this.#ledger = new Ledger(metrics);
    const diagnostics = new Diagnostics(options.name, options.clock);
    this.#lanes = options.lanes.map((lane) => this.#assemble(lane, metrics, diagnostics));
  }

  /**
   * The chain of one lane, from the queue to the network:
   *
   *     queue → sender ⇄ breaker (may I?) → attempter (frame, address, judge) → transport (HTTP)
   *       ▲                                        │
   *       └──────── settlement (verdict) ◀─────────┘
   */
  #assemble(lane: LaneOptions, metrics: ExporterMetrics | undefined, diagnostics: Diagnostics): Lane {
    const { clock, circuitBreaker, maxRetryAfterMillis } = this.#options;
    const { codec, endpoint, concurrency } = lane;
    const ledger = this.#ledger;
    const onProgress = (): void => {
      for (const waiter of this.#waiters) waiter();
    };
    const queue = new MemoryQueue(this.#budget, (count) => {
      ledger.drop(count, 'overflow');
      diagnostics.warn('overflow', 'the queue is full; the oldest records are dropped and counted');
    });
    const breaker = new CircuitBreaker(circuitBreaker, clock);
    const transport = new HttpTransport({
      origin: endpoint.origin,
      maxConnections: concurrency,
      timeoutMillis: this.#options.timeoutMillis,
      connectTimeoutMillis: this.#options.connectTimeoutMillis,
      holdsProcess: this.#options.holdsProcess,
      clock,
    });
    const attempter = new Attempter({ codec, endpoint, transport, clock, maxRetryAfterMillis, metrics });
    const settlement = new Settlement({
      queue,
      codec,
      attempter,
      ledger,
      diagnostics,
      maxBytes: Math.min(codec.maxBytes, this.#options.maxBytes) - framingBytes(codec),
      onDeadLetter: (text, reason) => this.#deadLetter(text, reason),
      onProgress,
    });
    const sender = new Sender({
      queue,
      attempter,
      settlement,
      breaker,
      clock,
      diagnostics,
      concurrency,
      maxRecords: Math.min(codec.maxRecords, this.#options.maxRecords),
      maxDelayMillis: this.#options.maxDelayMillis,
      onProgress,
    });
    return { queue, attempter, breaker, transport, sender };
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

  /** Waits until everything accepted before has ended, for `timeoutMillis` at most; true when it has. Never rejects. */
  async flush(timeoutMillis: number): Promise<boolean> {
    const checks = this.#lanes.map(({ queue }) => queue.checkpoint());
    const ended = (): boolean => checks.every((check) => check());
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

  /** Accepts nothing more, delivers what it can within `timeoutMillis`, counts the rest as dropped. Never rejects. */
  async shutdown(timeoutMillis: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush(timeoutMillis);
    for (const { sender } of this.#lanes) sender.stop();
    await Promise.all(this.#lanes.map((lane) => this.#drain(lane)));
    for (const { queue } of this.#lanes) this.#ledger.drop(queue.clear(), 'shutdown');
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
    const { accepted, delivered, deadLettered, dropped, pending } = this.#ledger;
    const breaker = this.#lanes
      .map((lane) => lane.breaker)
      .reduce((worst, next) => (rank(next.state) > rank(worst.state) ? next : worst));
    const { reason } = breaker;
    return {
      platform: this.#options.name,
      accepted,
      delivered,
      pending,
      pendingBytes: this.#budget.used,
      deadLettered,
      dropped: { ...dropped },
      requests: this.#lanes.reduce((sum, { attempter }) => sum + attempter.requests, 0),
      retries: this.#lanes.reduce((sum, { sender }) => sum + sender.retries, 0),
      circuit: {
        state: breaker.state,
        ...(reason !== undefined && { reason }),
        trips: this.#lanes.reduce((sum, lane) => sum + lane.breaker.trips, 0),
      },
    };
  }

  #deadLetter(text: string, reason: string): void {
    try {
      const record = JSON.parse(text) as Record<string, unknown>;
      const heard: unknown = this.#options.onDeadLetter?.({
        platform: this.#options.name,
        record,
        reason,
        atMillis: this.#options.clock.wallNow(),
      });
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {
      // The callback is the application's; its errors must not stop delivery.
    }
  }
}

/** What a body is longer than its records. */
function framingBytes(codec: Codec): number {
  const { open, close } = codec.framing(codec.maxRecords);
  return open.length + close.length;
}

function rank(state: CircuitState): number {
  return SEVERITY_OF_STATE.indexOf(state);
}

function identity({ name, lanes }: PipelineOptions): ConstructorParameters<typeof ExporterMetrics>[1] {
  const { hostname, port, protocol } = new URL(lanes[0]?.endpoint.origin ?? 'http://localhost');
  return {
    componentType: `logferry_${name}_exporter`,
    componentName: `logferry_${name}_exporter/0`,
    serverAddress: hostname,
    serverPort: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}
