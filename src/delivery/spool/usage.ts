import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SpoolFiles } from './files.ts';
import { DEAD_FOLDER, parseInstance, parseSegment } from './names.ts';
import type { Failed } from './owner.ts';
import { errorCode, isOurs, isScarcity } from './owner.ts';

/** Folders looked at together: half of the four threads that the application has for files and names as well. */
const WIDTH = 2;

/** Bytes under the root; `totalBytes` is the sum of the two others. */
export interface Usage {
  readonly kind: 'ok';
  readonly totalBytes: number;
  /** In the given instance and the directories that it has adopted. */
  readonly ownBytes: number;
  readonly othersBytes: number;
}

/** Room on a file system, in bytes. */
export interface Room {
  /** What this user may still write. */
  readonly free: number;
  readonly total: number;
}

interface Folder {
  readonly path: string;
  readonly own: boolean;
  readonly counts: (file: string) => boolean;
}

class Measurement {
  readonly #files: SpoolFiles;
  #code: string | undefined;
  #own = 0;
  #others = 0;

  constructor(files: SpoolFiles) {
    this.#files = files;
  }

  result(): Usage | Failed {
    if (this.#code !== undefined) return { kind: 'failed', code: this.#code };
    return { kind: 'ok', totalBytes: this.#own + this.#others, ownBytes: this.#own, othersBytes: this.#others };
  }

  /** What vanishes on the way, or cannot be looked at, does not count; without descriptors nothing can be said. */
  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.#code !== undefined) return undefined;
    try {
      return await action();
    } catch (error) {
      const code = errorCode(error);
      if (isScarcity(code)) this.#code = code;
      return undefined;
    }
  }

  async #stats(path: string): Promise<Stats | undefined> {
    const stats = await this.#attempt(() => this.#files.promises.lstat(path));
    return stats !== undefined && isOurs(stats) ? stats : undefined;
  }

  /** Names inside a real directory of ours; none for anything else. */
  async names(path: string): Promise<readonly string[]> {
    if ((await this.#stats(path))?.isDirectory() !== true) return [];
    return (await this.#attempt(() => this.#files.promises.readdir(path))) ?? [];
  }

  async add({ path, own, counts }: Folder): Promise<void> {
    for (const name of await this.names(path)) {
      if (!counts(name)) continue;
      const stats = await this.#stats(join(path, name));
      if (stats?.isFile() !== true) continue;
      if (own) this.#own += stats.size;
      else this.#others += stats.size;
    }
  }
}

function folderOf(destinationPath: string, name: string, ownPath: string | undefined): Folder | undefined {
  const path = join(destinationPath, name);
  if (name === DEAD_FOLDER) return { path, own: false, counts: () => true };
  const parsed = parseInstance(name);
  if (parsed === undefined) return undefined;
  const owner = parsed.kind === 'adopted' ? parsed.owner : parsed.instance;
  const own = ownPath !== undefined && dirname(ownPath) === destinationPath && basename(ownPath) === owner;
  return { path, own, counts: (file) => parseSegment(file) !== undefined };
}

/**
 * Adds up the segments, acknowledgements and dead letters of all destinations and instances under `rootPath`, in the
 * background: two folders at a time, so at most two files are open. Foreign files, and those of other users, do not
 * count. Ends with `failed` when the process has no descriptors left; never throws.
 *
 * @param ownPath directory of the instance that is counted apart, with the directories it has adopted.
 */
export async function measureUsage(files: SpoolFiles, rootPath: string, ownPath?: string): Promise<Usage | Failed> {
  const measurement = new Measurement(files);
  for (const destination of await measurement.names(rootPath)) {
    const path = join(rootPath, destination);
    const folders = (await measurement.names(path)).values();
    const measure = async (): Promise<void> => {
      for (const name of folders) {
        const folder = folderOf(path, name, ownPath);
        if (folder !== undefined) await measurement.add(folder);
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, measure));
  }
  return measurement.result();
}

/** Room where `path` is; `undefined` when the file system does not say. Asked in the thread pool; never throws. */
export async function freeBytes(files: SpoolFiles, path: string): Promise<Room | undefined> {
  try {
    const { bavail, blocks, bsize } = await files.promises.statfs(path);
    // Some file systems in user space answer with zeros, which is not the same as full.
    return blocks > 0 ? { free: bavail * bsize, total: blocks * bsize } : undefined;
  } catch {
    return undefined;
  }
}
