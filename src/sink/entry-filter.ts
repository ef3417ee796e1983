import type { MetadataFilter } from './metadata-filter.ts';
import { matchesMetadata } from './metadata-filter.ts';
import type { StoredEntry } from './stored-entry.ts';

/** Which entries are wanted; every condition that is there must hold. */
export interface EntryFilter {
  /** Any of these. */
  readonly services?: readonly string[] | undefined;
  readonly levels?: readonly string[] | undefined;
  /** Of `metadata.hostname`. */
  readonly hostnames?: readonly string[] | undefined;
  readonly traceId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Inclusive, as `toMillis`. */
  readonly fromMillis?: number | undefined;
  readonly toMillis?: number | undefined;
  /** Only what comes after this place when read newest first. */
  readonly below?: { readonly timeMillis: number; readonly id: string } | undefined;
  readonly message?: ((message: string) => boolean) | undefined;
  readonly metadata?: readonly MetadataFilter[] | undefined;
}

const isBelow = (entry: StoredEntry, place: NonNullable<EntryFilter['below']>): boolean =>
  entry.timeMillis < place.timeMillis || (entry.timeMillis === place.timeMillis && entry.id < place.id);

/** Whether an entry is wanted. The cheap conditions come first. */
export function matches(entry: StoredEntry, filter: EntryFilter): boolean {
  const { fromMillis, toMillis, below, services, levels, traceId, sessionId, hostnames, message, metadata } = filter;
  return (
    (fromMillis === undefined || entry.timeMillis >= fromMillis) &&
    (toMillis === undefined || entry.timeMillis <= toMillis) &&
    (below === undefined || isBelow(entry, below)) &&
    (levels === undefined || levels.includes(entry.level)) &&
    (services === undefined || services.includes(entry.service)) &&
    (traceId === undefined || entry.traceId === traceId) &&
    (sessionId === undefined || entry.sessionId === sessionId) &&
    (hostnames === undefined || hostnames.includes(String(entry.metadata?.hostname))) &&
    (metadata === undefined || metadata.every((condition) => matchesMetadata(entry.metadata, condition))) &&
    (message === undefined || message(entry.message))
  );
}
