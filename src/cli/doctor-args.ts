import { parseArgs } from 'node:util';
import { durationOf, platformOf, Usage, unknown } from './spool-args.ts';

/** What `logferry doctor` was asked to do. */
export interface DoctorArgs {
  readonly json: boolean;
  readonly offline: boolean;
  readonly send: boolean;
  readonly trial: boolean;
  /** The only ones that are wanted, if any were named. */
  readonly platforms: readonly string[] | undefined;
  readonly timeoutMillis: number;
}

export const doctorHelp = `Usage: logferry doctor [options]

Reads the environment as logferry/register does, and checks what stands between a log record and its platforms: the
variables, Node and OpenTelemetry in this folder, every destination (DNS, connection, certificate, clock, key) and the
spool. Sends one record to each destination, marked as a test. Run it where the application runs, as its user.

  --json           one JSON document on stdout
  --offline        without the network
  --no-send        without test records
  --no-trial       without running a small program in this folder
  --platform NAME  only this platform; may be repeated
  --timeout TIME   longest wait of one check, e.g. 10s; default 5s
  --help           this text

Exit code: 0 fine, or warnings only; 1 an error was found; 2 wrongly called.

Examples:
  npx logferry doctor
  node --env-file=.env node_modules/.bin/logferry doctor --platform logtide
  npx logferry doctor --json | jq '.groups[].findings[] | select(.status == "error")'
`;

const DEFAULT_TIMEOUT = '5s';
const OPTIONS = {
  json: { type: 'boolean' },
  offline: { type: 'boolean' },
  'no-send': { type: 'boolean' },
  'no-trial': { type: 'boolean' },
  platform: { type: 'string', multiple: true },
  timeout: { type: 'string' },
} as const;

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], strict: true, options: OPTIONS }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, option] = /^Unknown option '(--[^']+)'/.exec(message) ?? [];
    if (option !== undefined) {
      throw unknown(
        'option',
        option,
        Object.keys(OPTIONS).map((name) => `--${name}`),
      );
    }
    // What follows the first sentence is advice for programmers.
    throw new Usage(message.split(/\n|\. To specify/)[0] ?? '');
  }
}

/** Reads the command line of `logferry doctor`. Throws `Usage`. */
export function doctorArgs(argv: readonly string[]): DoctorArgs {
  const values = parsed(argv);
  const timeoutMillis = durationOf('timeout', values.timeout ?? DEFAULT_TIMEOUT);
  if (timeoutMillis < 1) throw new Usage(`--timeout ${JSON.stringify(values.timeout)}: use at least 1ms`);
  const platforms = values.platform?.map(platformOf);
  return {
    json: values.json === true,
    offline: values.offline === true,
    send: values['no-send'] !== true,
    trial: values['no-trial'] !== true,
    platforms,
    timeoutMillis,
  };
}
