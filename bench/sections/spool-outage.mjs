import { join } from 'node:path';
import { Child } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { recordsOnDisk } from '../spool-files.mjs';
import { warningLines } from '../warnings.mjs';

const MIB = 1_048_576;
const SHAPE = 'brief';
const NOWHERE = 'http://127.0.0.1:1';
const WARM_UP = 300_000;
const GOAL_MIB = 64;
const VARIANTS = {
  plain: { title: 'spool', compress: false },
  compressed: { title: 'spool, compress', compress: true },
};

/** 10 minutes at 10,000 records/s, or a tenth of it all. */
function plan(short) {
  return short ? { records: 600_000, capBytes: 51 * MIB } : { records: 6_000_000, capBytes: 512 * MIB };
}

async function endure({ compress }, { records, capBytes }) {
  return withScratch(async (directory) => {
    const spool = { directory: join(directory, 'spool'), maxDiskBytes: capBytes, compress };
    const load = { shape: SHAPE, url: NOWHERE, warmUp: WARM_UP, records, delivery: { spool } };
    const child = new Child('enduring', [JSON.stringify(load)], { limitMillis: 180_000 });
    try {
      const result = await child.receive('result');
      await child.kill();
      return { ...result, emitted: records, disk: await recordsOnDisk(spool.directory) };
    } finally {
      await child.kill();
    }
  });
}

function droppedOf({ stats }) {
  return Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
}

/** Records that a kill takes: neither in the files nor counted as dropped. Negative when dropped ones are still there. */
function missing(run) {
  return run.emitted - run.disk.records - droppedOf(run);
}

function row({ title }, run) {
  const { emitted, stats, disk, wallMillis, cpuMicros, peakBytes, bufferBytes } = run;
  return [
    title,
    whole(emitted),
    whole(droppedOf(run)),
    whole(disk.records),
    whole(missing(run)),
    whole(stats.pending),
    fixed(disk.bytes / MIB, 0),
    fixed(disk.bytes / disk.records, 0),
    fixed(wallMillis / 1000),
    fixed(cpuMicros / emitted, 2),
    fixed(bufferBytes / MIB, 0),
    fixed(peakBytes / MIB, 0),
  ];
}

const HEAD = [
  'nobody listens',
  'emitted',
  'dropped',
  'in the files',
  'nowhere',
  'pending',
  'MiB on disk',
  'bytes/record',
  'emitted in s',
  'CPU µs/record',
  'buffers MiB',
  'peak +MiB',
];

export async function spoolOutage({ short }) {
  const load = plan(short);
  const names = Object.keys(VARIANTS);
  const results = await Promise.all(names.map((name) => endure(VARIANTS[name], load)));
  const runs = Object.fromEntries(names.map((name, index) => [name, results[index]]));
  const most = Math.max(...results.map(({ peakBytes }) => peakBytes)) / MIB;
  const wrong = Math.max(...results.map((run) => Math.abs(missing(run))));
  const goals = [
    goal('peak memory in the outage, MiB', most, GOAL_MIB, { digits: 0 }),
    goal('dropped with compression', droppedOf(runs.compressed), 0, { digits: 0 }),
    goal('neither in the files nor counted as dropped', wrong, 0, { digits: 0 }),
  ];
  const rows = names.map((name) => row(VARIANTS[name], runs[name]));
  const warned = names.map((name) => ({ title: VARIANTS[name].title, warnings: runs[name].warnings }));
  const size = `${whole(load.records)} records of 422 B, disk cap ${whole(load.capBytes / MIB)} MiB`;
  return {
    title: `Long outage: ${size}, connections refused, as fast as emitting and compressing go`,
    text: `${table(HEAD, rows)}\n${warningLines(warned)}\n${goalTable(goals)}`,
    goals,
    figures: runs,
  };
}
