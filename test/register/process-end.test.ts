import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { envOf, messages } from './delivered.ts';
import { Installed, logging } from './installed.ts';

// How processes end: everything is delivered, and nothing else changes.

let sink: Sink;
let shop: Installed;

beforeAll(async () => {
  sink = await startSink();
  shop = new Installed();
});
afterEach(() => {
  sink.setFaults({});
  sink.clear();
});
afterAll(async () => {
  await shop.dispose();
  await sink.close();
});

const quiet = { LOGFERRY_QUIET: 'true' };
const env = (more: Record<string, string> = {}): Record<string, string> => ({
  ...envOf(sink, 'logtide'),
  ...quiet,
  ...more,
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('delivers everything and ends the process by that signal', async () => {
    const app = shop.start('server.cjs', { env: env() });
    await app.said('ready');
    app.kill(signal);
    expect(await app.ended).toMatchObject({ code: null, signal, stderr: '' });
    expect(messages(sink, 'logtide')).toEqual(['server is up']);
  });

  it('leaves the end to an application that listens too, and delivers its last words', async () => {
    const app = shop.start('server.cjs', { env: env({ HANDLER: 'close' }) });
    await app.said('ready');
    app.kill(signal);
    expect(await app.ended).toMatchObject({ code: 7, signal: null, stderr: '' });
    expect(messages(sink, 'logtide')).toEqual([`closing on ${signal}`, 'server is up']);
  });

  it('does not come between the application and its process.exit', async () => {
    const app = shop.start('server.cjs', { env: env({ HANDLER: 'exit' }) });
    await app.said('ready');
    app.kill(signal);
    expect(await app.ended).toMatchObject({ code: 5, signal: null });
  });

  it('ends the process within LOGFERRY_FLUSH_TIMEOUT while the platform hangs, with the count', async () => {
    sink.setFaults({ hang: true });
    const app = shop.start('server.cjs', { env: env({ LOGFERRY_FLUSH_TIMEOUT: '50ms' }) });
    await app.said('ready');
    app.kill(signal);
    const { code, signal: endedBy, stderr } = await app.ended;
    expect([code, endedBy]).toEqual([null, signal]);
    expect(stderr).toBe('logferry LF011 records not delivered when the process ended: logtide 1 (not sent yet)\n');
  });
});

describe('a second signal', () => {
  // The flush would wait for an hour: only the second signal can end these.
  const patient = { LOGFERRY_FLUSH_TIMEOUT: '1h', OTEL_BLRP_EXPORT_TIMEOUT: '3600000' };

  it.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('%s, %s ends the process at once', async (first, second) => {
    let arrived = (): void => {};
    const flushing = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const hanging = await startSink({
      respond: () => {
        arrived();
        return 'hang';
      },
    });
    try {
      const app = shop.start('server.cjs', {
        env: { ...envOf(hanging, 'logtide'), ...quiet, ...patient, OTEL_BLRP_SCHEDULE_DELAY: '3600000' },
      });
      await app.said('ready');
      app.kill(first);
      await flushing; // The record would have waited an hour for company: the first signal has been heard.
      app.kill(second);
      expect(await app.ended).toMatchObject({ code: null, signal: second });
    } finally {
      await hanging.close();
    }
  });
});

describe('the natural end', () => {
  it('delivers everything and keeps process.exitCode', async () => {
    const app = `${logging('last words')} process.exitCode = 4;`;
    const { code, stderr } = await shop.run(app, { source: true, env: env() });
    expect([code, stderr]).toEqual([4, '']);
    expect(messages(sink, 'logtide')).toEqual(['last words']);
  });

  it('delivers what a beforeExit listener logs, and ends although it logs each time', async () => {
    const app = `${logging('work')} process.on('beforeExit', () => log('bye'));`;
    const { code, stderr } = await shop.run(app, { source: true, env: env() });
    expect([code, stderr]).toEqual([0, '']);
    expect(messages(sink, 'logtide')).toEqual(['bye', 'work']);
  });

  it('delivers what is logged by work that a beforeExit listener starts', async () => {
    const app = `${logging('work')} process.once('beforeExit', () => setTimeout(() => log('clean-up'), 50));`;
    const { code, stderr } = await shop.run(app, { source: true, env: env() });
    expect([code, stderr]).toEqual([0, '']);
    expect(messages(sink, 'logtide')).toEqual(['clean-up', 'work']);
  });

  it('comes within LOGFERRY_FLUSH_TIMEOUT when the platform is down, with the count and the same exit code', async () => {
    await sink.pause();
    try {
      const app = `${logging('one', 'two')} process.exitCode = 6;`;
      const { code, stderr } = await shop.run(app, { source: true, env: env({ LOGFERRY_FLUSH_TIMEOUT: '100ms' }) });
      expect(code).toBe(6);
      expect(stderr).toMatch(/^logferry LF011 records not delivered when the process ended: logtide 2 \(.+\)\n$/);
    } finally {
      await sink.resume();
    }
  });
});

describe('a request that hangs does not hold up the natural end', () => {
  it.each([
    ['at the end', ''],
    ['long before', 'setTimeout(() => {}, 300);'],
  ])('%s', async (_, meanwhile) => {
    sink.setFaults({ hang: true });
    const patient = { OTEL_BLRP_SCHEDULE_DELAY: '1', OTEL_BLRP_EXPORT_TIMEOUT: '3600000' };
    const { code, stderr } = await shop.run(`${logging('one')} ${meanwhile}`, {
      source: true,
      env: env({ LOGFERRY_FLUSH_TIMEOUT: '100ms', ...patient }),
    });
    expect(code).toBe(0);
    expect(stderr).toContain('LF011 records not delivered when the process ended: logtide 1 ');
  });
});

describe('ends that cannot wait', () => {
  it('process.exit keeps its code, and what is left behind is counted', async () => {
    const { code, stderr } = await shop.run(`${logging('one')} process.exit(3);`, { source: true, env: env() });
    expect(code).toBe(3);
    expect(stderr).toBe('logferry LF011 records not delivered when the process ended: logtide 1 (not sent yet)\n');
  });

  it('an uncaught exception still exits 1 with its stack', async () => {
    const app = `${logging('one')} setImmediate(() => { throw new Error('boom'); });`;
    const { code, stderr } = await shop.run(app, { source: true, env: env() });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: boom\n\s+at /);
    expect(stderr).toContain('LF011');
  });

  it('an unhandled rejection still exits 1', async () => {
    const app = `${logging('one')} Promise.reject(new Error('boom'));`;
    const { code, stderr } = await shop.run(app, { source: true, env: env() });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: boom\n\s+at /);
  });
});
