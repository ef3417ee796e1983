import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { captureUncaught } from '../../src/instrument/capture-uncaught.ts';
import { startSink } from '../../src/sink/sink.ts';
import type { Ended } from '../register/installed.ts';
import { Installed } from '../register/installed.ts';
import { logRig } from './rig.ts';

const installed = new Installed();
afterAll(() => installed.dispose());

const CAPTURING = `const { logs } = require('@opentelemetry/api-logs');
const { captureUncaught } = require('logferry');
const { writeSync } = require('node:fs');
const logger = { emit: ({ severityText, body, attributes }) => writeSync(1, JSON.stringify({ severityText, body, attributes }) + '\\n') };
`;

interface Seen extends Ended {
  readonly logged: readonly { severityText: string; body: string; attributes: Record<string, unknown> }[];
}

/** Runs a program with and without `captureUncaught`; what the process does must be the same. */
async function compared(text: string, flags: readonly string[] = []): Promise<Seen> {
  const start = `const stop = globalThis.CAPTURE ? captureUncaught({ logger }) : () => {};\n`;
  const run = async (name: string, capture: boolean): Promise<Ended> => {
    // Same length and lines in both, as stderr shows source and positions.
    const program = `globalThis.CAPTURE = ${capture ? 'true ' : 'false'};\n${CAPTURING}${start}${text}`;
    writeFileSync(join(installed.directory, name), program);
    return installed.run(name, { flags });
  };
  const plain = await run('crash.cjs', false);
  const ended = await run('crash.cjs', true);
  expect(plain.stdout).toBe('');
  expect({ code: ended.code, signal: ended.signal, stderr: ended.stderr }).toEqual({
    code: plain.code,
    signal: plain.signal,
    stderr: plain.stderr,
  });
  const logged = ended.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Seen['logged'][number]);
  return { ...ended, logged };
}

describe('captureUncaught', () => {
  it('logs an uncaught exception as FATAL and lets the process end as it would', async () => {
    const { logged, code, stderr } = await compared(
      `setTimeout(() => { throw new TypeError('nobody catches me'); }, 1);`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('TypeError: nobody catches me');
    expect(logged).toEqual([
      {
        severityText: 'FATAL',
        body: 'uncaught exception: TypeError: nobody catches me',
        attributes: {
          'exception.type': 'TypeError',
          'exception.message': 'nobody catches me',
          'exception.stacktrace': expect.stringContaining('crash.cjs:7'),
          'exception.origin': 'uncaughtException',
        },
      },
    ]);
  });

  it('logs an unhandled rejection, errors and others', async () => {
    const error = await compared(`Promise.reject(new RangeError('left alone'));`);
    expect(error.code).toBe(1);
    expect(error.logged).toMatchObject([
      {
        severityText: 'FATAL',
        body: 'unhandled rejection: RangeError: left alone',
        attributes: { 'exception.origin': 'unhandledRejection' },
      },
    ]);
    const text = await compared(`Promise.reject('a text');`);
    expect(text.code).toBe(1);
    expect(text.logged).toHaveLength(1);
    expect(text.logged[0]?.body).toContain('a text');
  });

  it.each(['undefined', 'null', `'text'`, '{ status: 404 }', 'Object.freeze(new Error("frozen"))'])(
    'logs a thrown %s and changes nothing',
    async (thrown) => {
      const { code, logged } = await compared(`throw ${thrown};`);
      expect(code).toBe(1);
      expect(logged).toMatchObject([
        { severityText: 'FATAL', attributes: { 'exception.origin': 'uncaughtException' } },
      ]);
    },
  );

  it('is an ERROR where the application lives on, and leaves rejections that it listens to alone', async () => {
    const alive = await compared(`
      process.on('uncaughtException', () => {});
      setTimeout(() => { throw new Error('survived'); }, 1);
    `);
    expect(alive.code).toBe(0);
    expect(alive.logged).toMatchObject([{ severityText: 'ERROR', body: 'uncaught exception: Error: survived' }]);
    const handled = await compared(`
      process.on('unhandledRejection', () => {});
      Promise.reject(new Error('taken'));
    `);
    expect({ code: handled.code, logged: handled.logged }).toEqual({ code: 0, logged: [] });
    const warned = await compared(`Promise.reject(new Error('w'));`, ['--unhandled-rejections=none']);
    expect({ code: warned.code, logged: warned.logged }).toEqual({ code: 0, logged: [] });
  });

  it('keeps an exit code that the application has chosen', async () => {
    const { code, logged } = await compared(`
      process.on('exit', () => { process.exitCode = 42; });
      throw new Error('x');
    `);
    expect(code).toBe(42);
    expect(logged).toHaveLength(1);
  });

  it('does not make matters worse with a logger that throws', async () => {
    const { code, stderr, logged } = await compared(`
      logger.emit = () => { throw new Error('logger'); };
      throw new Error('x');
    `);
    expect(code).toBe(1);
    expect(stderr).not.toContain('Error: logger');
    expect(logged).toEqual([]);
  });

  it('stops', async () => {
    const { logged } = await compared(`stop(); throw new Error('after');`);
    expect(logged).toEqual([]);
  });

  it('shares one listener among several callers, which goes with the last of them', () => {
    const { logger } = logRig();
    const before = process.listenerCount('uncaughtExceptionMonitor');
    const count = (): number => process.listenerCount('uncaughtExceptionMonitor') - before;
    const [first, second] = [captureUncaught({ logger }), captureUncaught()];
    onTestFinished(first);
    onTestFinished(second);
    expect(count()).toBe(1);
    first();
    first();
    expect(count()).toBe(1);
    second();
    expect(count()).toBe(0);
    captureUncaught({ logger })();
    expect(count()).toBe(0);
    expect(() => captureUncaught({ logger: {} as never })).toThrow('logger must be');
  });

  it('is on disk before the process ends, and delivered at the next start', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'logferry-uncaught-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const { url, credentials, ...sink } = await startSink({ port: 0 });
    onTestFinished(() => sink.close());
    const env = {
      LOGTIDE_API_URL: url,
      LOGTIDE_API_KEY: credentials.logtideApiKey,
      LOGFERRY_SPOOL_DIR: directory,
      LOGFERRY_QUIET: 'true',
    };
    const crash = `require('logferry').captureUncaught();
      setTimeout(() => { throw new TypeError('the last words'); }, 1);`;
    const crashed = await installed.run(crash, { source: true, env });
    expect(crashed.code).toBe(1);
    expect(crashed.stderr).toContain('records left in the spool for the next start: logtide 1');
    expect(sink.records('logtide')).toHaveLength(0);
    const next = await installed.run('setTimeout(() => {}, 1)', { source: true, env });
    expect(next.code).toBe(0);
    expect(sink.records('logtide').map(({ record }) => record)).toMatchObject([
      {
        level: 'critical',
        message: 'uncaught exception: TypeError: the last words',
        metadata: { exception: { type: 'TypeError', message: 'the last words' } },
      },
    ]);
  });
});
