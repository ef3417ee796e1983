import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Sink, startSink } from '../../src/sink/sink.ts';
import { envOf, messages } from '../register/delivered.ts';
import { Installed, logging } from '../register/installed.ts';
import { memberOf } from '../support/platform-rig.ts';

// What configuration does to a whole process.

let sink: Sink;
let shop: Installed;

beforeAll(async () => {
  sink = await startSink();
  shop = new Installed();
});
afterEach(() => sink.clear());
afterAll(async () => {
  await shop.dispose();
  await sink.close();
});

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  ...envOf(sink, 'logtide'),
  LOGFERRY_QUIET: 'true',
  ...more,
});

function written(name: string, text: string): string {
  writeFileSync(join(shop.directory, name), text);
  return `./${name}`;
}

/** Logs a message of each level from a scope, by what is called `log(scope, message, severityNumber)`. */
const LOG = `const { logs } = require('@opentelemetry/api-logs');
  const log = (scope, body, severityNumber) => logs.getLogger(scope).emit({ body, severityNumber });`;

it('node --env-file gives the variables of a file', async () => {
  const lines = Object.entries(env({ LOGFERRY_TAGS: 'blue' })).map(([name, value]) => `${name}=${value}`);
  const file = written('shop.env', `# the shop\n${lines.join('\n')}\n`);
  const flags = [`--env-file=${file}`, '--import', 'logferry/register'];
  const { code, stderr } = await shop.run(logging('hello'), { source: true, flags });
  expect([code, stderr]).toEqual([0, '']);
  expect(messages(sink, 'logtide')).toEqual(['hello']);
  expect(memberOf(sink.records('logtide')[0]?.record, 'tags')).toEqual(['blue']);
});

describe('LOGFERRY_CONFIG', () => {
  const config = `import { defineConfig } from 'logferry';
    export default defineConfig({
      levels: { 'db.*': 'off' },
      attributes: { team: 'checkout' },
      resource: { 'service.name': 'till' },
      destinations: { logtide: { identifierAliases: true, delivery: { minimumSeverity: 9 } } },
    });`;
  const app = `${LOG} log('a', 'low', 5); log('a', 'high', 9); log('db.pg', 'query', 24); process.stdout.write('runs');`;

  it.each(['--import', '--require'])(
    'is there before the first record, with %s, and Node has nothing to say',
    async (flag) => {
      const LOGFERRY_CONFIG = written('logferry.config.mjs', config);
      const started = { source: true, flags: [flag, 'logferry/register'], env: env({ LOGFERRY_CONFIG }) };
      expect(await shop.run(app, started)).toMatchObject({ code: 0, stdout: 'runs', stderr: '' });
      expect(messages(sink, 'logtide')).toEqual(['high']);
      expect(sink.records('logtide')[0]?.record).toMatchObject({ service: 'till', metadata: { team: 'checkout' } });
    },
  );

  it('that is broken: one line, the application runs, and the environment counts; strict, it does not start', async () => {
    const LOGFERRY_CONFIG = written('broken.config.mjs', 'throw new TypeError("sk-hidden");');
    const lenient = await shop.run(app, { source: true, env: env({ LOGFERRY_CONFIG }) });
    expect(lenient).toMatchObject({ code: 0, stdout: 'runs' });
    expect(lenient.stderr).toMatch(
      /^logferry LF014 LOGFERRY_CONFIG names a module [^\n]*broken\.config\.mjs:1:7[^\n]*\n$/,
    );
    expect(messages(sink, 'logtide')).toEqual(['high', 'low', 'query']);
    const strict = await shop.run(app, { source: true, env: env({ LOGFERRY_CONFIG, LOGFERRY_STRICT: 'true' }) });
    expect(strict).toMatchObject({ code: 78, stdout: '' });
  });
});

it('all problems come together, before the one start line', async () => {
  const { code, stderr } = await shop.run(logging('hello'), {
    source: true,
    env: env({
      ...{
        LOGFERRY_QUIET: 'false',
        LOGFERRY_LEVEL: 'wran',
        LOGFERRY_SPOL_DIR: 'x',
        LOGFERRY_PLATFORMS: 'logtide,traker',
      },
      ...{ LOGFERRY_LOGTIDE_ROUTE: 'x', LOGFERRY_TAGS: 'a', LOGFERRY_LEVELS: 'a=loud,b=warn' },
    }),
  });
  expect(code).toBe(0);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(/^logferry \d+\.\d+\.\d+: logs of "shop" go to logtide \(/);
  expect(
    lines
      .slice(0, -1)
      .map((line) => line.replace(/^logferry /, ''))
      .toSorted(),
  ).toEqual([
    'LF003 LOGFERRY_LOGTIDE_ROUTE is not a variable of logferry: remove it',
    'LF003 LOGFERRY_SPOL_DIR is not a variable of logferry: did you mean LOGFERRY_SPOOL_DIR?',
    'LF004 LOGFERRY_LEVEL has a value that cannot be read: did you mean warn? use trace, debug, info, warn, error, fatal or a number from 1 to 24',
    'LF004 LOGFERRY_LEVELS has parts that cannot be read: use pattern=level by comma, e.g. db.*=warn,http=info',
    'LF006 LOGFERRY_PLATFORMS lists "traker", which is no platform: did you mean trakerr?',
  ]);
  expect(messages(sink, 'logtide')).toEqual(['hello']);
});

describe('levels at run time', () => {
  it('LOGFERRY_LEVEL_SIGNAL: from debug on, and back, one line each; the process ends as ever', async () => {
    const app = `${LOG}
      log('a', 'before', 5);
      const next = () => new Promise((resolve) => setTimeout(resolve, 1));
      const { levels } = globalThis[Symbol.for('logferry.register')];
      const level = () => levels()[0].level;
      const wait = async (wanted) => { while (level() !== wanted) await next(); };
      (async () => {
        process.kill(process.pid, 'SIGUSR2');
        await wait('debug');
        log('a', 'during', 5);
        process.kill(process.pid, 'SIGUSR2');
        await wait('warn');
        log('a', 'after', 5);
      })();`;
    const variables = env({ LOGFERRY_LEVEL: 'warn', LOGFERRY_LEVEL_SIGNAL: 'SIGUSR2' });
    const { code, stderr } = await shop.run(app, { source: true, env: variables });
    expect([code, messages(sink, 'logtide')]).toEqual([0, ['during']]);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'logferry: SIGUSR2: everything from debug on is sent, until the next one',
      'logferry: SIGUSR2: levels as before',
    ]);
  });

  it('without it, the signal does what it always does', async () => {
    const running = shop.start(`setInterval(() => {}, 1_000); process.stdout.write('up');`, {
      source: true,
      env: env(),
    });
    await running.said('up');
    running.kill('SIGUSR2');
    expect(await running.ended).toMatchObject({ code: null, signal: 'SIGUSR2' });
  });

  it('LOGFERRY_LEVELS_FILE holds from the start, is followed, and keeps nobody from ending', async () => {
    const LOGFERRY_LEVELS_FILE = written('levels', 'a=warn\n');
    const app = `${LOG}
      const { writeFileSync } = require('node:fs');
      const { levels } = globalThis[Symbol.for('logferry.register')];
      log('a', 'first', 9);
      writeFileSync('levels', 'a=debug\\n');
      const timer = setInterval(() => {
        if (levels().find(({ target }) => target === 'a').level !== 'debug') return;
        log('a', 'second', 9);
        clearInterval(timer);
      }, 5);`;
    const { code, stderr } = await shop.run(app, { source: true, env: env({ LOGFERRY_LEVELS_FILE }) });
    expect([code, messages(sink, 'logtide')]).toEqual([0, ['second']]);
    expect(stderr).toBe('logferry: LOGFERRY_LEVELS_FILE has changed: 1 level from it\n');
    const idle = await shop.run(logging('x'), { source: true, env: env({ LOGFERRY_LEVELS_FILE: './none' }) });
    expect(idle).toMatchObject({ code: 0, stderr: '' });
  });
});
