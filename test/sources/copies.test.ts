import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Shop } from './shop.ts';

const shop = new Shop(['@opentelemetry', 'pino']);
const MODULES = join(import.meta.dirname, '../../node_modules');

it('an SDK that registers with copies of the APIs is let in as any other', async () => {
  for (const name of ['api', 'api-logs']) {
    cpSync(join(MODULES, '@opentelemetry', name), join(shop.installed.directory, 'copies', name), { recursive: true });
  }
  const { stdout, stderr, code } = await shop.installed.run('copies.cjs', { env: shop.env() });
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toEqual([
    'theirs: span',
    'theirs: hello true',
    'accepted: true true',
    'again: false 1',
  ]);
  expect(shop.messages()).toEqual(['hello']);
  expect(stderr).toContain('LF025');
});

it.each([
  ['after', ['--import', 'logferry/register', '--import', './own-hooks.mjs']],
  ['before', ['--import', './own-hooks.mjs', '--import', 'logferry/register']],
])('loggers of ES modules are heard beside module hooks that were installed %s ours', async (_, flags) => {
  const { code, stderr } = await shop.installed.run('pino.mjs', { flags, env: shop.env({ LOGFERRY_QUIET: 'true' }) });
  expect([code, stderr]).toEqual([0, '']);
  expect(shop.messages()).toEqual(['hello']);
});
