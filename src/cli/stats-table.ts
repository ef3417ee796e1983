import type { ErrorCount, LogBucket, ServiceCount } from '../client/logtide.ts';
import { LOGTIDE_LEVELS } from '../client/logtide.ts';
import { logsText, type Paint } from './read-output.ts';
import { escapeControls } from './sink-output.ts';

/** Everything `logferry stats` knows, as `--json` prints it. */
export interface Statistics {
  readonly from: string;
  readonly to: string;
  readonly interval: string;
  readonly service?: string;
  readonly total: number;
  readonly byLevel: Readonly<Record<string, number>>;
  readonly timeseries: readonly LogBucket[];
  /** Of all services; absent when only one was asked for. */
  readonly topServices?: readonly ServiceCount[];
  /** Of all services; absent when only one was asked for. */
  readonly topErrors?: readonly ErrorCount[];
}

const BARS = '▁▂▃▄▅▆▇█';
const MAX_COLUMNS = 72;
const MAX_MESSAGE = 100;

/** Counts as a row of bars: a blank for none, the tallest bar for the most. Neighbours are added up where there are too many. */
export function sparkline(counts: readonly number[], maxColumns = MAX_COLUMNS): string {
  const width = Math.max(1, Math.ceil(counts.length / maxColumns));
  const columns: number[] = [];
  counts.forEach((count, index) => {
    const column = Math.floor(index / width);
    columns[column] = (columns[column] ?? 0) + count;
  });
  const most = Math.max(...columns, 0);
  return columns.map((count) => (count === 0 ? ' ' : BARS[Math.ceil((count / most) * BARS.length) - 1])).join('');
}

/** Counts of every stretch between the two moments, none left out. */
export function countsBetween(
  buckets: readonly LogBucket[],
  from: number,
  to: number,
  width: number,
): readonly number[] {
  const first = Math.floor(from / width);
  const counts = new Array<number>(Math.max(1, Math.floor(to / width) - first + 1)).fill(0);
  for (const { bucket, total } of buckets) {
    const at = Math.floor(Date.parse(bucket) / width) - first;
    if (at >= 0 && at < counts.length) counts[at] = (counts[at] ?? 0) + total;
  }
  return counts;
}

function rows(title: string, counts: readonly (readonly [string, number])[], paint: Paint): string {
  if (counts.length === 0) return '';
  const numbers = counts.map(([, count]) => count.toLocaleString('en'));
  const width = Math.max(...numbers.map(({ length }) => length));
  const lines = counts.map(([name], index) => `  ${(numbers[index] as string).padStart(width)}  ${name}\n`);
  return `\n${paint('bold', title)}\n${lines.join('')}`;
}

function short(message: string): string {
  const text = escapeControls(message);
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
}

/** The statistics for people. */
export function statsText(statistics: Statistics, widthMillis: number, paint: Paint): string {
  const { from, to, interval, service, total, byLevel, timeseries, topServices = [], topErrors = [] } = statistics;
  const order: readonly string[] = LOGTIDE_LEVELS;
  const levels = Object.entries(byLevel).toSorted(([a], [b]) => order.indexOf(b) - order.indexOf(a));
  const line = sparkline(countsBetween(timeseries, Date.parse(from), Date.parse(to), widthMillis));
  const of = service === undefined ? '' : ` of ${escapeControls(service)}`;
  return [
    `${paint('bold', logsText(total))}${of}, ${from} to ${to}, by ${interval}\n`,
    total === 0 ? '' : `${paint('cyan', line)}\n`,
    rows(
      'Levels',
      levels.map(([level, count]) => [escapeControls(level), count]),
      paint,
    ),
    rows(
      'Services',
      topServices.map(({ service: name, count }) => [escapeControls(name), count]),
      paint,
    ),
    rows(
      'Errors',
      topErrors.map(({ message, count }) => [short(message), count]),
      paint,
    ),
  ].join('');
}
