import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/env.ts';
import { VARIABLES } from '../../src/env-table.ts';
import { PLATFORMS } from '../../src/platforms/registry.ts';

type Env = Record<string, string>;

/** Enough for every platform. */
const COMPLETE: Env = {
  ODYSSEUS_APP_ID: 'app_1',
  ODYSSEUS_APP_KEY: 'odysseus-key',
  LOGTIDE_API_URL: 'https://logtide.example.com',
  LOGTIDE_API_KEY: `lp_${'a1'.repeat(32)}`,
  RARCH_LOGGING_API_KEY: 'redarch-key-redarch-key-redarch-key',
  LOGGIER_API_KEY: 'lgk_key',
  TRAKERR_API_KEY: 'trakerr-key',
};
const ALL = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

function read(env: Env, files: Env = {}) {
  const environment = readEnvironment({
    env,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    },
    delivery: {},
  });
  return {
    ...environment,
    names: environment.destinations.map(({ destination }) => destination.name),
    origins: Object.fromEntries(
      environment.destinations.map(({ destination, origin }) => [destination.name, origin] as const),
    ),
    codes: environment.problems.map(({ code }) => code),
  };
}

function without(...names: string[]): Env {
  return Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => !names.includes(name)));
}

describe('credentials', () => {
  it('nothing set: no destination, no problem, the documented defaults', () => {
    expect(read({})).toMatchObject({
      destinations: [],
      problems: [],
      quiet: false,
      strict: false,
      flushMillis: 5_000,
      queueBytes: 32 * 1_048_576,
    });
  });

  it('all set: all five, at their default addresses', () => {
    const { names, problems, origins } = read(COMPLETE);
    expect(names).toEqual(ALL);
    expect(problems).toEqual([]);
    expect(origins).toEqual({
      odysseus: 'https://odysseus.codetitans.dev',
      logtide: 'https://logtide.example.com',
      redarch: 'http://localhost:8080',
      loggier: 'https://api.loggier.app',
      trakerr: 'https://www.trakerr.io',
    });
  });

  it.each([
    ['odysseus', 'ODYSSEUS_URL', 'https://o.example.com'],
    ['logtide', 'LOGTIDE_API_URL', 'https://l.example.com:8443'],
    ['redarch', 'RARCH_LOGGING_URL', 'https://r.example.com/log'],
    ['loggier', 'LOGGIER_API_URL', 'https://g.example.com'],
    ['trakerr', 'TRAKERR_API_URL', 'https://t.example.com/api/v1'],
  ])('%s goes where %s says', (platform, name, url) => {
    expect(read({ ...COMPLETE, [name]: url }).origins[platform]).toBe(new URL(url).origin);
  });

  it('each platform alone', () => {
    const own: Record<string, Env> = {
      odysseus: { ODYSSEUS_APP_ID: 'a', ODYSSEUS_APP_KEY: 'b' },
      logtide: { LOGTIDE_API_URL: 'https://l.example.com', LOGTIDE_API_KEY: 'lp_1' },
      redarch: { RARCH_LOGGING_API_KEY: 'k' },
      loggier: { LOGGIER_API_KEY: 'k' },
      trakerr: { TRAKERR_API_KEY: 'k' },
    };
    for (const name of ALL) expect(read(own[name] as Env), name).toMatchObject({ names: [name], problems: [] });
    expect(read({ LOGTIDE_DSN: 'https://lp_1@l.example.com' })).toMatchObject({
      names: ['logtide'],
      problems: [],
      origins: { logtide: 'https://l.example.com' },
    });
  });

  it('blanks around a value do not count; blank is unset', () => {
    expect(read({ TRAKERR_API_KEY: '  key\n', LOGGIER_API_KEY: ' \t' })).toMatchObject({
      names: ['trakerr'],
      problems: [],
    });
  });
});

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

describe('*_FILE', () => {
  const secrets = VARIABLES.filter(({ kind }) => kind === 'secret').map(({ name }) => name);

  it('is there for every secret', () => {
    expect(secrets).toEqual([
      'ODYSSEUS_APP_ID',
      'ODYSSEUS_APP_KEY',
      'LOGTIDE_API_KEY',
      'LOGTIDE_DSN',
      'RARCH_LOGGING_API_KEY',
      'LOGGIER_API_KEY',
      'TRAKERR_API_KEY',
    ]);
    const { LOGTIDE_API_URL, ...texts } = COMPLETE;
    const env = Object.fromEntries(Object.keys(texts).map((name) => [`${name}_FILE`, `/run/${name}`]));
    const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [`/run/${name}`, `${text}\n`]));
    expect(read({ ...env, LOGTIDE_API_URL: LOGTIDE_API_URL as string }, files)).toMatchObject({
      names: ALL,
      problems: [],
    });
  });

  it('gives way to the variable itself', () => {
    const env = { LOGTIDE_DSN: 'https://lp_1@here.example.com', LOGTIDE_DSN_FILE: '/dsn' };
    expect(read(env, { '/dsn': 'https://lp_1@there.example.com' }).origins).toEqual({
      logtide: 'https://here.example.com',
    });
    expect(read({ ...env, LOGTIDE_DSN: '' }, { '/dsn': 'https://lp_1@there.example.com' }).origins).toEqual({
      logtide: 'https://there.example.com',
    });
  });

  it.each([
    ['missing', {}, 'ENOENT'],
    ['empty', { '/key': ' \n' }, 'it is empty'],
  ])('%s: LF005, once, and only that destination is off', (_, files, reason) => {
    const { names, problems } = read({ ...without('ODYSSEUS_APP_KEY'), ODYSSEUS_APP_KEY_FILE: '/key' }, files);
    expect(names).toEqual(ALL.slice(1));
    expect(problems).toEqual([
      {
        code: 'LF005',
        where: 'ODYSSEUS_APP_KEY_FILE',
        what: `names a file that cannot be read (${reason})`,
        fix: 'check path and rights',
      },
    ]);
  });

  it('is reported once when the destination is on by other means', () => {
    const { names, codes } = read({ ...COMPLETE, LOGTIDE_DSN_FILE: '/dsn' });
    expect(names).toEqual(ALL);
    expect(codes).toEqual(['LF005']);
  });
});

describe('LOGFERRY_PLATFORMS', () => {
  it('chooses among the platforms with credentials', () => {
    expect(read({ ...COMPLETE, LOGFERRY_PLATFORMS: ' Trakerr,,logtide ' }).names).toEqual(['logtide', 'trakerr']);
    expect(read({ ...COMPLETE, LOGFERRY_PLATFORMS: ',' }).names).toEqual(ALL);
  });

  it('LF006 for a name that is no platform; the others stay', () => {
    const { names, problems } = read({ ...COMPLETE, LOGFERRY_PLATFORMS: 'logtied,sentry,trakerr' });
    expect(names).toEqual(['trakerr']);
    expect(problems.map(({ code, fix }) => [code, fix])).toEqual([
      ['LF006', 'did you mean logtide?'],
      ['LF006', `use some of ${ALL.join(', ')}`],
    ]);
  });
});

describe('levels', () => {
  const takes = (env: Env, name: string): number =>
    [1, 5, 9, 13, 17, 21].find((number) =>
      read({ ...COMPLETE, ...env })
        .destinations.find(({ destination }) => destination.name === name)
        ?.destination.takes(number),
    ) as number;

  it('LOGFERRY_LEVEL holds for all, before the platform has its say', () => {
    expect(takes({}, 'trakerr')).toBe(1);
    expect(takes({ LOGFERRY_LEVEL: 'WARN' }, 'trakerr')).toBe(13);
    expect(takes({ RARCH_LOGGING_DEFAULT_LEVEL: 'error' }, 'redarch')).toBe(17);
    expect(takes({ RARCH_LOGGING_DEFAULT_LEVEL: 'error' }, 'trakerr')).toBe(1);
    expect(takes({ LOGFERRY_LEVEL: '9', RARCH_LOGGING_DEFAULT_LEVEL: 'error' }, 'redarch')).toBe(9);
  });
});

describe('whatever the environment holds', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('true', '0', '__proto__', 'constructor', 'https://', 'http://[', 'https://a@b:99999', '%', ','),
    fc.webUrl(),
  );
  const names = [...VARIABLES.flatMap(({ name }) => [name, `${name}_FILE`]), 'LOGFERRY_', 'LOGFERRY___PROTO__'];

  it('it is read without an exception, and problems stay on one destination', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), (env) => {
        const { names: on, problems } = read(env);
        expect(new Set(on).size).toBe(on.length);
        for (const { code, where, what, fix } of problems) {
          expect(code).toMatch(/^LF00[1-6]$/);
          for (const part of [where, what, fix]) expect(part).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no message holds a secret, wherever it was put', () => {
    const SECRET = 'sk-hidden-7f3a';
    const shapes = fc.constantFrom(
      SECRET,
      `${SECRET}:x`,
      `https://${SECRET}@host`,
      `https://lp_${SECRET}:pw@host.example.com/?key=${SECRET}`,
      `https://host.example.com/${SECRET}#${SECRET}`,
      `ftp://${SECRET}@host.example.com`,
      `bad ${SECRET}`,
      `${SECRET}\u0000`,
      `schlüssel-${SECRET}`,
    );
    const planted = VARIABLES.filter(({ kind, name }) => kind !== 'list' && name !== 'LOGFERRY_ALLOW_INSECURE').flatMap(
      ({ kind, name }) => (kind === 'secret' ? [name, `${name}_FILE`] : [name]),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...planted), shapes), fc.boolean(), (env, fromFile) => {
        const environment = readEnvironment({
          env,
          readFile: (path) => {
            if (fromFile) return `key ${SECRET}`;
            throw new Error(`ENOENT: no such file, open '${path}'`);
          },
          delivery: {},
        });
        const said = JSON.stringify([environment.problems, environment.destinations.map(({ origin }) => origin)]);
        expect(said).not.toContain(SECRET);
      }),
      { numRuns: 1_000 },
    );
  });
});

it('the table and the registry agree', () => {
  for (const { name, required } of PLATFORMS) {
    const options = VARIABLES.filter(({ platform }) => platform === name).map(({ option }) => option);
    for (const option of required.flat()) expect(options, name).toContain(option);
  }
  const names = VARIABLES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
