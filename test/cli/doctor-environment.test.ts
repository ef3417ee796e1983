import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentPlatforms } from '../../src/cli/doctor-platforms.ts';
import { readEnvironment } from '../../src/env/environment.ts';
import { type Env, examined, LOGTIDE_KEY } from './doctor-rig.ts';
import { temporary, tree } from './spool-rig.ts';

const OFFLINE = { offline: true } as const;
const LOGTIDE: Env = { LOGTIDE_API_URL: 'https://logs.example.com', LOGTIDE_API_KEY: LOGTIDE_KEY };

async function environment(env: Env) {
  const { report, of } = await examined({ env }, OFFLINE);
  return { report, findings: report.groups[0]?.findings ?? [], found: of('environment') };
}

describe('logferry doctor, environment', () => {
  it('finds nothing to say about good variables', async () => {
    const { findings } = await environment(LOGTIDE);
    expect(findings.map(({ code, status }) => `${code} ${status}`)).toEqual(
      ['DR001', 'DR002', 'DR003', 'DR004', 'DR005', 'DR006', 'DR007'].map((code) => `${code} ok`),
    );
  });

  it('says that nothing is configured, which is an error', async () => {
    const { found, report } = await environment({});
    expect(found.DR002).toMatchObject({ status: 'error' });
    expect(found.DR002?.what).toContain('no platform has its credentials set');
    expect(report.status).toBe('error');
  });

  it('passes on what register would say of the variables, with its code', async () => {
    const { findings } = await environment({
      ...LOGTIDE,
      ODYSSEUS_APP_ID: 'app_1',
      LOGFERRY_QUEUE_SIZ: '1mb',
      TRAKERR_API_KEY_FILE: '/nowhere/key',
    });
    const told = findings.filter(({ code }) => code === 'DR001');
    expect(told.map(({ status, details }) => [status, details.code])).toEqual(
      expect.arrayContaining([
        ['warning', 'LF003'],
        ['error', 'LF001'],
        ['error', 'LF005'],
      ]),
    );
    expect(told.find(({ details }) => details.code === 'LF003')).toMatchObject({
      what: 'LOGFERRY_QUEUE_SIZ is not a variable of logferry',
      fix: 'did you mean LOGFERRY_QUEUE_SIZE?',
    });
  });

  it('says that OpenTelemetry is switched off, and what of its variables has no effect', async () => {
    const { found, findings } = await environment({
      ...LOGTIDE,
      OTEL_SDK_DISABLED: 'true',
      OTEL_CONFIG_FILE: 'otel.yaml',
      OTEL_BLRP_EXPORT_TIMEOUT: 'soon',
    });
    expect(found.DR003).toMatchObject({ status: 'warning' });
    const told = findings.filter(({ code }) => code === 'DR004').map(({ what }) => what);
    expect(told).toEqual([
      expect.stringContaining('OTEL_BLRP_EXPORT_TIMEOUT is not a whole number'),
      expect.stringContaining('OTEL_CONFIG_FILE'),
    ]);
  });

  it('answers for level, memory and delay', async () => {
    const { found } = await environment({
      ...LOGTIDE,
      TRAKERR_API_KEY: 'key-of-trakerr',
      LOGFERRY_LEVEL: 'fatal',
      LOGFERRY_QUEUE_SIZE: '1gb',
      OTEL_BLRP_SCHEDULE_DELAY: '60000',
    });
    expect(found.DR005).toMatchObject({ status: 'warning', details: { withoutErrors: ['logtide', 'trakerr'] } });
    expect(found.DR006).toMatchObject({ status: 'warning', details: { mostBytes: 2 * 2 ** 30, destinations: 2 } });
    expect(found.DR007).toMatchObject({ status: 'warning', details: { delayMillis: 60_000 } });
    const { found: usual } = await environment({ ...LOGTIDE, LOGFERRY_LEVEL: 'warn' });
    expect(usual.DR005).toMatchObject({ status: 'ok', what: 'the level keeps info records from logtide' });
  });

  it('opens no spool to find that out', async () => {
    const directory = join(temporary(), 'spool');
    const { report, of } = await examined({ env: { ...LOGTIDE, LOGFERRY_SPOOL_DIR: directory } }, OFFLINE);
    expect(of('spool').DR040?.details).toMatchObject({ directory, name: report.service });
    expect(fs.existsSync(directory)).toBe(false);
    fs.mkdirSync(directory, { mode: 0o700 });
    await examined({ env: { ...LOGTIDE, LOGFERRY_SPOOL_DIR: directory } }, OFFLINE);
    expect(tree(directory)).toEqual({});
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it('opens no spool of a configuration in code either, and looks at each of them', async () => {
    const folder = temporary();
    const spools = ['all', 'code', 'variable', 'second'].map((name) => join(folder, name));
    const config = join(folder, 'logferry.config.cjs');
    fs.writeFileSync(
      config,
      `const [all, code, , second] = ${JSON.stringify(spools)};
       const framing = () => ({ open: '', close: '' });
       const codec = { maxRecords: 1, maxBytes: 1000, encode: () => '{}', framing };
       const request = (body) => ({ path: '/', headers: {}, body });
       const endpoint = { origin: 'https://own.example.com', request, judge: () => ({ kind: 'delivered' }) };
       const logs = { codec, endpoint };
       module.exports = {
         delivery: { spool: { directory: all } },
         destinations: { logtide: { delivery: { spool: { directory: code } } } },
         platforms: [{ platform: { name: 'own', logs, events: logs }, spool: { directory: second } }],
       };`,
    );
    const env = {
      ...LOGTIDE,
      TRAKERR_API_KEY: 'key-of-trakerr',
      LOGFERRY_CONFIG: config,
      LOGFERRY_TRAKERR_SPOOL_DIR: spools[2] as string,
    };
    const { report, of } = await examined({ env }, OFFLINE);
    expect(fs.readdirSync(folder)).toEqual(['logferry.config.cjs']);
    const told = report.groups.at(-1)?.findings.filter(({ code }) => code === 'DR040');
    expect(told?.map(({ details }) => details.directory).sort()).toEqual(spools.toSorted());
    expect(report.groups.map(({ name }) => name)).toEqual([
      ...['environment', 'opentelemetry', 'logtide', 'trakerr', 'own', 'spool'],
    ]);
    expect(of('own').DR020?.details).toEqual({ origin: 'https://own.example.com' });
    expect(of('environment').DR001?.status).toBe('ok');
  });

  it('takes the platforms that register takes', () => {
    const env = {
      ...LOGTIDE,
      ODYSSEUS_APP_ID: 'app_1',
      ODYSSEUS_APP_KEY: 'key-of-odysseus',
      RARCH_LOGGING_API_KEY: 'key-of-redarch-for-tests',
      LOGGIER_API_KEY: 'lgk_key',
      LOGGIER_API_URL: 'not an address',
    };
    const { destinations } = readEnvironment({ env, readFile: () => '', delivery: {} });
    const ours = environmentPlatforms(destinations);
    expect(ours.map(({ name, platform }) => [name, platform.logs.endpoint.origin])).toEqual(
      destinations.map(({ destination, origin }) => [destination.name, origin]),
    );
    expect(ours.map(({ name }) => name)).toEqual(['odysseus', 'logtide', 'redarch']);
    for (const { destination } of destinations) void destination.shutdown(0);
  });
});
