import type { Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { SpoolFiles } from '../delivery/spool/files.ts';
import {
  type InstanceFolder,
  instanceMillis,
  parseInstance,
  RELEASED_FILE,
  ROOT_FOLDER,
} from '../delivery/spool/names.ts';
import { listSegments } from '../delivery/spool/orphans.ts';
import {
  errorCode,
  isDead,
  isNeighbour,
  isOurs,
  type OwnerFacts,
  type OwnerState,
  readOwner,
  readProcess,
} from '../delivery/spool/owner.ts';
import { recover } from '../delivery/spool/recovery.ts';
import type { Segment } from '../delivery/spool/segment.ts';

const MAX_FACTS_BYTES = 65_536;

/** What the surveys need; nothing of it is changed. */
export interface Surroundings {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** Of this process. */
  readonly here: OwnerFacts;
}

/** The folders of destinations, or why they cannot be looked at. */
export type Folders =
  | { readonly kind: 'ok'; readonly root: string; readonly names: readonly string[] }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Who may write to a directory: its `alive` owner, or whoever takes it over. */
export interface SurveyedInstance {
  readonly folder: string;
  readonly path: string;
  readonly state: 'alive' | 'dead' | 'released';
  /** Taken over by the owner from another one that had ended. */
  readonly adopted: boolean;
  /** Name of the owner's own directory. */
  readonly owner: string;
  /** As the owner says; when it has left, as it said. */
  readonly facts: OwnerFacts | undefined;
}

/** What is in a directory of segments. */
export interface Contents {
  readonly segments: number;
  readonly bytes: number;
  /** Records that are not delivered yet. */
  readonly waiting: number;
  /** Lines that are no records any more. */
  readonly damaged: number;
  /** Segments that cannot be read, or are of a version that we do not know. */
  readonly unreadable: number;
  /** Milliseconds since the first of the segments with waiting records was begun. */
  readonly oldestMillis: number | undefined;
}

async function directory(files: SpoolFiles, path: string): Promise<Stats | undefined> {
  try {
    const stats = await files.promises.lstat(path);
    return stats.isDirectory() ? stats : undefined;
  } catch {
    return undefined;
  }
}

/** The destinations' folders below the user's directory; none when nothing was ever spooled there. */
export async function foldersIn({ files }: Surroundings, spoolDirectory: string): Promise<Folders> {
  const outer = resolve(spoolDirectory);
  const root = join(outer, ROOT_FOLDER);
  try {
    const stats = await directory(files, root);
    if (stats === undefined) {
      await files.promises.readdir(outer);
      return { kind: 'ok', root, names: [] };
    }
    if (!isOurs(stats)) {
      return { kind: 'unusable', reason: `${root} belongs to uid ${stats.uid}; run this as that user` };
    }
    const names: string[] = [];
    for (const name of (await files.promises.readdir(root)).sort()) {
      const found = await directory(files, join(root, name));
      if (found !== undefined && isOurs(found)) names.push(name);
    }
    return { kind: 'ok', root, names };
  } catch (error) {
    return { kind: 'unusable', reason: `${outer} cannot be read (${errorCode(error)})` };
  }
}

/** The directories of a destination in the order they were made, with the state of their owners. */
export async function instancesIn(on: Surroundings, destinationPath: string): Promise<readonly SurveyedInstance[]> {
  const found: SurveyedInstance[] = [];
  for (const folder of await on.files.promises.readdir(destinationPath).catch(() => [])) {
    const parsed = parseInstance(folder);
    const path = join(destinationPath, folder);
    const stats = parsed && (await directory(on.files, path));
    if (parsed !== undefined && stats !== undefined && isOurs(stats)) {
      found.push({ folder, path, ...(await ownership(on, destinationPath, parsed)) });
    }
  }
  const madeAt = ({ folder }: SurveyedInstance): number => instanceMillis(folder.split('.adopt-').at(-1) as string);
  return found.sort((a, b) => madeAt(a) - madeAt(b));
}

async function ownership(on: Surroundings, destinationPath: string, parsed: InstanceFolder) {
  const owner = parsed.kind === 'adopted' ? parsed.owner : parsed.instance;
  const path = join(destinationPath, owner);
  const stats = await directory(on.files, path);
  const read = stats && (await readOwner(on.files, path));
  const adopted = parsed.kind === 'adopted';
  // An adopter whose own directory is missing has ended.
  if (stats === undefined || read === undefined) return { state: 'dead', adopted, owner, facts: undefined } as const;
  if (read.kind === 'released') {
    return { state: 'released', adopted, owner, facts: await factsOfReleased(on.files, path) } as const;
  }
  const facts = read.kind === 'owned' ? read.facts : undefined;
  // What cannot be judged counts as alive: it is left alone.
  const dead = read.kind !== 'failed' && (await isGone(on, read, stats));
  return { state: dead ? 'dead' : 'alive', adopted, owner, facts } as const;
}

/** What the owner said of itself before it left; only to be shown. */
async function factsOfReleased(files: SpoolFiles, path: string): Promise<OwnerFacts | undefined> {
  try {
    const file = join(path, RELEASED_FILE);
    const stats = await files.promises.lstat(file);
    if (!stats.isFile() || stats.size > MAX_FACTS_BYTES) return undefined;
    const facts = Object(JSON.parse(await files.promises.readFile(file, 'utf8'))) as OwnerFacts;
    return typeof facts.pid === 'number' && typeof facts.hostname === 'string' ? facts : undefined;
  } catch {
    return undefined;
  }
}

async function isGone({ files, clock, here }: Surroundings, owner: OwnerState, stats: Stats): Promise<boolean> {
  const asks = owner.kind === 'owned' && isNeighbour(owner.facts, here);
  const process = asks ? await readProcess(files, owner.facts.pid) : ({ kind: 'unknown' } as const);
  if (process.kind === 'failed') return false;
  const touchedAt = 'touchedAt' in owner ? owner.touchedAt : stats.mtimeMs;
  return isDead(owner, clock.wallNow() - touchedAt, here, process);
}

/** The spool name of a destination, where an owner has said it. */
export function nameIn(instances: readonly SurveyedInstance[]): string | undefined {
  const names = instances.map(({ facts }) => facts?.name).filter((name) => typeof name === 'string' && name !== '');
  return names.at(-1);
}

/** The segments of a directory, one after the other; `undefined` for one that cannot be read. */
export async function* segmentsIn(
  { files, clock }: Surroundings,
  path: string,
): AsyncGenerator<{ readonly lane: string; readonly damaged: number; readonly segment: Segment } | undefined> {
  const listing = await listSegments(files, path);
  if (listing.kind !== 'ok') return;
  for (const { kind, sequence, lane, file, bytes } of listing.segments) {
    const recovered = await recover(files, {
      ...{ path: join(path, file), sequence, compressed: kind === 'gzip', bytes },
      ...{ now: clock.now(), wallNow: clock.wallNow() },
    });
    if (recovered.kind === 'segment') yield { lane, damaged: recovered.damaged, segment: recovered.segment };
    // A living owner may have delivered and deleted it meanwhile.
    else if (recovered.kind === 'foreign' || recovered.code !== 'ENOENT') yield undefined;
  }
}

/** Counts what is in a directory; what its owner changes meanwhile may be counted or not. */
export async function contentsOf(on: Surroundings, path: string): Promise<Contents> {
  const sum = { segments: 0, bytes: 0, waiting: 0, damaged: 0, unreadable: 0 };
  let openedAt = Number.POSITIVE_INFINITY;
  for await (const found of segmentsIn(on, path)) {
    sum.segments += 1;
    if (found === undefined) {
      sum.unreadable += 1;
      continue;
    }
    sum.bytes += found.segment.diskBytes;
    sum.waiting += found.segment.waiting;
    sum.damaged += found.damaged;
    if (found.segment.waiting > 0) openedAt = Math.min(openedAt, found.segment.openedAt);
  }
  return { ...sum, oldestMillis: Number.isFinite(openedAt) ? Math.max(0, on.clock.now() - openedAt) : undefined };
}
