import { spawn } from 'node:child_process';
import { VARIABLES } from '../../env/table.ts';
import { startSink } from '../../sink/sink.ts';
import { type Finding, finding, skipped } from './finding.ts';
import { foundLoggers } from './loggers.ts';
import { findPackage } from './packages.ts';
import type { Surroundings } from './surroundings.ts';
import { TRIAL_MARK, TRIAL_PROGRAM } from './trial-program.ts';

/** Starting Node and a few packages on a busy machine. */
const LEAST_PATIENCE_MILLIS = 10_000;

interface Trial {
  /** What the program could load, and so has tried. */
  readonly tried: readonly string[];
  readonly arrived: readonly string[];
  /** The last line on stderr, when the program did not come to its end. */
  readonly trouble: string | undefined;
}

/** Without credentials and settings of logferry's: what an application has besides. */
function withoutOwn(env: Surroundings['env']): Record<string, string> {
  const own = new Set(VARIABLES.map(({ name }) => name));
  const isOurs = (name: string): boolean => own.has(name.replace(/_FILE$/, '')) || name.startsWith('LOGFERRY_');
  const rest = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || isOurs(name) ? [] : [[name, value]],
  );
  return Object.fromEntries(rest) as Record<string, string>;
}

/** The trial sends to this machine only. */
function trialEnv(env: Surroundings['env'], sink: Readonly<Record<string, string>>): Record<string, string> {
  const { LOGTIDE_API_URL = '', LOGTIDE_API_KEY = '' } = sink;
  return { ...withoutOwn(env), LOGTIDE_API_URL, LOGTIDE_API_KEY, LOGFERRY_QUIET: 'true' };
}

/** The register of the application, else the one beside this file. */
function registerFor(cwd: string): string {
  if (findPackage(cwd, 'logferry') !== undefined) return 'logferry/register';
  // Two levels up from dist/cli/doctor/.
  return new URL('../../register.js', import.meta.url).href;
}

function runProgram(on: Surroundings, env: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  const args = ['--import', registerFor(on.cwd), '--input-type=module', '--eval', TRIAL_PROGRAM];
  const child = spawn(process.execPath, args, { cwd: on.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-65_536);
    });
  }
  const patience = Math.max(on.timeoutMillis, LEAST_PATIENCE_MILLIS);
  const cancel = on.clock.after(patience, () => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      resolve(output);
    };
    child.once('error', end);
    child.once('close', end);
  });
}

function triedIn(stdout: string): readonly string[] | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith(TRIAL_MARK));
  return line === undefined ? undefined : (JSON.parse(line.slice(TRIAL_MARK.length)) as string[]);
}

async function trial(on: Surroundings): Promise<Trial> {
  const sink = await startSink({ keepRecords: 100 });
  try {
    const { stdout, stderr } = await runProgram(on, trialEnv(on.env, sink.env()));
    const tried = triedIn(stdout);
    const messages = sink.records('logtide').map(({ record }) => String(record.message));
    const arrived = messages.flatMap((message) =>
      message.startsWith(TRIAL_MARK) ? [message.slice(TRIAL_MARK.length + 1)] : [],
    );
    const lines = stderr.split('\n').filter((line) => /^(?:Uncaught )?\w*Error\b|^logferry /.test(line));
    return {
      tried: tried ?? [],
      arrived,
      trouble: tried === undefined ? (lines.at(0) ?? 'it ended early') : undefined,
    };
  } finally {
    await sink.close();
  }
}

const GLOBALS = ['api', 'api-logs'];

/** What arrives and what does not, in words. */
export function trialFinding({ tried, arrived, trouble }: Trial, instrumented: readonly string[]): Finding {
  const details = { tried, arrived, instrumented };
  if (trouble !== undefined) {
    return finding('DR019', 'error', `a small program with logferry/register did not run: ${trouble.slice(0, 200)}`, {
      fix: 'see the checks above; then run node --import logferry/register on a file of your own',
      details,
    });
  }
  const globals = GLOBALS.filter((way) => tried.includes(way));
  const lost = globals.filter((way) => !arrived.includes(way));
  if (lost.length > 0) {
    return finding('DR019', 'error', `records through ${lost.join(' and ')} do not reach logferry`, {
      fix: 'see the checks of other SDKs and of API copies above',
      details,
    });
  }
  if (globals.length === 0) return finding('DR019', 'skipped', 'there is no Logs API here to try', { details });
  const deaf = instrumented.filter((logger) => tried.includes(logger) && !arrived.includes(logger));
  if (deaf.length > 0) {
    return finding('DR019', 'warning', `records of ${deaf.join(', ')} do not arrive, although it is instrumented`, {
      fix: 'check the versions of its instrumentation',
      details,
    });
  }
  return finding('DR019', 'ok', `a small program was run; its records arrived through ${arrived.join(', ')}`, {
    details,
  });
}

/** `DR019`: runs a small program under `logferry/register` here, with a server of our own, and counts what arrives. */
export async function checkTrial(on: Surroundings, disabled: boolean): Promise<Finding> {
  if (disabled) return skipped(['DR019'], 'OTEL_SDK_DISABLED=true')[0] as Finding;
  const heard = foundLoggers({ cwd: on.cwd, env: withoutOwn(on.env) }).filter((logger) => logger.heard);
  const result = await trial(on);
  return trialFinding(
    result,
    heard.map(({ name }) => name),
  );
}
