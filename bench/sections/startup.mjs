import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIST } from '../logferry.mjs';
import { MARKER, NUMBER_OFFSET } from '../marker.mjs';
import { startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { median } from '../statistics.mjs';

const HERE = fileURLToPath(new URL('../startup', import.meta.url));
const AUTO = '@opentelemetry/auto-instrumentations-node';
const REQUESTS = 200;
const IN_FLIGHT = 8;
const LIMIT_MILLIS = 20_000;
const MB = 1_048_576;
const KEY = '0123456789abcdef'.repeat(4);

const LOGFERRY = ['--import', 'logferry/register'];
const OTEL = ['--import', `${AUTO}/register`];
const LOADER = ['--no-warnings', '--experimental-loader', '@opentelemetry/instrumentation/hook.mjs'];

const onePlatform = (url) => ({ LOGTIDE_API_URL: url, LOGTIDE_API_KEY: `lp_${KEY}` });

function allPlatforms(url) {
  return {
    ...onePlatform(url),
    ...{ ODYSSEUS_URL: url, ODYSSEUS_APP_ID: 'app_bench', ODYSSEUS_APP_KEY: KEY },
    ...{ RARCH_LOGGING_URL: `${url}/log`, RARCH_LOGGING_API_KEY: KEY },
    ...{ LOGGIER_API_URL: url, LOGGIER_API_KEY: KEY },
    ...{ TRAKERR_API_URL: `${url}/api/v1`, TRAKERR_API_KEY: KEY },
  };
}

function otlp(url) {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_LOGS_EXPORTER: 'otlp' };
  return { ...endpoint, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };
}

/** How the service is started, and how often each of its lines has to arrive. */
const CONTESTANTS = {
  bare: { title: 'nothing', copies: 0 },
  api: {
    title: 'logferry, sources: none',
    flags: LOGFERRY,
    env: (url) => ({ ...onePlatform(url), LOGFERRY_SOURCES: 'none' }),
    copies: 0,
  },
  one: { title: 'logferry, one platform', flags: LOGFERRY, env: onePlatform, copies: 1 },
  five: { title: 'logferry, five platforms', flags: LOGFERRY, env: allPlatforms, copies: 5 },
  // As an ES module it sees imports only with the loader.
  auto: { title: 'auto-instrumentations-node, OTLP', flags: OTEL, esm: LOADER, env: otlp, copies: 1, auto: true },
};
const FORMATS = { cjs: 'CommonJS', mjs: 'ES modules' };

/** An application folder with everything of `startup/` but, for all others, what only one contestant is. */
function layOut(folder, hasAuto) {
  const modules = join(folder, 'node_modules');
  const from = join(HERE, 'node_modules');
  const names = readdirSync(from)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? readdirSync(join(from, name)).map((one) => `${name}/${one}`) : name));
  mkdirSync(join(modules, 'logferry'), { recursive: true });
  cpSync(DIST, join(modules, 'logferry/dist'), { recursive: true });
  cpSync(join(HERE, '../../package.json'), join(modules, 'logferry/package.json'));
  for (const name of names) {
    if (name === AUTO && !hasAuto) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(from, name), join(modules, name));
  }
  for (const format of Object.keys(FORMATS)) cpSync(join(HERE, `app.${format}`), join(folder, `app.${format}`));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version: '1.0.0' }));
  return folder;
}

async function ask(port, path) {
  return (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
}

/** Requests with a numbered line each, some of them at once. */
async function serve(port) {
  for (let number = 0; number < REQUESTS; number += IN_FLIGHT) {
    const paths = Array.from({ length: IN_FLIGHT }, (_, index) => `${MARKER}${NUMBER_OFFSET + number + index}`);
    await Promise.all(paths.map((path) => ask(port, path)));
  }
}

async function run(name, format, { folders, profile }) {
  const { flags = [], esm = [], env = () => ({}), auto = false } = CONTESTANTS[name];
  const server = await startServer();
  await server.reset();
  const profiling = profile !== undefined && name === 'one' ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const begun = performance.now();
  const child = spawn(process.execPath, [...profiling, ...(format === 'mjs' ? esm : []), ...flags, `app.${format}`], {
    cwd: auto ? folders.auto : folders.others,
    env: { PATH: process.env.PATH, ...env(server.url) },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MILLIS,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  try {
    const told = await Promise.race([once(child.stdio[3], 'data'), ended.then(() => undefined)]);
    const millis = performance.now() - begun;
    if (told === undefined) throw new Error(`startup: ${name} did not start: ${stderr}`);
    const [port, rss, cpuMicros] = String(told[0]).trim().split(' ').map(Number);
    await serve(port);
    const { rss: served } = JSON.parse(await ask(port, 'memory'));
    child.kill('SIGTERM');
    await ended;
    const { total } = await server.count();
    return { millis, cpu: cpuMicros / 1_000, rss: rss / MB, served: served / MB, arrived: total };
  } finally {
    child.kill('SIGKILL');
    await server.end();
  }
}

async function repetitions(reps, options) {
  const names = Object.keys(CONTESTANTS);
  const keys = Object.keys(FORMATS).flatMap((format) =>
    names.map((name) => ({ key: `${format} ${name}`, name, format })),
  );
  const runs = Object.fromEntries(keys.map(({ key }) => [key, []]));
  for (let rep = 0; rep < reps; rep++) {
    for (let turn = 0; turn < keys.length; turn++) {
      // Another one begins each time: nobody always follows the same neighbour.
      const { key, name, format } = keys[(turn + rep) % keys.length];
      runs[key].push(await run(name, format, options));
    }
    process.stderr.write(`startup: repetition ${rep + 1} of ${reps}\n`);
  }
  return runs;
}

const best = (runs, part) => Math.min(...runs.map((one) => one[part]));
const middle = (runs, part) => median(runs.map((one) => one[part]));

function rows(runs) {
  return Object.entries(FORMATS).flatMap(([format, formatTitle]) => {
    const bare = runs[`${format} bare`];
    return Object.entries(CONTESTANTS).map(([name, { title, copies }]) => {
      const own = runs[`${format} ${name}`];
      const more = (part) => (name === 'bare' ? '' : `+${fixed(middle(own, part) - middle(bare, part), 0)}`);
      const lost = own.reduce((sum, { arrived }) => sum + copies * REQUESTS - arrived, 0);
      return [
        `${formatTitle}: ${title}`,
        fixed(best(own, 'millis'), 0),
        fixed(middle(own, 'millis'), 0),
        more('millis'),
        fixed(middle(own, 'cpu'), 0),
        more('cpu'),
        fixed(middle(own, 'rss'), 0),
        more('rss'),
        fixed(middle(own, 'served'), 0),
        more('served'),
        whole(lost),
      ];
    });
  });
}

const HEAD = [
  'start',
  'ms best',
  'ms',
  'more',
  'CPU ms',
  'more',
  'RSS MB',
  'more',
  `MB after ${REQUESTS}`,
  'more',
  'not arrived',
];

/** Like with like: one destination on either side. */
function goals(runs) {
  return Object.entries(FORMATS).flatMap(([format, title]) => {
    const more = (name, part) => middle(runs[`${format} ${name}`], part) - middle(runs[`${format} bare`], part);
    const ratio = (what, part) =>
      goal(`${what} added, logferry / auto-instrumentations, ${title}`, more('one', part) / more('auto', part), 1);
    return [ratio('time to listen', 'millis'), ratio('CPU to listen', 'cpu'), ratio('memory', 'served')];
  });
}

/** Time until a small service listens, and its memory: with nothing, with us, with OpenTelemetry's own package. */
export async function startup({ short, reps, profile }) {
  if (!existsSync(join(HERE, 'node_modules', AUTO))) throw new Error('npm ci in bench/startup/ first');
  const starts = short ? 3 : reps * 2;
  return withScratch(async (scratch) => {
    const folders = { auto: layOut(join(scratch, 'auto'), true), others: layOut(join(scratch, 'others'), false) };
    const runs = await repetitions(starts, { folders, profile });
    const results = goals(runs);
    return {
      title: `Start of a small service (node:http and pino), ${starts} starts each, medians`,
      text: `${table(HEAD, rows(runs))}\n\n${goalTable(results)}`,
      goals: results,
      figures: runs,
    };
  });
}
