import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { envOf, messages, PLATFORM_NAMES } from './delivered.ts';
import { Installed, logging } from './installed.ts';

// A spool by environment alone: what is logged survives every end of the process.

let sink: Sink;
let shop: Installed;
let directory: string;

beforeAll(async () => {
  sink = await startSink();
  shop = new Installed();
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logferry-spool-'));
});
afterEach(() => {
  sink.setFaults({});
  sink.clear();
  rmSync(directory, { recursive: true, force: true });
});
afterAll(async () => {
  await shop.dispose();
  await sink.close();
});

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  ...envOf(sink, 'logtide'),
  LOGFERRY_QUIET: 'true',
  LOGFERRY_SPOOL_DIR: join(directory, 'spool'),
  ...more,
});

function files(ending: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
}

/** The next start of the application, with nothing new to say. */
const restart = (more?: Record<string, string>) => shop.run('/* nothing */', { source: true, env: env(more) });

describe('records survive', () => {
  it.each([
    ['kill -9', 'process.kill(process.pid, "SIGKILL")', { signal: 'SIGKILL' }],
    ['process.exit()', 'process.exit(3)', { code: 3 }],
    ['an uncaught exception', 'throw new TypeError("boom")', { code: 1 }],
    ['an unhandled rejection', 'Promise.reject(new TypeError("boom"))', { code: 1 }],
    ['abort()', 'process.abort()', { signal: 'SIGABRT' }],
  ])('%s right after they were logged', async (_name, end, expected) => {
    sink.setFaults({ hang: true });
    const ended = await shop.run(`${logging('one', 'two')} ${end}`, { source: true, env: env() });
    expect(ended).toMatchObject(expected);
    sink.setFaults({});
    expect(await restart()).toMatchObject({ code: 0, stderr: '' });
    const told = [...new Set(messages(sink, 'logtide'))];
    // What nobody catches is a record as well.
    expect(told.filter((text) => !/^(?:uncaught exception|unhandled rejection): /.test(text))).toEqual(['one', 'two']);
    expect(files('.seg')).toEqual([]);
  });

  it('an end while every platform is down, on all five', async () => {
    sink.setFaults({ status: 503 });
    const all = { ...sink.env(), LOGFERRY_FLUSH_TIMEOUT: '200ms' };
    const source = `${logging('one', 'two')} process.on('exit', () => process.exitCode = 4)`;
    const ended = await shop.run(source, { source: true, env: env(all) });
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/LF013 records left in the spool for the next start: odysseus 2 .*trakerr 2 /);
    sink.setFaults({});
    expect(await restart(sink.env())).toMatchObject({ code: 0, stderr: '' });
    for (const platform of PLATFORM_NAMES) expect(messages(sink, platform), platform).toEqual(['one', 'two']);
  });

  it('two worker threads and two cluster workers that share the directory', async () => {
    const threads = await shop.run('threads.cjs', { env: env() });
    const cluster = await shop.run('cluster.cjs', { env: env() });
    const { stderr } = await restart();
    expect([threads.code, cluster.code, stderr]).toEqual([0, 0, '']);
    const inMemory = await startSink();
    const without = { ...envOf(inMemory, 'logtide'), LOGFERRY_QUIET: 'true' };
    await shop.run('threads.cjs', { env: without });
    await shop.run('cluster.cjs', { env: without });
    const expected = messages(inMemory, 'logtide');
    await inMemory.close();
    expect(expected.length).toBeGreaterThan(4);
    expect(messages(sink, 'logtide')).toEqual(expected);
  });
});

describe('the spool', () => {
  it('keeps no credential, no address and no header', async () => {
    sink.setFaults({ status: 503 });
    await shop.run(logging('one', 'two'), {
      source: true,
      env: env({ ...sink.env(), LOGFERRY_FLUSH_TIMEOUT: '50ms' }),
    });
    const written = readdirSync(directory, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(written.filter((text) => text.includes('"two"') || text.includes('two')).length).toBeGreaterThanOrEqual(5);
    for (const secret of [...Object.values(sink.credentials), new URL(sink.url).host, 'authorization', 'x-api-key']) {
      expect(written.filter((text) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
    }
  });

  it('is named by the service: another service does not deliver its records', async () => {
    sink.setFaults({ status: 503 });
    const ours = { OTEL_SERVICE_NAME: 'ours', LOGFERRY_FLUSH_TIMEOUT: '50ms' };
    await shop.run(logging('one'), { source: true, env: env(ours) });
    sink.setFaults({});
    await restart({ OTEL_SERVICE_NAME: 'theirs' });
    expect(messages(sink, 'logtide')).toEqual([]);
    await restart(ours);
    expect(messages(sink, 'logtide')).toEqual(['one']);
  });

  it('is in the start line, and so is its absence', async () => {
    const loud = { LOGFERRY_QUIET: 'false' };
    expect((await restart({ ...loud, LOGFERRY_SPOOL_SIZE: '64mb' })).stderr).toMatch(/; spool \S+\/spool \(64 MB\)\n$/);
    const without = await restart({ ...loud, LOGFERRY_SPOOL_DIR: '' });
    expect(without.stderr).toMatch(/; 32 MB of memory each, nothing on disk \(see LOGFERRY_SPOOL_DIR\)\n$/);
  });

  it('that cannot be used is told once, with the way out, and records go by memory', async () => {
    mkdirSync(join(directory, 'real'));
    symlinkSync(join(directory, 'real'), join(directory, 'spool'));
    const ended = await shop.run(logging('one'), { source: true, env: env(sink.env()) });
    expect(ended.code).toBe(0);
    expect(ended.stderr.match(/LF012/g)).toHaveLength(1);
    expect(ended.stderr).toMatch(/LF012 LOGFERRY_SPOOL_DIR .*symbolic link; name the directory it points to/);
    for (const platform of PLATFORM_NAMES) expect(messages(sink, platform), platform).toEqual(['one']);
    expect(await restart({ LOGFERRY_STRICT: 'true' })).toMatchObject({ code: 78 });
  });

  it('has settings that are read like all others', async () => {
    const { stderr } = await restart({ LOGFERRY_SPOOL_FSYNC: 'sometimes', LOGFERRY_SPOOL_SIZE: 'big' });
    expect(stderr).toContain(
      'LF004 LOGFERRY_SPOOL_FSYNC has a value that cannot be read: use interval, batch or never',
    );
    expect(stderr).toContain('LF004 LOGFERRY_SPOOL_SIZE');
  });
});
