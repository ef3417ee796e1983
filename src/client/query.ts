import { knownOptions, numberOption } from '../option-checks.ts';
import { optionalText, optionalWord } from '../platforms/settings.ts';
import type { Instant } from './instant.ts';
import { assertOrder, instantOf } from './instant.ts';
import type { LogTideLevel, LogTideLog } from './log.ts';
import { LOGTIDE_LEVELS } from './log.ts';

const OPERATORS = ['equals', 'not_equals', 'in', 'not_in', 'exists', 'not_exists', 'contains'] as const;

/** A condition on one metadata key. */
export interface MetadataFilter {
  readonly key: string;
  readonly op: (typeof OPERATORS)[number];
  /** A list for `in` and `not_in`; none for `exists` and `not_exists`. */
  readonly value?: unknown;
}

/** Which logs; everything given must hold. */
export interface LogFilter {
  /** One or several service names, exactly. */
  readonly service?: string | readonly string[];
  /** One or several levels, exactly. */
  readonly level?: LogTideLevel | readonly LogTideLevel[];
  /** Exact text. */
  readonly traceId?: string;
  /** Not earlier than; inclusive. Default: the server's choice, which is 24 hours ago on current servers. */
  readonly from?: Instant;
  /** Not later than; inclusive. Default: now. */
  readonly to?: Instant;
  /** Text in the message; how it is looked for says `searchMode`. */
  readonly q?: string;
  /** `fulltext`: all words, English stems (default) · `substring`: that very text, in any case. */
  readonly searchMode?: 'fulltext' | 'substring';
  /** One or several host names; server 0.8.4 or later. */
  readonly hostname?: string | readonly string[];
  /** UUID; server 0.8.0 or later. */
  readonly sessionId?: string;
  /** Conditions on metadata, all of which must hold; server 0.9.2 or later. */
  readonly metadata?: readonly MetadataFilter[];
}

/** Which logs, and which part of them. */
export interface LogQuery extends LogFilter {
  /** Logs per page, 1–1,000. Default 100. */
  readonly limit?: number;
  /** Logs to skip; 0 or more. Default 0. A cursor is faster and exact while new logs arrive. */
  readonly offset?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** One page of logs, newest first. */
export interface LogPage {
  readonly logs: readonly LogTideLog[];
  /** How many match: an estimate on current servers; with a cursor only what is left. */
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  /** Whether more may follow; on old servers the page after a full last one is empty. */
  readonly hasMore: boolean;
  /** For the next page; absent on the last one. */
  readonly nextCursor?: string;
}

const NAMES = [
  ...['service', 'level', 'traceId', 'from', 'to', 'q', 'searchMode', 'hostname', 'sessionId', 'metadata'],
  ...['limit', 'offset', 'cursor'],
];
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CURSOR = /^[\w+/=-]+$/;

/** One text or several; throws a `TypeError` that names the option. */
export function textsOf(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === 'string' && item !== '')) return list as string[];
  throw new TypeError(`${option} must be a non-empty string or a list of them`);
}

/** One level or several; throws a `TypeError` that names those there are. */
export function levelsOf(value: unknown): readonly string[] {
  const levels = textsOf('level', value);
  for (const level of levels) optionalWord('level', level, LOGTIDE_LEVELS);
  return levels;
}

/** A UUID; throws a `TypeError` that names the option. */
export function uuidOf(option: string, value: unknown): string {
  if (typeof value === 'string' && UUID.test(value)) return value;
  throw new TypeError(`${option} must be a UUID`);
}

/** A whole number within limits; throws a `TypeError` or `RangeError` that names the option. */
export function wholeWithin(option: string, value: unknown, fallback: number, min: number, max: number): number {
  const number = numberOption(option, value, fallback, min);
  if (number > max) throw new RangeError(`${option} must be at most ${max}, got ${number}`);
  return number;
}

function metadataOf(filters: unknown): string | undefined {
  if (filters === undefined) return undefined;
  if (!Array.isArray(filters)) throw new TypeError('metadata must be a list of { key, op, value }');
  for (const filter of filters as readonly (Partial<MetadataFilter> | null)[]) {
    if (optionalText('metadata.key', filter?.key) === undefined) throw new TypeError('metadata.key is missing');
    optionalWord('metadata.op', filter?.op ?? '', OPERATORS);
    const { op, value } = filter as MetadataFilter;
    const isList = op === 'in' || op === 'not_in';
    const isBare = op === 'exists' || op === 'not_exists';
    if (isList !== Array.isArray(value) || isBare !== (value === undefined)) {
      throw new TypeError(`metadata: ${op} takes ${isList ? 'a list as value' : isBare ? 'no value' : 'one value'}`);
    }
  }
  return JSON.stringify(filters);
}

/** Adds what is there; throws nothing. */
function add(parameters: URLSearchParams, name: string, value: string | readonly string[] | undefined): void {
  if (value === undefined) return;
  for (const item of typeof value === 'string' ? [value] : value) parameters.append(name, item);
}

/** The query string of a query, checked; throws a `TypeError` or `RangeError` that names what is wrong. */
export function queryString(query: LogQuery): string {
  if ('projectId' in query) throw new TypeError('projectId cannot be given: the key says which project is read');
  knownOptions(query, NAMES, '');
  const { from, to, q, searchMode, traceId, sessionId, cursor, offset } = query;
  const first = from === undefined ? undefined : instantOf('from', from);
  const last = to === undefined ? undefined : instantOf('to', to);
  assertOrder(first, last);
  optionalWord('searchMode', searchMode, ['fulltext', 'substring']);
  if (cursor !== undefined && !CURSOR.test(cursor)) throw new TypeError('cursor is not a nextCursor of a page');
  if (cursor !== undefined && offset !== undefined) throw new TypeError('cursor and offset exclude each other');
  const parameters = new URLSearchParams();
  add(parameters, 'service', textsOf('service', query.service));
  add(parameters, 'level', levelsOf(query.level));
  add(parameters, 'hostname', textsOf('hostname', query.hostname));
  add(parameters, 'traceId', optionalText('traceId', traceId));
  add(parameters, 'sessionId', sessionId === undefined ? undefined : uuidOf('sessionId', sessionId));
  add(parameters, 'metadata_filters', metadataOf(query.metadata));
  add(parameters, 'from', first);
  add(parameters, 'to', last);
  add(parameters, 'q', optionalText('q', q));
  if (q !== undefined) add(parameters, 'searchMode', searchMode);
  add(parameters, 'limit', String(wholeWithin('limit', query.limit, 100, 1, 1_000)));
  if (offset !== undefined)
    add(parameters, 'offset', String(wholeWithin('offset', offset, 0, 0, Number.MAX_SAFE_INTEGER)));
  add(parameters, 'cursor', cursor);
  return parameters.toString();
}
