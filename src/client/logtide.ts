import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { ErrorCount, LogBucket, LogContext, ServerHealth, ServiceCount } from './answers.ts';
import {
  bucketsOf,
  contextOf,
  errorCountsOf,
  healthOf,
  logsOf,
  pageOf,
  serviceCountsOf,
  servicesOf,
  singleOf,
} from './answers.ts';
import type { LogTideClientOptions } from './client-options.ts';
import { clientSettings } from './client-options.ts';
import { LogTideApiError } from './errors.ts';
import type { LogTideLog } from './log.ts';
import type { LogPage, LogQuery } from './query.ts';
import { queryString, uuidOf } from './query.ts';
import { Requester } from './requester.ts';
import { unsupported } from './server-version.ts';
import type { AggregationQuery, ContextQuery, PeriodQuery, TopQuery } from './statistics.ts';
import { aggregationString, contextString, periodString, topString } from './statistics.ts';
import { Tail } from './tail.ts';
import type { TailOptions } from './tail-options.ts';
import { tailSettings } from './tail-options.ts';

export type { Secret } from '../platforms/settings.ts';
export type { AddressOptions } from './address.ts';
export type { ErrorCount, LogBucket, LogContext, ServerHealth, ServiceCount } from './answers.ts';
export type { LogTideClientOptions } from './client-options.ts';
export { LogTideApiError, LogTideConnectionError } from './errors.ts';
export type { Instant } from './instant.ts';
export type { LogTideLevel, LogTideLog } from './log.ts';
export { LOGTIDE_LEVELS } from './log.ts';
export type { LogFilter, LogPage, LogQuery, MetadataFilter } from './query.ts';
export type { AggregationQuery, ContextQuery, PeriodQuery, TopQuery } from './statistics.ts';
export type { FillCause, TailEvent, TailOptions } from './tail-options.ts';

/** How a call can be ended early. */
export interface CallOptions {
  /** Ends the call; it throws the signal's reason. */
  readonly signal?: AbortSignal;
}

const LOGS = '/api/v1/logs';

const withQuery = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`);

/**
 * Reads logs back from a LogTide server (0.5 to 1.x). Every call checks its parameters before anything is sent
 * (`TypeError`, `RangeError`), and throws `LogTideApiError` for a refusal, `LogTideConnectionError` when no answer came.
 * Connections are its own and are let go of when idle; they never keep a finished process alive.
 */
export class LogTideClient {
  readonly #requester: Requester;
  readonly #clock: Clock;
  /** Versions the server was found to have, at least. */
  #version: string | undefined;

  /** Throws a `TypeError` or `RangeError` for missing or malformed options, which shows no key. */
  constructor(options: LogTideClientOptions, { clock = systemClock }: { readonly clock?: Clock } = {}) {
    this.#clock = clock;
    this.#requester = new Requester(clientSettings(options, clock));
  }

  /** One page of logs, newest first. Also throws a `LogTideApiError` with code `UNSUPPORTED` (see `LogFilter`). */
  async query(query: LogQuery = {}, { signal }: CallOptions = {}): Promise<LogPage> {
    const path = withQuery(LOGS, queryString(query));
    await this.#assertSupported(query, signal);
    return pageOf(path, await this.#requester.json(path, signal));
  }

  /** All pages, newest first, each read when it is asked for; `limit` is the size of a page. Throws like `query`. */
  async *pages(query: LogQuery = {}, options: CallOptions = {}): AsyncGenerator<LogPage> {
    for (let next: LogQuery | undefined = query; next !== undefined; ) {
      const page: LogPage = await this.query(next, options);
      yield page;
      const { nextCursor } = page;
      const { offset: _offset, ...rest } = query;
      next = nextCursor === undefined || nextCursor === next.cursor ? undefined : { ...rest, cursor: nextCursor };
    }
  }

  /** All logs, newest first, read page by page; `limit` is the size of a page. Throws like `query`. */
  async *logs(query: LogQuery = {}, options: CallOptions = {}): AsyncGenerator<LogTideLog> {
    for await (const page of this.pages({ limit: 1_000, ...query }, options)) yield* page.logs;
  }

  /** The logs of a trace, oldest first; the server gives the first 1,000. Empty for an unknown trace. */
  async getByTraceId(traceId: string, { signal }: CallOptions = {}): Promise<readonly LogTideLog[]> {
    if (typeof traceId !== 'string' || traceId === '') throw new TypeError('traceId must be a non-empty string');
    // They would mean another path, and cannot be encoded.
    if (traceId === '.' || traceId === '..') return [];
    const path = `${LOGS}/trace/${encodeURIComponent(traceId)}`;
    return logsOf(path, await this.#requester.json(path, signal));
  }

  /** A single log by its id, a UUID; undefined when there is none. */
  async getLog(id: string, { signal }: CallOptions = {}): Promise<LogTideLog | undefined> {
    const path = `${LOGS}/${uuidOf('id', id)}`;
    try {
      return singleOf(path, await this.#requester.json(path, signal));
    } catch (error) {
      if (error instanceof LogTideApiError && error.status === 404 && /log not found/i.test(error.message)) {
        return undefined;
      }
      throw error;
    }
  }

  /** What was logged just before and after a moment, by all services. */
  async context(query: ContextQuery, { signal }: CallOptions = {}): Promise<LogContext> {
    const path = withQuery(`${LOGS}/context`, contextString(query));
    return contextOf(path, await this.#requester.json(path, signal));
  }

  /** Counts per stretch of time and level, in the order of time; stretches without logs are left out. */
  async aggregated(query: AggregationQuery, { signal }: CallOptions = {}): Promise<readonly LogBucket[]> {
    const path = withQuery(`${LOGS}/aggregated`, aggregationString(query));
    return bucketsOf(path, await this.#requester.json(path, signal));
  }

  /** The services that logged most, the busiest first. Default: 5, of the server's choice of time. */
  async topServices(query: TopQuery = {}, { signal }: CallOptions = {}): Promise<readonly ServiceCount[]> {
    const path = withQuery(`${LOGS}/top-services`, topString(query));
    return serviceCountsOf(path, await this.#requester.json(path, signal));
  }

  /** The most frequent messages of levels error and critical. Default: 10, of the server's choice of time. */
  async topErrors(query: TopQuery = {}, { signal }: CallOptions = {}): Promise<readonly ErrorCount[]> {
    const path = withQuery(`${LOGS}/top-errors`, topString(query));
    return errorCountsOf(path, await this.#requester.json(path, signal));
  }

  /** Names of all services. Default: of the server's choice of time. */
  async services(query: PeriodQuery = {}, { signal }: CallOptions = {}): Promise<readonly string[]> {
    const path = withQuery(`${LOGS}/services`, periodString(query));
    return servicesOf(path, await this.#requester.json(path, signal));
  }

  /** Whether the server is there, and its version; needs no valid key. */
  async health({ signal }: CallOptions = {}): Promise<ServerHealth> {
    return healthOf(await this.#requester.json('/health', signal));
  }

  /** The server's version, such as `1.0.2`; undefined when it does not say. */
  async serverVersion(options: CallOptions = {}): Promise<string | undefined> {
    return (await this.health(options)).version;
  }

  /**
   * New logs as they are stored, about a second later, each once. It reconnects for ever, and finds by query what the
   * stream leaves out: what was logged meanwhile, more than 100 logs a second, and logs that come late, which therefore
   * follow newer ones; otherwise they are in the order of time. Not found are logs that are stored more than
   * `lateMillis` after their own time, and those with a time before the tail began.
   *
   * Nothing is read ahead: a slow reader slows the server down, and memory stays bounded (50,000 ids, ten pages). The
   * iteration ends when `signal` aborts or the loop is left, which closes the connection, and throws `LogTideApiError`
   * for what does not heal by itself: a refused key, a server without a live stream.
   */
  tail(options: TailOptions = {}): AsyncIterableIterator<LogTideLog> {
    const settings = tailSettings(options);
    const end = new AbortController();
    const abort = (): void => end.abort();
    const { signal } = options;
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const source = {
      open: (query: string, until: AbortSignal) => this.#requester.stream(withQuery(`${LOGS}/stream`, query), until),
      query: (query: LogQuery, until: AbortSignal) => this.query(query, { signal: until }),
    };
    const logs = new Tail(source, settings, this.#clock, end.signal).logs();
    return endable(logs, end.signal, () => {
      signal?.removeEventListener('abort', abort);
      abort();
    });
  }

  /** Closes all connections; calls under way and live tails fail or reconnect. The client stays usable. */
  close(): Promise<void> {
    return this.#requester.close();
  }

  async #assertSupported(query: LogQuery, signal: AbortSignal | undefined): Promise<void> {
    const needed = unsupported(query, '0');
    if (needed === undefined || (this.#version !== undefined && !unsupported(query, this.#version))) return;
    this.#version = await this.serverVersion(signal === undefined ? {} : { signal });
    const missing = this.#version === undefined ? undefined : unsupported(query, this.#version);
    if (missing === undefined) return;
    throw new LogTideApiError(`${missing.name} needs server ${missing.version}, this one is ${this.#version}`, {
      status: 400,
      code: 'UNSUPPORTED',
    });
  }
}

/**
 * `return()` of a generator waits for its pending `next()`; this one ends it. After an abort nothing more is given.
 *
 * @param end must abort the signal.
 */
function endable<T>(generator: AsyncGenerator<T>, signal: AbortSignal, end: () => void): AsyncIterableIterator<T> {
  const finish = async (): Promise<IteratorResult<T>> => {
    end();
    await generator.return(undefined);
    return { done: true, value: undefined };
  };
  return {
    next: async () => {
      try {
        const result = signal.aborted ? await finish() : await generator.next();
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: finish,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
