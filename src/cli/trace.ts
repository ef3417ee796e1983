import type { ReadCommand } from './read-command.ts';
import { runReading } from './read-command.ts';
import { connectionHelp } from './read-connection.ts';
import { logPrinter, tell } from './read-output.ts';
import { Usage } from './spool-args.ts';

/** So many the server gives at most. */
const MOST = 1_000;

const help = `Usage: logferry trace ID [options]

Prints the logs of one trace, of all services and times, in the order of time; ${MOST.toLocaleString('en')} at most.

  --json            one JSON object per line

${connectionHelp}
Examples:
  logferry trace 4bf92f3577b34da6a3ce929d0e0e4736 --sink
  logferry trace 4bf92f3577b34da6a3ce929d0e0e4736 --json | jq -r .service | sort | uniq -c

Exit code: 0 done, also when nothing was found, 1 failed, 2 wrongly called.
`;

interface Plan {
  readonly traceId: string;
  readonly isJson: boolean;
}

const command: ReadCommand<Plan> = {
  name: 'trace',
  help,
  kinds: {},
  positionals: 1,
  plan(args) {
    const [traceId] = args.positionals;
    if (!traceId) throw new Usage('say which trace: logferry trace ID');
    return { traceId, isJson: args.flag('json') };
  },
  async read({ traceId, isJson }, { client }, signal) {
    const logs = await client.getByTraceId(traceId, { signal });
    await logPrinter(isJson)(logs);
    if (logs.length === 0) tell('trace', 'no logs have this trace id');
    if (logs.length >= MOST) tell('trace', `these are the first ${MOST.toLocaleString('en')}; there may be more`);
  },
};

/** `logferry trace ID`: exit code 0 when done, also without results, 1 when it failed, 2 when called wrongly. */
export function run(argv: readonly string[]): Promise<number> {
  return runReading(command, argv);
}
