import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Child, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { recordsOnDisk } from '../spool-files.mjs';
import { median, spread } from '../statistics.mjs';

const MIB = 1_048_576;
const SHAPE = 'line';
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';
const MOST_RUNS = 4;
const LIMIT_MILLIS = 60_000;
const GOALS = { emitted: 50, resent: 2_000, slice: 10 };

/** What a killed process leaves: every segment, and an owner that is dead. Returns how many records are in the files. */
async function leaveSpool(directory, bytes) {
  const delivery = { spool: { directory, maxDiskBytes: bytes * 2 } };
  const load = { shape: SHAPE, url: NOWHERE, bytes, delivery };
  const child = new Child('spooling', [JSON.stringify(load)], { limitMillis: 60_000 });
  try {
    const { records: emitted } = await child.receive('spooled');
    await child.kill();
    return { emitted, ...(await recordsOnDisk(directory)) };
  } finally {
    await child.kill();
  }
}

async function recover(directory, { backlog, freshNumber }, bytes) {
  const delivery = { spool: { directory, maxDiskBytes: bytes * 2 } };
  const load = { shape: SHAPE, freshNumber, backlog, limitMillis: LIMIT_MILLIS, delivery };
  const server = await startServer({ freshFrom: freshNumber });
  const child = new Child('recovering', [server.url, JSON.stringify(load)], { limitMillis: LIMIT_MILLIS + 30_000 });
  try {
    await child.receive('warm');
    await server.reset();
    child.send({ kind: 'go' });
    const result = await child.receive('result');
    const { firstOldAt, inRange, total, unique } = await server.count([0, freshNumber]);
    return { ...result, resentMillis: firstOldAt - result.startedAt, lost: backlog - inRange, twice: total - unique };
  } finally {
    await Promise.all([child.end(), server.end()]);
  }
}

function row(text, runs, part, digits) {
  const { median: middle, min, max } = spread(runs.map(part));
  return [text, fixed(middle, digits), fixed(min, digits), fixed(max, digits)];
}

function rows(runs) {
  return [
    row('new DurableLogRecordProcessor, ms', runs, ({ madeMillis }) => madeMillis, 1),
    row('… and the first emit(), ms', runs, ({ emittedMillis }) => emittedMillis, 1),
    row('first resent record at the server after, ms', runs, ({ resentMillis }) => resentMillis, 0),
    row('longest slice of the main thread after that, ms', runs, ({ stallMaxMillis }) => stallMaxMillis, 1),
    row('the same with waits for a CPU, ms', runs, ({ rawStallMaxMillis }) => rawStallMaxMillis, 1),
    row('all delivered after, s', runs, ({ wallMillis }) => wallMillis / 1000, 1),
    row('CPU, µs/record', runs, ({ cpuMicros, stats }) => cpuMicros / stats.delivered, 1),
    row('peak memory, +MiB', runs, ({ peakBytes }) => peakBytes / MIB, 0),
    row('lost', runs, ({ lost }) => lost, 0),
    row('twice', runs, ({ twice }) => twice, 0),
  ];
}

export async function spoolRecovery({ short }) {
  const [bytes, least] = short ? [64 * MIB, 1] : [256 * MIB, 2];
  return withScratch(async (directory) => {
    const left = join(directory, 'left');
    const { emitted, records, bytes: diskBytes } = await leaveSpool(left, bytes);
    const runs = [];
    const best = (part) => Math.min(...runs.map(part));
    const slice = ({ stallMaxMillis }) => stallMaxMillis;
    // What recovery causes comes each time; another time is worth it only when the machine may have been it.
    while (runs.length < least || (best(slice) > GOALS.slice && runs.length < MOST_RUNS)) {
      const copy = join(directory, String(runs.length));
      cpSync(left, copy, { recursive: true, preserveTimestamps: true });
      runs.push(await recover(copy, { backlog: records, freshNumber: emitted }, bytes));
    }
    const middle = (part) => median(runs.map(part));
    const goals = [
      goal(
        'new and first emit(), ms',
        middle(({ emittedMillis }) => emittedMillis),
        GOALS.emitted,
        { digits: 1 },
      ),
      goal(
        'first resent record, ms',
        middle(({ resentMillis }) => resentMillis),
        GOALS.resent,
        { digits: 0 },
      ),
      goal('longest slice, best repetition, ms', best(slice), GOALS.slice, { digits: 1 }),
      goal('emitted and not in the files', emitted - records, 0, { digits: 0 }),
      goal('lost in recovery', Math.max(...runs.map(({ lost }) => lost)), 0, { digits: 0 }),
    ];
    const size = `${whole(diskBytes / MIB)} MiB, ${whole(records)} of ${whole(emitted)} records`;
    return {
      title: `Recovery: a spool of ${size}, left by a killed process, ${runs.length} repetitions`,
      text: `${table(['recovery', 'median', 'min', 'max'], rows(runs))}\n\n${goalTable(goals)}`,
      goals,
      figures: { emitted, records, diskBytes, runs },
    };
  });
}
