// The sink's database file: SQLite, which only newer versions of Node have. It must answer as the memory does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startSink } from 'logferry/sink';

const folder = mkdtempSync(join(tmpdir(), 'logferry-sink-db-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const cli = join(import.meta.dirname, 'node_modules/logferry/dist/cli/main.js');

const sqlite = await import('node:sqlite').catch(() => undefined);
const noon = Date.parse('2026-11-20T12:00:00.000Z');
const levels = ['debug', 'info', 'warn', 'error', 'critical'];
const logs = Array.from({ length: 60 }, (_, n) => ({
  // Three entries share a millisecond, and they arrive out of order.
  time: new Date(noon + Math.floor(((n * 7) % 60) / 3) * 1000).toISOString(),
  service: ['api', 'web', "o'brien"][n % 3],
  level: levels[n % 5],
  message: `request ${n % 4} timed out "ünïcode" ${n}`,
  ...(n % 2 === 0 && { metadata: { n, hostname: `h${n % 3}` } }),
  ...(n % 4 === 0 && { trace_id: 'a b/c' }),
  ...(n % 6 === 0 && { session_id: '550e8400-e29b-41d4-a716-446655440000' }),
}));

const filters = encodeURIComponent('[{"key":"n","op":"not_in","values":["2","4"]}]');
const paths = [
  '/api/v1/logs',
  // Whole milliseconds, as ids decide which entries of one come first.
  '/api/v1/logs?limit=9&offset=12',
  '/api/v1/logs?service=api&service=o%27brien&level=error&level=info',
  '/api/v1/logs?q=requests+timing',
  '/api/v1/logs?q=%22%C3%9CN%C3%8F&searchMode=substring',
  '/api/v1/logs?hostname=h1&sessionId=550e8400-e29b-41d4-a716-446655440000',
  `/api/v1/logs?metadata_filters=${filters}`,
  `/api/v1/logs?from=${new Date(noon + 3000).toISOString()}&to=${new Date(noon + 9000).toISOString()}`,
  '/api/v1/logs/trace/a%20b%2Fc',
  `/api/v1/logs/context?time=${new Date(noon + 5500).toISOString()}&before=9&after=9`,
  `/api/v1/logs/aggregated?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&interval=1m`,
  '/api/v1/logs/top-services',
  '/api/v1/logs/top-errors?limit=50',
  '/api/v1/logs/services',
  '/api/v1/logs/hostnames',
  '/api/v1/stats',
];

/** A body without what differs from sink to sink: ids, and the order of entries of one millisecond, which ids decide. */
function comparable(text) {
  const strip = (value) => {
    if (Array.isArray(value)) {
      const items = value.map(strip);
      return items.every((item) => typeof item?.time === 'string')
        ? items.map((item) => JSON.stringify(item)).sort()
        : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== 'id' && key !== 'nextCursor')
        .map(([key, item]) => [key, strip(item)]),
    );
  };
  return strip(JSON.parse(text));
}

test('a sink with a database file', async (t) => {
  const path = join(folder, 'entries.db');
  const options = { now: () => noon + 3_600_000 };
  if (sqlite === undefined) {
    await assert.rejects(startSink({ db: path }), { code: 'ERR_SINK_NO_SQLITE', message: /use Node 22\.13 or later/ });
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'sink', '--db', path], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^logferry sink: --db: this Node \(v\d+\.\d+\.\d+\) has no SQLite; .*\n$/);
    return;
  }
  const headers = (sink) => ({ 'x-api-key': sink.credentials.logtideApiKey, 'content-type': 'application/json' });
  const ask = async (sink, target) => {
    const answer = await fetch(`${sink.url}${target}`, { headers: headers(sink) });
    assert.equal(answer.status, 200, target);
    return comparable(await answer.text());
  };
  const memory = await startSink(options);
  let file = await startSink({ ...options, db: path });
  t.after(() => Promise.all([memory.close(), file.close()]));
  for (const sink of [memory, file]) {
    const body = JSON.stringify({ logs });
    const answer = await fetch(`${sink.url}/api/v1/ingest`, { method: 'POST', headers: headers(sink), body });
    assert.equal((await answer.json()).received, logs.length);
  }
  for (const target of paths) assert.deepEqual(await ask(file, target), await ask(memory, target), target);

  await file.close();
  // SQLite's own files beside it go when it is closed.
  assert.deepEqual(readdirSync(folder), ['entries.db']);
  file = await startSink({ ...options, db: path });
  for (const target of paths) assert.deepEqual(await ask(file, target), await ask(memory, target), target);

  file.clear();
  assert.deepEqual((await ask(file, '/api/v1/logs')).logs, []);
});
