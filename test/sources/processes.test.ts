import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, Shop, START_LINE } from './shop.ts';

// Several processes and threads, and several copies of logferry in one.

const shop = new Shop(EVERYTHING);
const ALL = ['child', 'main', 'thread 1', 'thread 2', 'worker 1', 'worker 2'];

it('every child process, worker thread and cluster worker is heard once', async () => {
  const env = shop.env({ NODE_OPTIONS: '--import logferry/register' });
  const { code, stderr } = await shop.installed.run('all.cjs', { flags: [], env });
  expect(code).toBe(0);
  expect(shop.messages()).toEqual(ALL);
  expect(stderr.split('\n').filter((line) => line !== '' && !START_LINE.test(`${line}\n`))).toEqual([]);
});

describe('loaded twice', () => {
  const copied = (): string => {
    const copy = join(shop.installed.directory, 'copy');
    cpSync(join(shop.installed.directory, 'node_modules/logferry/dist'), copy, { recursive: true });
    cpSync(join(shop.installed.directory, 'node_modules/logferry/package.json'), join(copy, 'package.json'));
    return copy;
  };

  it.each([
    [['--import', 'logferry/register', '--require', 'logferry/register']],
    [['--import', 'logferry/register', '--import', './copy/register.js']],
    [['--require', './copy/register.js', '--import', 'logferry/register']],
  ])('every record arrives once: %j', async (flags) => {
    copied();
    const { stderr } = await shop.installed.run('pino.cjs', { flags, env: shop.env() });
    expect(shop.messages()).toEqual(['hello']);
    expect(stderr).toMatch(START_LINE);
  });

  it('another version does nothing, and says so', async () => {
    const copy = copied();
    for (const file of readdirSync(copy).filter((name) => name.endsWith('.js'))) {
      const text = readFileSync(join(copy, file), 'utf8');
      writeFileSync(join(copy, file), text.replace(/SDK_VERSION = (['"])[^'"]+/, 'SDK_VERSION = $19.9.9'));
    }
    const flags = ['--import', 'logferry/register', '--import', './copy/register.js'];
    const { stderr } = await shop.installed.run('pino.cjs', { flags, env: shop.env() });
    expect(shop.messages()).toEqual(['hello']);
    expect(stderr.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^logferry LF026 version \S+ is at work already: this one, 9\.9\.9, does nothing/),
      '',
    ]);
  });
});
