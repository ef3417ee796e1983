import { CONTESTANTS } from '../contestants/index.mjs';
import { profileFlags } from '../processes.mjs';
import { fixed, goal, goalTable, table, whole } from '../report.mjs';
import { median, spread } from '../statistics.mjs';
import { contest } from './contest.mjs';

const WARM_UP = 20_000;
const MIB = 1_048_576;
const OURS = ['logferry', 'plain', 'write-through'];

function perRecord({ emitted, cpuMicros, mainMicros, wallMillis, delayP99Millis, peakBytes, arrived, lost, repeated }) {
  return {
    cpu: cpuMicros / emitted,
    main: mainMicros / emitted,
    perSecond: emitted / (wallMillis / 1000),
    delay: delayP99Millis,
    peak: peakBytes / MIB,
    bytes: arrived.unique === 0 ? undefined : arrived.wireBytes / arrived.unique,
    lost,
    repeated,
  };
}

/** Repetition after repetition, all contestants in each, so that a noisy minute hits all of them. */
async function repetitions({ reps, records, contestants, profile }) {
  const names = Object.keys(CONTESTANTS).filter((name) => contestants?.includes(name) ?? true);
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  const load = { kind: 'burst', records, warmUp: Math.min(WARM_UP, records) };
  for (let rep = 0; rep < reps; rep++) {
    // Another one begins each time: nobody always follows the same neighbour.
    const order = names.map((_, index) => names[(index + rep) % names.length]);
    for (const name of order) {
      const execArgv = OURS.includes(name) ? profileFlags(profile) : [];
      runs[name].push(perRecord(await contest(name, load, { execArgv })));
    }
    process.stderr.write(`throughput: repetition ${rep + 1} of ${reps}\n`);
  }
  return runs;
}

/** Median of the quotients of the same repetition. */
function ratio(runs, part, name, otherName) {
  const other = runs[otherName];
  return median(runs[name]?.map((run, rep) => run[part] / (other?.[rep]?.[part] ?? Number.NaN)) ?? [Number.NaN]);
}

function row(name, runs) {
  const cpu = spread(runs.map((run) => run.cpu));
  const middle = (part) => median(runs.map((run) => run[part]));
  return [
    CONTESTANTS[name].title,
    fixed(cpu.median),
    `${fixed(cpu.min)}–${fixed(cpu.max)}`,
    fixed(middle('main')),
    whole(1e6 / middle('main')),
    whole(middle('perSecond')),
    fixed(middle('delay')),
    fixed(middle('peak'), 0),
    whole(middle('bytes')),
    CONTESTANTS[name].sends ? whole(runs.reduce((sum, { lost }) => sum + lost, 0)) : '–',
  ];
}

const HEAD = [
  'contestant',
  'CPU µs/record',
  'min–max',
  'main thread µs',
  'records/s of it',
  'records/s wall',
  'loop delay p99 ms',
  'peak +MiB',
  'wire bytes',
  'lost (all runs)',
];

export async function throughput(options) {
  const runs = await repetitions(options);
  const ours = (part, other, name = 'logferry') => ratio(runs, part, name, other);
  const peak = runs.logferry && median(runs.logferry.map((run) => run.peak));
  const own = OURS.flatMap((name) => runs[name] ?? []);
  const lost = own.length > 0 ? own.reduce((sum, run) => sum + run.lost, 0) : undefined;
  const goals = [
    goal('CPU, logferry without redaction / practical limit', ours('cpu', 'limit', 'plain'), 1.1),
    goal('CPU, logferry without redaction / OTLP JSON', ours('cpu', 'otlp-json', 'plain'), 0.65),
    goal('CPU, logferry / the same without redaction', ours('cpu', 'plain'), 1.25),
    goal('CPU, logferry / OTLP protobuf', ours('cpu', 'otlp-protobuf'), 0.8),
    goal('CPU, write-through / practical limit', ours('cpu', 'limit', 'write-through'), 0.9),
    goal('loop delay p99, logferry / practical limit', ours('delay', 'limit'), 1.1),
    goal('peak memory of logferry, MiB', peak, 32, { digits: 0 }),
    goal('records lost by logferry', lost, 0, { digits: 0 }),
  ];
  const text = [
    table(
      HEAD,
      Object.entries(runs).map(([name, list]) => row(name, list)),
    ),
    '',
    goalTable(goals),
  ].join('\n');
  return {
    title: `Burst of ${whole(options.records)} records: medians of ${options.reps} repetitions, ratios within a repetition`,
    text,
    goals,
    figures: runs,
  };
}
