import { knownOptions } from '../option-checks.ts';
import { optionalText } from '../platforms/settings.ts';
import type { Instant } from './instant.ts';
import { instantOf } from './instant.ts';
import type { LogTideLevel, LogTideLog } from './log.ts';
import type { LogFilter } from './query.ts';
import { levelsOf, textsOf, wholeWithin } from './query.ts';

/** What goes on behind a live tail; for showing, nothing needs to be done. */
export type TailEvent =
  /** Live from now on. */
  | { readonly kind: 'connected' }
  /** Not live; tried again after so many milliseconds. What is logged meanwhile comes then. */
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryMillis: number }
  /**
   * Logs that the stream did not bring were found by query: because of `since`, after a `gap` in the connection, in a
   * `burst` (the stream brings 100 logs a second at most), or because they came `late`, after newer ones.
   */
  | { readonly kind: 'filled'; readonly cause: FillCause; readonly logs: number };

export type FillCause = 'since' | 'gap' | 'burst' | 'late';

/** Which logs a live tail gives; everything given must hold. */
export interface TailOptions {
  /** One or several service names, exactly. */
  readonly service?: string | readonly string[];
  /** One or several levels, exactly. */
  readonly level?: LogTideLevel | readonly LogTideLevel[];
  /** Exact text. */
  readonly traceId?: string;
  /** That very text in the message, in any case. */
  readonly q?: string;
  /** Begin with the logs from then on, oldest first. Default: now, by the server's clock. */
  readonly since?: Instant;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /**
   * A log is found when it is stored no later than this after its own time, in milliseconds; 1,000 to 600,000. The last
   * such stretch is queried every third of it. Default 30,000: clients send in batches, and their clocks differ.
   */
  readonly lateMillis?: number;
  /** Silence after which the connection counts as lost, in milliseconds; the server speaks every second. At least 2,500. Default 10,000. */
  readonly idleTimeoutMillis?: number;
  /** Hears what goes on. */
  readonly onEvent?: (event: TailEvent) => void;
}

/** A live tail's options, checked and with defaults filled in. */
export interface TailSettings {
  /** For queries. */
  readonly filter: LogFilter;
  /** The query string of the stream, which knows one service and one level only. */
  readonly streamQuery: string;
  /** For what the stream brings. */
  matches(log: LogTideLog): boolean;
  readonly since: string | undefined;
  readonly lateMillis: number;
  readonly idleMillis: number;
  onEvent(event: TailEvent): void;
}

const NAMES = ['service', 'level', 'traceId', 'q', 'since', 'signal', 'lateMillis', 'idleTimeoutMillis', 'onEvent'];

/** Checks the options; throws a `TypeError` or `RangeError` that names the one that is wrong. */
export function tailSettings(options: TailOptions): TailSettings {
  knownOptions(options, NAMES, '');
  const { since, onEvent, lateMillis, idleTimeoutMillis } = options;
  const services = textsOf('service', options.service);
  const levels = levelsOf(options.level) as readonly LogTideLevel[];
  const traceId = optionalText('traceId', options.traceId);
  const q = optionalText('q', options.q);
  const folded = q?.toLowerCase();
  const stream = new URLSearchParams();
  if (services.length === 1) stream.set('service', services[0] as string);
  if (levels.length === 1) stream.set('level', levels[0] as string);
  return {
    filter: {
      ...(services.length > 0 && { service: services }),
      ...(levels.length > 0 && { level: levels }),
      ...(traceId !== undefined && { traceId }),
      ...(q !== undefined && { q, searchMode: 'substring' }),
    },
    streamQuery: stream.toString(),
    matches: (log) =>
      (services.length === 0 || services.includes(log.service)) &&
      (levels.length === 0 || levels.includes(log.level)) &&
      (traceId === undefined || log.traceId === traceId) &&
      (folded === undefined || log.message.toLowerCase().includes(folded)),
    since: since === undefined ? undefined : instantOf('since', since),
    lateMillis: wholeWithin('lateMillis', lateMillis, 30_000, 1_000, 600_000),
    idleMillis: wholeWithin('idleTimeoutMillis', idleTimeoutMillis, 10_000, 2_500, 2_147_483_647),
    onEvent: (event) => onEvent?.(event),
  };
}
