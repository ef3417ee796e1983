import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { deadFiles } from '../delivery/spool/dead-files.ts';
import { nodeFiles } from '../delivery/spool/files.ts';
import { DEAD_FOLDER, destinationFolder } from '../delivery/spool/names.ts';
import { ownerFacts } from '../delivery/spool/owner.ts';
import type { Destination } from '../destination.ts';
import { type Environment, readEnvironment } from '../env/environment.ts';
import { PLATFORMS } from '../platforms/registry.ts';
import { installDiagLogger } from '../stderr-diag.ts';
import { durationOf, isOfPlatform, platformOf, readArgs, type SpoolArgs } from './spool-args.ts';
import { lanesOf, spoolNameOf, spoolNameText } from './spool-name.ts';
import { print, say } from './spool-output.ts';
import { Replay } from './spool-replay-one.ts';
import { foldersIn, instancesIn, nameIn, type Surroundings } from './spool-survey.ts';

export const help = `Usage: logferry spool replay [options]

Delivers dead letters and what dead processes have left in the spool, with the credentials in the environment, the same
variables as for logferry/register. What living processes own is left to them. What is refused again becomes a dead
letter again. Prints a line for each platform; exits with 1 when something is left.

  --dead           only dead letters
  --orphans        only what dead processes have left
  --platform NAME  only this platform
  --name NAME      spool name of the application; default: LOGFERRY_SPOOL_NAME, else the service name, as the
                   application has it (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, package.json here); '' is none
  --timeout TIME   longest wait, e.g. 10m; default 60s
  --dir PATH       the spool directory; default: LOGFERRY_SPOOL_DIR

Examples:
  RARCH_LOGGING_API_KEY=... logferry spool replay --dir /var/lib/shop/spool --name shop
  node --env-file=.env node_modules/.bin/logferry spool replay --dead --platform logtide
`;

const DEFAULT_TIMEOUT = '60s';

interface Wish {
  readonly dead: boolean;
  readonly orphans: boolean;
  readonly timeoutMillis: number;
  readonly platforms: readonly string[];
}

function wishOf(args: SpoolArgs): Wish {
  const [dead, orphans] = [args.flag('dead'), args.flag('orphans')];
  const platform = args.text('platform');
  return {
    // Neither asks for both.
    dead: dead || !orphans,
    orphans: orphans || !dead,
    timeoutMillis: durationOf('timeout', args.text('timeout') ?? DEFAULT_TIMEOUT),
    platforms: platform === undefined ? PLATFORMS.map(({ name }) => name) : [platformOf(platform)],
  };
}

function environmentFor(platforms: readonly string[], spool: Readonly<Record<string, string>>): Environment {
  const { LOGFERRY_SPOOL_DIR: _directory, LOGFERRY_SPOOL_NAME: _name, ...env } = process.env;
  return readEnvironment({
    env: { ...env, ...spool, LOGFERRY_PLATFORMS: platforms.join(',') },
    readFile: (path) => readFileSync(path, 'utf8'),
    delivery: {},
  });
}

/** The platforms whose credentials are complete; says what is missing for the others. */
async function reachable(platforms: readonly string[]): Promise<readonly string[]> {
  const { destinations, problems } = environmentFor(platforms, {});
  await Promise.all(destinations.map(({ destination }) => destination.shutdown(0)));
  for (const { code, where, what, fix } of problems) {
    if (code === 'LF001') say(`credentials are missing: set ${where}`);
    else say(`${code} ${where} ${what}: ${fix}`);
  }
  return destinations.map(({ destination }) => destination.name);
}

async function hasWork(on: Surroundings, path: string, { dead, orphans }: Wish): Promise<boolean> {
  if (dead && deadFiles(on.files, join(path, DEAD_FOLDER)).some(({ kind }) => kind === 'letters')) return true;
  return orphans && (await instancesIn(on, path)).some(({ state }) => state !== 'alive');
}

/** The platforms that there is something to deliver to. */
async function waitingPlatforms(on: Surroundings, root: string, folders: readonly string[], wish: Wish, name: string) {
  const waiting: string[] = [];
  let others = 0;
  for (const folder of folders) {
    const platform = wish.platforms.find((candidate) => isOfPlatform(folder, candidate));
    if (platform === undefined || !(await hasWork(on, join(root, folder), wish))) continue;
    if (destinationFolder(platform, name) === folder) {
      waiting.push(platform);
      continue;
    }
    others += 1;
    const theirs = nameIn(await instancesIn(on, join(root, folder)));
    const instead = theirs === undefined ? '' : ` but ${JSON.stringify(theirs)}`;
    say(`${folder} is left alone: it does not have ${spoolNameText(name)}${instead} (see --name)`);
  }
  return { waiting, others };
}

function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  // The second one ends the process at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

export async function run(argv: readonly string[]): Promise<number> {
  const texts = { platform: 'string', name: 'string', timeout: 'string' } as const;
  const args = readArgs(argv, { dead: 'boolean', orphans: 'boolean', ...texts });
  const wish = wishOf(args);
  const on = { files: nodeFiles, clock: systemClock, here: ownerFacts(nodeFiles, 'spool') };
  const folders = await foldersIn(on, args.directory);
  if (folders.kind !== 'ok') {
    say(folders.reason);
    return 1;
  }
  const name = spoolNameOf(args, folders.names, wish.platforms);
  const { waiting, others } = await waitingPlatforms(on, folders.root, folders.names, wish, name);
  if (waiting.length === 0) {
    say(`nothing to replay for ${spoolNameText(name)}`);
    // Most likely the name is not the one that was meant.
    return others === 0 ? 0 : 1;
  }
  const platforms = await reachable(waiting);
  if (platforms.length === 0) return 1;
  installDiagLogger(process.env.OTEL_LOG_LEVEL);
  const replays = platforms.map(
    (platform) =>
      new Replay({
        ...{ on, platform, lanes: lanesOf(platform), ...wish },
        destinationPath: join(folders.root, destinationFolder(platform, name)),
      }),
  );
  const opened = await open(replays, args.directory, name);
  const signal = untilInterrupted();
  const lefts = await Promise.all(replays.map((replay) => deliver(replay, opened, wish.timeoutMillis, signal)));
  return platforms.length === waiting.length && lefts.every((left) => left === 0) ? 0 : 1;
}

/** Opens the destinations, once what they are to find is in its place. */
async function open(
  replays: readonly Replay[],
  directory: string,
  name: string,
): Promise<ReadonlyMap<string, Destination>> {
  const ready: string[] = [];
  for (const replay of replays) if (await replay.prepare()) ready.push(replay.platform);
  if (ready.length === 0) return new Map();
  const spool = { LOGFERRY_SPOOL_DIR: directory, LOGFERRY_SPOOL_NAME: name };
  const { destinations } = environmentFor(ready, spool);
  return new Map(destinations.map(({ destination }) => [destination.name, destination]));
}

/** Records that are left of one platform. */
async function deliver(
  replay: Replay,
  opened: ReadonlyMap<string, Destination>,
  timeoutMillis: number,
  signal: AbortSignal,
): Promise<number> {
  const result = await replay.deliver(opened.get(replay.platform), timeoutMillis, signal);
  await print(`${result.text}\n`);
  return result.left;
}
