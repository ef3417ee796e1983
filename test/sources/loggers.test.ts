import { describe, expect, it } from 'vitest';
import { EVERYTHING, Shop, START_LINE } from './shop.ts';

// Applications whose code knows nothing of OpenTelemetry, started with a flag and variables only.

const shop = new Shop(EVERYTHING);
const HEARD = ['from bunyan', 'from pino', 'from the API', 'from winston'];

describe.each(['server.mjs', 'server.cjs'])('%s', (app) => {
  it.each([
    ['--import', { flags: ['--import', 'logferry/register'] }],
    ['--require', { flags: ['--require', 'logferry/register'] }],
    ['NODE_OPTIONS', { flags: [], env: { NODE_OPTIONS: '--import logferry/register' } }],
  ])('%s: every logger is heard once, with the ids of the request', async (_, { flags, ...more }) => {
    const env = shop.env({ ...('env' in more && more.env), LOGFERRY_CONSOLE: 'true' });
    const { code, stderr } = await shop.installed.run(app, { flags, env });
    expect(code).toBe(0);
    expect(stderr).toMatch(START_LINE);
    expect(shop.messages()).toEqual(['from bunyan', 'from console', 'from pino', 'from the API', 'from winston']);
    const spans = new Set(shop.records().map(({ trace_id, span_id }) => `${trace_id} ${span_id}`));
    expect(spans.size).toBe(1);
    expect([...spans][0]).toMatch(/^[\da-f]{32} [\da-f]{16}$/);
  });

  it('prints what it prints without us', async () => {
    const plain = await shop.installed.run(app, { flags: [] });
    const heard = await shop.installed.run(app, { env: shop.env({ LOGFERRY_CONSOLE: 'true' }) });
    // Loggers write past each other.
    const lines = (text: string): readonly string[] =>
      text
        .replace(/"(?:time|pid)":("[^"]*"|\d+)/g, '')
        .split('\n')
        .sort();
    expect(lines(heard.stdout)).toEqual(lines(plain.stdout));
    expect(plain.stdout).toContain('from winston');
  });

  it('is silent on the console unless that is asked for', async () => {
    await shop.installed.run(app, { env: shop.env() });
    expect(shop.messages()).toEqual(HEARD);
  });
});

describe('what is heard', () => {
  it.each<[Record<string, string>, readonly string[]]>([
    [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pino,@opentelemetry/instrumentation-bunyan' }, ['the API', 'winston']],
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'console,pino' }, ['console', 'pino', 'the API']],
    [{ LOGFERRY_SOURCES: 'winston' }, ['the API', 'winston']],
    [{ LOGFERRY_SOURCES: 'none' }, ['the API']],
    [{ LOGFERRY_SOURCES: 'none', LOGFERRY_CONSOLE: 'true' }, ['the API']],
    [{ LOGFERRY_CONSOLE: 'true', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'console,winston,pino' }, ['bunyan', 'the API']],
  ])('%j', async (more, expected) => {
    const { stderr } = await shop.installed.run('server.mjs', { env: shop.env(more) });
    expect(shop.messages()).toEqual(expected.map((name) => `from ${name}`));
    expect(stderr).toMatch(START_LINE);
  });

  it('has no trace without http, and no span at all with LOGFERRY_SOURCES=none', async () => {
    await shop.installed.run('server.cjs', { env: shop.env({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' }) });
    const env = shop.env({ LOGFERRY_SOURCES: 'none', OTEL_TRACES_EXPORTER: 'console' });
    const { stdout } = await shop.installed.run('server.cjs', { env });
    expect(shop.records().filter(({ trace_id }) => trace_id !== undefined)).toEqual([]);
    expect(stdout).not.toContain('traceId');
  });

  it('is nothing, and no module is touched, when nothing is configured', async () => {
    const { stdout, stderr, code } = await shop.installed.run('server.mjs', { env: { LOGFERRY_QUIET: 'true' } });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('from console');
  });
});

it('nothing is started in the thread of module hooks, where Node runs what --require names once more', async () => {
  const env = shop.env({ OTEL_LOG_LEVEL: 'debug' });
  const { stderr } = await shop.installed.run('server.mjs', { flags: ['--require', 'logferry/register'], env });
  expect(stderr.match(/Registered a global for trace/g)).toHaveLength(1);
});

describe('our own requests', () => {
  it('are neither spans nor records, with everything turned on', async () => {
    const env = shop.env({
      ...{ LOGFERRY_CONSOLE: 'true', OTEL_LOG_LEVEL: 'debug', OTEL_TRACES_EXPORTER: 'console' },
      OTEL_BLRP_SCHEDULE_DELAY: '1',
    });
    const { stdout, code } = await shop.installed.run('server.cjs', { env });
    expect(code).toBe(0);
    // What the console span exporter prints is heard as well; it ends, and nothing of ours is in it.
    const [port] = new URL(shop.sink.url).port.match(/\d+/) ?? [];
    expect(stdout).toContain('traceId');
    expect(stdout).not.toContain(`127.0.0.1:${port}`);
    expect(stdout.match(/kind: 2,/g)).toHaveLength(1); // The application's own request.
    expect(shop.messages().filter((message) => message.startsWith('from '))).toHaveLength(5);
  });
});
