import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import type { InstanceFolder, SegmentFile } from './names.ts';
import { adoptedName, instanceMillis, OWNER_FILE, parseInstance, parseSegment, parseTemporary } from './names.ts';
import type { Failed, OwnerFacts, ProcessStat } from './owner.ts';
import { errorCode, isDead, isNeighbour, isOurs, isScarcity, readOwner, readProcess } from './owner.ts';

/** Names looked at before the event loop gets its turn; each costs about a microsecond. */
const SLICE = 256;
const TEMPORARY_MILLIS = 600_000;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

/** A directory that may be taken over, or why no more can be found for now. */
export type Finding = { readonly kind: 'orphan'; readonly folder: string; readonly original: string } | Failed;

/** What became of an attempt to take over; `lost` means that another was faster. */
export type Adoption = { readonly kind: 'adopted'; readonly path: string } | { readonly kind: 'lost' } | Failed;

interface Candidate {
  readonly folder: string;
  readonly kind: InstanceFolder['kind'] | 'temporary';
  readonly owner: string;
  readonly original: string;
  readonly millis: number;
}

type Verdict = 'dead' | 'alive' | 'gone';

function candidateOf(folder: string): Candidate | undefined {
  const parsed = parseInstance(folder);
  const original = parsed?.kind === 'adopted' ? parsed.original : (parsed?.instance ?? parseTemporary(folder));
  if (original === undefined) return undefined;
  const owner = parsed?.kind === 'adopted' ? parsed.owner : original;
  return { folder, kind: parsed?.kind ?? 'temporary', owner, original, millis: instanceMillis(original) };
}

async function candidatesOf(names: readonly string[], ownInstance: string, clock: Clock): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const [index, name] of names.entries()) {
    if (index % SLICE === SLICE - 1) await clock.sleep(0);
    const candidate = candidateOf(name);
    if (candidate !== undefined && candidate.owner !== ownInstance) found.push(candidate);
  }
  return found.sort((a, b) => a.millis - b.millis || (a.folder < b.folder ? -1 : 1));
}

/** One search; remembers owners, as thousands of adopted folders may have the same one. */
class Search {
  readonly #files: SpoolFiles;
  readonly #path: string;
  readonly #here: OwnerFacts;
  readonly #clock: Clock;
  readonly #owners = new Map<string, Verdict>();

  constructor(files: SpoolFiles, path: string, here: OwnerFacts, clock: Clock) {
    this.#files = files;
    this.#path = path;
    this.#here = here;
    this.#clock = clock;
  }

  async judge({ folder, kind, owner }: Candidate): Promise<Verdict | Failed> {
    try {
      const stats = await this.#folder(folder);
      if (stats === undefined) return 'gone';
      if (kind === 'temporary') return await this.#sweep(folder, stats);
      return kind === 'adopted' ? await this.#judgeAdopter(owner) : await this.#judgeInstance(folder, stats);
    } catch (error) {
      return { kind: 'failed', code: errorCode(error) };
    }
  }

  /** The real directory of ours that `folder` is; anything else, planted or vanished, is `undefined`. */
  async #folder(folder: string): Promise<Stats | undefined> {
    try {
      const stats = await this.#files.promises.lstat(join(this.#path, folder));
      return stats.isDirectory() && isOurs(stats) ? stats : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #judgeInstance(instance: string, stats: Stats): Promise<Verdict | Failed> {
    const owner = await readOwner(this.#files, join(this.#path, instance));
    if (owner.kind === 'failed') return owner;
    let stat: ProcessStat | Failed = { kind: 'unknown' };
    if (owner.kind === 'owned' && isNeighbour(owner.facts, this.#here)) {
      stat = await readProcess(this.#files, owner.facts.pid);
      if (stat.kind === 'failed') return stat;
    }
    const touchedAt = 'touchedAt' in owner ? owner.touchedAt : stats.mtimeMs;
    return isDead(owner, this.#clock.wallNow() - touchedAt, this.#here, stat) ? 'dead' : 'alive';
  }

  async #judgeAdopter(owner: string): Promise<Verdict | Failed> {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const stats = await this.#folder(owner);
    // An adopter whose own directory is missing has left, or has lost it and will notice.
    const verdict = stats === undefined ? 'dead' : await this.#judgeInstance(owner, stats);
    if (typeof verdict === 'string') this.#owners.set(owner, verdict);
    return verdict;
  }

  /** Clears away what a crash left half made; never anything that has more in it than `owner.json`. */
  async #sweep(folder: string, stats: Stats): Promise<Verdict> {
    if (this.#clock.wallNow() - stats.mtimeMs <= TEMPORARY_MILLIS) return 'alive';
    const path = join(this.#path, folder);
    const names = await this.#files.promises.readdir(path);
    if (names.some((name) => name !== OWNER_FILE)) return 'alive';
    if (names.length > 0) await this.#files.promises.unlink(join(path, OWNER_FILE));
    await this.#files.promises.rmdir(path);
    return 'gone';
  }
}

async function listed(files: SpoolFiles, path: string): Promise<readonly string[] | Failed> {
  try {
    return await files.promises.readdir(path);
  } catch (error) {
    return { kind: 'failed', code: errorCode(error) };
  }
}

/**
 * The directories of a destination whose owners are dead, oldest first by when the original was made. It looks only as
 * far as it is asked: take one, adopt it, ask for the next. Ends with `failed` when the folder cannot be listed or the
 * process has no descriptors left: try again later. Entries that cannot be judged are passed over. At most one file is
 * open at a time. Clears away half-made instances older than ten minutes on its way; never throws.
 *
 * @param here `ownerFacts` of this process.
 */
export async function* findOrphans(
  files: SpoolFiles,
  destinationPath: string,
  ownInstance: string,
  here: OwnerFacts,
  clock: Clock,
): AsyncGenerator<Finding, void, undefined> {
  const names = await listed(files, destinationPath);
  if ('kind' in names) {
    yield names;
    return;
  }
  const search = new Search(files, destinationPath, here, clock);
  for (const candidate of await candidatesOf(names, ownInstance, clock)) {
    const verdict = await search.judge(candidate);
    if (verdict === 'dead') yield { kind: 'orphan', folder: candidate.folder, original: candidate.original };
    if (typeof verdict === 'string' || !isScarcity(verdict.code)) continue;
    yield verdict;
    return;
  }
}

/** Takes an orphan over by one rename, which only one of many can win. Never throws. */
export async function adoptOrphan(
  files: SpoolFiles,
  destinationPath: string,
  folder: string,
  ownInstance: string,
): Promise<Adoption> {
  const candidate = candidateOf(folder);
  const target = adoptedName(ownInstance, candidate?.original ?? '');
  if (candidate?.kind === 'temporary' || parseInstance(target) === undefined) return { kind: 'failed', code: 'EINVAL' };
  const path = join(destinationPath, target);
  try {
    await files.promises.rename(join(destinationPath, folder), path);
    return { kind: 'adopted', path };
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? { kind: 'lost' } : { kind: 'failed', code };
  }
}

/** A segment that may be opened: a plain file of ours, with one name, of a size we write. */
export interface ListedSegment {
  readonly kind: 'segment' | 'gzip';
  readonly sequence: number;
  readonly lane: string;
  /** Name inside the directory. */
  readonly file: string;
  readonly bytes: number;
  /** Size of its acknowledgements; `undefined` when there are none that may be opened. */
  readonly ackBytes: number | undefined;
}

/** Segments in order; `leftovers` are names of ours that may be deleted: what they say is in another file, or sent. */
export type Listing =
  | { readonly kind: 'ok'; readonly segments: readonly ListedSegment[]; readonly leftovers: readonly string[] }
  | Failed;

interface PlainFile extends SegmentFile {
  readonly file: string;
  readonly bytes: number;
}

async function plainFile(files: SpoolFiles, path: string, file: string): Promise<PlainFile | Failed | undefined> {
  const parsed = parseSegment(file);
  if (parsed === undefined) return undefined;
  try {
    const stats = await files.promises.lstat(join(path, file));
    const plain = stats.isFile() && stats.nlink === 1 && stats.size <= MAX_SEGMENT_BYTES && isOurs(stats);
    return plain ? { ...parsed, file, bytes: stats.size } : undefined;
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? undefined : { kind: 'failed', code };
  }
}

function listingOf(found: readonly PlainFile[]): Listing {
  const groups = new Map<string, Partial<Record<PlainFile['kind'], PlainFile>>>();
  for (const file of found.toSorted((a, b) => a.sequence - b.sequence || (a.lane < b.lane ? -1 : 1))) {
    const key = `${file.sequence}-${file.lane}`;
    groups.set(key, { ...groups.get(key), [file.kind]: file });
  }
  const segments: ListedSegment[] = [];
  const leftovers: string[] = [];
  for (const { segment, gzip, ack } of groups.values()) {
    if (segment !== undefined) segments.push({ ...segment, kind: 'segment', ackBytes: ack?.bytes });
    else if (gzip !== undefined) segments.push({ ...gzip, kind: 'gzip', ackBytes: ack?.bytes });
    else if (ack !== undefined) leftovers.push(ack.file);
    // Compression was interrupted: only the plain one is surely whole.
    if (segment !== undefined && gzip !== undefined) leftovers.push(gzip.file);
  }
  return { kind: 'ok', segments, leftovers };
}

/**
 * The segments of an adopted directory in the order they were written. Symbolic links, FIFOs, files with a second name,
 * of another user or over 64 MiB, and names that are not of the format are ignored and left alone. Never throws.
 */
export async function listSegments(files: SpoolFiles, path: string): Promise<Listing> {
  const names = await listed(files, path);
  if ('kind' in names) return names;
  const found: PlainFile[] = [];
  for (const name of names) {
    const file = await plainFile(files, path, name);
    if (file === undefined) continue;
    if (file.kind === 'failed') return file;
    found.push(file);
  }
  return listingOf(found);
}
