import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { SDK_VERSION } from '../../version.ts';
import type { SpoolFiles } from './files.ts';
import { OWNER_FILE, RELEASED_FILE } from './names.ts';

/** A directory without an owner is left alone this long: its maker may only just be leaving. */
const ABANDONED_MILLIS = 60_000;
/** An owner touches its heartbeat every 10 s, so a minute without one is six of them missed. */
const QUIET_MILLIS = 60_000;
const SILENT_MILLIS = 600_000;
const MAX_OWNER_BYTES = 65_536;
/** A planted symbolic link is not followed, and a planted FIFO does not hold us up. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Who owns an instance, as `owner.json` says it. What the operating system does not tell is missing. */
export interface OwnerFacts {
  readonly pid: number;
  /** 0 is the main thread. */
  readonly threadId: number;
  /** When the process began, in ticks since the machine did; tells it from a later one with the same number. */
  readonly startTicks?: number;
  /** Changes with every start of the machine. */
  readonly bootId?: string;
  /** The process numbers of one container mean nothing in another. */
  readonly pidNamespace?: string;
  readonly hostname: string;
  /** For people: version of this package, platform and spool name as given. */
  readonly version: string;
  readonly platform: string;
  readonly name?: string;
}

/** What a directory says about its owner. */
export type OwnerState =
  /** `touchedAt` is the heartbeat, in milliseconds since the Unix epoch. */
  | { readonly kind: 'owned'; readonly facts: OwnerFacts; readonly touchedAt: number }
  /** There is an `owner.json`, but it cannot be understood. */
  | { readonly kind: 'unreadable'; readonly touchedAt: number }
  /** The owner has left and data stayed behind. */
  | { readonly kind: 'released' }
  /** Neither `owner.json` nor `released`. */
  | { readonly kind: 'missing' };

/** What the operating system says about a process. */
export type ProcessStat =
  | { readonly kind: 'running'; readonly startTicks: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' };

/** Something could not be found out; `code` is the error's. */
export interface Failed {
  readonly kind: 'failed';
  readonly code: string;
}

/** The code of a file-system error, such as `ENOENT`. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

/** Whether the process, or the machine, has no file descriptors left: whatever is tried next fares no better. */
export function isScarcity(code: string): boolean {
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Whether a file belongs to the user of this process; always true where there are no such users (Windows). */
export function isOurs({ uid }: Stats): boolean {
  const euid = process.geteuid?.();
  return euid === undefined || uid === euid;
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** State and start of a process from its `stat`; its name may hold blanks and brackets, so it counts from the last. */
function parseStat(text: string): { readonly state: string; readonly startTicks: number } | undefined {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const startTicks = Number(fields[19]);
  return fields[0] !== undefined && Number.isSafeInteger(startTicks) ? { state: fields[0], startTicks } : undefined;
}

/** Who we are: what `createInstance` writes, and what other owners are compared with. Never throws. */
export function ownerFacts(files: SpoolFiles, platform: string, name?: string): OwnerFacts {
  // Where /proc shows the processes of another container, its numbers are not ours and prove nothing.
  const ours = tried(() => files.readlinkSync('/proc/self')) === String(process.pid);
  const startTicks = ours
    ? tried(() => parseStat(files.readFileSync('/proc/self/stat', 'utf8'))?.startTicks)
    : undefined;
  const pidNamespace = ours ? tried(() => files.readlinkSync('/proc/self/ns/pid')) : undefined;
  const bootId = tried(() => files.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return {
    pid: process.pid,
    threadId,
    ...(startTicks === undefined ? {} : { startTicks }),
    ...(bootId ? { bootId } : {}),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    hostname: tried(hostname) ?? '',
    version: SDK_VERSION,
    platform,
    ...(name === undefined ? {} : { name }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** What a later version adds is of no consequence; what we compare must be there and of its kind. */
function parseFacts(text: string): OwnerFacts | undefined {
  const value: unknown = tried(() => JSON.parse(text));
  if (typeof value !== 'object' || value === null) return undefined;
  const facts = value as Partial<Record<keyof OwnerFacts, unknown>>;
  const whole =
    isCount(facts.pid) &&
    isCount(facts.threadId) &&
    isText(facts.hostname) &&
    (facts.startTicks === undefined || isCount(facts.startTicks)) &&
    (facts.bootId === undefined || isText(facts.bootId)) &&
    (facts.pidNamespace === undefined || isText(facts.pidNamespace));
  return whole ? (value as OwnerFacts) : undefined;
}

/** Reads who owns the instance at `path`; one file is open at a time. Anything but a plain file of ours is not read. */
export async function readOwner(files: SpoolFiles, path: string): Promise<OwnerState | Failed> {
  const file = join(path, OWNER_FILE);
  try {
    const stats = await files.promises.lstat(file);
    const touchedAt = stats.mtimeMs;
    if (!stats.isFile() || !isOurs(stats) || stats.size > MAX_OWNER_BYTES) return { kind: 'unreadable', touchedAt };
    const facts = parseFacts(await files.promises.readFile(file, { encoding: 'utf8', flag: READ }));
    return facts === undefined ? { kind: 'unreadable', touchedAt } : { kind: 'owned', facts, touchedAt };
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? readReleased(files, path) : { kind: 'failed', code };
  }
}

async function readReleased(files: SpoolFiles, path: string): Promise<OwnerState | Failed> {
  try {
    await files.promises.lstat(join(path, RELEASED_FILE));
    return { kind: 'released' };
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? { kind: 'missing' } : { kind: 'failed', code };
  }
}

/** Looks a process up in `/proc`; only to be asked when `isNeighbour`. A zombie is as good as gone. */
export async function readProcess(files: SpoolFiles, pid: number): Promise<ProcessStat | Failed> {
  try {
    const stat = parseStat(await files.promises.readFile(`/proc/${pid}/stat`, 'utf8'));
    if (stat === undefined) return { kind: 'unknown' };
    return 'ZXx'.includes(stat.state) ? { kind: 'missing' } : { kind: 'running', startTicks: stat.startTicks };
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' || code === 'ESRCH' ? { kind: 'missing' } : { kind: 'failed', code };
  }
}

/** Whether process numbers mean the same to both: one start of one machine, one namespace, and a `/proc` to ask. */
export function isNeighbour(owner: OwnerFacts, here: OwnerFacts): boolean {
  return (
    here.bootId !== undefined &&
    here.pidNamespace !== undefined &&
    owner.bootId === here.bootId &&
    owner.pidNamespace === here.pidNamespace
  );
}

function isOwnerDead(owner: OwnerFacts, ageMillis: number, here: OwnerFacts, process: ProcessStat): boolean {
  const silent = ageMillis > SILENT_MILLIS;
  if (isNeighbour(owner, here)) {
    if (process.kind === 'missing') return true;
    if (process.kind === 'unknown' || owner.startTicks === undefined) return silent;
    // A thread can end while its process lives on; nothing but its silence shows that.
    return process.startTicks !== owner.startTicks || (owner.threadId !== 0 && silent);
  }
  const otherBoot = owner.bootId !== undefined && here.bootId !== undefined && owner.bootId !== here.bootId;
  // Two machines may share a name and a volume: without the minute each would take from the other for ever.
  if (otherBoot && owner.hostname === here.hostname) return ageMillis > QUIET_MILLIS;
  return silent;
}

/**
 * Whether what `owner` left may be taken over. Where process numbers mean the same to both, the process itself decides:
 * gone, or another one under its number. After another start of a machine of the same name, a minute without heartbeat
 * is enough; across containers and machines, and where there is no `/proc`, ten minutes. A wrong yes costs duplicates,
 * never a record: the owner notices and goes on in a new directory.
 *
 * @param ageMillis age of the heartbeat; of the directory when there is no `owner.json`.
 * @param processStat what `readProcess` says; used only when `isNeighbour`.
 */
export function isDead(owner: OwnerState, ageMillis: number, here: OwnerFacts, processStat: ProcessStat): boolean {
  switch (owner.kind) {
    case 'released':
      return true;
    case 'missing':
      return ageMillis > ABANDONED_MILLIS;
    case 'unreadable':
      return ageMillis > SILENT_MILLIS;
    case 'owned':
      return isOwnerDead(owner.facts, ageMillis, here, processStat);
  }
}
