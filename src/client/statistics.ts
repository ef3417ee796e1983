import { knownOptions } from '../option-checks.ts';
import { optionalText, optionalWord } from '../platforms/settings.ts';
import type { Instant } from './instant.ts';
import { assertOrder, instantOf } from './instant.ts';
import { wholeWithin } from './query.ts';

/** Lengths of a bucket. */
const INTERVALS = ['1m', '5m', '1h', '1d'] as const;

/** A stretch of time; both ends are inclusive. */
export interface PeriodQuery {
  /** Default: the server's choice, which is 7 days ago on current servers (24 hours for errors). */
  readonly from?: Instant;
  /** Default: now. */
  readonly to?: Instant;
}

/** How many of the most frequent, and when. */
export interface TopQuery extends PeriodQuery {
  /** 1–50. Default: the server's. */
  readonly limit?: number;
}

/** Counts over time. */
export interface AggregationQuery {
  readonly from: Instant;
  readonly to: Instant;
  /** Length of a bucket: `1m`, `5m`, `1h` (default) or `1d`. */
  readonly interval?: (typeof INTERVALS)[number];
  /** Only this service. Default: all. */
  readonly service?: string;
}

/** A moment and how much around it. */
export interface ContextQuery {
  readonly time: Instant;
  /** Logs before it, 1–50. Default 10. */
  readonly before?: number;
  /** Logs after it, 1–50. Default 10. */
  readonly after?: number;
}

function periodOf({ from, to }: PeriodQuery): URLSearchParams {
  const parameters = new URLSearchParams();
  const first = from === undefined ? undefined : instantOf('from', from);
  const last = to === undefined ? undefined : instantOf('to', to);
  assertOrder(first, last);
  if (first !== undefined) parameters.set('from', first);
  if (last !== undefined) parameters.set('to', last);
  return parameters;
}

/** All four give a query string and throw a `TypeError` or `RangeError` that names what is wrong. */
export function periodString(query: PeriodQuery): string {
  knownOptions(query, ['from', 'to'], '');
  return periodOf(query).toString();
}

export function topString(query: TopQuery): string {
  knownOptions(query, ['from', 'to', 'limit'], '');
  const parameters = periodOf(query);
  if (query.limit !== undefined) parameters.set('limit', String(wholeWithin('limit', query.limit, 10, 1, 50)));
  return parameters.toString();
}

export function aggregationString(query: AggregationQuery): string {
  knownOptions(query, ['from', 'to', 'interval', 'service'], '');
  const { interval = '1h' } = query;
  optionalWord('interval', interval, INTERVALS);
  for (const name of ['from', 'to'] as const) {
    if (query[name] === undefined) throw new TypeError(`${name} is missing`);
  }
  const parameters = periodOf(query);
  parameters.set('interval', interval);
  const service = optionalText('service', query.service);
  if (service !== undefined) parameters.set('service', service);
  return parameters.toString();
}

export function contextString(query: ContextQuery): string {
  knownOptions(query, ['time', 'before', 'after'], '');
  return new URLSearchParams({
    time: instantOf('time', query.time),
    before: String(wholeWithin('before', query.before, 10, 1, 50)),
    after: String(wholeWithin('after', query.after, 10, 1, 50)),
  }).toString();
}
