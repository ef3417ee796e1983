import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { envOf, messages, PLATFORM_NAMES } from './delivered.ts';
import { Installed, logging } from './installed.ts';

// Real processes, started with variables only, in front of a sink in this one.

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

describe.each([
  ['--import', 'app.mjs', 'from an ES module'],
  ['--require', 'app.cjs', 'from CommonJS'],
  ['--import', 'app.cjs', 'from CommonJS'],
  ['--require', 'app.mjs', 'from an ES module'],
])('%s logferry/register, %s', (flag, app, text) => {
  it('delivers to all five platforms and says one line', async () => {
    const { code, stderr } = await shop.run(app, { flags: [flag, 'logferry/register'], env: sink.env() });
    expect(code).toBe(0);
    for (const platform of PLATFORM_NAMES) expect(messages(sink, platform), platform).toEqual([text]);
    // The start line is all there is: no warning of Node's about modules either.
    expect(stderr).toMatch(/^logferry \d+\.\d+\.\d+: logs of "shop" go to odysseus \(.*trakerr \(.*\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
    for (const secret of Object.values(sink.credentials)) expect(stderr).not.toContain(secret);
  });
});

it('says nothing at all with LOGFERRY_QUIET', async () => {
  const { stderr } = await shop.run('app.mjs', { env: { ...sink.env(), LOGFERRY_QUIET: 'true' } });
  expect(stderr).toBe('');
  expect(messages(sink, 'logtide')).toEqual(['from an ES module']);
});

it('loses nothing of 20,000 records logged in one tick, on any platform', async () => {
  const { code, stderr } = await shop.run('burst.cjs', { env: { ...sink.env(), LOGFERRY_FLUSH_TIMEOUT: '50s' } });
  expect(stderr).not.toContain('LF011');
  expect(code).toBe(0);
  const expected = Array.from({ length: 20_000 }, (_, n) => `order ${n} has been processed`).sort();
  for (const platform of PLATFORM_NAMES) expect(messages(sink, platform), platform).toEqual(expected);
});

it('an application that logs nothing ends by itself', async () => {
  const { code, stderr } = await shop.run(`require('node:fs')`, { source: true, env: sink.env() });
  expect([code, stderr.split('\n').length]).toEqual([0, 2]);
  expect(sink.counts().logtide.requests).toBe(0);
});

it('an application that has logged and delivered ends by itself, kept-alive connections or not', async () => {
  const app = `${logging('one')} setTimeout(() => log('two'), 300);`;
  const env = { ...envOf(sink, 'logtide'), OTEL_BLRP_SCHEDULE_DELAY: '1' };
  const { code } = await shop.run(app, { source: true, env });
  expect(code).toBe(0);
  expect(messages(sink, 'logtide')).toEqual(['one', 'two']);
});

describe('started twice', () => {
  it.each([
    [['--import', 'logferry/register', '--require', 'logferry/register']],
    [['--import', 'logferry/register', '--import', './copy/register.js']],
  ])('delivers once: %j', async (flags) => {
    const copy = join(shop.directory, 'copy');
    cpSync(join(shop.directory, 'node_modules/logferry/dist'), copy, { recursive: true });
    cpSync(join(shop.directory, 'node_modules/logferry/package.json'), join(copy, 'package.json'));
    const { stderr } = await shop.run('app.cjs', { flags, env: sink.env() });
    expect(stderr).toMatch(/^logferry [^\n]*logs of "shop"[^\n]*\n$/); // No LF008 about ourselves either.
    for (const platform of PLATFORM_NAMES) expect(messages(sink, platform)).toEqual(['from CommonJS']);
  });
});

describe('NODE_OPTIONS', () => {
  const env = (): Record<string, string> => ({ ...envOf(sink, 'logtide'), NODE_OPTIONS: '--import logferry/register' });

  it('covers child processes, each on its own', async () => {
    const { code, stderr } = await shop.run('children.cjs', { flags: [], env: env() });
    expect(code).toBe(0);
    expect(messages(sink, 'logtide')).toEqual(['child', 'parent']);
    expect(stderr.match(/logs of "shop"/g)).toHaveLength(2);
  });

  it('covers worker threads, with one start line for the process', async () => {
    const { code, stderr } = await shop.run('threads.cjs', { flags: [], env: { ...env(), LOGFERRY_LEVL: 'info' } });
    expect(code).toBe(0);
    expect(messages(sink, 'logtide')).toEqual(['main', 'thread 1', 'thread 2']);
    expect(stderr.match(/logs of "shop"/g)).toHaveLength(1);
    expect(stderr.match(/LF003/g)).toHaveLength(1);
  });

  it('covers the workers of a cluster', async () => {
    const { code } = await shop.run('cluster.cjs', { flags: [], env: env() });
    expect(code).toBe(0);
    expect(messages(sink, 'logtide')).toEqual(['primary', 'worker 1', 'worker 2']);
  });
});

describe('span events of an application with a tracer provider of its own', () => {
  const events = ['cart.loaded', 'card refused'];

  it.each([
    ['registered in its first turn', { WHEN: 'first' }],
    ['registered long after', { WHEN: 'later' }],
  ])('%s, arrive on every platform', async (_, when) => {
    const { code, stderr } = await shop.run('traced.cjs', { env: { ...sink.env(), ...when, LOGFERRY_QUIET: 'true' } });
    expect([code, stderr]).toEqual([0, '']);
    for (const platform of PLATFORM_NAMES) expect(sink.records(platform), platform).toHaveLength(events.length);
    expect(messages(sink, 'logtide')).toEqual([...events].sort());
    expect(new Set(sink.records('odysseus').map(({ channel }) => channel))).toEqual(new Set(['events', 'logs']));
  });

  it('that was registered before our start, arrive from then on', async () => {
    const env = { ...sink.env(), WHEN: 'before' };
    const { code } = await shop.run('traced.cjs', { flags: [], env });
    expect(code).toBe(0);
    expect(messages(sink, 'logtide')).toEqual(['cart.paid']);
    expect(sink.records('odysseus').map(({ channel }) => channel)).toEqual(['events']);
  });

  it('stay out of reach when the provider is of another make, and that is said once', async () => {
    const app = `const { trace } = require('@opentelemetry/api');
      trace.setGlobalTracerProvider({ getTracer: () => ({}) });
      trace.setGlobalTracerProvider({ getTracer: () => ({}) });`;
    const { code, stderr } = await shop.run(app, { source: true, env: { ...sink.env(), OTEL_LOG_LEVEL: 'info' } });
    expect(code).toBe(0);
    expect(stderr.match(/add a SpanEventBridge to it/g)).toHaveLength(1);
  });
});
