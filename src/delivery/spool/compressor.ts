import { constants } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Failure, failureOf } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Smaller ones are not worth a file. */
const MIN_BYTES = 65_536;

const pack = promisify(gzip);

/** Whether compressing a segment gains room. */
function isCompressible({ sealed, compressed, ended, size, diskBytes, waiting, damaged }: Segment): boolean {
  // What is still on its way to the disk, or never got there, would not be in the compressed file.
  const isWritten = sealed && diskBytes >= size;
  return isWritten && !compressed && !ended && !damaged && size >= MIN_BYTES && waiting > 0;
}

/**
 * Compresses sealed segments while an outage lasts, one at a time, in the thread pool: logs shrink to a seventh or
 * less. The compressed file is complete before the plain one goes; should both be found, the plain one counts.
 */
export class Compressor {
  readonly #files: SpoolFiles;
  readonly #onFailure: (failure: Failure) => void;
  #running = false;

  constructor(files: SpoolFiles, onFailure: (failure: Failure) => void) {
    this.#files = files;
    this.#onFailure = onFailure;
  }

  /** Compresses what can be, as long as `isWanted`; never rejects. */
  async run(lanes: readonly { readonly segments: readonly Segment[] }[], isWanted: () => boolean): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const next = (): Segment | undefined =>
      isWanted() ? lanes.flatMap(({ segments }) => segments).find(isCompressible) : undefined;
    for (let segment = next(); segment !== undefined; segment = next()) {
      const failure = await this.#compress(segment);
      if (failure === undefined) continue;
      this.#onFailure(failure);
      break;
    }
    this.#running = false;
  }

  async #compress(segment: Segment): Promise<Failure | undefined> {
    const { open, readFile, unlink } = this.#files.promises;
    const plain = segment.path;
    const path = `${plain}.gz`;
    try {
      // Level 1: half the time of the default for nearly the same size.
      const bytes = await pack(await readFile(plain), { level: 1 });
      const handle = await open(path, FLAGS, 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      if (segment.ended) {
        await unlink(path);
        return undefined;
      }
      segment.path = path;
      segment.compressed = true;
      segment.diskBytes = bytes.length;
      await unlink(plain);
      return undefined;
    } catch (error) {
      await unlink(segment.path === plain ? path : plain).catch(() => {});
      return segment.ended ? undefined : failureOf(error);
    }
  }
}
