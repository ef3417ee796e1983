import type { EntryFilter } from './entry-filter.ts';
import type { ReadableEntries } from './entry-store.ts';
import { take } from './entry-store.ts';
import { shown } from './read-answers.ts';
import type { StoredEntry } from './stored-entry.ts';

/** An answer that does not end: writes until it is stopped. */
export interface LogStream {
  readonly headers: Readonly<Record<string, string>>;
  /** Begins; the result stops it. Calls `end` when it cannot go on. */
  start(write: (text: string) => void, end: () => void): () => void;
}

/** Calls back every so many milliseconds until the result is called. */
export type Repeat = (callback: () => void, millis: number) => () => void;

export interface LogStreamParts {
  readonly entries: ReadableEntries;
  readonly filter: Pick<EntryFilter, 'services' | 'levels'>;
  readonly server: 'A' | 'B';
  readonly now: () => number;
  readonly repeat: Repeat;
}

const pollMillis = 1000;
const maxRows = 100;
const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'false',
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
};

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** Where a stream stands: rows timed before `fromMillis` are past. */
interface Position {
  fromMillis: number;
  sent: ReadonlySet<string>;
}

/**
 * The new rows among those of a poll, newest first. Line A goes on at the oldest row of the poll and so repeats rows until
 * 100 newer ones have come; line B goes on at the newest one and knows which rows of that moment it has sent.
 */
function advance(position: Position, rows: readonly StoredEntry[], server: 'A' | 'B'): readonly StoredEntry[] {
  const [newest, oldest] = [rows[0], rows.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  if (server === 'A') {
    position.fromMillis = oldest.timeMillis;
    return rows;
  }
  const unseen = rows.filter((row) => !position.sent.has(row.id));
  if (unseen.length === 0) return [];
  position.fromMillis = newest.timeMillis;
  position.sent = new Set(rows.filter((row) => row.timeMillis === newest.timeMillis).map((row) => row.id));
  return unseen;
}

/**
 * The live tail (`GET /api/v1/logs/stream`): "connected", then once a second the newest rows, at most 100, timed between
 * connecting and now, and a heartbeat.
 */
export function logStream({ entries, filter, server, now, repeat }: LogStreamParts): LogStream {
  return {
    headers,
    start: (write, end) => {
      const position: Position = { fromMillis: now(), sent: new Set() };
      write(event({ type: 'connected', timestamp: new Date(position.fromMillis).toISOString() }));
      const poll = (): void => {
        const found = entries.scan({ ...filter, fromMillis: position.fromMillis, toMillis: now() }, 'newest');
        for (const row of advance(position, take(found, maxRows), server)) {
          write(event({ type: 'log', data: shown(row, server === 'B') }));
        }
        write(': heartbeat\n\n');
      };
      return repeat(() => {
        try {
          poll();
        } catch {
          // As the servers do when their database fails; here only a file can.
          end();
        }
      }, pollMillis);
    },
  };
}
