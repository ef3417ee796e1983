import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ended } from '../register/installed.ts';
import { EVERYTHING, Shop } from './shop.ts';

// What loggers are told in the last turn before the process ends.

const shop = new Shop(EVERYTHING);
const ALL = ['bunyan', 'console', 'pino', 'winston'].map((name) => `last words of ${name}`);
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logferry-ends-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return shop.env({ LOGFERRY_CONSOLE: 'true', LOGFERRY_QUIET: 'true', ...more });
}

const spool = (): Record<string, string> => ({ LOGFERRY_SPOOL_DIR: join(directory, 'spool') });

/** What the application itself says at its end, without the lines of logferry. */
function own({ stderr }: Ended): string {
  return stderr.replace(/^logferry .*\n/gm, '').replace(/\/\S*last-words\.cjs/g, 'last-words.cjs');
}

describe.each(['natural end', 'process.exit()', 'uncaught exception', 'unhandled rejection', 'SIGTERM', 'SIGINT'])(
  '%s',
  (END) => {
    const waits = ['natural end', 'SIGTERM', 'SIGINT'].includes(END);
    // What nobody catches is a record as well.
    const told = /exception|rejection/.test(END) ? [...ALL, `${END}: TypeError: boom`] : ALL;

    it('with a spool: everything arrives, now or with the next start; the end is what it is without us', async () => {
      const plain = await shop.installed.run('last-words.cjs', { flags: [], env: { END } });
      const ended = await shop.installed.run('last-words.cjs', { env: env({ END, ...spool() }) });
      expect([ended.code, ended.signal]).toEqual([plain.code, plain.signal]);
      expect(own(ended)).toBe(own(plain));
      if (waits) expect(shop.messages()).toEqual(told);
      const again = await shop.installed.run('/* nothing */', { source: true, env: env(spool()) });
      expect([again.code, again.stderr]).toEqual([0, '']);
      expect(shop.messages()).toEqual(told);
    });

    it(`without: ${waits ? 'everything arrives' : 'what is lost is counted'}`, async () => {
      const { stderr } = await shop.installed.run('last-words.cjs', { env: env({ END }) });
      expect(shop.messages()).toEqual(waits ? ALL : []);
      if (waits) expect(stderr).not.toContain('LF011');
      else expect(stderr).toContain(`LF011 records not delivered when the process ended: logtide ${told.length} `);
    });
  },
);

describe('a handler that is frozen when it has answered', () => {
  it('has everything delivered by flush()', async () => {
    const { stdout, stderr, signal } = await shop.installed.run('handler.mjs', { env: env() });
    expect([signal, stderr]).toEqual(['SIGKILL', '']);
    expect(shop.messages()).toEqual(['one', 'three']);
    const answer = JSON.parse(/^answer: (.*)$/m.exec(stdout)?.[1] ?? '{}') as object;
    expect(answer).toMatchObject({ complete: true, destinations: 1, accepted: 2, delivered: 2 });
  });

  it('goes on without logferry/register', async () => {
    const { stdout } = await shop.installed.run('handler.mjs', { flags: [] });
    expect(stdout).toContain('answer: {"complete":true,"destinations":0}');
  });
});
