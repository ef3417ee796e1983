import type { Entry } from './spool-import-lines.ts';

/** What we use of `node:sqlite`. */
interface Sqlite {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => Database;
}
interface Database {
  prepare(sql: string): { iterate(): Iterable<unknown> };
  close(): void;
}

// Every row: the official client marks them as synced without having sent them.
const ROWS = 'SELECT id, log_data FROM log_cache ORDER BY id';

/** A variable, as the types of the oldest Node that we support do not know the module. */
async function load(name = 'node:sqlite'): Promise<Sqlite> {
  try {
    return (await import(name)) as Sqlite;
  } catch {
    throw new Error(
      `this Node (${process.version}) cannot read SQLite; run the import with Node 22.13 or later; the application may stay on its own`,
    );
  }
}

/** Records of the Loggier client's cache, in the order they were stored. Rejects when it is no such cache, or this Node has no SQLite. */
export async function* cachedRows(path: string): AsyncGenerator<Entry> {
  const { DatabaseSync } = await load();
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    for (const row of database.prepare(ROWS).iterate()) {
      const { id, log_data: text } = row as { id: unknown; log_data: unknown };
      yield { place: `row ${id}`, text: String(text), bytes: undefined };
    }
  } finally {
    database.close();
  }
}
