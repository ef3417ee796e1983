import { isObject } from './check.ts';
import { parseIsoTime } from './iso-time.ts';

/** What is wrong with an entry: messages by field, in the words of the server's schema library. */
export type EntryProblems = Readonly<Record<string, readonly string[]>>;

const levels = ['debug', 'info', 'warn', 'error', 'critical'];
const levelSet = new Set<unknown>(levels);
const levelList = levels.map((level) => `'${level}'`).join(' | ');
const spanId = /^[0-9a-f]{16}$/i;
const dashedUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const maxServiceUnits = 100;

/** The schema library's name for a value's type. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const expected = (type: string, value: unknown): string =>
  value === undefined ? 'Required' : `Expected ${type}, received ${typeName(value)}`;

function timeProblems(time: unknown, server: 'A' | 'B'): readonly string[] | undefined {
  if (time === undefined && server === 'B') return undefined;
  // The schema is a union of text and date, and says so twice.
  if (typeof time !== 'string') return [expected('string', time), expected('date', time)];
  const parsed = parseIsoTime(time);
  return parsed?.zone === 'Z' && parsed.year > 0 ? undefined : ['Invalid datetime'];
}

function textProblem(value: unknown, maxUnits: number): string | undefined {
  if (typeof value !== 'string') return expected('string', value);
  if (value === '') return 'String must contain at least 1 character(s)';
  // `length` counts UTF-16 units, as the server does: 51 emoji are 102.
  return value.length > maxUnits ? `String must contain at most ${maxUnits} character(s)` : undefined;
}

function levelProblem(level: unknown): string | undefined {
  if (levelSet.has(level)) return undefined;
  if (typeof level !== 'string') return expected(levelList, level);
  return `Invalid enum value. Expected ${levelList}, received '${level}'`;
}

const metadataProblem = (value: unknown): string | undefined =>
  value === undefined || isObject(value) ? undefined : expected('object', value);

const traceProblem = (value: unknown): string | undefined =>
  value === undefined || typeof value === 'string' ? undefined : expected('string', value);

function patternProblem(value: unknown, pattern: RegExp, message: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return expected('string', value);
  return pattern.test(value) ? undefined : message;
}

/**
 * Checks one entry of `{"logs":[…]}` against the native schema (LogTide's wire contract §1.2), or gives `undefined`.
 * Unknown fields are not looked at: both lines drop them. `session_id` exists on line B only.
 */
export function entryProblems(entry: Record<string, unknown>, server: 'A' | 'B'): EntryProblems | undefined {
  let problems: Record<string, readonly string[]> | undefined;
  const note = (field: string, messages: readonly string[] | undefined): void => {
    if (messages !== undefined) problems = { ...problems, [field]: messages };
  };
  const noteOne = (field: string, message: string | undefined): void => {
    if (message !== undefined) note(field, [message]);
  };
  note('time', timeProblems(entry.time, server));
  noteOne('service', textProblem(entry.service, maxServiceUnits));
  noteOne('level', levelProblem(entry.level));
  noteOne('message', textProblem(entry.message, Number.POSITIVE_INFINITY));
  noteOne('metadata', metadataProblem(entry.metadata));
  noteOne('trace_id', traceProblem(entry.trace_id));
  noteOne('span_id', patternProblem(entry.span_id, spanId, 'Invalid'));
  if (server === 'B') noteOne('session_id', patternProblem(entry.session_id, dashedUuid, 'Invalid uuid'));
  return problems;
}
