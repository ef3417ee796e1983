import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Sink } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';
import { envOf } from './delivered.ts';
import { Installed } from './installed.ts';

/** Uses all that acts on what is registered, and says what came of it. */
const APP = `
  import { request, createServer } from 'node:http';
  import { captureErrors, flush, levels, setLevel, stats, withLogContext } from 'LOGFERRY';
  import { loggedHandler } from 'HTTP';
  import { logs } from '@opentelemetry/api-logs';
  const log = (body) => logs.getLogger('shop').emit({ body, severityNumber: 9, severityText: 'INFO' });
  withLogContext({ order: 17 }, () => log('with context'));
  const fail = captureErrors(() => { throw new Error('captured'); });
  try { fail(); } catch {}
  const server = createServer(loggedHandler((_, response) => response.end(), { requestBody: true }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const options = { port, path: '/cart', method: 'POST', headers: { 'content-type': 'application/json' } };
  await new Promise((done) => request(options, (answer) => answer.resume().on('end', done)).end('{"article":42}'));
  await new Promise((resolve) => server.close(resolve));
  const changed = setLevel('logtide', 'error');
  log('below the level');
  const level = levels().find(({ target }) => target === 'logtide')?.level;
  const report = await flush();
  console.log(JSON.stringify({ changed, level,
    flushed: report.destinations.map(({ platform, complete }) => [platform, complete]),
    stats: stats().map(({ platform, accepted, delivered }) => [platform, accepted, delivered]) }));`;

const installed = new Installed();
let sink: Sink;
beforeAll(async () => {
  sink = await startSink();
  cpSync(join(installed.directory, 'node_modules/logferry'), join(installed.directory, 'copy'), { recursive: true });
});
afterEach(() => sink.clear());
afterAll(async () => {
  await installed.dispose();
  await sink.close();
});

it.each([
  ['logferry', 'logferry/http'],
  // Another copy, as a package that brings its own would load it.
  ['./copy/dist/index.js', './copy/dist/instrument/http/middleware.js'],
])('what %s and %s do happens to what is registered', async (own, http) => {
  writeFileSync(join(installed.directory, 'uses.mjs'), APP.replace('LOGFERRY', own).replace('HTTP', http));
  const { code, stdout, stderr } = await installed.run('uses.mjs', {
    env: { ...envOf(sink, 'logtide'), LOGFERRY_HTTP_LOG: 'responses' },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^logferry \d[^\n]*\n$/) });
  const records = sink.records('logtide').map(({ record }) => record);
  expect(records).toEqual([
    expect.objectContaining({ message: 'with context', metadata: expect.objectContaining({ order: 17 }) }),
    expect.objectContaining({ message: 'captured', level: 'error' }),
    expect.objectContaining({
      message: expect.stringMatching(/^POST \/cart 200/),
      metadata: expect.objectContaining({ 'http.request.body.content': { article: 42 } }),
    }),
  ]);
  expect(JSON.parse(stdout)).toEqual({
    changed: true,
    level: 'error',
    flushed: [['logtide', true]],
    stats: [['logtide', 3, 3]],
  });
});
