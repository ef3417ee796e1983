import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/cli/doctor/finding.ts';
import { isColoured } from '../../src/cli/doctor-output.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.ts';
import { SDK_VERSION } from '../../src/version.ts';
import { type Ended, type Env, LOGTIDE_KEY, logferry, only, server, sinkFor } from './doctor-rig.ts';
import { SpoolRig, temporary, tree } from './spool-rig.ts';

const doctor = (args: readonly string[], env: Env = {}, cwd?: string): Promise<Ended> =>
  logferry(['doctor', '--no-trial', ...args], { env, ...(cwd !== undefined && { cwd }) });

/** What is wrong with a document of `--json`. */
function schemaProblems(value: unknown): readonly string[] {
  const problems: string[] = [];
  const expectKeys = (what: string, of: object, keys: readonly string[]): void => {
    const given = Object.keys(of).join(' ');
    if (given !== keys.join(' ')) problems.push(`${what} has ${given}`);
  };
  const report = value as DoctorReport;
  expectKeys('the report', report, ['version', 'at', 'service', 'directory', 'status', 'counts', 'groups']);
  if (Number.isNaN(Date.parse(report.at))) problems.push('at is no time');
  const counts: Record<string, number> = { ok: 0, warning: 0, error: 0, skipped: 0 };
  for (const group of report.groups) {
    expectKeys(group.name, group, ['name', 'kind', 'findings']);
    for (const { id, code, status, what, fix, details, ...more } of group.findings) {
      counts[status] = (counts[status] ?? 0) + 1;
      if (CHECKS[code] !== id) problems.push(`${code} is called ${id}`);
      if (what === '' || fix === '') problems.push(`${code} says nothing`);
      if (typeof details !== 'object') problems.push(`${code} has no details`);
      if (status === 'error' && fix === undefined) problems.push(`${code} does not say what to do`);
      if (Object.keys(more).length > 0) problems.push(`${code} has more: ${Object.keys(more)}`);
    }
  }
  if (JSON.stringify(counts) !== JSON.stringify(report.counts)) problems.push('the counts are wrong');
  return problems;
}

describe('logferry doctor', () => {
  it('prints one JSON document and nothing else, and exits with 0', async () => {
    const sink = await sinkFor();
    const { code, stdout, stderr } = await doctor(['--json'], { ...sink.env(), OTEL_SERVICE_NAME: 'shop' });
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as DoctorReport;
    expect(schemaProblems(report)).toEqual([]);
    expect(report).toMatchObject({ version: SDK_VERSION, service: 'shop' });
    const destinations = report.groups.filter(({ kind }) => kind === 'destination');
    expect(destinations.map(({ name }) => name)).toEqual(['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr']);
    for (const { findings } of destinations) {
      expect(findings.filter(({ status }) => status !== 'ok' && status !== 'skipped')).toEqual([]);
    }
    // An empty folder has no OpenTelemetry, which is an error of its own.
    const errors = report.groups.flatMap(({ findings }) => findings.filter(({ status }) => status === 'error'));
    expect(errors.map(({ code: of }) => of)).toEqual(['DR013']);
    expect(code).toBe(1);
  });

  it('exits with 0 when there are warnings only', async () => {
    const sink = await sinkFor();
    // The folder of this package has everything.
    const root = join(import.meta.dirname, '../..');
    const { code, stdout } = await doctor(['--json', '--platform', 'trakerr'], sink.env(), root);
    const report = JSON.parse(stdout) as DoctorReport;
    expect(schemaProblems(report)).toEqual([]);
    expect(report.status).toBe('warning');
    expect(code).toBe(0);
  });

  it('prints for people what it found, in groups, with what to do', async () => {
    const sink = await sinkFor({ respond: () => ({ status: 401 }) });
    const { code, stdout, stderr } = await doctor(['--platform', 'logtide'], only(sink, 'LOGTIDE'));
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Environment\n {2}✓ DR001 {2}all variables/);
    expect(stdout).toContain('\nNode and OpenTelemetry\n');
    expect(stdout).toContain('\nDestination logtide\n');
    expect(stdout).toMatch(/ {2}✗ DR025 {2}the key is refused \(401\)\n {11}→ check the key/);
    expect(stdout).toMatch(/\nSpool\n {2}✓ DR040 /);
    expect(stdout).toMatch(/\n\d errors, \d warnings, \d+ fine, \d+ skipped\n$/);
    expect(stdout).not.toContain('\u001b');
  });

  it('colours states only, and only when asked or on a terminal', async () => {
    const { stdout } = await doctor(['--offline'], { FORCE_COLOR: '1' });
    expect(stdout).toContain('\u001b[31m✗\u001b[39m DR002');
    const codes = new Set([...stdout.matchAll(/\u001b\[(\d+)m/g)].map(([, code]) => code));
    expect([...codes].sort()).toEqual(['31', '32', '33', '39', '90']);
    const { stdout: plain } = await doctor(['--offline'], { FORCE_COLOR: '1', NO_COLOR: '1' });
    expect(plain).not.toContain('\u001b');
    expect(isColoured({}, true)).toBe(true);
    expect(isColoured({}, false)).toBe(false);
    expect(isColoured({ NO_COLOR: '1' }, true)).toBe(false);
    expect(isColoured({ FORCE_COLOR: '0' }, true)).toBe(false);
  });

  it.each([
    [['--timeout', 'soon'], '--timeout "soon": use a number with ms, s, m, h or d, for example 30s or 7d'],
    [['--timeout', '0s'], '--timeout "0s": use at least 1ms'],
    [['--platform', 'logtid'], 'unknown platform "logtid"; did you mean logtide?'],
    [['--jsn'], 'unknown option "--jsn"; did you mean --json?'],
    [['now'], "Unexpected argument 'now'"],
  ])('exits with 2 for %j', async (args, complaint) => {
    const { code, stdout, stderr } = await doctor(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`logferry doctor: ${complaint}`);
    expect(stderr).toContain('see logferry doctor --help');
  });

  it('tells what it can do', async () => {
    const { code, stdout } = await doctor(['--help']);
    expect(code).toBe(0);
    for (const option of ['--json', '--offline', '--no-send', '--no-trial', '--platform', '--timeout']) {
      expect(stdout).toContain(option);
    }
  });

  it('never prints a secret, wherever it stands and whatever a server makes of it', async () => {
    const folder = temporary();
    const secrets = {
      appId: 'app_planted-id-0123456789',
      appKey: 'planted-odysseus-key-1',
      logtide: `lp_${'5ec2e7'.repeat(10)}5ec2`,
      redarch: 'planted "redarch" \\ key ünïcode',
      loggier: 'planted/loggier?key',
      trakerr: 'planted-trakerr-key',
      proxy: 'planted-proxy-password',
      user: 'planted-user-in-an-address',
    };
    fs.writeFileSync(join(folder, 'key'), `${secrets.redarch}\n`);
    // Says back all it was told, in header, status text and body.
    const origin = await server((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const echo = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks)}`;
        const heads = { location: `${origin}${request.url}`, 'x-echo': encodeURIComponent(echo) };
        const status = Number(request.headers['x-api-key'] !== undefined ? 302 : 401);
        response.writeHead(status, `no ${encodeURIComponent(String(request.headers.authorization))}`, heads);
        response.end(echo);
      });
    });
    const env = {
      ODYSSEUS_APP_ID: secrets.appId,
      ODYSSEUS_APP_KEY: secrets.appKey,
      ODYSSEUS_URL: origin,
      LOGTIDE_DSN: origin.replace('http://', `http://${secrets.logtide}@`),
      RARCH_LOGGING_URL: `${origin}/log`,
      RARCH_LOGGING_API_KEY_FILE: join(folder, 'key'),
      LOGGIER_API_URL: origin,
      LOGGIER_API_KEY: secrets.loggier,
      // Refused: the address must not have a user.
      TRAKERR_API_URL: origin.replace('http://', `http://me:${secrets.user}@`),
      TRAKERR_API_KEY: secrets.trakerr,
      HTTPS_PROXY: `http://me:${secrets.proxy}@proxy.example.com`,
    };
    for (const args of [[], ['--json'], ['--offline', '--json']]) {
      const { stdout, stderr } = await doctor(args, env, folder);
      expect(stdout).toContain('redarch');
      for (const [name, secret] of Object.entries(secrets)) {
        for (const spelling of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
          expect(`${stdout}${stderr}`.includes(spelling), `${name} in ${args.join(' ')}`).toBe(false);
        }
      }
      expect(stdout).not.toMatch(/Bearer|eyJ/);
    }
  });

  it('leaves what waits in the spool where it is', async () => {
    const sink = await sinkFor();
    const rig = new SpoolRig();
    await rig.orphan('trakerr', ['{"n":1}'], { name: 'shop' });
    const before = tree(rig.directory);
    const { stdout } = await doctor(['--json', '--platform', 'trakerr'], {
      ...sink.env(),
      OTEL_SERVICE_NAME: 'shop',
      LOGFERRY_SPOOL_DIR: rig.directory,
    });
    expect(tree(rig.directory)).toEqual(before);
    expect(sink.records('trakerr')).toHaveLength(1);
    expect(JSON.stringify(sink.records('trakerr')[0]?.record)).toContain('logferry doctor test record');
    const spool = (JSON.parse(stdout) as DoctorReport).groups.find(({ name }) => name === 'spool');
    expect(spool?.findings.find(({ code }) => code === 'DR045')?.what).toContain('1 record for trakerr-');
  });

  it('escapes what a terminal would obey', async () => {
    const { stdout } = await doctor(['--offline'], {
      LOGTIDE_API_URL: 'https://logs.example.com',
      LOGTIDE_API_KEY: LOGTIDE_KEY,
      LOGFERRY_SPOOL_DIR: `${temporary()}/\u001b[2Jspool`,
    });
    expect(stdout).toContain('\\u001b[2Jspool');
    expect(stdout).not.toContain('\u001b');
  });
});
