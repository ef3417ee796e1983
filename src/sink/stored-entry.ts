import { isObject } from './check.ts';

/** One LogTide entry as its database holds it: milliseconds, no NUL on line B, nothing that the servers drop. */
export interface StoredEntry {
  /** A lower-case uuid. */
  readonly id: string;
  readonly timeMillis: number;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly traceId: string | null;
  /** Kept, though no answer over HTTP shows it. */
  readonly spanId: string | null;
  /** Line B only. */
  readonly sessionId: string | null;
}

/** Both orders of the servers: by time, ties by id. */
export function compareEntries(a: StoredEntry, b: StoredEntry): number {
  if (a.timeMillis !== b.timeMillis) return a.timeMillis - b.timeMillis;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function withoutNul(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '');
  if (Array.isArray(value)) return value.map(withoutNul);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNul(item)]));
}

/** Line B: `host` is copied to `hostname`, and an object without keys is stored as none. */
function metadataOfB(given: Readonly<Record<string, unknown>> | undefined): StoredEntry['metadata'] {
  const { hostname, host } = given ?? {};
  const metadata = !hostname && typeof host === 'string' && host !== '' ? { ...given, hostname: host } : given;
  return metadata === undefined || Object.keys(metadata).length === 0 ? null : metadata;
}

/** What a store has to know besides the record. */
export interface StoringContext {
  readonly server: 'A' | 'B';
  /** The server's clock, for entries without a time (line B). */
  readonly nowMillis: number;
  /** Whether the request had a NUL anywhere. */
  readonly hasNul: boolean;
}

/** What a server stores of an accepted record. */
export function storedEntry(
  record: Readonly<Record<string, unknown>>,
  id: string,
  { server, nowMillis, hasNul }: StoringContext,
): StoredEntry {
  const clean = server === 'B' && hasNul ? (withoutNul(record) as Record<string, unknown>) : record;
  // Lone surrogates become U+FFFD on the way into the database.
  const text = (value: unknown, missing: string): string =>
    typeof value === 'string' ? value.toWellFormed() : missing;
  const optional = (value: unknown): string | null => {
    // Line B stores an empty id as none.
    if (typeof value !== 'string' || (value === '' && server === 'B')) return null;
    return value.toWellFormed();
  };
  const timeMillis = typeof clean.time === 'string' ? Date.parse(clean.time) : Number.NaN;
  const metadata = isObject(clean.metadata) ? clean.metadata : undefined;
  return {
    id,
    timeMillis: Number.isNaN(timeMillis) ? nowMillis : timeMillis,
    service: text(clean.service, 'unknown'),
    level: text(clean.level, 'info'),
    message: text(clean.message, ''),
    metadata: server === 'B' ? metadataOfB(metadata) : (metadata ?? null),
    traceId: optional(clean.trace_id),
    spanId: optional(clean.span_id),
    sessionId: server === 'B' ? (optional(clean.session_id)?.toLowerCase() ?? null) : null,
  };
}
