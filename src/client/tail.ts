import type { Readable } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { BackoffOptions } from '../delivery/backoff.ts';
import { backoffMillis } from '../delivery/backoff.ts';
import { LogTideApiError, mayHeal } from './errors.ts';
import { streamSteps } from './event-stream.ts';
import type { LogTideLog } from './log.ts';
import { oldestFirst } from './oldest-first.ts';
import type { LogPage, LogQuery } from './query.ts';
import { SeenIds } from './seen-ids.ts';
import { ServerClock } from './server-clock.ts';
import type { FillCause, TailSettings } from './tail-options.ts';

/** What a tail needs of the client. */
export interface TailSource {
  open(streamQuery: string, signal: AbortSignal): Promise<Readable>;
  query(query: LogQuery, signal: AbortSignal): Promise<LogPage>;
}

const RECONNECT: BackoffOptions = { initialDelayMillis: 1_000, maxDelayMillis: 30_000 };
/** The server's own limit of a poll: so many logs mean that there may have been more. */
const FULL_TICK = 100;
/** About 8 MB of ids. */
const REMEMBERED_IDS = 50_000;
/** Applications' clocks may be ahead of the server's. */
const AHEAD_MILLIS = 300_000;

const timeOf = ({ time }: LogTideLog): number => Date.parse(time);

/**
 * A live tail: the stream for what is new, queries for what the stream leaves out, and ids against what comes twice.
 * All that is certain is that everything stored before the last query was seen; each query begins `lateMillis` earlier.
 */
export class Tail {
  readonly #source: TailSource;
  readonly #settings: TailSettings;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #serverClock: ServerClock;
  readonly #seen: SeenIds;
  /** Logs before this are not asked for; undefined before the first connection. */
  #begin: number | undefined;
  /** All that was stored by then, in server time, was seen, but for what was later than `lateMillis`. */
  #complete = 0;
  /** Time of the newest log that the stream brought, or when it began: where the server's next poll begins. */
  #streamed = 0;
  #nextSweep = 0;
  /** Connections lost since the last one that worked. */
  #failures = 0;

  constructor(
    source: TailSource,
    settings: TailSettings,
    clock: Clock,
    signal: AbortSignal,
    rememberedIds = REMEMBERED_IDS,
  ) {
    this.#seen = new SeenIds(rememberedIds);
    this.#source = source;
    this.#settings = settings;
    this.#clock = clock;
    this.#signal = signal;
    this.#serverClock = new ServerClock(clock);
  }

  /** Ends when the signal aborts; throws what no reconnecting heals. */
  async *logs(): AsyncGenerator<LogTideLog> {
    while (!this.#signal.aborted) {
      let lost: unknown;
      try {
        yield* this.#connection();
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!mayHeal(error)) throw error;
        lost = error;
      }
      if (!this.#signal.aborted) await this.#pause(lost);
    }
  }

  async #pause(lost: unknown): Promise<void> {
    const asked = lost instanceof LogTideApiError ? (lost.retryAfterMillis ?? 0) : 0;
    const retryMillis = Math.ceil(Math.max(asked, backoffMillis(this.#failures, RECONNECT, this.#clock)));
    const reason = lost instanceof Error ? lost.message : 'the server ended the live stream';
    this.#failures += 1;
    this.#settings.onEvent({ kind: 'disconnected', reason, retryMillis });
    await this.#clock.sleep(retryMillis, this.#signal, true);
  }

  async *#connection(): AsyncGenerator<LogTideLog> {
    const body = await this.#source.open(this.#settings.streamQuery, this.#signal);
    let isOpen = false;
    for await (const step of streamSteps(body, this.#settings.idleMillis, this.#clock)) {
      if (!isOpen) {
        isOpen = true;
        yield* this.#opened(step.kind === 'connected' ? step.timestamp : undefined);
      }
      if (step.kind === 'tick') yield* this.#tick(step.logs);
    }
  }

  async *#opened(timestamp: string | undefined): AsyncGenerator<LogTideLog> {
    this.#serverClock.hear(timestamp);
    const now = this.#serverClock.now();
    const { since, onEvent } = this.#settings;
    this.#streamed = now;
    if (this.#begin !== undefined) yield* this.#fill('gap');
    else {
      this.#begin = since === undefined ? now : Date.parse(since);
      this.#complete = since === undefined ? now : this.#begin;
      this.#planSweep();
      if (since !== undefined) yield* this.#fill('since');
    }
    onEvent({ kind: 'connected' });
  }

  async *#tick(logs: readonly LogTideLog[]): AsyncGenerator<LogTideLog> {
    this.#failures = 0;
    const inOrder = logs.toSorted((a, b) => timeOf(a) - timeOf(b));
    const [oldest] = inOrder;
    // Older than the oldest of a full tick there may be more, unless it came before.
    const isBurst = oldest !== undefined && logs.length >= FULL_TICK && !this.#seen.has(oldest.id);
    if (isBurst) yield* this.#fill('burst');
    // A clock that is ahead must not hide what comes before it.
    const newest = inOrder.at(-1);
    if (newest) this.#streamed = Math.max(this.#streamed, Math.min(timeOf(newest), this.#serverClock.now()));
    for (const log of this.#fresh(inOrder)) if (this.#settings.matches(log)) yield log;
    if (this.#clock.now() >= this.#nextSweep) yield* this.#fill('late');
  }

  /** Gives what was stored and not seen, oldest first. */
  async *#fill(cause: FillCause): AsyncGenerator<LogTideLog> {
    const now = this.#serverClock.now();
    const isBurst = cause === 'burst';
    // What comes late during a burst is found by the next sweep, so that a lasting burst costs no more than itself.
    const earliest = isBurst ? this.#streamed : this.#complete - this.#settings.lateMillis;
    const from = new Date(Math.max(this.#begin ?? now, earliest, this.#seen.horizon + 1)).toISOString();
    // A `to` that is never the same: servers keep answers to the same question for a while.
    const to = new Date(Math.max(now, Date.parse(from)) + AHEAD_MILLIS).toISOString();
    const part = { ...this.#settings.filter, from, to, limit: 1_000 };
    let count = 0;
    for await (const logs of oldestFirst((more) => this.#source.query({ ...part, ...more }, this.#signal))) {
      const fresh = this.#fresh(logs);
      count += fresh.length;
      yield* fresh;
    }
    if (!isBurst) {
      this.#complete = now;
      this.#planSweep();
    }
    if (count > 0) this.#settings.onEvent({ kind: 'filled', cause, logs: count });
  }

  #planSweep(): void {
    this.#nextSweep = this.#clock.now() + this.#settings.lateMillis / 3;
  }

  #fresh(logs: readonly LogTideLog[]): readonly LogTideLog[] {
    return this.#seen.take(logs, this.#serverClock.now());
  }
}
