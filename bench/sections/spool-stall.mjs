import { join } from 'node:path';
import { DURABLE } from '../contestants/durable.mjs';
import { Child, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { median } from '../statistics.mjs';

const PER_SECOND = 10_000;
const MIB = 1_048_576;
const BURST_BYTES = 256 * MIB;
/** Of each run under pressure; 2 GiB with both. */
const PRESSURE_BYTES = 1024 * MIB;
const NAMES = ['memory', 'spool'];
const DISKS = { quiet: 'quiet disk', pressed: 'disk under pressure' };
const GOAL_MILLIS = { quiet: 10, pressed: 50 };

async function press(directory) {
  const child = new Child('disk-pressure', [directory, String(BURST_BYTES), String(PRESSURE_BYTES)]);
  await child.receive('begun');
  return child;
}

async function run(name, disk, seconds) {
  return withScratch(async (directory) => {
    const delivery = { spool: { directory: join(directory, 'spool') } };
    const load = { shape: 'line', warmUp: 20_000, perSecond: PER_SECOND, seconds, delivery };
    const server = await startServer();
    const child = new Child('stalling', [name, server.url, JSON.stringify(load)], { limitMillis: 60_000 });
    let pressure;
    try {
      await child.receive('warm');
      await server.reset();
      if (disk === 'pressed') pressure = await press(directory);
      child.send({ kind: 'go' });
      const result = await child.receive('result');
      const { unique } = await server.count();
      // How long the disk was busy, of the seconds that records flowed; to the end when it still is.
      const written = pressure && (await Promise.race([pressure.receive('written'), { seconds }]));
      return { ...result, lost: result.emitted - unique, pressedSeconds: Math.min(seconds, written?.seconds ?? 0) };
    } finally {
      await Promise.all([child.end(), server.end(), pressure?.kill()]);
    }
  });
}

async function repetitions(reps, seconds) {
  const runs = {};
  for (let rep = 0; rep < reps; rep++) {
    for (const disk of Object.keys(DISKS)) {
      // Nobody's disk is worn more than is needed.
      if (disk === 'pressed' && rep > 0) continue;
      for (const name of rep % 2 === 0 ? NAMES : [...NAMES].reverse()) {
        const key = `${disk}-${name}`;
        runs[key] ??= [];
        runs[key].push(await run(name, disk, seconds));
      }
    }
  }
  return runs;
}

function row(disk, name, runs) {
  const part = (key) => runs.map((one) => one[key]);
  const middleAndMost = (key) => `${fixed(median(part(key)))} / ${fixed(Math.max(...part(key)))}`;
  return [
    `${DISKS[disk]}: ${DURABLE[name].title}`,
    fixed(median(part('emitP999Millis')), 3),
    middleAndMost('emitMaxMillis'),
    fixed(median(part('stallP999Millis'))),
    middleAndMost('stallMaxMillis'),
    middleAndMost('rawStallMaxMillis'),
    fixed(median(runs.map(({ cpuMicros, emitted }) => cpuMicros / emitted))),
    whole(runs.reduce((sum, { warnings }) => sum + warnings.length, 0)),
    fixed(median(part('pressedSeconds'))),
    whole(runs.reduce((sum, { lost }) => sum + lost, 0)),
  ];
}

const HEAD = [
  'milliseconds (max: median / worst)',
  'emit() p99.9',
  'emit() max',
  'loop p99.9',
  'longest slice',
  'with waits for a CPU',
  'CPU µs/record',
  'warnings',
  'pressed s',
  'lost',
];

export async function spoolStall({ short }) {
  const [reps, seconds] = short ? [1, 3] : [2, 4];
  const runs = await repetitions(reps, seconds);
  const rows = Object.keys(DISKS).flatMap((disk) => NAMES.map((name) => row(disk, name, runs[`${disk}-${name}`])));
  const longest = (disk) => median(runs[`${disk}-spool`].map(({ stallMaxMillis }) => stallMaxMillis));
  const goals = Object.keys(DISKS).map((disk) =>
    goal(`longest stall with spool, ${DISKS[disk]}, ms`, longest(disk), GOAL_MILLIS[disk], { digits: 1 }),
  );
  const title = `Stalls: 10,000 records/s of 500 B for ${seconds} s, live server, ${reps} repetitions (1 under pressure)`;
  return { title, text: `${table(HEAD, rows)}\n\n${goalTable(goals)}`, goals, figures: runs };
}
