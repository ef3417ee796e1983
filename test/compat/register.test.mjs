import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startSink } from 'logferry/sink';
import { LINE, messages, PLATFORMS, runApp } from './support.mjs';

let sink;
before(async () => {
  sink = await startSink();
});
beforeEach(() => sink.clear());
after(() => sink.close());

/** Line A has one Logs API, line B two. */
const GLOBALS = LINE === 'A' ? ['api-logs'] : ['api', 'api-logs'];
const START_LINE = /^logferry \d+\.\d+\.\d+: logs of "shop" go to odysseus .*, trakerr [^\n]*\n$/;

for (const [flag, app] of [
  ['--import', 'app.mjs'],
  ['--require', 'app.cjs'],
  ['--require', 'app.mjs'],
  ['--import', 'app.cjs'],
]) {
  test(`${flag} logferry/register ${app}: loggers of ${GLOBALS.join(' and ')} arrive on every platform`, async () => {
    const { code, stderr } = await runApp([flag, 'logferry/register'], app, sink.env());
    assert.equal(code, 0);
    assert.match(stderr, START_LINE);
    for (const platform of PLATFORMS) {
      assert.deepEqual(messages(sink, platform), GLOBALS.map((name) => `through ${name}`).sort(), platform);
    }
    assert.equal(sink.records('logtide')[0].record.service, 'shop');
  });
}

for (const when of ['first', 'later']) {
  test(`span events of a tracer provider registered ${when} arrive`, async () => {
    const env = { ...sink.env(), LOGFERRY_QUIET: 'true', WHEN: when };
    const { code, stderr } = await runApp(['--import', 'logferry/register'], 'traced.mjs', env);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(messages(sink, 'logtide'), ['card refused', 'cart.loaded']);
    for (const platform of PLATFORMS) assert.equal(sink.records(platform).length, 2, platform);
  });
}

test('SIGTERM delivers everything and ends the process by that signal', async () => {
  const env = { ...sink.env(), LOGFERRY_QUIET: 'true' };
  const result = await runApp(['--import', 'logferry/register'], 'server.mjs', env);
  assert.deepEqual([result.code, result.signal, result.stderr], [null, 'SIGTERM', '']);
  for (const platform of PLATFORMS) assert.equal(sink.records(platform).length, 1, platform);
});

test('a sink that is down when the process ends: LF011 with the counts, same exit code', async () => {
  await sink.pause();
  try {
    const env = { ...sink.env(), LOGFERRY_QUIET: 'true', LOGFERRY_FLUSH_TIMEOUT: '100ms' };
    const { code, stderr } = await runApp(['--import', 'logferry/register'], 'app.cjs', env);
    assert.equal(code, 0);
    const line = stderr.split('\n').find((text) => text.startsWith('logferry LF011 '));
    for (const platform of PLATFORMS) assert.match(line, new RegExp(`${platform} ${GLOBALS.length} \\(`));
  } finally {
    await sink.resume();
  }
});

const onlyB = LINE === 'A' ? 'needs packages that only the folder of line B has' : false;

test('records of pino (api) and winston (api-logs) arrive side by side', { skip: onlyB }, async () => {
  const env = { ...sink.env(), LOGFERRY_QUIET: 'true' };
  const { code, stderr } = await runApp(['--require', 'logferry/register'], 'loggers.cjs', env);
  assert.deepEqual([code, stderr], [0, '']);
  for (const platform of PLATFORMS) assert.deepEqual(messages(sink, platform), ['from pino', 'from winston'], platform);
});

test('signal-exit, which also steps back for other listeners, and we both get our turn', { skip: onlyB }, async () => {
  const env = { ...sink.env(), LOGFERRY_QUIET: 'true' };
  const result = await runApp(['--import', 'logferry/register'], 'signal-exit.mjs', env);
  assert.deepEqual([result.code, result.signal, result.stderr], [null, 'SIGTERM', '']);
  assert.match(result.stdout, /signal-exit was told SIGTERM/);
  for (const platform of PLATFORMS) assert.deepEqual(messages(sink, platform), ['up'], platform);
});
