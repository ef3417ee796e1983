import type { EntryFilter } from './entry-filter.ts';
import { take } from './entry-store.ts';
import type { ParsedFilters } from './metadata-filter.ts';
import { parseMetadataFilters } from './metadata-filter.ts';
import { broken, failure, ok, shown } from './read-answers.ts';
import type { Endpoint, ReadRequest } from './read-endpoints.ts';
import { levels, project, projects, span, timeSpan } from './read-endpoints.ts';
import type { StoredEntry } from './stored-entry.ts';
import { messageTest } from './text-search.ts';
import type { SinkAnswer } from './types.ts';

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** How far `from` reaches back on line B when it is missing. */
const days = 1;
const maxTraceEntries = 1000;

const cursorAt = ({ timeMillis, id }: StoredEntry): string =>
  Buffer.from(`${new Date(timeMillis).toISOString()},${id}`).toString('base64');

/**
 * The place in a cursor, `undefined` for none, or what the database says to a bad one. Line B ignores what has no time in
 * it; to both lines a time with something other than a uuid behind it is an error of the database.
 */
function placeOf(cursor: string | undefined, server: 'A' | 'B'): EntryFilter['below'] | { readonly problem: string } {
  if (cursor === undefined || cursor === '') return undefined;
  const text = Buffer.from(cursor, 'base64').toString('utf8');
  const comma = text.indexOf(',');
  const timeMillis = Date.parse(comma < 0 ? text : text.slice(0, comma));
  const id = comma < 0 ? '' : text.slice(comma + 1);
  if (Number.isNaN(timeMillis)) return server === 'A' ? { problem: 'Invalid time value' } : undefined;
  if (id === '' && server === 'B') return undefined;
  return uuid.test(id)
    ? { timeMillis, id: id.toLowerCase() }
    : { problem: `invalid input syntax for type uuid: ${JSON.stringify(id)}` };
}

/** Line A takes an empty value as none given; line B looks for it. */
function texts({ values, context }: ReadRequest, name: string): readonly string[] | undefined {
  const given = values.texts(name);
  return context.logtideServer === 'A' && given?.length === 1 && given[0] === '' ? undefined : given;
}

function filterOf(request: ReadRequest, metadata: EntryFilter['metadata']): EntryFilter {
  const { values, context } = request;
  const q = values.text('q');
  const common: EntryFilter = {
    ...span(request, days),
    services: texts(request, 'service'),
    levels: texts(request, 'level'),
    traceId: texts(request, 'traceId')?.[0],
    message: q ? messageTest(q, values.text('searchMode') ?? 'fulltext') : undefined,
  };
  if (context.logtideServer === 'A') return common;
  return { ...common, hostnames: values.texts('hostname'), sessionId: values.text('sessionId'), metadata };
}

function page(request: ReadRequest, filter: EntryFilter, below: EntryFilter['below']): SinkAnswer {
  const { values, entries, context } = request;
  const [limit, offset] = [values.number('limit'), values.number('offset')];
  const isB = context.logtideServer === 'B';
  const found = take(entries.scan({ ...filter, below }, 'newest'), limit + 1, offset);
  const hasMore = found.length > limit;
  const logs = found.slice(0, limit);
  const last = logs.at(-1);
  // Line A counts what the cursor has left; B estimates without looking at cursor and session, and the sink counts exactly.
  const total = entries.count(isB ? { ...filter, sessionId: undefined } : { ...filter, below });
  return ok(context, {
    logs: logs.map((entry) => shown(entry, isB)),
    total,
    ...(isB && { hasMore }),
    limit,
    offset,
    ...(hasMore && last !== undefined && { nextCursor: cursorAt(last) }),
  });
}

/** `GET /api/v1/logs`. */
export const listLogs: Endpoint = {
  params: [
    projects,
    { name: 'service', kind: 'texts' },
    { name: 'level', kind: 'choices', choices: levels },
    { name: 'hostname', kind: 'texts', onlyB: true },
    { name: 'traceId', kind: 'text' },
    { name: 'sessionId', kind: 'text', onlyB: true },
    ...timeSpan,
    { name: 'q', kind: 'text' },
    { name: 'searchMode', kind: 'choice', choices: ['fulltext', 'substring'], fallback: 'fulltext' },
    { name: 'limit', kind: 'number', min: 1, max: 1000, fallback: 100 },
    { name: 'offset', kind: 'number', min: 0, fallback: 0 },
    { name: 'cursor', kind: 'text' },
    { name: 'metadata_filters', kind: 'text', onlyB: true },
  ],
  answer: (request) => {
    const { values, context } = request;
    const given = context.logtideServer === 'B' ? values.text('metadata_filters') : undefined;
    const metadata: ParsedFilters = given ? parseMetadataFilters(given) : { ok: true, filters: [] };
    if (!metadata.ok) return failure(context, 400, metadata.body, metadata.reason);
    const below = placeOf(values.text('cursor'), context.logtideServer);
    if (below !== undefined && 'problem' in below) return broken(context, '22P02', below.problem);
    return page(request, filterOf(request, metadata.filters), below);
  },
};

/** `GET /api/v1/logs/trace/{traceId}`: oldest first. Line B gives at most 1000, none of them timed ahead of its clock. */
export const logsOfTrace: Endpoint = {
  params: [project],
  answer: ({ segment, entries, context }) => {
    const isB = context.logtideServer === 'B';
    const toMillis = isB ? context.nowMillis : undefined;
    const found = entries.scan({ traceId: segment, toMillis }, 'oldest');
    const logs = take(found, isB ? maxTraceEntries : Number.POSITIVE_INFINITY);
    return ok(context, { logs: logs.map((entry) => shown(entry, false)) });
  },
};

/** `GET /api/v1/logs/{uuid}`. */
export const oneLog: Endpoint = {
  params: [project],
  uuid: true,
  answer: ({ segment, entries, context }) => {
    const entry = entries.get(segment.toLowerCase().replace(/^urn:uuid:/, ''));
    return entry === undefined
      ? failure(context, 404, { error: 'Log not found' }, 'log: not found')
      : ok(context, { log: shown(entry, false) });
  },
};

/** `GET /api/v1/logs/context`: the neighbours of a time, and one of the entries at exactly that time. */
export const logContext: Endpoint = {
  params: [
    project,
    { name: 'time', kind: 'time', required: true },
    { name: 'before', kind: 'number', min: 1, max: 50, fallback: 10 },
    { name: 'after', kind: 'number', min: 1, max: 50, fallback: 10 },
  ],
  answer: ({ values, entries, context }) => {
    const time = values.time('time') ?? Number.NaN;
    const show = (entry: StoredEntry): unknown => shown(entry, false);
    const before = take(entries.scan({ toMillis: time - 1 }, 'newest'), values.number('before'));
    const after = take(entries.scan({ fromMillis: time + 1 }, 'oldest'), values.number('after'));
    const [current] = take(entries.scan({ fromMillis: time, toMillis: time }, 'newest'), 1);
    return ok(context, {
      before: before.reverse().map(show),
      current: current === undefined ? null : show(current),
      after: after.map(show),
    });
  },
};
