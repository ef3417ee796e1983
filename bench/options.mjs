import { parseArgs } from 'node:util';

/** The sections about the spool. */
const SPOOL = ['spool-emit', 'spool-stall', 'spool-recovery', 'spool-outage', 'spool-loss'];
export const SECTIONS = [
  'throughput',
  'encode',
  'redact',
  'context',
  'http-logs',
  'outage',
  'single',
  'slow',
  'startup',
  ...SPOOL,
];

const USAGE = `npm run bench -- [options]
  --only LIST      sections to run, separated by commas (default: all): ${SECTIONS.join(',')};
                   spool: all that begin with it
  --contestants L  throughput: only these contestants (default: all)
  --reps N         repetitions of throughput, single, startup (twice as many) and spool-emit (at most 3 there),
                   interleaved (default 5)
  --records N      records per throughput run (default 200000)
  --short          trial: outages and slow server in compressed time, fewer records and repetitions
  --dist DIR       measure another build than ../dist (for comparing a change)
  --profile DIR    throughput, single, startup and spool-emit: write a CPU profile of every run of logferry into DIR
  --json FILE      write all figures to FILE`;

function whole(name, text, fallback) {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name} must be a whole number from 1, got ${text}`);
  return value;
}

/** The options of the command line; throws a `RangeError` or `TypeError` that says what is wrong. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      contestants: { type: 'string' },
      reps: { type: 'string' },
      records: { type: 'string' },
      short: { type: 'boolean', default: false },
      dist: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',').flatMap((name) => (name === 'spool' ? SPOOL : [name])) ?? SECTIONS;
  const unknown = only.find((section) => !SECTIONS.includes(section));
  if (unknown !== undefined) throw new RangeError(`--only: no section "${unknown}"; there are ${SECTIONS.join(', ')}`);
  return {
    help: values.help,
    usage: USAGE,
    only,
    contestants: values.contestants?.split(','),
    reps: whole('reps', values.reps, values.short ? 2 : 5),
    records: whole('records', values.records, values.short ? 50_000 : 200_000),
    short: values.short,
    dist: values.dist,
    profile: values.profile,
    json: values.json,
  };
}
