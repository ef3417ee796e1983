import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../src/cli/preview-parts.ts';
import { previewPlatforms } from '../../src/cli/preview-platforms.ts';
import { partsOf } from '../../src/cli/preview-record.ts';
import { requestsFor } from '../../src/cli/preview-request.ts';
import { type Env, LOGTIDE_KEY } from './doctor-rig.ts';
import { temporary } from './spool-rig.ts';

const ALL = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

function requests(env: Env, record: object = { body: 'hello' }) {
  const readFile = (path: string): string => fs.readFileSync(path, 'utf8');
  const made = previewPlatforms({ env, readFile, delivery: {} });
  expect(made.map(({ name }) => name)).toEqual(ALL);
  const entries = made.map(({ name, platform }) => [name, requestsFor(platform, recordOf(partsOf(record).parts))[0]]);
  return Object.fromEntries(entries) as Record<string, { url: string; body: string }>;
}

describe('the platforms of logferry preview', () => {
  it('are all there, at the addresses that are set, without a single credential', () => {
    const folder = temporary();
    fs.writeFileSync(join(folder, 'dsn'), `https://${LOGTIDE_KEY}@logs.example.com/base\n`);
    const found = requests({
      LOGTIDE_DSN_FILE: join(folder, 'dsn'),
      TRAKERR_API_URL: 'http://[',
      TRAKERR_API_KEY: 'planted-trakerr',
      LOGFERRY_PLATFORMS: 'redarch',
      LOGFERRY_SPOOL_DIR: join(folder, 'spool'),
    });
    expect(found.logtide?.url).toBe('https://logs.example.com/base/api/v1/ingest');
    expect(found.trakerr?.url).toBe('https://logs.example.com/events');
    expect(JSON.stringify(found)).not.toMatch(/planted|lp_/);
    expect(fs.readdirSync(folder)).toEqual(['dsn']);
  });

  it('are set up as variables and code say, but for credentials and spools in code', () => {
    const folder = temporary();
    const config = join(folder, 'logferry.config.cjs');
    fs.writeFileSync(
      config,
      `module.exports = {
        tags: ['from-code'],
        delivery: { spool: { directory: ${JSON.stringify(join(folder, 'spool'))} } },
        destinations: {
          logtide: { dsn: 'https://${LOGTIDE_KEY}@code.example.com' },
          loggier: { apiKey: 'planted-loggier', environment: 'canary' },
          redarch: { apiKey: () => 'planted-redarch', levelNames: 'stdlib' },
          trakerr: false,
        },
        platforms: [{ get name() { throw new Error('used'); } }],
      };`,
    );
    const env = { LOGFERRY_CONFIG: config, LOGFERRY_GLOBAL_ATTRIBUTES: 'team=checkout' };
    const found = requests(env, { body: 'x', severity: 'warn', attributes: { tags: ['own'] } });
    expect(found.logtide?.url).toBe('https://code.example.com/api/v1/ingest');
    expect(JSON.parse(found.loggier?.body ?? '')).toMatchObject({
      environment: 'canary',
      tags: ['from-code', 'own'],
      context: { team: 'checkout' },
    });
    expect(JSON.parse(found.redarch?.body ?? '')).toMatchObject({ level: 'WARNING' });
    expect(JSON.stringify(found)).not.toMatch(/planted|lp_/);
    expect(fs.readdirSync(folder)).toEqual(['logferry.config.cjs']);
  });
});
