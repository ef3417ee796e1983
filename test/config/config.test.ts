import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkedConfig } from '../../src/config/checks.ts';
import { type Config, defineConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/file.ts';
import { type Environment, readEnvironment } from '../../src/env/environment.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { ALL, COMPLETE, type Env } from '../register/read-env.ts';
import { fakePlatform, record } from '../support/delivery-rig.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'logferry-config-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function read(env: Env, config: unknown): Environment & { names: string[] } {
  const environment = readEnvironment({
    env: { ...env, LOGFERRY_CONFIG: 'logferry.config.mjs' },
    readFile: () => '',
    delivery: {},
    loadConfig: (path) => {
      expect(path).toBe('logferry.config.mjs');
      return { config };
    },
  });
  return { ...environment, names: environment.destinations.map(({ destination }) => destination.name) };
}

describe('a configuration', () => {
  it('switches platforms on and off, with credentials from here or from the environment', () => {
    const config = defineConfig({
      destinations: { odysseus: false, loggier: { apiKey: 'key' }, trakerr: { delivery: { minimumSeverity: 13 } } },
    });
    const { LOGTIDE_API_KEY, LOGTIDE_API_URL, TRAKERR_API_KEY } = COMPLETE as Record<string, string>;
    const env = { LOGTIDE_API_KEY, LOGTIDE_API_URL, TRAKERR_API_KEY } as Env;
    expect(read({ ...env, ODYSSEUS_APP_ID: 'a', ODYSSEUS_APP_KEY: 'b' }, config)).toMatchObject({
      names: ['logtide', 'loggier', 'trakerr'],
      problems: [],
    });
    // Without credentials, options alone ask for nothing.
    expect(read({}, { destinations: { trakerr: { delivery: { minimumSeverity: 13 } } } })).toMatchObject({
      names: [],
      problems: [],
    });
  });

  it('adds destinations that are made in code, on top of the common options', () => {
    const fake = fakePlatform('http://127.0.0.1:9');
    const config: Config = {
      platforms: [fake, { platform: logtide({ url: 'https://b.example.com', apiKey: 'lp_2' }), minimumSeverity: 17 }],
      levels: { 'db.*': 'warn' },
    };
    const { names, problems, destinations, levels } = read(COMPLETE, config);
    expect([names, problems]).toEqual([[...ALL, 'fake', 'logtide'], []]);
    const [second, other] = [destinations.at(-1)?.destination, destinations.at(-2)?.destination];
    expect([second?.takes(16), second?.takes(17), other?.takes(1)]).toEqual([false, true, true]);
    expect(other?.takes(12, undefined, { name: 'db.pg' })).toBe(false);
    expect(levels.set('fake', 'error')).toBe(true);
    expect([other?.takes(16), other?.takes(17)]).toEqual([false, true]);
    expect(read({ ...COMPLETE, LOGFERRY_PLATFORMS: 'trakerr' }, config).names).toEqual(['trakerr']);
  });

  it('gives everything else that variables give', () => {
    const config = defineConfig({
      attributes: { team: 'checkout' },
      tags: ['blue'],
      resource: { 'service.name': 'till', shard: 7 },
      sources: { pino: false },
      flushTimeoutMillis: 9_000,
      quiet: true,
      strict: true,
      delivery: { queue: { maxBytes: 4_096 }, spool: { directory: '/spool' } },
    });
    const variables = {
      ...{ LOGFERRY_QUIET: 'false', LOGFERRY_STRICT: 'false', LOGFERRY_FLUSH_TIMEOUT: '1s', LOGFERRY_TAGS: 'red' },
      ...{ LOGFERRY_GLOBAL_ATTRIBUTES: 'team=other,region=eu', LOGFERRY_QUEUE_SIZE: '1mb' },
    };
    const { additions, ...environment } = read(variables, config);
    expect(environment).toMatchObject({
      ...{ problems: [], quiet: true, strict: true, flushMillis: 9_000, queueBytes: 4_096 },
      ...{ resource: { 'service.name': 'till', shard: 7 }, sources: { pino: false } },
      spool: { directory: '/spool', name: 'till', maxDiskBytes: 268_435_456 },
    });
    expect(additions?.to(record('x')).attributes).toEqual({ team: 'checkout', region: 'eu', tags: ['blue'] });
  });

  it.each<[unknown, string, string]>([
    [{ level: {} }, 'has level, which is no option', 'did you mean levels?'],
    [{ zzzzzzzzzzzz: {} }, 'has zzzzzzzzzzzz, which is no option', 'use destinations, platforms,'],
    [JSON.parse('{ "constructor": 1 }'), 'has constructor, which is no option', 'use destinations,'],
    [{ destinations: { logtied: {} } }, 'has destinations.logtied,', 'did you mean destinations.logtide?'],
    [{ destinations: [] }, 'destinations must be an object', 'correct it'],
    [{ destinations: { trakerr: true } }, 'destinations.trakerr must be an object', 'correct it'],
    [{ destinations: { trakerr: { delivery: { queue: { max: 1 } } } } }, 'unknown option queue.max', 'correct it'],
    [{ delivery: { minimumSeverity: 99 } }, 'minimumSeverity must be at most 24', 'correct it'],
    [{ delivery: { spool: { size: 1 } } }, 'unknown option spool.size', 'correct it'],
    [{ levels: { a: 'loud' } }, "levels['a'] must be all, trace", 'correct it'],
    [{ attributes: [] }, 'attributes must be an object', 'correct it'],
    [{ tags: 'a' }, 'tags must be a list', 'correct it'],
    [{ resource: { a: {} } }, "resource['a'] must be a text or number", 'correct it'],
    [{ sources: { pino: 1 } }, "sources['pino'] must be true or false", 'correct it'],
    [{ flushTimeoutMillis: '5s' }, 'flushTimeoutMillis must be a number', 'correct it'],
    [{ quiet: 'yes' }, 'quiet must be a boolean', 'correct it'],
    [{ strict: 1 }, 'strict must be a boolean', 'correct it'],
    [{ platforms: {} }, 'platforms must be a list', 'correct it'],
    [{ platforms: [{}] }, 'platforms must be made by', 'correct it'],
    [undefined, 'exports no options', 'export default defineConfig'],
    [null, 'exports no options', 'export default defineConfig'],
    ['text', 'exports no options', 'export default defineConfig'],
    [[], 'exports no options', 'export default defineConfig'],
  ])('%j: LF015, and everything else holds', (config, what, fix) => {
    const good =
      typeof config === 'object' && config !== null && !Array.isArray(config) ? { tags: ['blue'], ...config } : config;
    const { problems, names } = read(COMPLETE, good);
    expect(names).toEqual(ALL);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'LF015', where: 'LOGFERRY_CONFIG' });
    expect(problems[0]?.what).toContain(what);
    expect(problems[0]?.fix).toContain(fix);
    expect(problems[0]?.what).not.toContain(', got');
  });

  it('all problems are told together', () => {
    const config = { level: 1, quiet: 'x', destinations: { nope: {}, trakerr: 7 }, tags: ['good'] };
    const { problems, additions } = read({ LOGFERRY_LEVL: 'x', LOGFERRY_LEVEL: 'loud' }, config);
    expect(problems.map(({ code }) => code).toSorted()).toEqual(['LF003', 'LF004', 'LF015', 'LF015', 'LF015', 'LF015']);
    expect(additions).toBeDefined();
  });

  it('options that a factory refuses switch off that platform, like bad variables', () => {
    const { problems, names } = read(COMPLETE, { destinations: { trakerr: { systemLoad: 'no', url: 'ftp://x' } } });
    expect(names).toEqual(ALL.filter((name) => name !== 'trakerr'));
    expect(problems).toMatchObject([{ code: 'LF002' }]);
  });

  it('a platform of its own that is no platform is told, the others are on', () => {
    const { problems, names } = read(COMPLETE, { platforms: [{ name: 'mine' }] });
    expect(names).toEqual(ALL);
    expect(problems).toMatchObject([{ code: 'LF015', where: 'LOGFERRY_CONFIG' }]);
  });

  it('whatever is exported, nothing is thrown and no value is shown', () => {
    const secret = 'sk-hidden-7f3a';
    const leaf = fc.oneof(fc.constant(secret), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('delivery', 'queue', 'maxBytes', 'levels', 'apiKey', 'url', '__proto__'),
          tie('any'),
        ),
      ),
    })).any;
    const options = [
      'destinations',
      'platforms',
      'delivery',
      'levels',
      'attributes',
      'tags',
      'resource',
      'sources',
      'quiet',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...options), value), (config) => {
        const { problems } = checkedConfig(config);
        expect(JSON.stringify(problems)).not.toContain(secret);
        for (const { what, fix } of problems) expect([what, fix]).not.toContain('');
      }),
      { numRuns: 500 },
    );
    const hostile = new Proxy({}, { ownKeys: () => { throw new Error(secret); } }); // biome-ignore format: one line
    expect(checkedConfig(hostile)).toEqual({ config: {}, problems: [expect.anything()] });
  });
});

describe('a module with a configuration', () => {
  const written = (name: string, text: string): string => {
    const path = join(folder(), name);
    writeFileSync(path, text);
    return path;
  };

  it.each([
    ['an ES module', 'c.mjs', 'export default { tags: ["a"] };'],
    ['CommonJS', 'c.cjs', 'module.exports = { tags: ["a"] };'],
    ['CommonJS with a default', 'c.cjs', 'exports.default = { tags: ["a"] };'],
    ['JSON', 'c.json', '{ "tags": ["a"] }'],
  ])('%s', (_, name, text) => expect(loadConfig(written(name, text))).toEqual({ config: { tags: ['a'] } }));

  it.each([
    ['that is not there', 'none.mjs', undefined, 'names a file that is not there', 'check the path'],
    ['with a syntax error', 'c.mjs', 'export default {\n "sk-hidden" oops', '(SyntaxError', 'see node --check '],
    ['that throws', 'c.mjs', '\nthrow new TypeError("sk-hidden");', 'TypeError at c.mjs:2:7', 'correct it'],
    ['that throws something else', 'c.mjs', 'throw "sk-hidden";', '(string)', 'correct it'],
    ['that waits', 'c.mjs', 'export default await 1;', 'ERR_REQUIRE_ASYNC_MODULE', 'do without top-level await'],
    ['that imports what is not there', 'c.mjs', 'import "./sk-hidden.mjs";', 'ERR_MODULE_NOT_FOUND', 'what it imports'],
    ['that requires what is not there', 'c.cjs', 'require("./sk-hidden.cjs");', 'MODULE_NOT_FOUND', 'what it imports'],
    ['that is a directory', '.', undefined, 'MODULE_NOT_FOUND', 'correct what it imports'],
  ])('%s: what is wrong, and where, and nothing of its text', (_, name, text, problem, fix) => {
    const path = text === undefined ? join(folder(), name) : written(name, text);
    const loaded = loadConfig(path);
    expect(loaded).toEqual({ problem: expect.stringContaining(problem), fix: expect.stringContaining(fix) });
    expect(JSON.stringify(loaded)).not.toContain('sk-hidden');
  });

  it('that cannot be loaded is LF014, and the environment counts', () => {
    const path = written('c.mjs', 'throw new Error();');
    const environment = readEnvironment({
      env: { ...COMPLETE, LOGFERRY_CONFIG: path },
      readFile: () => '',
      delivery: {},
    });
    expect(environment.destinations).toHaveLength(5);
    expect(environment.problems).toMatchObject([{ code: 'LF014', where: 'LOGFERRY_CONFIG' }]);
  });
});
