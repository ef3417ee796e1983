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

/** Rows that are no call of sending: what stands for them, and the file that shows it. `old` and `now` where there is a call. */
export const NO_CALLS = [
  { rows: [12], what: 'install, upgrade', reason: 'npm install logferry, npm update', file: 'package.json' },
  {
    rows: [109, 110],
    what: 'query and full-text search',
    old: "client.query(QueryOptions(service='api-gateway', level=LogLevel.ERROR, q='timeout', limit=100))",
    now: "await client.query({ service: 'api-gateway', level: 'error', q: 'timeout', limit: 100 })",
    reason: 'a client of its own, logferry/logtide-client, or npx logferry query',
    file: 'test/client/logtide.test.ts',
  },
  {
    rows: [111],
    what: 'logs of a trace',
    old: "client.get_by_trace_id('trace-123')",
    now: "await client.getByTraceId('trace-123')",
    reason: 'or npx logferry trace',
    file: 'test/client/logtide.test.ts',
  },
  {
    rows: [112],
    what: 'statistics',
    old: "client.get_aggregated_stats(AggregatedStatsOptions(from_time=…, to_time=…, interval='1h'))",
    now: "await client.aggregated({ from, to, interval: '1h' }), await client.topServices()",
    reason: 'or npx logferry stats',
    file: 'test/client/logtide.test.ts',
  },
  {
    rows: [113],
    what: 'live tail',
    old: 'client.stream(on_log=handle_log, on_error=handle_error, filters={…})',
    now: 'for await (const log of client.tail({ service, signal })) …',
    reason: 'or npx logferry tail; reconnects, fills gaps, repeats nothing',
    file: 'test/client/tail.test.ts',
  },
  {
    rows: [118],
    what: 'handlers and formatters',
    reason: 'mapper, queue, spool and sender, each tested by itself',
    file: 'test/architecture.test.ts',
  },
  { rows: [119], what: 'type hints', reason: 'strict TypeScript; attw in npm run check', file: 'tsconfig.json' },
  {
    rows: [120],
    what: 'examples',
    reason: 'in examples/, each run by a test',
    file: 'test/examples/standalone.test.ts',
  },
  { rows: [122], what: 'best practices', reason: 'what they ask for is the default', file: 'README.md' },
  { rows: [123], what: 'development set-up', reason: 'in CONTRIBUTING.md', file: 'CONTRIBUTING.md' },
  { rows: [125], what: 'model reference', reason: 'types, and tables of options and variables', file: 'README.md' },
];
