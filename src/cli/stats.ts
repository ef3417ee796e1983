import type { AggregationQuery, LogBucket } from '../client/logtide.ts';
import { wholeWithin } from '../client/query.ts';
import { aggregationString } from '../client/statistics.ts';
import type { ReadArgs } from './read-args.ts';
import { checked, momentOf } from './read-args.ts';
import type { ReadCommand } from './read-command.ts';
import { runReading } from './read-command.ts';
import type { Connection } from './read-connection.ts';
import { connectionHelp } from './read-connection.ts';
import { stdoutPaint } from './read-output.ts';
import { print, recordLine } from './spool-output.ts';
import type { Statistics } from './stats-table.ts';
import { statsText } from './stats-table.ts';

const help = `Usage: logferry stats [options]

Shows how much was logged: over time, by level, by service, and the most frequent errors.

  --since TIME      from then on: 15m, 2h, 7d (ago) or 2026-11-20T19:20:00Z; default: 24h
  --until TIME      up to then; default: now
  --interval X      1m, 5m, 1h or 1d; default: what fits the time
  --service NAME    only this service; without the tables of services and errors, which the server has for all only
  --top N           rows per table, at most 50; default 10
  --json            everything, as one JSON object

${connectionHelp}
Examples:
  logferry stats --sink
  logferry stats --since 7d --interval 1d
  logferry stats --json --since 1h | jq .topErrors
`;

const WIDTHS = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
type Interval = keyof typeof WIDTHS;

interface Plan {
  readonly query: AggregationQuery & { readonly interval: Interval };
  readonly top: number;
  readonly isJson: boolean;
}

/** About as many bars as a line takes. */
function fitting(millis: number): Interval {
  if (millis <= 2 * WIDTHS['1h']) return '1m';
  if (millis <= 12 * WIDTHS['1h']) return '5m';
  return millis <= 7 * WIDTHS['1d'] ? '1h' : '1d';
}

function plan(args: ReadArgs): Plan {
  const now = Date.now();
  const from = momentOf('since', args.text('since') ?? '24h', now);
  const until = args.text('until');
  const to = until === undefined ? new Date(now) : momentOf('until', until, now);
  const service = args.text('service');
  const interval = (args.text('interval') ?? fitting(Number(new Date(to)) - Number(new Date(from)))) as Interval;
  const query = { from, to, interval, ...(service !== undefined && { service }) };
  checked(() => aggregationString(query));
  return {
    query,
    top: checked(() => wholeWithin('--top', Number(args.text('top') ?? 10), 10, 1, 50)),
    isJson: args.flag('json'),
  };
}

function byLevel(buckets: readonly LogBucket[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const bucket of buckets) {
    for (const [level, count] of Object.entries(bucket.byLevel)) counts[level] = (counts[level] ?? 0) + count;
  }
  return counts;
}

async function read({ query, top, isJson }: Plan, { client }: Connection, signal: AbortSignal): Promise<void> {
  const { from, to, interval, service } = query;
  const isOne = service !== undefined;
  const [timeseries, topServices, topErrors] = await Promise.all([
    client.aggregated(query, { signal }),
    isOne ? undefined : client.topServices({ from, to, limit: top }, { signal }),
    isOne ? undefined : client.topErrors({ from, to, limit: top }, { signal }),
  ]);
  const statistics: Statistics = {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    interval,
    ...(isOne && { service }),
    total: timeseries.reduce((sum, { total }) => sum + total, 0),
    byLevel: byLevel(timeseries),
    timeseries,
    ...(topServices && { topServices }),
    ...(topErrors && { topErrors }),
  };
  await print(isJson ? recordLine(JSON.stringify(statistics)) : statsText(statistics, WIDTHS[interval], stdoutPaint()));
}

const command: ReadCommand<Plan> = {
  name: 'stats',
  help,
  kinds: { since: 'text', until: 'text', interval: 'text', service: 'text', top: 'text' },
  plan,
  read,
};

/** `logferry stats`: exit code 0 when done, 1 when it failed, 2 when called wrongly. */
export function run(argv: readonly string[]): Promise<number> {
  return runReading(command, argv);
}
