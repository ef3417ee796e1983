import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { type Environment, readEnvironment } from '../../src/env/environment.ts';
import { resourceAttributes } from '../../src/resource.ts';
import { ALL, COMPLETE, type Env, read } from '../register/read-env.ts';

/** The environment with a configuration. */
function withConfig(env: Env, config: Config): Environment {
  return readEnvironment({
    env: { ...COMPLETE, ...env, LOGFERRY_CONFIG: 'x' },
    readFile: () => '',
    delivery: {},
    loadConfig: () => ({ config }),
  });
}

function levelsOf({ levels }: Pick<Environment, 'levels'>): Record<string, unknown> {
  return Object.fromEntries(levels.list().map(({ target, level }) => [target, level]));
}

describe('levels', () => {
  it.each<[Env, string, unknown]>([
    [{}, 'redarch', 'all'],
    [{ RARCH_LOGGING_DEFAULT_LEVEL: 'error' }, 'redarch', 'error'],
    [{ RARCH_LOGGING_DEFAULT_LEVEL: 'error' }, 'trakerr', 'all'],
    [{ RARCH_LOGGING_DEFAULT_LEVEL: 'error', LOGFERRY_LEVEL: 'info' }, 'redarch', 'info'],
    [{ RARCH_LOGGING_DEFAULT_LEVEL: 'error', LOGFERRY_LEVELS: 'redarch=warn' }, 'redarch', 'warn'],
    [{ LOGFERRY_LEVEL: 'info', LOGFERRY_LEVELS: 'redarch=warn' }, 'redarch', 'warn'],
    [{ LOGFERRY_LEVELS: 'redarch=warn', LOGFERRY_REDARCH_LEVEL: 'trace' }, 'redarch', 'trace'],
    [{ LOGFERRY_LEVEL: 'fatal', LOGFERRY_REDARCH_LEVEL: '9' }, 'redarch', 'info'],
    [{ LOGFERRY_TRAKERR_LEVEL: 'warn' }, 'trakerr', 'warn'],
    [{ LOGFERRY_TRAKERR_LEVEL: 'warn' }, 'logtide', 'all'],
  ])('%j: %s has %s', (env, name, level) => {
    expect(levelsOf(read({ ...COMPLETE, ...env }))[name]).toBe(level);
  });

  it('code wins over LOGFERRY_<PLATFORM>_LEVEL, that over LOGFERRY_LEVEL', () => {
    const env = { LOGFERRY_LEVEL: 'info', LOGFERRY_TRAKERR_LEVEL: 'warn', LOGFERRY_LEVELS: 'db.*=warn,http=info' };
    const config: Config = {
      delivery: { minimumSeverity: 5 },
      levels: { 'db.*': 'error', 'scope:trakerr': 'off' },
      destinations: { trakerr: { delivery: { minimumSeverity: 17 } } },
    };
    expect(levelsOf(withConfig(env, config))).toEqual({
      ...Object.fromEntries(ALL.map((name) => [name, 'debug'])),
      trakerr: 'error',
      'db.*': 'error',
      http: 'info',
      'scope:trakerr': 'off',
    });
  });

  it('what is configured is what is taken', () => {
    const { destinations } = read({
      ...COMPLETE,
      LOGFERRY_LEVEL: 'info',
      LOGFERRY_LEVELS: 'db.*=debug',
      LOGFERRY_TRAKERR_LEVEL: 'warn',
      LOGFERRY_TRAKERR_LEVELS: 'billing=trace',
      LOGFERRY_LOGGIER_SCOPES: '-http*',
    });
    const takes = (severity: number, name: string): string[] =>
      destinations
        .filter(({ destination }) => destination.takes(severity, undefined, { name }))
        .map(({ destination }) => destination.name);
    const others = ALL.filter((name) => name !== 'trakerr');
    expect(takes(8, 'a')).toEqual([]);
    expect(takes(9, 'a')).toEqual(others);
    expect(takes(13, 'a')).toEqual(ALL);
    expect(takes(5, 'db.pg')).toEqual(others);
    expect(takes(1, 'billing')).toEqual(['trakerr']);
    expect(takes(24, 'http.server')).toEqual(ALL.filter((name) => name !== 'loggier'));
  });

  it('a levels file holds from the first record on', () => {
    const env = { ...COMPLETE, LOGFERRY_LEVEL: 'info', LOGFERRY_LEVELS_FILE: '/levels' };
    expect(levelsOf(read(env, { '/levels': 'logtide=debug\nhttp=off' }))).toMatchObject({
      ...{ logtide: 'debug', trakerr: 'info', http: 'off' },
    });
    expect(read(env)).toMatchObject({ problems: [], levelControl: { file: { path: '/levels', text: undefined } } });
  });
});

describe('the resource', () => {
  const of = (env: Env) => {
    const attributes = resourceAttributes(env, '/');
    return [
      attributes['deployment.environment.name'],
      attributes['service.version'],
      attributes['vcs.ref.head.revision'],
    ];
  };
  const SHA = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';

  it.each<[Env, unknown[]]>([
    [{}, [undefined, undefined, undefined]],
    [{ NODE_ENV: 'production' }, ['production', undefined, undefined]],
    [{ NODE_ENV: 'production', LOGFERRY_ENVIRONMENT: 'pre' }, ['pre', undefined, undefined]],
    [
      { NODE_ENV: 'a', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=b,service.version=2' },
      ['b', '2', undefined],
    ],
    [{ NODE_ENV: 'a', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=b' }, [undefined, undefined, undefined]],
    [
      { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=b,service.version=2', LOGFERRY_ENVIRONMENT: 'c' },
      ['c', '2', undefined],
    ],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'service.version=2', LOGFERRY_RELEASE: '3' }, [undefined, '3', undefined]],
    [{ GITHUB_SHA: SHA }, [undefined, SHA, SHA]],
    [{ CI_COMMIT_SHA: SHA, LOGFERRY_RELEASE: '3' }, [undefined, '3', SHA]],
    [{ GITHUB_SHA: 'main', VERCEL_GIT_COMMIT_SHA: SHA }, [undefined, SHA, SHA]],
    [{ GIT_COMMIT: 'not a commit' }, [undefined, undefined, undefined]],
  ])('%j', (env, expected) => expect(of(env)).toEqual(expected));

  it("package.json's version, unless tools write it when they publish and the commit is known", () => {
    const folder = mkdtempSync(join(tmpdir(), 'logferry-release-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const versionWith = (version: string, env: Env): unknown => {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version }));
      return resourceAttributes(env, join(folder, 'main.js'))['service.version'];
    };
    expect(versionWith('4.5.6', { GITHUB_SHA: SHA })).toBe('4.5.6');
    expect(versionWith('4.5.6', { LOGFERRY_RELEASE: ' 5 ' })).toBe('5');
    for (const version of ['0.0.0', '0.0.0-development']) {
      expect(versionWith(version, { GITHUB_SHA: SHA })).toBe(SHA);
      expect(versionWith(version, {})).toBe(version);
    }
  });
});
