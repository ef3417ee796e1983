import type { CheckContext } from './check.ts';
import type { ReadableEntries } from './entry-store.ts';
import type { Param, QueryValues } from './read-query.ts';
import type { SinkAnswer } from './types.ts';

/** What an endpoint answers from. */
export interface ReadRequest {
  readonly values: QueryValues;
  /** The decoded path segment of endpoints that have one. */
  readonly segment: string;
  readonly entries: ReadableEntries;
  readonly context: CheckContext;
}

/** A reading endpoint: its schema, and what it makes of a good request. */
export interface Endpoint {
  readonly params: readonly Param[];
  /** Whether the path segment must be a uuid. */
  readonly uuid?: boolean;
  readonly answer: (request: ReadRequest) => SinkAnswer;
}

export const levels = ['debug', 'info', 'warn', 'error', 'critical'];

export const project: Param = { name: 'projectId', kind: 'text' };
export const projects: Param = { name: 'projectId', kind: 'texts' };
export const timeSpan: readonly Param[] = [
  { name: 'from', kind: 'time' },
  { name: 'to', kind: 'time' },
];

const dayMillis = 86_400_000;

/**
 * The time span of a request. Line B never reads everything: without `from` it goes back `days`, and without `to` it ends
 * now. Line A has no such limits.
 */
export function span(
  { values, context }: ReadRequest,
  days: number,
): { readonly fromMillis: number | undefined; readonly toMillis: number | undefined } {
  const [fromMillis, toMillis] = [values.time('from'), values.time('to')];
  if (context.logtideServer === 'A') return { fromMillis, toMillis };
  return { fromMillis: fromMillis ?? context.nowMillis - days * dayMillis, toMillis: toMillis ?? context.nowMillis };
}
