// npm run demo: a service logs to five platforms, all of them fail for a while, nothing is lost.
//
// The platforms are a sink in this process, which speaks their five protocols and checks what theirs would check; the
// service (service.mjs) is a process of its own. `--json` prints one JSON document instead of the story. The exit code
// is 1 if a single record is lost, refused or stored twice.
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startSink } from 'logferry/sink';
import { bold, dim, green, json, red, table, yellow } from './print.mjs';
import { rowsOf, samplesOf } from './verdict.mjs';

const CALM_MILLIS = 2_500;
const OUTAGE_MILLIS = 4_000;
/** The outage goes on until every breaker has opened, but not for ever. */
const LONGEST_OUTAGE_MILLIS = 15_000;
const PLATFORMS = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

const asJson = process.argv.includes('--json');
const startedAt = performance.now();
const timeline = [];

function say(text) {
  if (!asJson) console.log(text);
}

/** One line of the story, as it happens. */
function note(what, detail, paint = (text) => text) {
  const seconds = (performance.now() - startedAt) / 1_000;
  timeline.push({ seconds: Number(seconds.toFixed(2)), what, detail });
  say(`${dim(`${seconds.toFixed(1).padStart(6)} s`)}  ${paint(what.padEnd(34))}  ${dim(detail)}`.trimEnd());
}

/** The service as this process sees it: questions and answers over IPC, and what breakers do in between. */
function startService(env) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('service.mjs', import.meta.url))], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const opened = new Set();
  const seen = new Map(PLATFORMS.map((platform) => [platform, ['closed']]));
  child.on('message', ({ kind, platform, state, reason, pending }) => {
    if (kind !== 'circuit') return;
    seen.get(platform).push(state);
    if (state === 'open' && !opened.has(platform)) {
      opened.add(platform);
      note(`breaker of ${platform} opens`, `${reason}; ${pending} records wait`, yellow);
    } else if (state === 'closed') {
      note(`breaker of ${platform} closes`, 'delivery resumes', green);
    }
  });
  return {
    child,
    seen,
    allOpened: () => opened.size === PLATFORMS.length,
    answer: (wanted) =>
      new Promise((resolve, reject) => {
        const onMessage = (message) => {
          if (message.kind !== wanted) return;
          child.off('message', onMessage);
          child.off('exit', onExit);
          resolve(message);
        };
        const onExit = (code) => reject(new Error(`the service ended early, with exit code ${code}`));
        child.on('message', onMessage);
        child.on('exit', onExit);
      }),
  };
}

const PLACE_ORDER = { method: 'POST', path: '/orders', expected: 200 };
const FAIL = { method: 'GET', path: '/invoices/7', expected: 500 };
const read = (id) => ({ method: 'GET', path: `/orders/${id}`, expected: 200 });
const MIX = [
  read(1),
  PLACE_ORDER,
  read(2),
  PLACE_ORDER,
  { method: 'GET', path: '/slow', expected: 200 },
  read(3),
  FAIL,
];

/** Sends a request every 20 ms until told to stop; counts the answers that were not as they should be. */
function startLoad(port) {
  const totals = { sent: 0, asExpected: 0, slowestMillis: 0 };
  const running = new Set();
  const one = async () => {
    const { method, path, expected } = MIX[totals.sent % MIX.length];
    totals.sent += 1;
    const sentAt = performance.now();
    const headers = { 'x-request-id': `req-${totals.sent}`, 'x-user': `user-${totals.sent % 9}` };
    const body = method === 'POST' ? JSON.stringify({ amount: 10 + (totals.sent % 90) + 0.5 }) : undefined;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
    await response.arrayBuffer();
    if (response.status === expected) totals.asExpected += 1;
    totals.slowestMillis = Math.max(totals.slowestMillis, Math.round(performance.now() - sentAt));
  };
  const timer = setInterval(() => {
    // A request that fails is one that was not answered as expected; the totals tell.
    const request = one().catch(() => {});
    running.add(request);
    request.then(() => running.delete(request));
  }, 20);
  return {
    totals,
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}

/** Cuts all five platforms off, and brings them back when each breaker has noticed. */
async function outage(sink, service, load) {
  const from = Date.now();
  const before = load.totals.sent;
  await sink.pause();
  note('all five platforms go down', 'connections are cut and refused', red);
  const until = performance.now() + LONGEST_OUTAGE_MILLIS;
  await setTimeout(OUTAGE_MILLIS);
  while (!service.allOpened() && performance.now() < until) await setTimeout(20);
  service.child.send('pending');
  const { pending } = await service.answer('pending');
  const records = pending.reduce((sum, count) => sum + count, 0);
  note('the service has noticed nothing', `${load.totals.sent - before} more requests; ${records} records wait`);
  const to = Date.now();
  await sink.resume();
  note('the platforms are back', 'each breaker finds out with a single request', green);
  return { from, to };
}

async function run(sink) {
  const service = startService(sink.env());
  // Whatever ends this process takes the service with it.
  const end = () => service.child.kill();
  process.once('exit', end);
  try {
    const { port } = await service.answer('ready');
    note('a service starts', 'five exporters (keys ****), breaks shortened to 0.25–1 s');
    const load = startLoad(port);
    note('requests begin', '50 a second; each logs with pino and adds events to its span');
    await setTimeout(CALM_MILLIS);
    const window = await outage(sink, service, load);
    await setTimeout(CALM_MILLIS);
    await load.stop();
    note('requests end', `${load.totals.sent} sent, the slowest took ${load.totals.slowestMillis} ms`);
    service.child.send('stop');
    const result = await service.answer('end');
    const waiting = result.stats.reduce((sum, { pending }) => sum + pending, 0);
    note('the service ends', `${result.emitted} records for each of five platforms; ${waiting} still wait`);
    const rows = rowsOf(result, sink).map((row) => ({ ...row, circuit: service.seen.get(row.platform) }));
    const { totals } = load;
    return {
      ok: rows.every((row) => row.ok) && totals.asExpected === totals.sent,
      requests: totals,
      errors: { thrown: result.failures },
      platforms: rows,
      samples: samplesOf(sink, window),
      timeline,
    };
  } finally {
    process.off('exit', end);
    end();
  }
}

function print({ ok, requests, errors, platforms, samples }) {
  say(bold('\nOne order, placed while all platforms were down, as each of them stored it'));
  for (const [platform, record] of Object.entries(samples.order)) say(`\n  ${bold(platform)}\n${json(record)}`);
  say(`\n  ${bold('odysseus, an event of the same trace')}\n${json(samples.event)}`);
  say(`\n  ${bold('logtide, an error with its cause')}\n${json(samples.error)}`);
  say(bold('\nRecords (“delivered” by the platform’s word, “at the sink” counted there, each record once)\n'));
  say(table(platforms));
  say(`\n  ${requests.asExpected} of ${requests.sent} requests to the service were answered as expected.`);
  say(`  ${errors.thrown} errors were recorded on a span and logged as well; each arrived once.`);
  say(ok ? green('  Nothing lost, nothing refused, nothing twice.') : red('  Something went wrong, see above.'));
}

const sink = await startSink();
try {
  say(bold('Five platforms, one outage\n'));
  const result = await run(sink);
  if (asJson) console.log(JSON.stringify(result, undefined, 2));
  else print(result);
  if (!result.ok) process.exitCode = 1;
} finally {
  await sink.close();
}
