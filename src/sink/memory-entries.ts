import type { EntryFilter } from './entry-filter.ts';
import { matches } from './entry-filter.ts';
import type { EntryStore, ScanOrder } from './entry-store.ts';
import { countOf } from './entry-store.ts';
import type { StoredEntry } from './stored-entry.ts';
import { compareEntries } from './stored-entry.ts';

/** Entries in memory: the newest to arrive, in a ring. */
export class MemoryEntries implements EntryStore {
  readonly #capacity: number;
  #ring: StoredEntry[] = [];
  #oldest = 0;
  /** The ring by time; made when it is asked for, as arrivals are many and queries few. */
  #sorted: readonly StoredEntry[] | undefined;

  /** `capacity` is in entries. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(entries: readonly StoredEntry[]): undefined {
    for (const entry of entries) this.#push(entry);
    this.#sorted = undefined;
  }

  #push(entry: StoredEntry): void {
    if (this.#ring.length < this.#capacity) {
      this.#ring.push(entry);
    } else if (this.#capacity > 0) {
      this.#ring[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
  }

  get(id: string): StoredEntry | undefined {
    return this.#ring.find((entry) => entry.id === id);
  }

  *scan(filter: EntryFilter, order: ScanOrder): Generator<StoredEntry> {
    this.#sorted ??= this.#ring.toSorted(compareEntries);
    const sorted = this.#sorted;
    for (let n = 0; n < sorted.length; n += 1) {
      const entry = sorted[order === 'oldest' ? n : sorted.length - 1 - n];
      if (entry !== undefined && matches(entry, filter)) yield entry;
    }
  }

  count(filter: EntryFilter): number {
    return countOf(this.scan(filter, 'oldest'));
  }

  clear(): void {
    this.#ring = [];
    this.#oldest = 0;
    this.#sorted = undefined;
  }

  close(): void {
    this.clear();
  }
}
