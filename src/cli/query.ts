import type { LogFilter } from '../client/logtide.ts';
import { oldestFirst } from '../client/oldest-first.ts';
import { queryString } from '../client/query.ts';
import type { ReadArgs } from './read-args.ts';
import { checked, momentOf } from './read-args.ts';
import type { ReadCommand } from './read-command.ts';
import { runReading } from './read-command.ts';
import type { Connection } from './read-connection.ts';
import { connectionHelp } from './read-connection.ts';
import { FILTER_KINDS, filterHelp, filterOf } from './read-filter.ts';
import { follow } from './read-follow.ts';
import { logPrinter, logsText, progress, tell } from './read-output.ts';
import { countOf, Usage } from './spool-args.ts';

const help = `Usage: logferry query [options]

Prints logs that a LogTide server has stored, the newest of those that match, in the order of time.

${filterHelp}  --substring       look for that very text, in any case; default: for all its words, English stems
  --since TIME      from then on: 15m, 2h, 7d (ago) or 2026-11-20T19:20:00Z; default: 24h
  --until TIME      up to then; default: now
  --limit N         so many at most; default 100
  --all             all that match
  --follow          go on with new logs until Ctrl-C
  --json            one JSON object per line

${connectionHelp}
Examples:
  logferry query --sink --limit 20
  logferry query --service shop --level error+ --since 15m
  logferry query --q "payment failed" --since 7d --all --json > failures.jsonl

Exit code: 0 done, also when nothing was found, 1 failed, 2 wrongly called.
`;

interface Plan {
  readonly filter: LogFilter;
  readonly limit: number;
  readonly isFollowing: boolean;
  readonly isJson: boolean;
}

const DAY_MILLIS = 86_400_000;
/** What the server may be asked for at once. */
const PAGE = 1_000;
/** A log stored while the first answer was on its way. */
const OVERLAP_MILLIS = 5_000;

function plan(args: ReadArgs): Plan {
  const now = Date.now();
  const until = args.text('until');
  const isFollowing = args.flag('follow');
  const limitText = args.text('limit');
  if (isFollowing && until !== undefined) throw new Usage('--follow and --until exclude each other');
  if (args.flag('all') && limitText !== undefined) throw new Usage('--all and --limit exclude each other');
  const filter: LogFilter = {
    ...filterOf(args),
    from: momentOf('since', args.text('since') ?? '24h', now),
    ...(until !== undefined && { to: momentOf('until', until, now) }),
    ...(args.flag('substring') && { searchMode: 'substring' }),
  };
  checked(() => queryString(filter));
  const limit = args.flag('all') ? Number.POSITIVE_INFINITY : countOf('limit', limitText ?? '100');
  return { filter, limit, isFollowing, isJson: args.flag('json') };
}

async function read(plan: Plan, connection: Connection, signal: AbortSignal): Promise<void> {
  const { filter, limit, isFollowing, isJson } = plan;
  const print = logPrinter(isJson);
  const shown = progress();
  const printed = new Set<string>();
  const begun = Date.now();
  let newest = new Date(begun - OVERLAP_MILLIS).toISOString();
  let count = 0;
  // What comes meanwhile would move the end; a day ahead leaves room for clocks that are ahead.
  const query = { to: new Date(begun + DAY_MILLIS), ...filter, limit: Math.min(limit, PAGE) };
  const pages = oldestFirst(
    (part) => connection.client.query({ ...query, ...part }, { signal }),
    limit,
    (logs, total) => {
      if (logs >= PAGE) shown.show(`${logs.toLocaleString('en')} of about ${logsText(Math.min(limit, total))}`);
    },
  );
  try {
    for await (const logs of pages) {
      shown.clear();
      count += logs.length;
      newest = logs.at(-1)?.time ?? newest;
      if (isFollowing) for (const { id, time } of logs) if (time === newest) printed.add(id);
      if (!(await print(logs))) return;
    }
  } finally {
    shown.clear();
  }
  if (count === 0 && !isFollowing) tell('query', 'no logs match');
  if (!isFollowing) return;
  const { service, level, traceId, q } = filter;
  const options = {
    ...(service !== undefined && { service }),
    ...(level !== undefined && { level }),
    ...(traceId !== undefined && { traceId }),
    ...(q !== undefined && { q }),
    since: newest,
  };
  await follow(connection, { command: 'query', isJson, options, printed }, signal);
}

const command: ReadCommand<Plan> = {
  name: 'query',
  help,
  kinds: { ...FILTER_KINDS, until: 'text', substring: 'flag', limit: 'text', all: 'flag', follow: 'flag' },
  plan,
  read,
};

/** `logferry query`: exit code 0 when done, also without results, 1 when it failed, 2 when called wrongly. */
export function run(argv: readonly string[]): Promise<number> {
  return runReading(command, argv);
}
