import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SpoolFiles } from './files.ts';
import { DEAD_FOLDER } from './names.ts';
import { removeInstance } from './root.ts';
import { ackPathOf, type Segment } from './segment.ts';

const TRUNCATE = constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;

/**
 * Removes the files of segments that have ended: in the thread pool, so that large files do not hold up the
 * application, or at once where room is needed. Damaged ones are kept aside, for whoever wants to look at them.
 */
export class Retirement {
  readonly #files: SpoolFiles;
  /** Adopted directories and how many of their segments are still needed. */
  readonly #adopted = new Map<string, number>();
  /** What is being removed, by the path of the segment. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(files: SpoolFiles) {
    this.#files = files;
  }

  /** A directory was adopted; it goes with the last of its segments. */
  adopt(path: string, segments: number): void {
    this.#adopted.set(path, segments);
    if (segments === 0) this.#leave(path);
  }

  /** Adopted directories are not ours any more. */
  forget(): void {
    this.#adopted.clear();
  }

  /** The files of a segment go. */
  retire(segment: Segment): void {
    const { path, ackPath, gone } = segment;
    // Where room is needed nothing is kept to be looked at, nor by a descriptor that is still open.
    const damaged = segment.damaged && gone !== 'overflow';
    if (gone === 'overflow') this.#empty(path);
    // An overflow wants the room at once; what was delivered can go when it goes.
    if (gone !== undefined) this.#now(path, ackPath, damaged);
    else this.#later(path, ackPath, damaged);
  }

  #empty(path: string): void {
    try {
      this.#files.closeSync(this.#files.openSync(path, TRUNCATE));
    } catch {
      // Its room will be free when its last descriptor is closed.
    }
  }

  #now(path: string, ackPath: string, damaged: boolean): void {
    for (const file of [path, ackPath]) {
      try {
        if (damaged && file === path) this.#setAside(path);
        else this.#files.unlinkSync(file);
      } catch {
        // It is gone already, or cannot be removed; then it is delivered once more by whoever finds it.
      }
    }
    this.#left(dirname(path));
  }

  #later(path: string, ackPath: string, damaged: boolean): void {
    if (damaged) {
      this.#now(path, ackPath, true);
      return;
    }
    const { unlink } = this.#files.promises;
    // The segment first: acknowledgements without it do no harm.
    const done = unlink(path)
      .catch(() => {})
      .then(() => unlink(ackPath))
      .catch(() => {})
      .then(() => {
        this.#pending.delete(path);
        this.#left(dirname(path));
      });
    this.#pending.set(path, done);
  }

  #setAside(path: string): void {
    const folder = join(dirname(dirname(path)), DEAD_FOLDER);
    this.#files.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#files.renameSync(path, join(folder, `${basename(dirname(path))}-${basename(path)}.bad`));
  }

  #left(directory: string): void {
    const count = this.#adopted.get(directory);
    if (count === undefined) return;
    this.#adopted.set(directory, count - 1);
    if (count <= 1) this.#leave(directory);
  }

  #leave(directory: string): void {
    this.#adopted.delete(directory);
    removeInstance(this.#files, directory);
  }

  /** Removes at once what is still being removed: nothing of it must be found, and delivered, again. */
  settleNow(): void {
    for (const path of [...this.#pending.keys()]) this.#now(path, ackPathOf(path), false);
  }

  /** Resolves when the files of everything that has ended are gone. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending.values());
  }
}
