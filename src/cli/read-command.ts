import { LogTideApiError, LogTideConnectionError } from '../client/logtide.ts';
import type { ReadArgs, ReadKinds } from './read-args.ts';
import { readingArgs } from './read-args.ts';
import type { Connection } from './read-connection.ts';
import { CONNECTION_KINDS, connect } from './read-connection.ts';
import { tell } from './read-output.ts';
import { Usage } from './spool-args.ts';

/** A reading command. */
export interface ReadCommand<Plan> {
  readonly name: string;
  readonly help: string;
  readonly kinds: ReadKinds;
  /** Arguments besides options. */
  readonly positionals?: number;
  /** Looks through the command line before anything is sent; throws `Usage`. */
  plan(args: ReadArgs): Plan;
  /** Does it, until the signal aborts. */
  read(plan: Plan, connection: Connection, signal: AbortSignal): Promise<void>;
}

/** What went wrong, in a line, with what may help. */
function complaint(error: LogTideApiError | LogTideConnectionError, { url, isSink }: Connection): string {
  if (error instanceof LogTideConnectionError) {
    const hint = isSink && error.code === 'ECONNREFUSED' ? '; start one with: npx logferry sink --port 4319' : '';
    return `${url}: ${error.message}${hint}`;
  }
  const hints: Readonly<Record<number, string>> = {
    401: '; check the key',
    403: '; reading needs a key of type "full"',
  };
  return `${url}: ${error.message}${hints[error.status] ?? ''}`;
}

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the process as usual. */
function untilSignal(): { readonly signal: AbortSignal; forget(): void } {
  const end = new AbortController();
  const abort = (): void => {
    forget();
    end.abort();
  };
  const forget = (): void => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, abort);
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abort);
  return { signal: end.signal, forget };
}

/**
 * Runs a reading command: exit code 0 when done, also without results and after a signal, 1 when it failed, 2 when
 * called wrongly.
 */
export async function runReading<Plan>(command: ReadCommand<Plan>, argv: readonly string[]): Promise<number> {
  if (argv.some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  let plan: Plan;
  let connection: Connection;
  try {
    const args = readingArgs(argv, { ...CONNECTION_KINDS, ...command.kinds }, command.positionals);
    plan = command.plan(args);
    connection = connect(args);
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    tell(command.name, `${error.message} (see logferry ${command.name} --help)`);
    return 2;
  }
  const { signal, forget } = untilSignal();
  try {
    await command.read(plan, connection, signal);
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    if (!(error instanceof LogTideApiError || error instanceof LogTideConnectionError)) throw error;
    tell(command.name, complaint(error, connection));
    return 1;
  } finally {
    forget();
    await connection.client.close();
  }
}
