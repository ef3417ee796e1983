import { Agent, request } from 'node:http';
import { MARKER, NUMBER_OFFSET } from '../marker.mjs';
import { Child, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { median } from '../statistics.mjs';

/** By variant of `apps/serving.mjs`. */
const TITLES = {
  bare: 'node:http alone',
  spans: 'with spans (instrumentation-http)',
  'request logs': '… and request logs from them, sent to LogTide',
  middleware: 'without spans, middleware, sent to LogTide',
  bodies: '… and both bodies',
};
/** What a variant is compared with, and how much more a request may cost, in µs. */
const GOALS = { 'request logs': ['spans', 100], middleware: ['bare', 60], bodies: ['bare', 120] };
const CONCURRENCY = 16;
const BODY = JSON.stringify({ order: 17, customer: 'u-1', note: 'x'.repeat(200), items: [1, 2, 3, 4] });

/** The platform counts records by the number in the path; queries are encoded by some. */
function post(port, agent, number) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };
    const path = `/orders/${MARKER}${number + NUMBER_OFFSET}?page=2`;
    request({ port, host: '127.0.0.1', method: 'POST', path, agent, headers }, (response) => {
      response.resume().once('end', resolve);
    })
      .once('error', reject)
      .end(BODY);
  });
}

async function ask(port, first, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  let next = first;
  const client = async () => {
    while (next < first + count) {
      next += 1;
      await post(port, agent, next - 1);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  agent.destroy();
}

/** CPU microseconds of one request in the service's process, and how many records arrived. */
async function measure(variant, requests) {
  const platform = await startServer();
  const child = new Child('serving', [variant, platform.url], { limitMillis: 90_000 });
  try {
    const { port } = await child.receive('listening');
    const warmUp = Math.ceil(requests / 3);
    await ask(port, 0, warmUp);
    await child.ask({ kind: 'measure' }, 'measuring');
    await ask(port, warmUp, requests);
    const { cpuMicros } = await child.ask({ kind: 'measured' }, 'result');
    const { inRange } = await platform.count([warmUp, warmUp + requests]);
    return { cpu: cpuMicros / requests, records: inRange };
  } finally {
    await Promise.all([child.end(), platform.end()]);
  }
}

export async function httpLogs({ short, reps }) {
  const requests = short ? 2_000 : 10_000;
  const runs = Object.fromEntries(Object.keys(TITLES).map((variant) => [variant, []]));
  for (let rep = 0; rep < reps; rep += 1) {
    // Forwards and backwards, so that none is always the first.
    const order = rep % 2 === 0 ? Object.keys(TITLES) : Object.keys(TITLES).toReversed();
    for (const variant of order) runs[variant].push(await measure(variant, requests));
  }
  const cpu = Object.fromEntries(Object.entries(runs).map(([variant, list]) => [variant, list.map((run) => run.cpu)]));
  const ratio = (variant, to) => median(cpu[variant].map((micros, rep) => micros / cpu[to][rep]));
  const rows = Object.entries(TITLES).map(([variant, title]) => [
    title,
    fixed(median(cpu[variant])),
    `${fixed(ratio(variant, 'bare'), 2)} ×`,
    whole(median(runs[variant].map(({ records }) => records))),
  ]);
  const goals = Object.entries(GOALS).map(([variant, [base, micros]]) => {
    const more = median(cpu[variant].map((one, rep) => one - cpu[base][rep]));
    return goal(`${variant}, µs more than ${base}`, more, micros, { digits: 1 });
  });
  return {
    title: `HTTP logging: ${whole(requests)} POST requests, ${CONCURRENCY} at once, ${reps} repetitions, CPU of the service`,
    text: `${table(['a request', 'CPU µs', 'to bare', 'records'], rows)}\n\n${goalTable(goals)}`,
    goals,
    figures: runs,
  };
}
