import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../src/env/table.ts';
import { PLATFORMS } from '../../src/platforms/registry.ts';
import { ALL, COMPLETE, type Env, read, without } from './read-env.ts';

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

describe('*_FILE', () => {
  const secrets = VARIABLES.filter(({ kind }) => kind === 'secret').map(({ name }) => name);

  it('is there for every secret', () => {
    const own = secrets.filter((name) => !name.endsWith('HASH_KEY'));
    expect(secrets).toHaveLength(own.length + 1 + ALL.length);
    expect(own).toEqual([
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

it('the table and the registry agree', () => {
  for (const { name, required } of PLATFORMS) {
    const options = VARIABLES.filter(({ platform }) => platform === name).map(({ option }) => option);
    for (const option of required.flat()) expect(options, name).toContain(option);
  }
  const names = VARIABLES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
