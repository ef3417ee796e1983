// The cache of the Loggier client is SQLite, which only newer versions of Node read.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'logferry-loggier-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const cli = join(import.meta.dirname, 'node_modules/logferry/dist/cli/main.js');

function spool(...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', cli, 'spool', ...args, '--dir', join(folder, 'spool')],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  return { status, stdout, stderr };
}

const sqlite = await import('node:sqlite').catch(() => undefined);
const cache = join(folder, 'cache');
const path = join(cache, 'loggier_cache.db');
mkdirSync(cache);

test('the cache of the Loggier client is imported where Node reads SQLite', () => {
  const args = ['import', cache, '--platform', 'loggier', '--name', 'shop'];
  if (sqlite === undefined) {
    writeFileSync(path, '');
    const { status, stderr } = spool(...args);
    assert.equal(status, 1);
    assert.match(stderr, /cannot read SQLite; run the import with Node 22\.13 or later/);
    assert.ok(existsSync(path));
    return;
  }
  const database = new sqlite.DatabaseSync(path);
  database.exec(
    'CREATE TABLE log_cache(id INTEGER PRIMARY KEY, timestamp REAL, log_level TEXT, retry_count INTEGER, log_data TEXT, size_bytes INTEGER, synced INTEGER)',
  );
  const insert = database.prepare('INSERT INTO log_cache(log_data, synced) VALUES (?, ?)');
  const texts = ['{"message": "a", "n": 12345678901234567890}', '{"message": "\\u00fc"}'];
  // Marked as synced or not: the client has sent none of them.
  insert.run(texts[0], 1);
  insert.run(texts[1], 0);
  insert.run('no record', 0);
  database.close();
  writeFileSync(`${path}-journal`, '');
  const { status, stdout, stderr } = spool(...args);
  assert.equal(status, 1);
  assert.equal(stdout, `${path}: 2 records imported, 1 place left out\n`);
  assert.match(stderr, /loggier_cache\.db:row 3 is not a JSON object/);
  assert.equal(spool('show').stdout, `${texts.join('\n')}\n`);
  assert.deepEqual(readdirSync(cache), ['loggier_cache.db.imported', 'loggier_cache.db.imported-journal']);
  writeFileSync(path, 'this is no database, and it is long enough to be looked at');
  const broken = spool(...args);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /loggier_cache\.db: file is not a database\nlogferry spool: nothing was imported/);
  assert.ok(existsSync(path));
});
