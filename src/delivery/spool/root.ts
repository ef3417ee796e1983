import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import { instanceName, OWNER_FILE, RELEASED_FILE, ROOT_FOLDER, temporaryName } from './names.ts';
import type { Failed, OwnerFacts } from './owner.ts';
import { errorCode, isOurs } from './owner.ts';

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** A directory that may be used, or why not: what is wrong, where, and how to put it right. */
export type OpenedFolder =
  | { readonly kind: 'ok'; readonly path: string }
  | { readonly kind: 'unusable'; readonly code: string; readonly reason: string };

/** A directory of our own; `ino` and `dev` are for `isStillOurs`. */
export interface Instance {
  readonly kind: 'ok';
  readonly path: string;
  readonly instance: string;
  readonly ino: number;
  readonly dev: number;
}

/** Done, or the code of the error. */
export type Outcome = { readonly kind: 'ok' } | Failed;

type Unusable = Extract<OpenedFolder, { kind: 'unusable' }>;

function unusable(code: string, path: string, what: string, remedy: string): Unusable {
  return { kind: 'unusable', code, reason: `spool directory ${JSON.stringify(path)} ${what}; ${remedy}` };
}

function user(): string {
  const euid = process.geteuid?.();
  return euid === undefined ? 'the user of this process' : `the user of this process (uid ${euid})`;
}

/** What is wrong with what stands at `path`, permissions aside. */
function strangeness(path: string, stats: Stats): Unusable | undefined {
  if (stats.isSymbolicLink()) return unusable('symlink', path, 'is a symbolic link', 'name the directory it points to');
  if (!stats.isDirectory()) return unusable('ENOTDIR', path, 'is not a directory', 'remove it or name another one');
  if (isOurs(stats)) return undefined;
  const remedy = `chown it to ${user()}, or give a directory of its own, e.g. ${JSON.stringify(join(path, 'logferry'))}`;
  return unusable('foreign_owner', path, `belongs to uid ${stats.uid}`, remedy);
}

/** Windows has no such bits, and reports some that mean nothing. */
function modeOf(stats: Stats): number | undefined {
  return process.geteuid === undefined ? undefined : stats.mode & 0o777;
}

/** What is wrong with the permissions of the user's directory, which we did not make and do not change. */
function looseness(path: string, stats: Stats): Unusable | undefined {
  const mode = modeOf(stats) ?? 0;
  if ((mode & 0o022) === 0) return undefined;
  const what = `can be written by other users (mode ${mode.toString(8)})`;
  const remedy = `give a directory of its own, e.g. ${JSON.stringify(join(path, 'logferry'))}, or chmod it to 700`;
  return unusable('writable_by_others', path, what, remedy);
}

/** Closes a folder of ours to others, whatever the umask made of it or somebody did later. */
function tighten(files: SpoolFiles, path: string, stats: Stats): Unusable | undefined {
  if (modeOf(stats) === undefined || modeOf(stats) === PRIVATE_FOLDER) return undefined;
  files.chmodSync(path, PRIVATE_FOLDER);
  const mode = modeOf(files.lstatSync(path)) ?? 0;
  if ((mode & 0o077) === 0) return undefined;
  const what = `stays open to other users (mode ${mode.toString(8)}) after chmod 700`;
  return unusable('loose_mode', path, what, 'name a directory on a file system that keeps permissions');
}

/**
 * Makes a folder and those above it; false when another process was faster. Not `recursive`: Node then tries for ever
 * where the system says that a new folder has no parent, as it does in `/proc`.
 */
function makeFolder(files: SpoolFiles, path: string): boolean {
  try {
    files.mkdirSync(path, { mode: PRIVATE_FOLDER });
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    if (code !== 'ENOENT' || dirname(path) === path || files.lstatSync(dirname(path), { throwIfNoEntry: false }))
      throw error;
  }
  makeFolder(files, dirname(path));
  files.mkdirSync(path, { mode: PRIVATE_FOLDER });
  return true;
}

function openFolder(files: SpoolFiles, path: string, ours: boolean): OpenedFolder {
  try {
    let stats = files.lstatSync(path, { throwIfNoEntry: false });
    let made = false;
    if (stats === undefined) {
      made = makeFolder(files, path);
      stats = files.lstatSync(path);
    }
    const problem = strangeness(path, stats) ?? (ours || made ? tighten(files, path, stats) : looseness(path, stats));
    return problem ?? { kind: 'ok', path };
  } catch (error) {
    const code = errorCode(error);
    return unusable(code, path, `cannot be used (${code})`, `make it writable for ${user()} or name another one`);
  }
}

function absolute(directory: string): string | undefined {
  try {
    return resolve(directory);
  } catch {
    return undefined;
  }
}

/**
 * Opens `<directory>/logferry-v1`, making both when they are missing (0700 whatever the umask). The user's directory
 * must be a real one of ours that nobody else can write to; ours inside it is closed to others when it was open.
 * Symbolic links are not followed. Never throws.
 */
export function openRoot(files: SpoolFiles, directory: string): OpenedFolder {
  if (directory === '') return unusable('ENOENT', directory, 'has no name', 'name one');
  const path = absolute(directory);
  if (path === undefined) return unusable('ENOENT', directory, 'is relative to nothing', 'name it from the root');
  const outer = openFolder(files, path, false);
  return outer.kind === 'ok' ? openFolder(files, join(path, ROOT_FOLDER), true) : outer;
}

/** Opens a destination's folder, a name of `destinationFolder`, inside the root. Never throws. */
export function openDestination(files: SpoolFiles, rootPath: string, folder: string): OpenedFolder {
  return openFolder(files, join(rootPath, folder), true);
}

/** Does one step and says how it went; `harmless` is an error that means somebody has done it already. */
function step(action: () => void, harmless?: string): Outcome {
  try {
    action();
    return { kind: 'ok' };
  } catch (error) {
    const code = errorCode(error);
    return code === harmless ? { kind: 'ok' } : { kind: 'failed', code };
  }
}

function writeNew(files: SpoolFiles, path: string, text: string): void {
  // Creating exclusively follows no symbolic link either.
  files.writeFileSync(path, text, { flag: 'wx', mode: PRIVATE_FILE });
  files.chmodSync(path, PRIVATE_FILE);
}

/**
 * Makes a directory of our own inside a destination's. It gets its name by a rename once `owner.json` is in it, so
 * nobody ever sees it without an owner. Never throws; what a failure leaves is cleared away.
 */
export function createInstance(
  files: SpoolFiles,
  destinationPath: string,
  facts: OwnerFacts,
  clock: Clock,
): Instance | Failed {
  const { pid, threadId } = facts;
  const random = randomBytes(4).toString('hex');
  const instance = instanceName({ wallMillis: clock.wallNow(), pid, threadId, random });
  const path = join(destinationPath, instance);
  const temporary = join(destinationPath, temporaryName(instance));
  try {
    files.mkdirSync(temporary, { mode: PRIVATE_FOLDER });
    files.chmodSync(temporary, PRIVATE_FOLDER);
    writeNew(files, join(temporary, OWNER_FILE), `${JSON.stringify(facts)}\n`);
    const { ino, dev } = files.lstatSync(temporary);
    files.renameSync(temporary, path);
    return { kind: 'ok', path, instance, ino, dev };
  } catch (error) {
    removeInstance(files, temporary);
    return { kind: 'failed', code: errorCode(error) };
  }
}

/**
 * Gives an instance up with its data in it: whoever looks next may take it over, at once. What `owner.json` said stays
 * readable under the new name.
 */
export function releaseInstance(files: SpoolFiles, path: string): Outcome {
  const released = join(path, RELEASED_FILE);
  const renamed = step(() => files.renameSync(join(path, OWNER_FILE), released));
  // An attempt to remove it may have got as far as this.
  return renamed.kind === 'ok' ? renamed : step(() => writeNew(files, released, ''), 'EEXIST');
}

/** Removes an instance, ours or adopted, that has no data left; `ENOTEMPTY` when there is something in it after all. */
export function removeInstance(files: SpoolFiles, path: string): Outcome {
  for (const name of [OWNER_FILE, RELEASED_FILE]) {
    const unlinked = step(() => files.unlinkSync(join(path, name)), 'ENOENT');
    if (unlinked.kind === 'failed') return unlinked;
  }
  return step(() => files.rmdirSync(path), 'ENOENT');
}

/**
 * Whether the directory at `path` is still the one that we made or adopted; to be asked after any pause of 5 s or more,
 * before the next append. False also when it cannot be told, as going on in a new directory is always safe.
 */
export function isStillOurs(files: SpoolFiles, path: string, ino: number, dev: number): boolean {
  try {
    const stats = files.lstatSync(path);
    return stats.ino === ino && stats.dev === dev;
  } catch {
    return false;
  }
}

/** Shows that we are alive; every 10 s. `ENOENT`: the directory has been taken over or deleted. */
export function touchHeartbeat(files: SpoolFiles, path: string, clock: Clock): Outcome {
  const seconds = clock.wallNow() / 1_000;
  return step(() => files.utimesSync(join(path, OWNER_FILE), seconds, seconds));
}
