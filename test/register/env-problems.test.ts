import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/env/environment.ts';
import { VARIABLES } from '../../src/env/table.ts';
import { ALL, COMPLETE, read, without } from './read-env.ts';

describe('LF001: part of the credentials', () => {
  it.each([
    ['ODYSSEUS_APP_ID', 'ODYSSEUS_APP_KEY', 'odysseus'],
    ['ODYSSEUS_APP_KEY', 'ODYSSEUS_APP_ID', 'odysseus'],
    ['LOGTIDE_API_URL', 'LOGTIDE_API_KEY', 'logtide'],
    ['LOGTIDE_API_KEY', 'LOGTIDE_API_URL', 'logtide'],
  ])('%s without %s: %s is off, the others are on', (given, missing, platform) => {
    const { names, problems } = read(without(missing));
    expect(names).toEqual(ALL.filter((name) => name !== platform));
    expect(problems).toEqual([
      {
        code: 'LF001',
        where: missing,
        what: `is not set although ${given} is set`,
        fix: `set it; ${platform} is off until then`,
      },
    ]);
  });

  it.each([
    ['ODYSSEUS_URL', 'ODYSSEUS_APP_ID, ODYSSEUS_APP_KEY', 'are'],
    ['RARCH_LOGGING_URL', 'RARCH_LOGGING_API_KEY', 'is'],
    ['LOGGIER_API_URL', 'LOGGIER_API_KEY', 'is'],
    ['TRAKERR_API_URL', 'TRAKERR_API_KEY', 'is'],
  ])('%s alone asks for %s', (name, where, verb) => {
    const { problems } = read({ [name]: 'https://x.example.com' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'LF001', where, what: `${verb} not set although ${name} is set` });
  });

  it('service and level of RedArch alone are no beginning', () => {
    expect(read({ RARCH_LOGGING_SERVICE: 'x', RARCH_LOGGING_DEFAULT_LEVEL: 'INFO' }).problems).toEqual([]);
  });

  it('a platform that LOGFERRY_PLATFORMS asks for needs its credentials', () => {
    const { names, problems } = read({ ...without('TRAKERR_API_KEY'), LOGFERRY_PLATFORMS: 'trakerr, LogTide' });
    expect(names).toEqual(['logtide']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      code: 'LF001',
      where: 'TRAKERR_API_KEY',
      what: 'is not set although LOGFERRY_PLATFORMS asks for it',
    });
  });
});

describe('LF002: refused values', () => {
  it.each([
    ['LOGTIDE_API_URL', 'logs.here.test', 'is not a valid URL'],
    ['LOGTIDE_API_URL', 'ftp://x.example.com', 'must start with https:// or http://'],
    ['ODYSSEUS_URL', 'https://user:pw@x.example.com', 'must not contain user or password'],
    ['LOGGIER_API_URL', 'https://x.example.com/?a=b', 'must not have a query or fragment'],
    ['TRAKERR_API_KEY', 'two words', 'has blanks'],
    ['LOGGIER_API_KEY', 'schlüssel', 'has blanks, control or non-ASCII'],
  ])('%s=%s', (name, value, what) => {
    const platform = VARIABLES.find((variable) => variable.name === name)?.platform as string;
    const { names, problems } = read({ ...COMPLETE, [name]: value });
    expect(names).toEqual(ALL.filter((other) => other !== platform));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'LF002', where: name, fix: `correct it; ${platform} is off until then` });
    expect(problems[0]?.what).toContain(what);
    expect(problems[0]?.what).not.toContain(value);
  });

  it.each([
    ['https://l.example.com', 'has no key'],
    ['no url', 'is not a valid URL'],
  ])('LOGTIDE_DSN=%s', (dsn, what) => {
    const { problems } = read({ LOGTIDE_DSN: dsn });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'LF002', where: 'LOGTIDE_DSN' });
    expect(problems[0]?.what).toContain(what);
  });

  it('http:// to another machine needs LOGFERRY_ALLOW_INSECURE', () => {
    const env = { LOGTIDE_API_KEY: 'lp_1', LOGTIDE_API_URL: 'http://logs.internal' };
    const { names, problems } = read(env);
    expect(names).toEqual([]);
    expect(problems[0]).toMatchObject({ code: 'LF002', where: 'logtide' });
    expect(problems[0]?.what).toContain('LOGFERRY_ALLOW_INSECURE=true');
    expect(read({ ...env, LOGFERRY_ALLOW_INSECURE: 'yes' })).toMatchObject({ names: ['logtide'], problems: [] });
    expect(read({ ...env, LOGTIDE_API_URL: 'http://127.0.0.1:1' })).toMatchObject({ names: ['logtide'], problems: [] });
  });
});

describe('LF003: unknown variables', () => {
  it.each([
    ['LOGFERRY_LEVL', 'did you mean LOGFERRY_LEVEL?'],
    ['LOGFERRY_PLATFORM', 'did you mean LOGFERRY_PLATFORMS?'],
    ['LOGFERRY_FLUSHTIMEOUT', 'did you mean LOGFERRY_FLUSH_TIMEOUT?'],
    ['LOGFERRY_COMPLETELY_DIFFERENT_THING_ALTOGETHER', 'remove it'],
    ['LOGFERRY_TRAKERR_LEVLE', 'did you mean LOGFERRY_TRAKERR_LEVEL?'],
    ['LOGFERRY_TRAKERR_DEPLOY_STAGE', 'did you mean LOGFERRY_TRAKERR_DEPLOYMENT_STAGE?'],
    ['LOGFERRY_TRAKER_LEVEL', 'did you mean LOGFERRY_TRAKERR_LEVEL?'],
    // What names have in common does not make them alike.
    ['LOGFERRY_TRAKERR_IDENTIFIERS_TO_USE', 'remove it'],
    // Credentials go by the platforms' own names.
    ['LOGFERRY_LOGTIDE_API_KEY', 'did you mean LOGTIDE_API_KEY?'],
    ['LOGFERRY_LOGTIDE_URL', 'did you mean LOGTIDE_API_URL?'],
    ['LOGFERRY_RARCH_LOGGING_API_KEY', 'did you mean RARCH_LOGGING_API_KEY?'],
    ['LOGFERRY_ODYSSEUS_APP_ID', 'did you mean ODYSSEUS_APP_ID?'],
    [`LOGFERRY_${'X'.repeat(100_000)}`, 'remove it'],
  ])('%s', (where, fix) => {
    expect(read({ [where]: 'x' }).problems).toEqual([
      { code: 'LF003', where, what: 'is not a variable of logferry', fix },
    ]);
  });

  it('knows every variable of its table and minds its own business', () => {
    const env = Object.fromEntries(VARIABLES.map(({ name }) => [name, '']));
    expect(read({ ...env, PATH: '/bin', LOGFERRYX: '1', LOGTIDE_OTHER: '2' }).problems).toEqual([]);
  });
});

describe('LF004: unreadable values keep the default', () => {
  it.each([
    ['LOGFERRY_LEVEL', 'loud'],
    ['LOGFERRY_LEVEL', '25'],
    ['LOGFERRY_QUEUE_SIZE', 'plenty'],
    ['LOGFERRY_QUEUE_SIZE', '1000'],
    ['LOGFERRY_FLUSH_TIMEOUT', 'soon'],
    ['LOGFERRY_ALLOW_INSECURE', 'maybe'],
    ['LOGFERRY_QUIET', 'constructor'],
    ['LOGFERRY_STRICT', '__proto__'],
    ['RARCH_LOGGING_DEFAULT_LEVEL', 'loud'],
    ['LOGFERRY_TRAKERR_LEVEL', 'loud'],
    ['LOGFERRY_LOGTIDE_CONCURRENCY', '0'],
    ['LOGFERRY_BATCH_RECORDS', '1.5'],
    ['LOGFERRY_TIMEOUT', '0'],
    ['LOGFERRY_SPOOL_SIZE', '63k'],
    ['LOGFERRY_ODYSSEUS_STREAM', 'river'],
    ['LOGFERRY_ODYSSEUS_PLATFORM', '99999'],
    ['LOGFERRY_TRAKERR_UNMAPPED_SLOT', '11'],
    ['LOGFERRY_TRAKERR_MAX_UNMAPPED_BYTES', '255b'],
    ['LOGFERRY_TRAKERR_CUSTOM_PROPERTIES', 'a=1,b=1'],
    ['LOGFERRY_TRAKERR_CUSTOM_SEGMENTS', 'a=11'],
    ['LOGFERRY_LEVEL_SIGNAL', 'SIGKILL'],
  ])('%s=%s', (where, value) => {
    const { names, problems, ...environment } = read({ ...COMPLETE, [where]: value });
    expect(names).toEqual(ALL);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'LF004', where });
    expect(problems[0]?.fix).toMatch(/^use /);
    expect(environment).toMatchObject({
      quiet: false,
      strict: false,
      flushMillis: 5_000,
      queueBytes: 32 * 1_048_576,
    });
  });
});

describe('LF004: values that are nearly right', () => {
  it.each([
    [
      'LOGFERRY_LEVEL',
      'wran',
      'did you mean warn? use trace, debug, info, warn, error, fatal or a number from 1 to 24',
    ],
    [
      'LOGFERRY_TRAKERR_LEVEL',
      'inof',
      'did you mean info? use trace, debug, info, warn, error, fatal or a number from 1 to 24',
    ],
    ['LOGFERRY_QUIET', 'ture', 'did you mean true? use true or false'],
    ['LOGFERRY_SPOOL_FSYNC', 'intervall', 'did you mean interval? use interval, batch or never'],
    ['LOGFERRY_REDARCH_LEVEL_NAMES', 'stdlb', 'did you mean stdlib? use canonical or stdlib'],
    ['LOGFERRY_LEVEL_SIGNAL', 'SIGUSR1', 'did you mean SIGUSR2? use SIGUSR2 or SIGHUP'],
    ['LOGFERRY_LEVEL', 'completely else', 'use trace, debug, info, warn, error, fatal or a number from 1 to 24'],
  ])('%s=%s', (where, value, fix) => {
    expect(read({ [where]: value }).problems).toEqual([
      { code: 'LF004', where, what: 'has a value that cannot be read', fix },
    ]);
  });

  it.each([
    ['LOGFERRY_LEVELS', 'db.*=warn,sk-hidden,http=loud'],
    ['LOGFERRY_GLOBAL_ATTRIBUTES', 'team=checkout,sk-hidden'],
  ])('%s=%s: the parts that can be read hold', (where, value) => {
    const { problems, levels, additions } = read({ [where]: value });
    expect(problems).toMatchObject([{ code: 'LF004', where, what: 'has parts that cannot be read' }]);
    expect(JSON.stringify(problems)).not.toContain('sk-hidden');
    const kept = where === 'LOGFERRY_LEVELS' ? levels.list().length : additions === undefined ? 0 : 1;
    expect(kept).toBe(1);
  });
});

describe('LF016: a levels file', () => {
  it('that cannot be read, or parts of it; that there is none is fine', () => {
    expect(read({ LOGFERRY_LEVELS_FILE: '/levels' }).problems).toEqual([]);
    const { problems, levels } = read({ LOGFERRY_LEVELS_FILE: '/levels' }, { '/levels': 'a=warn\nsk-hidden' });
    expect(problems).toMatchObject([
      { code: 'LF016', where: 'LOGFERRY_LEVELS_FILE', fix: 'use lines such as db.*=warn' },
    ]);
    expect(levels.list()).toMatchObject([{ target: 'a', level: 'warn' }]);
    const denied = readEnvironment({
      env: { LOGFERRY_LEVELS_FILE: '/levels' },
      readFile: () => {
        throw Object.assign(new Error('no'), { code: 'EACCES' });
      },
      delivery: {},
    });
    expect(denied.problems).toMatchObject([{ code: 'LF016', what: 'cannot be read (EACCES)' }]);
  });
});

describe('LF012: a spool that cannot be used', () => {
  it('is told once for each variable that names one', () => {
    const file = new URL(import.meta.url).pathname;
    const both = read({ ...COMPLETE, LOGFERRY_SPOOL_DIR: `${file}/a`, LOGFERRY_TRAKERR_SPOOL_DIR: `${file}/b` });
    expect(both.problems.map(({ code, where }) => [code, where])).toEqual([
      ['LF012', 'LOGFERRY_SPOOL_DIR'],
      ['LF012', 'LOGFERRY_TRAKERR_SPOOL_DIR'],
    ]);
  });
});
