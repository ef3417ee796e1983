import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.ts';
import { Installed, PEERS } from '../register/installed.ts';

describe('logferry doctor, the trial', () => {
  let installed: Installed;
  beforeAll(() => {
    installed = new Installed();
  });
  afterAll(() => installed.dispose());

  async function trial(env: Record<string, string> = {}): Promise<Finding> {
    return (await findings(installed, env)).DR019 as Finding;
  }

  async function findings(
    { directory }: Installed,
    env: Record<string, string> = {},
  ): Promise<Readonly<Record<string, Finding>>> {
    const main = join(directory, 'node_modules/logferry/dist/cli/main.js');
    const child = spawn(process.execPath, [main, 'doctor', '--json', '--offline'], {
      cwd: directory,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    const { groups } = JSON.parse(stdout) as DoctorReport;
    return Object.fromEntries(groups.flatMap((group) => group.findings.map((item) => [item.code, item])));
  }

  it('runs a program in the folder of the application, whose records arrive', async () => {
    const found = await trial();
    expect(found).toMatchObject({ status: 'ok' });
    // Line A: the API has no logs of its own.
    expect(found.details).toMatchObject({ tried: ['api-logs'], arrived: ['api-logs'] });
  });

  it('proves that loggers are heard, or says what to install', async () => {
    const deaf = new Installed({ packages: [...PEERS, 'pino'] });
    const hearing = new Installed({ packages: ['@opentelemetry', 'pino'] });
    try {
      const { DR017: missing, DR019: without, DR012: installation } = await findings(deaf);
      expect(installation).toMatchObject({ status: 'ok' });
      expect(missing).toMatchObject({ status: 'warning', details: { loggers: [{ name: 'pino', heard: false }] } });
      expect(missing?.what).toContain('pino is not heard');
      expect(missing?.fix).toMatch(/^npm install @opentelemetry\/instrumentation-pino@0\.69/);
      expect(without).toMatchObject({ status: 'ok', details: { tried: ['api-logs', 'pino'], arrived: ['api-logs'] } });
      const { DR017: present, DR019: heard } = await findings(hearing);
      expect(present).toMatchObject({ status: 'ok', what: 'pino: heard' });
      expect(heard).toMatchObject({ status: 'ok', details: { arrived: ['api-logs', 'pino'] } });
    } finally {
      await Promise.all([deaf.dispose(), hearing.dispose()]);
    }
  });

  it('shows that another SDK has taken the logs before', async () => {
    const rival = join(installed.directory, 'rival.cjs');
    writeFileSync(
      rival,
      // Of another make than OpenTelemetry's SDK: there is no joining it.
      `const { logs } = require('@opentelemetry/api-logs');
       logs.setGlobalLoggerProvider(Object.freeze({ getLogger: () => ({ emit() {}, enabled: () => false }) }));`,
    );
    const found = await trial({ NODE_OPTIONS: `--require ${rival}` });
    expect(found).toMatchObject({ status: 'error', details: { tried: ['api-logs'], arrived: [] } });
    expect(found.what).toBe('records through api-logs do not reach logferry');
  });

  it('hands no credential to the program, and sends to this machine only', async () => {
    const spy = join(installed.directory, 'spy.cjs');
    const seen = join(installed.directory, 'seen.json');
    writeFileSync(
      spy,
      `if (process.execArgv.includes('--eval')) require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env));`,
    );
    const found = await trial({
      NODE_OPTIONS: `--require ${spy}`,
      TRAKERR_API_KEY: 'planted-trakerr-key',
      LOGTIDE_API_KEY_FILE: '/run/secrets/planted',
      LOGTIDE_API_URL: 'https://logs.example.com',
      LOGFERRY_SPOOL_DIR: '/var/lib/planted',
    });
    expect(found.status).toBe('ok');
    const env = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, string>;
    expect(JSON.stringify(env)).not.toContain('planted-');
    expect(JSON.stringify(env)).not.toContain('/planted');
    expect(env.LOGTIDE_API_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('says why the program does not run', async () => {
    const broken = join(installed.directory, 'broken.cjs');
    writeFileSync(broken, `if (process.execArgv.includes('--eval')) throw new TypeError('out of order');`);
    const found = await trial({ NODE_OPTIONS: `--require ${broken}` });
    expect(found).toMatchObject({ status: 'error' });
    expect(found.what).toContain('TypeError: out of order');
  });
});
