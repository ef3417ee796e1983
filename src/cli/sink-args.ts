import { parseArgs } from 'node:util';
import type { SinkFaults, SinkPlatform } from '../sink/sink.ts';

/** What `logferry sink` was asked to do. */
export interface SinkArgs {
  readonly port: number;
  readonly json: boolean;
  readonly faults: SinkFaults;
  /** The only platform that gets the faults; all of them when missing. */
  readonly platform: SinkPlatform | undefined;
  readonly logtideServer: 'A' | 'B';
  /** The file for LogTide's entries; in memory when missing. */
  readonly db: string | undefined;
}

export type ParsedSinkArgs =
  | { readonly kind: 'run'; readonly args: SinkArgs }
  | { readonly kind: 'help' }
  | { readonly kind: 'bad'; readonly message: string };

export const sinkHelp = `Usage: logferry sink [options]

Starts a local server (127.0.0.1 only) that speaks the ingest protocols of Odysseus, LogTide, RedArch, Loggier and
Trakerr, checks what the real servers check, and prints each record it accepts. Records go to stdout, everything else to
stderr. Ends with Ctrl-C and a summary.

It also answers LogTide's reading endpoints, the live tail included, from the entries that came for LogTide:
"logferry tail --sink" and "logferry query --sink" look for it at the default port. What came for all five
platforms is at
GET /_sink/records?platform=&channel=&limit=.

  --port N             port to listen on (default 4319; 0: any free one)
  --json               one JSON object per line on stdout: listening, record, refused
  --logtide-server X   which LogTide server to be: A (0.5.0) or B (1.0.2, default)
  --db FILE            keep LogTide's entries in this SQLite file, also for the next time (Node 22.13 or later);
                       without it the newest 10,000 are kept in memory

Faults, for seeing how a client copes (reading LogTide included):
  --fail STATUS:SHARE  answer this status to a share of requests, e.g. 503:30%
  --status STATUS      answer this status to every request, e.g. 429
  --retry-after N      Retry-After in seconds on those answers
  --latency TIME       delay every answer, e.g. 500ms or 2s
  --hang               read requests and never answer
  --reset              read requests and cut the connection
  --platform NAME      faults for this platform only: odysseus, logtide, redarch, loggier, trakerr
  --help               this text
`;

/** A value that cannot be used; the message says how to fix it. */
class BadArgument extends Error {
  constructor(option: string, value: string, advice: string) {
    super(`--${option} ${JSON.stringify(value)}: ${advice}`);
  }
}

function whole(option: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new BadArgument(option, value, `use a whole number from ${min} to ${max}`);
}

function share(value: string): { status: number; ratio: number } {
  const match = /^(\d{3}):(\d+(?:\.\d+)?)%$/.exec(value);
  const status = Number(match?.[1]);
  const percent = Number(match?.[2]);
  if (match && status >= 200 && status <= 599 && percent <= 100) return { status, ratio: percent / 100 };
  throw new BadArgument('fail', value, 'use STATUS:SHARE with a status from 200 to 599, for example 503:30%');
}

function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value);
  const factor = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''];
  const millis = Number(match?.[1]) * (factor ?? Number.NaN);
  if (millis <= 2_147_483_647) return millis;
  throw new BadArgument('latency', value, 'use a number with ms, s or m, for example 500ms');
}

function choice<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((item) => item === value);
  if (found !== undefined) return found;
  throw new BadArgument(option, value, `use one of ${choices.join(', ')}`);
}

const platforms = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'] as const;

const bad = (message: string): ParsedSinkArgs => ({ kind: 'bad', message: `${message} (see logferry sink --help)` });

function parse(argv: readonly string[]): ParsedSinkArgs {
  const { values } = parseArgs({
    args: [...argv],
    strict: true,
    options: {
      port: { type: 'string', default: '4319' },
      json: { type: 'boolean', default: false },
      fail: { type: 'string' },
      status: { type: 'string' },
      'retry-after': { type: 'string' },
      latency: { type: 'string' },
      hang: { type: 'boolean' },
      reset: { type: 'boolean' },
      platform: { type: 'string' },
      'logtide-server': { type: 'string', default: 'B' },
      db: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return { kind: 'help' };
  const faults: SinkFaults = {
    ...(values.fail !== undefined && { fail: share(values.fail) }),
    ...(values.status !== undefined && { status: whole('status', values.status, 200, 599) }),
    ...(values['retry-after'] !== undefined && {
      retryAfterSeconds: whole('retry-after', values['retry-after'], 0, 2_147_483_647),
    }),
    ...(values.latency !== undefined && { latencyMillis: duration(values.latency) }),
    ...(values.hang === true && { hang: true }),
    ...(values.reset === true && { reset: true }),
  };
  const platform = values.platform === undefined ? undefined : choice('platform', values.platform, platforms);
  if (platform !== undefined && Object.keys(faults).length === 0) {
    throw new BadArgument('platform', platform, 'limits faults, so add one, for example --status 503');
  }
  if (faults.retryAfterSeconds !== undefined && faults.status === undefined && faults.fail === undefined) {
    throw new BadArgument('retry-after', String(faults.retryAfterSeconds), 'needs --status or --fail');
  }
  const port = whole('port', values.port, 0, 65_535);
  const logtideServer = choice('logtide-server', values['logtide-server'], ['A', 'B']);
  if (values.db === '') throw new BadArgument('db', '', 'use the name of a file');
  return { kind: 'run', args: { port, json: values.json, faults, platform, logtideServer, db: values.db } };
}

/** Reads the command line of `logferry sink`. Never throws for what a user typed: `bad` carries one line for stderr. */
export function parseSinkArgs(argv: readonly string[]): ParsedSinkArgs {
  try {
    return parse(argv);
  } catch (error) {
    if (error instanceof BadArgument) return bad(error.message);
    // node:util names the option itself; what follows the first sentence is advice for programmers.
    if (error instanceof TypeError && 'code' in error) return bad(error.message.split(/\n|\. To specify/)[0] ?? '');
    throw error;
  }
}
