import type { TailOptions } from '../client/logtide.ts';
import { tailSettings } from '../client/tail-options.ts';
import { checked, momentOf } from './read-args.ts';
import type { ReadCommand } from './read-command.ts';
import { runReading } from './read-command.ts';
import { connectionHelp } from './read-connection.ts';
import { FILTER_KINDS, filterHelp, filterOf } from './read-filter.ts';
import { follow } from './read-follow.ts';

const help = `Usage: logferry tail [options]

Prints the logs of a LogTide server as they come in, until Ctrl-C. Reconnects by itself; what was logged meanwhile comes
then, and nothing comes twice.

${filterHelp}  --since TIME      begin with the logs from then on: 15m, 2h, 7d (ago) or 2026-11-20T19:20:00Z; default: now
  --json            one JSON object per line

${connectionHelp}
Examples:
  logferry tail --sink
  logferry tail --service shop --level warn+ --since 15m
  logferry tail --json | jq .message
`;

interface Plan {
  readonly isJson: boolean;
  readonly options: TailOptions;
}

const command: ReadCommand<Plan> = {
  name: 'tail',
  help,
  kinds: FILTER_KINDS,
  plan(args) {
    const since = args.text('since');
    const options: TailOptions = {
      ...filterOf(args),
      ...(since !== undefined && { since: momentOf('since', since, Date.now()) }),
    };
    checked(() => tailSettings(options));
    return { isJson: args.flag('json'), options };
  },
  read: ({ isJson, options }, connection, signal) => follow(connection, { command: 'tail', isJson, options }, signal),
};

/** `logferry tail`: exit code 0 after Ctrl-C or when nobody reads on, 1 when it was refused, 2 when called wrongly. */
export function run(argv: readonly string[]): Promise<number> {
  return runReading(command, argv);
}
