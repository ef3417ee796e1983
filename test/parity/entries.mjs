import { LOGGIER } from './loggier.mjs';
import { LOGTIDE } from './logtide.mjs';
import { ODYSSEUS } from './odysseus.mjs';
import { REDARCH } from './redarch.mjs';
import { TRAKERR } from './trakerr.mjs';

/**
 * Every capability of the five platforms' own clients, as what is called there and here. An entry:
 * `rows` of the capability list, `what` it is, the `old` call and the `now` one, `why` where the form is another one,
 * `run(rig)` that does it, `expect(seen)` that throws unless the platforms have what they should. `missing` says what
 * does not work yet: such an entry must fail, and does so in the table as well.
 */
export const ENTRIES = Object.entries({
  Odysseus: ODYSSEUS,
  LogTide: LOGTIDE,
  RedArch: REDARCH,
  Loggier: LOGGIER,
  Trakerr: TRAKERR,
}).flatMap(([seed, entries]) => entries.map((entry) => ({ seed, ...entry })));

/** The number of rows of the capability list. */
export const ROWS = 125;

/** Rows that are no call: what stands for them, and the file that shows it. */
export const NO_CALLS = [
  { rows: [12], what: 'install from git, upgrade', reason: 'npm install logferry, npm update', file: 'package.json' },
  {
    rows: [109, 110],
    what: 'query, full-text search',
    reason: 'LogTideClient.query()',
    file: 'test/client/logtide.test.ts',
  },
  { rows: [111], what: 'logs of a trace', reason: 'LogTideClient.getByTraceId()', file: 'test/client/logtide.test.ts' },
  { rows: [112], what: 'statistics', reason: 'aggregated(), topServices()', file: 'test/client/logtide.test.ts' },
  { rows: [113], what: 'live tail', reason: 'for await (… of client.tail())', file: 'test/client/tail.test.ts' },
  {
    rows: [118],
    what: 'handlers and formatters',
    reason: 'mapper, queue, spool and sender are tested one by one',
    file: 'test/architecture.test.ts',
  },
  { rows: [119], what: 'type hints', reason: 'strict TypeScript; attw in npm run check', file: 'tsconfig.json' },
  { rows: [120], what: 'examples', reason: 'each is run by a test', file: 'test/examples/standalone.test.ts' },
  { rows: [122], what: 'best practices', reason: 'defaults; the precedence of names', file: 'README.md' },
  { rows: [123], what: 'development set-up', reason: 'how to work on it', file: 'CONTRIBUTING.md' },
  { rows: [125], what: 'model reference', reason: 'types and the tables of options and variables', file: 'README.md' },
];
