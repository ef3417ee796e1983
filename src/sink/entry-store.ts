import type { EntryFilter } from './entry-filter.ts';
import type { StoredEntry } from './stored-entry.ts';

/** Newest first is the order of queries, oldest first that of a trace. */
export type ScanOrder = 'newest' | 'oldest';

/** Where the sink keeps LogTide's entries for reading: in memory or in a file. */
export interface EntryStore {
  /** Keeps all of them or, with the reason as the result, none. */
  add(entries: readonly StoredEntry[]): string | undefined;
  get(id: string): StoredEntry | undefined;
  /** Entries that match, by time, ties by id. To be read to its end or left before the store changes. */
  scan(filter: EntryFilter, order: ScanOrder): Iterable<StoredEntry>;
  /** How many match. */
  count(filter: EntryFilter): number;
  clear(): void;
  /** Safe to call twice; nothing else may be called after it. */
  close(): void;
}

/** For readers that may see nothing: another project than the sink's own. */
export const noEntries: Pick<EntryStore, 'get' | 'scan' | 'count'> = {
  get: () => undefined,
  scan: () => [],
  count: () => 0,
};

/** What readers need of a store. */
export type ReadableEntries = typeof noEntries;

/** How many there are. */
export function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _item of items) count += 1;
  return count;
}

/** The first `count` of something. */
export function take<T>(items: Iterable<T>, count: number, skip = 0): T[] {
  const taken: T[] = [];
  if (count <= 0) return taken;
  let left = skip;
  for (const item of items) {
    if (left > 0) left -= 1;
    else if (taken.push(item) === count) break;
  }
  return taken;
}
