import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLoggers } from '../../src/cli/doctor/loggers.ts';
import { checkHooks, checkNode } from '../../src/cli/doctor/node.ts';
import { checkOtherSdk, checkStart, preloaded } from '../../src/cli/doctor/other-sdk.ts';
import { manifestOf } from '../../src/cli/doctor/packages.ts';
import {
  checkCopies,
  checkInstallation,
  checkLine,
  checkRanges,
  lineOf,
  versionsOf,
} from '../../src/cli/doctor/sdk.ts';
import { realSurroundings } from '../../src/cli/doctor/surroundings.ts';
import { trialFinding } from '../../src/cli/doctor/trial.ts';
import { isInRange } from '../../src/cli/doctor/version-range.ts';
import { systemClock } from '../../src/clock.ts';
import { SDK_VERSION } from '../../src/version.ts';
import { application, type Env } from './doctor-rig.ts';

const LINE_A = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/api-logs': '0.223.1',
  '@opentelemetry/sdk-logs': '0.223.1',
  '@opentelemetry/core': '2.12.1',
};
const LINE_B = { '@opentelemetry/api': '1.10.0', '@opentelemetry/sdk-logs': '3.1.1', '@opentelemetry/core': '3.1.1' };
const RANGES = {
  '@opentelemetry/api': '^1.9.0',
  '@opentelemetry/api-logs': '>=0.220.0 <0.300.0',
  '@opentelemetry/core': '^2.9.0 || ^3.0.0',
  '@opentelemetry/sdk-logs': '>=0.220.0 <0.300.0 || ^3.0.0',
};

const on = (cwd: string, env: Env = {}) => ({ ...realSurroundings(1_000), cwd, env });
const node = (nodeVersion: string, today = '2026-11-21') => ({
  ...on('/'),
  nodeVersion,
  clock: { ...systemClock, wallNow: () => Date.parse(today) },
});

describe('logferry doctor, Node', () => {
  it.each([
    ['18.19.0', 'error'],
    ['20.18.3', 'error'],
    ['20.19.0', 'warning'],
    ['22.22.3', 'ok'],
    ['23.11.0', 'warning'],
    ['24.21.0', 'ok'],
    ['26.10.0', 'ok'],
    ['28.0.0', 'ok'],
  ])('knows that Node %s is %s', (version, status) => {
    expect(checkNode(node(version))).toMatchObject({ status, details: { version } });
  });

  it('knows when a line ends', () => {
    expect(checkNode(node('22.22.3', '2027-04-29')).status).toBe('ok');
    expect(checkNode(node('22.22.3', '2027-05-01')).status).toBe('warning');
  });

  it.each([
    ['20.19.0', 'asynchronous'],
    ['22.22.2', 'asynchronous'],
    ['22.22.3', 'synchronous'],
    ['24.11.0', 'asynchronous'],
    ['24.11.1', 'synchronous'],
    ['25.0.0', 'asynchronous'],
    ['25.1.0', 'synchronous'],
    ['26.0.0', 'synchronous'],
  ])('knows that the module hooks of Node %s are %s', (version, hooks) => {
    expect(checkHooks(node(version))).toMatchObject({ status: 'ok', details: { hooks } });
  });
});

describe('version ranges', () => {
  it.each([
    ['1.9.1', '^1.9.0', true],
    ['2.0.0', '^1.9.0', false],
    ['1.8.9', '^1.9.0', false],
    ['0.223.1', '>=0.220.0 <0.300.0', true],
    ['0.300.0', '>=0.220.0 <0.300.0', false],
    ['0.219.9', '>=0.220.0 <0.300.0', false],
    ['3.1.1', '>=0.220.0 <0.300.0 || ^3.0.0', true],
    ['0.69.5', '^0.69.0', true],
    ['0.70.0', '^0.69.0', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '<=1.2.3', false],
    ['1.2.4', '>1.2.3', true],
    ['1.2.4', '*', true],
    ['3.0.0-rc.1', '^3.0.0', true],
    ['next', '^3.0.0', false],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });
});

describe('logferry doctor, OpenTelemetry', () => {
  it('knows the line by the packages that the application has', () => {
    const a = versionsOf(application({}, LINE_A));
    expect(a).toEqual(LINE_A);
    expect(checkLine(a)).toMatchObject({ status: 'ok', details: { line: 'A' } });
    expect(checkLine(versionsOf(application({}, LINE_B)))).toMatchObject({ status: 'ok', details: { line: 'B' } });
    expect(lineOf({ '@opentelemetry/api': '1.10.0' })).toBe('B');
    expect(lineOf({})).toBe('none');
  });

  it('finds packages in the folders above, as Node does', () => {
    const cwd = join(application({}, LINE_A), 'packages', 'shop');
    fs.mkdirSync(cwd, { recursive: true });
    expect(versionsOf(cwd)).toEqual(LINE_A);
  });

  it('says what is not installed, and how to install it', () => {
    const found = checkLine(versionsOf(application({}, { '@opentelemetry/api': '1.9.1' })));
    expect(found).toMatchObject({
      status: 'error',
      what: 'not installed here: @opentelemetry/sdk-logs, @opentelemetry/core',
      fix: 'npm install @opentelemetry/sdk-logs @opentelemetry/core',
    });
  });

  it('refuses versions outside of the ranges in package.json', () => {
    expect(checkRanges(LINE_A)).toMatchObject({ status: 'ok' });
    expect(checkRanges(LINE_B, RANGES)).toMatchObject({ status: 'ok' });
    const old = { ...LINE_A, '@opentelemetry/sdk-logs': '0.57.2' };
    // The ranges of the package itself.
    expect(checkRanges(old)).toMatchObject({
      status: 'error',
      details: { outside: [{ name: '@opentelemetry/sdk-logs', version: '0.57.2' }] },
    });
    expect(checkRanges(old, RANGES).fix).toBe("npm install '@opentelemetry/sdk-logs@>=0.220.0 <0.300.0 || ^3.0.0'");
    const mixed = { ...LINE_B, '@opentelemetry/api': '1.9.1' };
    expect(checkRanges(mixed, RANGES)).toMatchObject({
      status: 'error',
      what: 'sdk-logs 3 needs @opentelemetry/api 1.10',
    });
  });

  it('finds copies of the API wherever they are nested', () => {
    const one = application({}, LINE_A);
    expect(checkCopies(on(one))).toMatchObject({ status: 'ok', what: 'one copy of the API' });
    const several = application(
      {},
      {
        ...LINE_A,
        'winston-x/node_modules/@opentelemetry/api': '1.10.0',
        '@acme/logs': '1.0.0',
        '@acme/logs/node_modules/inner/node_modules/@opentelemetry/api': '1.9.1',
        '.pnpm/y@1.0.0/node_modules/@opentelemetry/api': '1.8.0',
      },
    );
    const found = checkCopies(on(several));
    expect(found).toMatchObject({ status: 'warning', details: { complete: true } });
    expect(found.details.copies).toEqual(
      expect.arrayContaining([
        { version: '1.9.1', path: 'node_modules/@opentelemetry/api' },
        { version: '1.10.0', path: 'node_modules/winston-x/node_modules/@opentelemetry/api' },
        { version: '1.9.1', path: 'node_modules/@acme/logs/node_modules/inner/node_modules/@opentelemetry/api' },
        { version: '1.8.0', path: 'node_modules/.pnpm/y@1.0.0/node_modules/@opentelemetry/api' },
      ]),
    );
    const twins = application({}, { ...LINE_A, 'x/node_modules/@opentelemetry/api': '1.9.0' });
    expect(checkCopies(on(twins))).toMatchObject({ status: 'ok', what: '2 copies of the API, all of one version' });
  });

  it('says whether the application has logferry', () => {
    expect(checkInstallation(on(application({})))).toMatchObject({ status: 'warning', details: { installed: null } });
    expect(checkInstallation(on(application({}, { logferry: SDK_VERSION }))).status).toBe('ok');
    const other = checkInstallation(on(application({}, { logferry: '0.0.1' })));
    expect(other).toMatchObject({ status: 'warning', details: { installed: '0.0.1', doctor: SDK_VERSION } });
  });
});

describe('logferry doctor, other SDKs and how logferry is loaded', () => {
  it('reads start options as Node does', () => {
    expect(preloaded('--import a -r b --require=c --import="d" --max-old-space-size=50 app.js')).toEqual([
      ...['a', 'b', 'c', 'd'],
    ]);
    expect(preloaded(undefined)).toEqual([]);
  });

  const auto = '@opentelemetry/auto-instrumentations-node';
  const ask = (cwd: string, env: Env = {}) => checkOtherSdk(on(cwd, env), manifestOf(cwd));

  it('says who gets the logs when another SDK registers itself', () => {
    const cwd = application({ dependencies: { [auto]: '^0.82.0' } }, { [auto]: '0.82.0' });
    expect(ask(cwd)).toMatchObject({ status: 'warning', details: { others: [{ name: auto, loaded: 'application' }] } });
    const before = `--import ${auto}/register --import logferry/register`;
    const joined = ask(cwd, { NODE_OPTIONS: before });
    expect(joined).toMatchObject({ status: 'warning', details: { others: [{ loaded: 'before' }] } });
    expect(joined.what).toContain(`${auto} 0.82.0 is loaded before logferry, which joins it`);
    expect(joined.fix).toContain('OTEL_LOGS_EXPORTER=none');
    const after = `--import logferry/register --import ${auto}/register`;
    expect(ask(cwd, { NODE_OPTIONS: after }).details).toMatchObject({ others: [{ loaded: 'after' }] });
    const none = ask(cwd, { NODE_OPTIONS: before, OTEL_LOGS_EXPORTER: 'none' });
    expect(none).toMatchObject({ status: 'ok', what: `${auto} leaves the logs to logferry (OTEL_LOGS_EXPORTER=none)` });
    expect(ask(cwd, { OTEL_LOGS_EXPORTER: 'console' }).status).toBe('ok');
    expect(ask(application({}))).toMatchObject({ status: 'ok', details: { others: [] } });
  });

  it('sees start options in the scripts of package.json', () => {
    const start = `node --require ${auto}/register --import logferry/register app.js`;
    const cwd = application({ scripts: { start }, dependencies: { [auto]: '1' } });
    expect(ask(cwd).details).toMatchObject({ others: [{ loaded: 'before' }] });
    expect(checkStart(on(cwd), manifestOf(cwd))).toMatchObject({ status: 'ok', details: { script: 'start' } });
  });

  it('minds Sentry only while it registers OpenTelemetry by itself', () => {
    const withSentry = (version: string) =>
      application({ dependencies: { '@sentry/node': version } }, { '@sentry/node': version });
    const old = ask(withSentry('10.4.0'));
    expect(old).toMatchObject({ status: 'ok', details: { others: [{ name: '@sentry/node', takes: 'traces' }] } });
    expect(ask(withSentry('11.0.0'))).toMatchObject({ status: 'ok', details: { others: [] } });
  });

  it('says when nothing loads logferry', () => {
    const cwd = application({ scripts: { start: 'node app.js' } });
    expect(checkStart(on(cwd), manifestOf(cwd))).toMatchObject({ status: 'warning', details: { by: null } });
    const env = { NODE_OPTIONS: '--import=logferry/register' };
    expect(checkStart(on(cwd, env), manifestOf(cwd))).toMatchObject({ status: 'ok', details: { by: 'NODE_OPTIONS' } });
  });
});

describe('logferry doctor, loggers', () => {
  const ask = (cwd: string, line: 'A' | 'B', env: Env = {}) => checkLoggers(on(cwd, env), line, false);

  it('finds those well whose instrumentation is installed', () => {
    // Those of the repository, which stand beside logferry here.
    const cwd = application({}, { winston: '3.0.0', bunyan: '2.0.0' });
    expect(ask(cwd, 'A')).toMatchObject({
      ...{ status: 'ok', what: 'winston, bunyan: heard' },
      details: { loggers: [{ name: 'winston', heard: true }, { name: 'bunyan' }] },
    });
  });

  it('knows what is switched off', () => {
    const cwd = application({}, { pino: '10.0.0', '@opentelemetry/instrumentation-pino': '0.69.0' });
    const found = ask(cwd, 'A', { LOGFERRY_SOURCES: 'none' });
    expect(found).toMatchObject({ status: 'ok', what: 'pino: switched off' });
    expect(found.details.loggers).toEqual([
      { name: 'pino', heard: false, package: '@opentelemetry/instrumentation-pino' },
    ]);
  });

  it('finds none where there is none', () => {
    expect(ask(application({}), 'A')).toMatchObject({ status: 'ok', details: { loggers: [] } });
  });
});

describe('logferry doctor, what the trial means', () => {
  const none = { trouble: undefined };

  it.each([
    [{ ...none, tried: ['api-logs'], arrived: ['api-logs'] }, [], 'ok'],
    [{ ...none, tried: ['api', 'api-logs'], arrived: ['api'] }, [], 'error'],
    [{ ...none, tried: ['api-logs', 'pino'], arrived: ['api-logs'] }, ['pino'], 'warning'],
    [{ ...none, tried: ['api-logs', 'pino'], arrived: ['api-logs'] }, [], 'ok'],
    [{ ...none, tried: [], arrived: [] }, [], 'skipped'],
    [{ tried: [], arrived: [], trouble: 'Error: x' }, [], 'error'],
  ])('%j with %j instrumented: %s', (trial, instrumented, status) => {
    expect(trialFinding(trial, instrumented).status).toBe(status);
  });
});
