import { platform } from '../logferry.mjs';
import { Child, profileFlags, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { median, spread } from '../statistics.mjs';

const CONCURRENCY = 16;
const MODES = { bare: 'bare undici loop', logferry: 'logferry destination' };

async function run(mode, name, records, profile) {
  const server = await startServer();
  const args = [mode, name, server.url, String(records), String(CONCURRENCY)];
  const execArgv = mode === 'logferry' ? profileFlags(profile) : [];
  const child = new Child('requests', args, { execArgv, limitMillis: 90_000 });
  try {
    await child.receive('warm');
    await server.reset();
    child.send({ kind: 'go' });
    const { wallMillis, cpuMicros } = await child.receive('result');
    const { total } = await server.count();
    return { rate: records / (wallMillis / 1000), cpu: cpuMicros / records, lost: records - total };
  } finally {
    await Promise.all([child.end(), server.end()]);
  }
}

async function compare(name, { reps, profile }, records) {
  const runs = { bare: [], logferry: [] };
  for (let rep = 0; rep < reps; rep++) {
    for (const mode of rep % 2 === 0 ? ['bare', 'logferry'] : ['logferry', 'bare']) {
      runs[mode].push(await run(mode, name, records, profile));
    }
  }
  return runs;
}

function row(name, mode, runs) {
  const rate = spread(runs.map((one) => one.rate));
  return [
    `${name}: ${MODES[mode]}`,
    whole(rate.median),
    `${whole(rate.min)}–${whole(rate.max)}`,
    fixed(median(runs.map(({ cpu }) => cpu))),
    whole(runs.reduce((sum, { lost }) => sum + lost, 0)),
  ];
}

export async function single(options) {
  const { reps, short } = options;
  const records = short ? 10_000 : 30_000;
  const figures = {};
  const rows = [];
  const goals = [];
  for (const name of ['redarch', 'trakerr']) {
    const text = `requests/s, ${name} / bare loop`;
    if ((await platform(name)) === undefined) {
      rows.push([`${name}: not built`, '–', '–', '–', '–']);
      goals.push(goal(text, undefined, 0.8, { least: true }));
      continue;
    }
    const runs = await compare(name, options, records);
    figures[name] = runs;
    for (const mode of Object.keys(MODES)) rows.push(row(name, mode, runs[mode]));
    const ratio = median(runs.logferry.map(({ rate }, rep) => rate / runs.bare[rep].rate));
    goals.push(goal(text, ratio, 0.8, { least: true }));
  }
  const head = ['one record per request', 'requests/s', 'min–max', 'CPU µs/record', 'lost'];
  return {
    title: `One record per request: ${whole(records)} records, ${CONCURRENCY} requests in flight, ${reps} repetitions`,
    text: `${table(head, rows)}\n\n${goalTable(goals)}`,
    goals,
    figures,
  };
}
