import { join } from 'node:path';
import { DURABLE } from '../contestants/durable.mjs';
import { Child, profileFlags, startServer } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { withScratch } from '../scratch.mjs';
import { median, spread } from '../statistics.mjs';

const WARM_UP = 20_000;
const MIB = 1_048_576;
/** All records wait in memory or on disk while the server does not answer. */
const QUEUE_BYTES = 256 * MIB;
const BYTES = { web: 1195, line: 500 };
const GOAL_MICROS = 5;
const GOAL_EXTRA_MICROS = 2;

/** Which contestants emit which records, to which kind of server. */
const RACES = [
  {
    key: 'line-idle',
    shape: 'line',
    idle: true,
    names: ['sdk', 'floor', 'memory', 'spool', 'spool-never', 'spool-batch'],
  },
  { key: 'line-live', shape: 'line', idle: false, names: ['memory', 'spool'] },
  { key: 'web-idle', shape: 'web', idle: true, names: ['sdk', 'memory', 'spool'] },
  { key: 'web-live', shape: 'web', idle: false, names: ['memory', 'spool', 'otlp-json'] },
];

async function run(name, { shape, idle }, records, profile) {
  return withScratch(async (directory) => {
    const delivery = {
      queue: { maxBytes: QUEUE_BYTES },
      spool: { directory: join(directory, 'spool'), maxDiskBytes: QUEUE_BYTES * 2 },
    };
    const load = { idle, shape, warmUp: WARM_UP, records, delivery };
    const server = await startServer({ hangs: idle });
    const execArgv = name === 'spool' ? profileFlags(profile) : [];
    const child = new Child('emitting', [name, server.url, JSON.stringify(load)], { execArgv, limitMillis: 60_000 });
    try {
      await child.receive('warm');
      await server.reset();
      child.send({ kind: 'go' });
      return figures(await child.receive('result'), records, idle);
    } finally {
      await Promise.all([child.end(), server.end()]);
    }
  });
}

function figures({ emitMicros, usualMicros, emitting, whole: all, stats }, records, idle) {
  // To a live server, sending is part of what a record costs.
  const { cpuMicros, mainMicros } = idle ? emitting : all;
  const dropped = Object.values(stats?.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  return { emit: emitMicros, usual: usualMicros, cpu: cpuMicros / records, main: mainMicros / records, dropped };
}

async function repetitions({ reps, records, profile }) {
  const runs = {};
  for (let rep = 0; rep < reps; rep++) {
    for (const race of RACES) {
      const { key, names } = race;
      for (let turn = 0; turn < names.length; turn++) {
        // Another one begins each time: nobody always follows the same neighbour.
        const name = names[(turn + rep) % names.length];
        runs[key] ??= Object.fromEntries(names.map((one) => [one, []]));
        runs[key][name].push(await run(name, race, records, profile));
      }
    }
    process.stderr.write(`spool-emit: repetition ${rep + 1} of ${reps}\n`);
  }
  return runs;
}

function server(idle) {
  return idle ? 'no answer' : 'live';
}

function rows({ key, shape, idle, names }, runs) {
  return names.map((name) => {
    const emit = spread(runs[key][name].map((one) => one.emit));
    const middle = (part) => median(runs[key][name].map((one) => one[part]));
    return [
      `${whole(BYTES[shape])} B, ${server(idle)}: ${DURABLE[name].title}`,
      fixed(emit.median, 2),
      `${fixed(emit.min, 2)}–${fixed(emit.max, 2)}`,
      fixed(middle('usual'), 2),
      fixed(middle('main'), 2),
      fixed(middle('cpu'), 2),
      whole(Math.max(...runs[key][name].map(({ dropped }) => dropped))),
    ];
  });
}

const HEAD = ['µs per record', 'emit()', 'min–max', 'usual slice', 'main thread', 'CPU', 'dropped'];

/** Median of what the spool costs more than the memory queue in the same repetition. */
function extra({ spool, memory }) {
  return median(spool.map(({ emit }, rep) => emit - memory[rep].emit));
}

export async function spoolEmit(options) {
  const records = options.short ? 30_000 : 100_000;
  const reps = Math.min(options.reps, 3);
  const runs = await repetitions({ ...options, records, reps });
  const own = (key) => median(runs[key].spool.map(({ emit }) => emit));
  const goals = [
    goal('emit() with spool, 500 B, µs', own('line-idle'), GOAL_MICROS),
    ...RACES.map(({ key, shape, idle }) => {
      const text = `emit() with spool − memory queue, ${whole(BYTES[shape])} B, ${server(idle)}, µs`;
      return goal(text, extra(runs[key]), GOAL_EXTRA_MICROS);
    }),
  ];
  const text = table(
    HEAD,
    RACES.flatMap((race) => rows(race, runs)),
  );
  const title = `Cost of emit() with a spool: ${whole(records)} records in slices of 250, medians of ${reps} repetitions`;
  return { title, text: `${text}\n\n${goalTable(goals)}`, goals, figures: runs };
}
