import { isObject, parseJson } from './check.ts';
import type { EntryFilter } from './entry-filter.ts';
import { matches } from './entry-filter.ts';
import type { EntryStore, ScanOrder } from './entry-store.ts';
import { countOf } from './entry-store.ts';
import type { StoredEntry } from './stored-entry.ts';

/** What we use of `node:sqlite`, which the types of the oldest Node that we support do not know. */
interface Statement {
  run(...values: readonly Value[]): unknown;
  get(...values: readonly Value[]): unknown;
  iterate(...values: readonly Value[]): Iterable<unknown>;
}
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
interface Sqlite {
  readonly DatabaseSync: new (path: string) => Database;
}
type Value = string | number | null;

/** Why a database cannot be used. `code` tells an old Node from a file that is no database of the sink. */
export class SinkDatabaseError extends Error {
  readonly code: 'ERR_SINK_NO_SQLITE' | 'ERR_SINK_DATABASE';

  constructor(code: SinkDatabaseError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Marks a file as ours ("lgfs"), so that no other program's database is written to. */
const applicationId = 0x6c676673;
const layoutVersion = 1;
const layout = `
  CREATE TABLE entries (
    id TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, service TEXT NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL,
    metadata TEXT, trace_id TEXT, span_id TEXT, session_id TEXT
  ) STRICT;
  CREATE INDEX entries_by_time ON entries (time, id);
  CREATE INDEX entries_by_trace ON entries (trace_id, time, id) WHERE trace_id IS NOT NULL;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${layoutVersion};
`;
const insert = 'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Row {
  readonly id: string;
  readonly time: number;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly metadata: string | null;
  readonly trace_id: string | null;
  readonly span_id: string | null;
  readonly session_id: string | null;
}

function metadataOf(text: string | null): StoredEntry['metadata'] {
  const parsed = text === null ? undefined : parseJson(text);
  return parsed?.ok && isObject(parsed.value) ? parsed.value : null;
}

function entryOf(row: Row): StoredEntry {
  const { id, time, service, level, message, trace_id: traceId, span_id: spanId, session_id: sessionId } = row;
  return {
    id,
    timeMillis: time,
    service,
    level,
    message,
    // Most rows that are read are only counted.
    get metadata() {
      return metadataOf(row.metadata);
    },
    traceId,
    spanId,
    sessionId,
  };
}

/** The conditions that SQLite can apply, to read fewer rows; `matches` decides in the end. */
function where(filter: EntryFilter): { readonly sql: string; readonly values: readonly Value[] } {
  const parts: string[] = [];
  const values: Value[] = [];
  const add = (sql: string, ...given: readonly Value[]): void => {
    parts.push(sql);
    values.push(...given);
  };
  const anyOf = (column: string, list: readonly string[]): void =>
    add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(list));
  if (filter.fromMillis !== undefined) add('time >= ?', filter.fromMillis);
  if (filter.toMillis !== undefined) add('time <= ?', filter.toMillis);
  if (filter.below !== undefined) add('(time, id) < (?, ?)', filter.below.timeMillis, filter.below.id);
  if (filter.services !== undefined) anyOf('service', filter.services);
  if (filter.levels !== undefined) anyOf('level', filter.levels);
  if (filter.traceId !== undefined) add('trace_id = ?', filter.traceId);
  if (filter.sessionId !== undefined) add('session_id = ?', filter.sessionId);
  return { sql: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

/** Entries in an SQLite file, all that ever came until `clear()`. */
class SqliteEntries implements EntryStore {
  readonly #database: Database;
  #open = true;

  constructor(database: Database) {
    this.#database = database;
  }

  add(entries: readonly StoredEntry[]): string | undefined {
    try {
      this.#database.exec('BEGIN');
      const statement = this.#database.prepare(insert);
      for (const { id, timeMillis, service, level, message, metadata, traceId, spanId, sessionId } of entries) {
        const text = metadata === null ? null : JSON.stringify(metadata);
        statement.run(id, timeMillis, service, level, message, text, traceId, spanId, sessionId);
      }
      this.#database.exec('COMMIT');
      return undefined;
    } catch (error) {
      this.#rollBack();
      return messageOf(error);
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // Some failures end the transaction themselves, a full disk among them.
    }
  }

  get(id: string): StoredEntry | undefined {
    const row = this.#database.prepare('SELECT * FROM entries WHERE id = ?').get(id);
    return row === undefined ? undefined : entryOf(row as Row);
  }

  *scan(filter: EntryFilter, order: ScanOrder): Generator<StoredEntry> {
    const { sql, values } = where(filter);
    const direction = order === 'newest' ? 'DESC' : 'ASC';
    const query = `SELECT * FROM entries${sql} ORDER BY time ${direction}, id ${direction}`;
    for (const row of this.#database.prepare(query).iterate(...values)) {
      const entry = entryOf(row as Row);
      if (matches(entry, filter)) yield entry;
    }
  }

  count(filter: EntryFilter): number {
    const { message, metadata = [], hostnames } = filter;
    const asRows = message !== undefined || metadata.length > 0 || hostnames !== undefined;
    if (asRows) return countOf(this.scan(filter, 'oldest'));
    const { sql, values } = where(filter);
    const row = this.#database.prepare(`SELECT count(*) AS n FROM entries${sql}`).get(...values);
    return (row as { readonly n: number }).n;
  }

  clear(): void {
    this.#database.exec('DELETE FROM entries');
  }

  close(): void {
    if (this.#open) this.#database.close();
    this.#open = false;
  }
}

async function load(moduleName: string): Promise<Sqlite> {
  try {
    return (await import(moduleName)) as Sqlite;
  } catch {
    throw new SinkDatabaseError(
      'ERR_SINK_NO_SQLITE',
      `this Node (${process.version}) has no SQLite; use Node 22.13 or later, or leave the database out to keep entries in memory`,
    );
  }
}

function prepare(database: Database): void {
  const number = (pragma: string): unknown =>
    (database.prepare(`PRAGMA ${pragma}`).get() as Record<string, unknown> | undefined)?.[pragma];
  const id = number('application_id');
  const version = number('user_version');
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").get();
  const isEmpty = (tables as { readonly n: number }).n === 0;
  if (isEmpty && id === 0 && version === 0) {
    database.exec(`BEGIN; ${layout} COMMIT`);
  } else if (id !== applicationId) {
    throw new Error('it belongs to another program');
  } else if (version !== layoutVersion) {
    throw new Error(`it has layout ${version}, and this version reads ${layoutVersion}`);
  }
  // Lost with the power at worst, never damaged: enough for a tool of development, and ten times as fast.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
}

/**
 * Opens a database of entries, or makes one.
 * Rejects with `SinkDatabaseError`: on a Node without SQLite, and when the file is another program's or cannot be used.
 */
export async function openEntries(path: string, moduleName = 'node:sqlite'): Promise<EntryStore> {
  const { DatabaseSync } = await load(moduleName);
  let database: Database | undefined;
  try {
    database = new DatabaseSync(path);
    prepare(database);
    return new SqliteEntries(database);
  } catch (error) {
    database?.close();
    throw new SinkDatabaseError('ERR_SINK_DATABASE', `${path} cannot be used: ${messageOf(error)}`);
  }
}
