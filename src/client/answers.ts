import type { LogTideLog } from './log.ts';
import { countOf, logOf } from './log.ts';
import type { LogPage } from './query.ts';
import { unexpected } from './requester.ts';

/** What happened around a moment. */
export interface LogContext {
  /** Oldest first. */
  readonly before: readonly LogTideLog[];
  /** The log of exactly that time, if there is one. */
  readonly current?: LogTideLog;
  /** Oldest first. */
  readonly after: readonly LogTideLog[];
}

/** Logs in one stretch of time. */
export interface LogBucket {
  /** Its beginning; ISO 8601, UTC. */
  readonly bucket: string;
  readonly total: number;
  /** By level; levels without logs are absent. */
  readonly byLevel: Readonly<Record<string, number>>;
}

export interface ServiceCount {
  readonly service: string;
  readonly count: number;
}

export interface ErrorCount {
  readonly message: string;
  readonly count: number;
}

/** What a server says of itself. */
export interface ServerHealth {
  /** `ok`, or the server's own word. */
  readonly status: string;
  /** Such as `1.0.2`; absent when it does not say. */
  readonly version?: string;
  /** The server's clock; ISO 8601. */
  readonly timestamp?: string;
}

type Body = Readonly<Record<string, unknown>>;

/** A list of an answer, each element read; throws a `LogTideApiError` when it is not there. */
function listOf<T>(path: string, body: Body, name: string, read: (item: unknown) => T | undefined): readonly T[] {
  const list = body[name];
  if (!Array.isArray(list)) throw unexpected(path, `no ${name}`);
  return list.map((item: unknown) => {
    const value = read(item);
    if (value === undefined) throw unexpected(path, `an element of ${name} is malformed`);
    return value;
  });
}

function objectOf(value: unknown): Body {
  return typeof value === 'object' && value !== null ? (value as Body) : {};
}

/** The logs of an answer. */
export function logsOf(path: string, body: Body): readonly LogTideLog[] {
  return listOf(path, body, 'logs', logOf);
}

/** Both server lines as one page: 0.5 tells the end by a missing cursor, 1.0 by `hasMore`. */
export function pageOf(path: string, body: Body): LogPage {
  const logs = logsOf(path, body);
  const { nextCursor } = body;
  const hasMore = typeof nextCursor === 'string' && nextCursor !== '' && body.hasMore !== false && logs.length > 0;
  return {
    logs,
    total: countOf(body.total),
    limit: countOf(body.limit),
    offset: countOf(body.offset),
    hasMore,
    ...(hasMore && { nextCursor }),
  };
}

/** A single log. */
export function singleOf(path: string, body: Body): LogTideLog {
  const log = logOf(body.log);
  if (log === undefined) throw unexpected(path, 'no log');
  return log;
}

export function contextOf(path: string, body: Body): LogContext {
  const current = logOf(body.current);
  return {
    before: listOf(path, body, 'before', logOf),
    ...(current !== undefined && { current }),
    after: listOf(path, body, 'after', logOf),
  };
}

/** The buckets of an answer, in the order of time. */
export function bucketsOf(path: string, body: Body): readonly LogBucket[] {
  const buckets = listOf(path, body, 'timeseries', (item): LogBucket | undefined => {
    const { bucket, total, by_level } = objectOf(item);
    const millis = typeof bucket === 'string' ? Date.parse(bucket) : Number.NaN;
    if (Number.isNaN(millis)) return undefined;
    const levels = Object.entries(objectOf(by_level)).map(([level, count]) => [level, countOf(count)] as const);
    return { bucket: new Date(millis).toISOString(), total: countOf(total), byLevel: Object.fromEntries(levels) };
  });
  return buckets.toSorted((a, b) => (a.bucket < b.bucket ? -1 : 1));
}

export function serviceCountsOf(path: string, body: Body): readonly ServiceCount[] {
  return listOf(path, body, 'services', (item) => {
    const { service, count } = objectOf(item);
    return typeof service === 'string' ? { service, count: countOf(count) } : undefined;
  });
}

export function errorCountsOf(path: string, body: Body): readonly ErrorCount[] {
  return listOf(path, body, 'errors', (item) => {
    const { message, count } = objectOf(item);
    return typeof message === 'string' ? { message, count: countOf(count) } : undefined;
  });
}

export function servicesOf(path: string, body: Body): readonly string[] {
  return listOf(path, body, 'services', (item) => (typeof item === 'string' ? item : undefined));
}

export function healthOf(body: Body): ServerHealth {
  const { status, version, timestamp } = body;
  return {
    status: typeof status === 'string' ? status : 'unknown',
    ...(typeof version === 'string' && { version }),
    ...(typeof timestamp === 'string' && { timestamp }),
  };
}
