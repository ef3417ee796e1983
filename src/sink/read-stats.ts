import type { EntryFilter } from './entry-filter.ts';
import { ok } from './read-answers.ts';
import type { Endpoint, ReadRequest } from './read-endpoints.ts';
import { project, projects, span, timeSpan } from './read-endpoints.ts';
import type { StoredEntry } from './stored-entry.ts';

/** How far line B looks back without `from`: a day for errors and lists, a week for services. */
const [errorDays, serviceDays] = [1, 7];
const maxHostnames = 500;
const maxHostnameMillis = 6 * 3_600_000;

function counts(entries: Iterable<StoredEntry>, keyOf: (entry: StoredEntry) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of entries) {
    const key = keyOf(entry);
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  return found;
}

/** By count, ties by name; the servers leave the order of ties to their database. */
const byCount = ([a, m]: readonly [string, number], [b, n]: readonly [string, number]): number =>
  n - m || (a < b ? -1 : 1);
const byName = ([a]: readonly [string, number], [b]: readonly [string, number]): number => (a < b ? -1 : 1);

const levelCounts = (entries: Iterable<StoredEntry>): readonly (readonly [string, number])[] =>
  [...counts(entries, (entry) => entry.level)].sort(byName);

const sum = (pairs: readonly (readonly [string, number])[]): number => pairs.reduce((total, [, n]) => total + n, 0);

/** The most frequent values. Line A gives the counts as the database does, as text; line B as numbers. */
function top(
  { entries, context, values }: ReadRequest,
  filter: EntryFilter,
  name: 'service' | 'message',
): readonly Record<string, unknown>[] {
  const found = [...counts(entries.scan(filter, 'oldest'), (entry) => entry[name])].sort(byCount);
  const count = (n: number): unknown => (context.logtideServer === 'A' ? String(n) : n);
  return found.slice(0, values.number('limit')).map(([key, n]) => ({ [name]: key, count: count(n) }));
}

/** `GET /api/v1/logs/top-services`. */
export const topServices: Endpoint = {
  params: [project, { name: 'limit', kind: 'number', min: 1, max: 50, fallback: 5 }, ...timeSpan],
  answer: (request) => ok(request.context, { services: top(request, span(request, serviceDays), 'service') }),
};

/** `GET /api/v1/logs/top-errors`: messages of the two highest levels. */
export const topErrors: Endpoint = {
  params: [project, { name: 'limit', kind: 'number', min: 1, max: 50, fallback: 10 }, ...timeSpan],
  answer: (request) => {
    const filter = { ...span(request, errorDays), levels: ['error', 'critical'] };
    return ok(request.context, { errors: top(request, filter, 'message') });
  },
};

const names = (entries: Iterable<StoredEntry>, keyOf: (entry: StoredEntry) => unknown): readonly string[] => {
  const found = new Set<string>();
  for (const entry of entries) {
    const name = keyOf(entry);
    if (name !== undefined && name !== null && name !== '') found.add(String(name));
  }
  return [...found].sort();
};

/** `GET /api/v1/logs/services`. */
export const services: Endpoint = {
  params: [projects, ...timeSpan],
  answer: (request) => {
    const found = request.entries.scan(span(request, serviceDays), 'oldest');
    return ok(request.context, { services: names(found, (entry) => entry.service) });
  },
};

/** `GET /api/v1/logs/hostnames` (line B): at most 500, and of the last six hours whatever `from` says. */
export const hostnames: Endpoint = {
  params: [projects, ...timeSpan],
  answer: (request) => {
    const { fromMillis = 0, toMillis } = span(request, errorDays);
    const earliest = request.context.nowMillis - maxHostnameMillis;
    const found = request.entries.scan({ fromMillis: Math.max(fromMillis, earliest), toMillis }, 'oldest');
    const list = names(found, (entry) => entry.metadata?.hostname);
    return ok(request.context, { hostnames: list.slice(0, maxHostnames) });
  },
};

const intervals: Readonly<Record<string, number>> = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 };

/** `GET /api/v1/logs/aggregated`: counts by time and level; spans of time without entries are left out. */
export const aggregated: Endpoint = {
  params: [
    project,
    { name: 'service', kind: 'text' },
    { name: 'from', kind: 'time', required: true },
    { name: 'to', kind: 'time', required: true },
    { name: 'interval', kind: 'choice', choices: Object.keys(intervals), fallback: '1h' },
  ],
  answer: ({ values, entries, context }) => {
    const service = values.text('service');
    const width = intervals[values.text('interval') ?? ''] ?? Number.NaN;
    const filter: EntryFilter = {
      fromMillis: values.time('from'),
      toMillis: values.time('to'),
      services: service === undefined || (service === '' && context.logtideServer === 'A') ? undefined : [service],
    };
    const buckets = new Map<number, StoredEntry[]>();
    for (const entry of entries.scan(filter, 'oldest')) {
      const start = Math.floor(entry.timeMillis / width) * width;
      const bucket = buckets.get(start);
      if (bucket === undefined) buckets.set(start, [entry]);
      else bucket.push(entry);
    }
    const timeseries = [...buckets].map(([start, found]) => {
      const pairs = levelCounts(found);
      return { bucket: new Date(start).toISOString(), total: sum(pairs), by_level: Object.fromEntries(pairs) };
    });
    return ok(context, { timeseries });
  },
};

/** `GET /api/v1/stats`. Line A checks `from` and `to` and then forgets them. */
export const stats: Endpoint = {
  params: timeSpan,
  answer: ({ values, entries, context }) => {
    const within = { fromMillis: values.time('from'), toMillis: values.time('to') ?? context.nowMillis };
    const pairs = levelCounts(entries.scan(context.logtideServer === 'A' ? {} : within, 'oldest'));
    return ok(context, { total: sum(pairs), by_level: Object.fromEntries(pairs) });
  },
};
