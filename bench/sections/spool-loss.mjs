import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { Child, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';

const NAMES = ['spool', 'memory', 'otlp-json'];
const PER_SECOND = 5_000;
const MIB = 1_048_576;
/** Enough for the whole outage, so that only the kill takes records. */
const QUEUE_BYTES = 192 * MIB;
/** Numbers of the second life begin here: a record that was emitted when the kill came belongs to nobody. */
const SECOND_LIFE = 1_000_000;
const FLUSH_MILLIS = 30_000;

function plan(short) {
  return short ? { from: 1, kill: 3, to: 5, seconds: 4 } : { from: 1, kill: 6, to: 11, seconds: 7 };
}

/** Prepares a life, which begins with `go`; `acknowledged` counts the records for which `emit()` has returned. */
async function live(name, url, load) {
  const child = new Child('surviving', [name, url, JSON.stringify(load)], { limitMillis: 90_000, hasPipe: true });
  const life = { child, acknowledged: 0 };
  life.heard = new Promise((resolve) => child.pipe.once('close', resolve));
  child.pipe.on('data', (bytes) => {
    life.acknowledged += bytes.length;
  });
  await child.receive('ready');
  return life;
}

async function race(name, { from, kill, to, seconds }) {
  return withScratch(async (directory) => {
    const delivery = {
      queue: { maxBytes: QUEUE_BYTES },
      spool: { directory: join(directory, 'spool') },
    };
    const load = { shape: 'line', perSecond: PER_SECOND, flushMillis: FLUSH_MILLIS, delivery };
    const server = await startServer({
      outage: { fromMillis: from * 1000, toMillis: to * 1000, retryAfterSeconds: 1 },
    });
    const lives = [];
    try {
      lives.push(await live(name, server.url, { ...load, first: 0, seconds: 60 }));
      await server.reset();
      lives[0].child.send({ kind: 'go' });
      await pause(kill * 1000);
      await lives[0].child.kill();
      await lives[0].heard;
      lives.push(await live(name, server.url, { ...load, first: SECOND_LIFE, seconds }));
      const { stats, warnings } = await lives[1].child.ask({ kind: 'go' }, 'result');
      return { ...(await verdict(server, lives, stats)), warnings };
    } finally {
      await Promise.all([...lives.map(({ child }) => child.end()), server.end()]);
    }
  });
}

async function verdict(server, [first, second], stats) {
  const { inRange: ofFirst, total, unique, refused } = await server.count([0, first.acknowledged]);
  const { inRange: ofSecond } = await server.count([SECOND_LIFE, SECOND_LIFE + second.acknowledged]);
  return {
    acknowledged: first.acknowledged + second.acknowledged,
    lostByKill: first.acknowledged - ofFirst,
    lostLater: second.acknowledged - ofSecond,
    twice: total - unique,
    refused,
    recovered: stats?.recovered,
  };
}

function row(name, run) {
  const { acknowledged, lostByKill, lostLater, twice, refused, recovered } = run;
  return [
    DURABLE[name].title,
    whole(acknowledged),
    whole(lostByKill),
    whole(lostLater),
    fixed(((lostByKill + lostLater) / acknowledged) * 100),
    whole(twice),
    whole(recovered),
    whole(refused),
  ];
}

const HEAD = [
  'contestant',
  'emit() returned',
  'lost, first life',
  'lost, second life',
  '%',
  'twice',
  'recovered',
  'refused',
];

export async function spoolLoss({ short }) {
  const times = plan(short);
  const runs = await Promise.all(NAMES.map((name) => race(name, times)));
  const [spool] = runs;
  const goals = [goal('lost with a spool', spool.lostByKill + spool.lostLater, 0, { digits: 0 })];
  const rows = NAMES.map((name, index) => row(name, runs[index]));
  const answers = `503 with Retry-After 1 from second ${times.from} to ${times.to}`;
  return {
    title: `Loss: 5,000 records/s of 500 B, ${answers}, killed in second ${times.kill} and started again`,
    text: `${table(HEAD, rows)}\n\n${goalTable(goals)}`,
    goals,
    figures: Object.fromEntries(NAMES.map((name, index) => [name, runs[index]])),
  };
}
