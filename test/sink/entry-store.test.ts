import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { EntryFilter } from '../../src/sink/entry-filter.ts';
import { type EntryStore, type ScanOrder, take } from '../../src/sink/entry-store.ts';
import { MemoryEntries } from '../../src/sink/memory-entries.ts';
import { openEntries, SinkDatabaseError } from '../../src/sink/sqlite-entries.ts';
import type { StoredEntry } from '../../src/sink/stored-entry.ts';

// One contract for both stores. The file store needs `node:sqlite`; on a Node without it, the test at the end shows what
// it says instead, and test/compat/sink-db.test.mjs shows the store itself on a newer Node.

const folder = mkdtempSync(join(tmpdir(), 'logferry-entries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sqliteName = 'node:sqlite';
const sqlite = (await import(sqliteName).catch(() => undefined)) as
  | { readonly DatabaseSync: new (path: string) => { exec(sql: string): void; close(): void } }
  | undefined;

const open: EntryStore[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
});
let files = 0;
function freshFile(): string {
  files += 1;
  return join(folder, `${files}.db`);
}
async function opened(store: EntryStore | Promise<EntryStore>): Promise<EntryStore> {
  const ready = await store;
  open.push(ready);
  return ready;
}

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const base = Date.parse('2026-11-20T12:00:00.000Z');
const entry = (n: number, fields: Partial<StoredEntry> = {}): StoredEntry => ({
  id: uuid(n),
  timeMillis: base + n,
  service: 'api',
  level: 'info',
  message: `entry ${n}`,
  metadata: null,
  traceId: null,
  spanId: null,
  sessionId: null,
  ...fields,
});
const found = (store: EntryStore, filter: EntryFilter = {}, order: ScanOrder = 'newest'): readonly string[] =>
  [...store.scan(filter, order)].map(({ message }) => message);

const kinds: [string, () => EntryStore | Promise<EntryStore>][] = [
  ['in memory', () => new MemoryEntries(10_000)],
  ...(sqlite === undefined
    ? []
    : [['in a file', () => openEntries(freshFile())] as [string, () => Promise<EntryStore>]]),
];

describe.each(kinds)('entries %s', (_kind, make) => {
  it('come back as they were given', async () => {
    const store = await opened(make());
    const full = entry(1, {
      timeMillis: Date.parse('0001-01-01T00:00:00.001Z'),
      message: 'a line\nand \u{1f600} and "quotes"',
      metadata: { nested: { list: [1, 'two', null, true] }, 'a.b': 1e-7 },
      traceId: '',
      spanId: '00f067aa0ba902b7',
      sessionId: uuid(9),
    });
    expect(store.add([full, entry(2)])).toBeUndefined();
    expect(store.get(uuid(1))).toEqual(full);
    expect([...store.scan({}, 'oldest')]).toEqual([full, entry(2)]);
    expect(store.get(uuid(3))).toBeUndefined();
  });

  it('are in order of time, ties by id, whatever the order of arrival', async () => {
    const store = await opened(make());
    store.add([entry(3), entry(1), entry(5, { timeMillis: base + 2 }), entry(4, { timeMillis: base + 2 })]);
    const newest = ['entry 3', 'entry 5', 'entry 4', 'entry 1'];
    expect(found(store)).toEqual(newest);
    expect(found(store, {}, 'oldest')).toEqual(newest.toReversed());
    store.add([entry(2, { timeMillis: base + 9 })]);
    expect(found(store)).toEqual(['entry 2', ...newest]);
  });

  const rows = [
    entry(1, { service: 'api', level: 'error', traceId: 't1', metadata: { hostname: 'h1' } }),
    entry(2, { service: 'web', level: 'info', traceId: 't1', sessionId: uuid(8) }),
    entry(3, { service: "o'brien", level: 'error', traceId: 't2', metadata: { hostname: 'h2', n: 1 } }),
    entry(4, { service: 'api', level: 'debug', metadata: { hostname: 'h1', n: 2 } }),
  ];
  it.each<[string, EntryFilter, number[]]>([
    ['no condition', {}, [4, 3, 2, 1]],
    ['services', { services: ['api', "o'brien"] }, [4, 3, 1]],
    ['a service that is none', { services: [''] }, []],
    ['no service at all', { services: [] }, []],
    ['levels', { levels: ['error'] }, [3, 1]],
    ['host names', { hostnames: ['h1', 'x'] }, [4, 1]],
    ['a trace', { traceId: 't1' }, [2, 1]],
    ['a session', { sessionId: uuid(8) }, [2]],
    ['from, inclusive', { fromMillis: base + 3 }, [4, 3]],
    ['to, inclusive', { toMillis: base + 2 }, [2, 1]],
    ['below a place', { below: { timeMillis: base + 3, id: uuid(3) } }, [2, 1]],
    ['below a place between ids', { below: { timeMillis: base + 3, id: uuid(4) } }, [3, 2, 1]],
    ['a message', { message: (text) => text.endsWith('2') }, [2]],
    ['metadata', { metadata: [{ key: 'n', op: 'exists', value: '', values: [], includeMissing: true }] }, [4, 3]],
    ['several conditions', { levels: ['error', 'debug'], services: ['api'], fromMillis: base + 2 }, [4]],
  ])('are found by %s', async (_name, filter, expected) => {
    const store = await opened(make());
    store.add(rows);
    const names = expected.map((n) => `entry ${n}`);
    expect(found(store, filter)).toEqual(names);
    expect(found(store, filter, 'oldest')).toEqual(names.toReversed());
    expect(store.count(filter)).toBe(expected.length);
  });

  it('may be left before their end, and are gone after clear()', async () => {
    const store = await opened(make());
    store.add(rows);
    expect(take(store.scan({}, 'newest'), 2, 1).map(({ id }) => id)).toEqual([uuid(3), uuid(2)]);
    expect(take(store.scan({}, 'newest'), 0)).toEqual([]);
    store.clear();
    expect(found(store)).toEqual([]);
    store.add([entry(7)]);
    expect(found(store)).toEqual(['entry 7']);
    store.close();
    expect(() => store.close()).not.toThrow();
  });
});

describe('entries in memory', () => {
  it('are the newest to arrive', async () => {
    const store = await opened(new MemoryEntries(3));
    store.add([entry(9), entry(2), entry(3), entry(4)]);
    expect(found(store)).toEqual(['entry 4', 'entry 3', 'entry 2']);
    store.add([entry(1)]);
    expect([found(store), store.get(uuid(2))]).toEqual([['entry 4', 'entry 3', 'entry 1'], undefined]);
    const none = await opened(new MemoryEntries(0));
    none.add([entry(1)]);
    expect(found(none)).toEqual([]);
  });
});

if (sqlite !== undefined) {
  const { DatabaseSync } = sqlite;
  describe('entries in a file', () => {
    it('are there the next time', async () => {
      const path = freshFile();
      const first = await openEntries(path);
      first.add([entry(1), entry(2)]);
      first.close();
      expect(found(await opened(openEntries(path)))).toEqual(['entry 2', 'entry 1']);
    });

    it('are kept together or not at all', async () => {
      const store = await opened(openEntries(freshFile()));
      store.add([entry(1)]);
      // The same id twice stands for whatever the database may refuse.
      expect(store.add([entry(2), entry(1)])).toMatch(/UNIQUE/);
      expect(found(store)).toEqual(['entry 1']);
      expect(store.add([entry(2)])).toBeUndefined();
    });

    it.each<[string, (path: string) => void, RegExp]>([
      ['no database', (path) => writeFileSync(path, 'this is text, and long enough to be looked at'), /not a database/],
      ['a folder that is missing', () => undefined, /unable to open/],
      [
        "another program's database",
        (path) => {
          const database = new DatabaseSync(path);
          database.exec('CREATE TABLE customers (name TEXT)');
          database.close();
        },
        /belongs to another program/,
      ],
      [
        'a layout of the future',
        (path) => {
          const database = new DatabaseSync(path);
          database.exec(`CREATE TABLE t (x); PRAGMA application_id = ${0x6c676673}; PRAGMA user_version = 2`);
          database.close();
        },
        /has layout 2, and this version reads 1/,
      ],
    ])('are refused in %s', async (name, prepare, message) => {
      const path = name.includes('folder') ? join(folder, 'missing', 'x.db') : freshFile();
      prepare(path);
      const error: unknown = await openEntries(path).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SinkDatabaseError);
      expect(error).toMatchObject({ code: 'ERR_SINK_DATABASE', message: expect.stringMatching(message) });
      expect((error as Error).message).toContain(path);
    });
  });
}

describe('a Node without SQLite', () => {
  it('says which one is needed', async () => {
    const error: unknown = await openEntries(freshFile(), 'node:sqlite-that-is-missing').catch((reason) => reason);
    expect(error).toBeInstanceOf(SinkDatabaseError);
    expect(error).toMatchObject({
      code: 'ERR_SINK_NO_SQLITE',
      message: `this Node (${process.version}) has no SQLite; use Node 22.13 or later, or leave the database out to keep entries in memory`,
    });
  });

  it(sqlite === undefined ? 'is this one' : 'is not this one', async () => {
    const opening = openEntries(freshFile()).then(
      (store) => {
        store.close();
        return 'opened';
      },
      (error: unknown) => (error instanceof SinkDatabaseError ? error.code : error),
    );
    expect(await opening).toBe(sqlite === undefined ? 'ERR_SINK_NO_SQLITE' : 'opened');
  });
});
