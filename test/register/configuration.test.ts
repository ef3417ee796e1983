import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { messages, PLATFORM_NAMES } from './delivered.ts';
import { Installed, logging } from './installed.ts';

// What variables do to a whole process.

let sink: Sink;
let shop: Installed;

beforeAll(async () => {
  sink = await startSink();
  shop = new Installed();
});
afterEach(() => sink.clear());
afterAll(async () => {
  await shop.dispose();
  await sink.close();
});

const hello = `process.stdout.write('app runs'); ${logging('hello')}`;

describe('LOGFERRY_STRICT', () => {
  it.each([
    ['half of a pair', { ODYSSEUS_APP_KEY: '' }, 'LF001'],
    ['a bad URL', { LOGTIDE_API_URL: 'logs.example.com' }, 'LF002'],
    ['an unknown variable', { LOGFERRY_LEVL: 'info' }, 'LF003'],
    ['an unreadable value', { LOGFERRY_LEVEL: 'loud' }, 'LF004'],
    ['an unreadable file', { TRAKERR_API_KEY: '', TRAKERR_API_KEY_FILE: '/nonexistent/key' }, 'LF005'],
    ['an unknown platform', { LOGFERRY_PLATFORMS: 'logtied' }, 'LF006'],
  ])('%s: exits 78 before the application starts; without it, the application runs', async (_, broken, problem) => {
    const env = { ...sink.env(), ...broken };
    const strict = await shop.run(hello, { source: true, env: { ...env, LOGFERRY_STRICT: 'true' } });
    expect(strict).toMatchObject({ code: 78, stdout: '' });
    expect(strict.stderr).toContain(`logferry ${problem} `);
    expect(Object.values(sink.counts()).every(({ requests }) => requests === 0)).toBe(true);

    const lenient = await shop.run(hello, { source: true, env });
    expect(lenient).toMatchObject({ code: 0, stdout: 'app runs' });
    expect(lenient.stderr.match(new RegExp(`logferry ${problem} `, 'g'))).toHaveLength(1);
  });

  it('exits 78 when nothing is configured, quiet or not', async () => {
    const env = { LOGFERRY_STRICT: 'true', LOGFERRY_QUIET: 'true' };
    const { code, stdout, stderr } = await shop.run(hello, { source: true, env });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toMatch(/^logferry LF007 /);
  });

  it('lets a sound environment start', async () => {
    const { code } = await shop.run(hello, { source: true, env: { ...sink.env(), LOGFERRY_STRICT: 'true' } });
    expect(code).toBe(0);
    expect(messages(sink, 'trakerr')).toEqual(['hello']);
  });
});

it('switches off only the destination that a problem concerns', async () => {
  const env = { ...sink.env(), LOGTIDE_API_URL: 'ftp://logs.example.com' };
  const { stderr } = await shop.run(hello, { source: true, env });
  expect(stderr).toContain('logferry LF002 LOGTIDE_API_URL must start with https:// or http://');
  for (const platform of PLATFORM_NAMES) {
    expect(messages(sink, platform), platform).toEqual(platform === 'logtide' ? [] : ['hello']);
  }
});

it('reads secrets from files', async () => {
  const path = join(shop.directory, 'trakerr.key');
  writeFileSync(path, `${sink.credentials.trakerrApiKey}\n`);
  const env = { TRAKERR_API_KEY_FILE: path, TRAKERR_API_URL: `${sink.url}/api/v1` };
  expect((await shop.run(hello, { source: true, env })).code).toBe(0);
  expect(messages(sink, 'trakerr')).toEqual(['hello']);
});

it('says LF007 when nothing is configured, unless quiet; the application runs', async () => {
  const loud = await shop.run(hello, { source: true });
  expect(loud).toMatchObject({ code: 0, stdout: 'app runs' });
  expect(loud.stderr).toMatch(/^logferry LF007 [^\n]*\n$/);
  const silent = await shop.run(hello, { source: true, env: { LOGFERRY_QUIET: '1' } });
  expect(silent).toMatchObject({ code: 0, stdout: 'app runs', stderr: '' });
});

it('joins a logger provider that was there first, which goes on as before, and says so', async () => {
  const { code, stdout, stderr } = await shop.run('provider.mjs', { flags: [], env: sink.env() });
  expect([code, stdout]).toEqual([0, 'mine\n']);
  expect(stderr).toMatch(/^logferry LF024 [^\n]*\nlogferry \d[^\n]*\n$/);
  expect(messages(sink, 'logtide')).toEqual(['mine']);
});

describe("OpenTelemetry's variables", () => {
  it.each(['true', 'TRUE'])('OTEL_SDK_DISABLED=%s: nothing at all', async (value) => {
    const env = { ...sink.env(), OTEL_SDK_DISABLED: value, LOGFERRY_STRICT: 'true', LOGFERRY_NONSENSE: '1' };
    const { code, stdout, stderr } = await shop.run(hello, { source: true, env });
    expect([code, stdout, stderr]).toEqual([0, 'app runs', '']);
    expect(sink.counts().logtide.requests).toBe(0);
  });

  it('OTEL_SDK_DISABLED=1 is not "true"', async () => {
    await shop.run(hello, { source: true, env: { ...sink.env(), OTEL_SDK_DISABLED: '1' } });
    expect(messages(sink, 'logtide')).toEqual(['hello']);
  });

  it('OTEL_LOG_LEVEL=debug shows the diagnostics of the API', async () => {
    const env = { ...sink.env(), OTEL_LOG_LEVEL: 'debug' };
    const { stderr } = await shop.run(hello, { source: true, env });
    expect(stderr).toContain('[debug] @opentelemetry/api: Registered a global for diag');
  });

  it("an application's own diag logger takes over without a word from ours", async () => {
    const app = `const { diag } = require('@opentelemetry/api');
      const nothing = () => {};
      diag.setLogger({ error: nothing, warn: nothing, info: nothing, debug: nothing, verbose: nothing });
      diag.error('not for ours');`;
    const { stderr } = await shop.run(app, { source: true, env: { ...sink.env(), LOGFERRY_QUIET: 'true' } });
    expect(stderr).toBe('');
  });

  it('resource attributes, limits and batch size reach the records', async () => {
    const app = `const { logs } = require('@opentelemetry/api-logs');
      for (let n = 0; n < 5; n++)
        logs.getLogger('shop').emit({ body: 'b' + n, severityNumber: 9, attributes: { long: 'x'.repeat(50), second: 1 } });`;
    const env = {
      ...sink.env(),
      OTEL_SERVICE_NAME: 'till',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=pr%C3%BCfung',
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '8',
      OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '1',
      OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '2',
    };
    const { stderr } = await shop.run(app, { source: true, env });
    expect(stderr).toContain('logs of "till"');
    expect(sink.counts().logtide.requests).toBe(3);
    const [first] = sink.records('logtide');
    expect(first?.record).toMatchObject({ service: 'till' });
    const text = JSON.stringify(first?.record);
    expect(text).toContain('"xxxxxxxx"');
    expect(text).not.toContain('second');
    expect(text).toContain('prüfung');
    expect(text).not.toMatch(/command_args|process\.owner|command_line/);
  });
});

it('a strange environment never keeps an application from running', async () => {
  const strange = {
    OTEL_RESOURCE_ATTRIBUTES: '%%%=,=,,__proto__=1,a=%E0%A4%A',
    OTEL_BLRP_SCHEDULE_DELAY: 'NaN',
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '-1',
    OTEL_LOG_LEVEL: '__proto__',
    OTEL_SERVICE_NAME: '\u001b[31mred\r\nforged line',
    LOGFERRY_LEVEL: 'constructor',
    LOGFERRY_QUIET: '__proto__',
    LOGFERRY_STRICT: 'constructor',
    LOGFERRY_QUEUE_SIZE: '1',
    LOGFERRY_FLUSH_TIMEOUT: 'soon',
    LOGFERRY_: 'x',
    LOGFERRY___PROTO__: 'x',
  };
  const { code, stdout, stderr } = await shop.run(hello, { source: true, env: { ...sink.env(), ...strange } });
  expect([code, stdout]).toEqual([0, 'app runs']);
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  for (const line of stderr.trim().split('\n')) expect(line).toMatch(/^logferry (?:LF\d{3} |\d)/);
  expect(messages(sink, 'logtide')).toEqual(['hello']);
});

it('starts without a stderr', async () => {
  const app = `const { spawnSync } = require('node:child_process');
    const { status } = spawnSync('/bin/sh', ['-c', '"$0" --import logferry/register app.cjs 2>&-', process.execPath]);
    process.exitCode = status;`;
  const { code } = await shop.run(app, { source: true, flags: [], env: sink.env() });
  expect(code).toBe(0);
  expect(messages(sink, 'logtide')).toEqual(['from CommonJS']);
});
