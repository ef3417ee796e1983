import { constants } from 'node:fs';
import { type Failure, failureOf } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;

/** Creates the file of a segment. */
export function createSegmentFile(files: SpoolFiles, segment: Segment): SegmentFile | Failure {
  try {
    return new SegmentFile(files, segment, files.openSync(segment.path, FLAGS, 0o600));
  } catch (error) {
    return failureOf(error);
  }
}

/**
 * The open file of a segment. Its descriptor is closed only when the thread pool has done with it: by then the number
 * may be that of another file, even one of the application's.
 */
export class SegmentFile {
  readonly segment: Segment;
  readonly #files: SpoolFiles;
  readonly #descriptor: number;
  /** Operations of the thread pool that are under way. */
  #users = 0;
  #closed = false;
  /** Parts that wait to be written in the thread pool. */
  #queued = 0;
  #onWritten: (() => void)[] = [];
  /** Something was written that the disk has not been asked to keep. */
  #dirty = false;
  #syncing: Promise<void> | undefined;
  /** The disk has refused to keep it. Asked again it would answer for pages that it has thrown away by then. */
  #refusal: Failure | undefined;

  constructor(files: SpoolFiles, segment: Segment, descriptor: number) {
    this.#files = files;
    this.segment = segment;
    this.#descriptor = descriptor;
  }

  /** Writes `bytes` from `from` to `to` at the end. After a failure the file is as it was before. */
  writeSync(bytes: Buffer, from: number, to: number): Failure | undefined {
    this.#dirty = true;
    let at = from;
    let failure: Failure | undefined;
    try {
      // A full disk first takes a part without an error.
      for (let written = 1; at < to && written > 0; at += written) {
        written = this.#files.writeSync(this.#descriptor, bytes, at, to - at);
      }
      if (at < to) failure = { code: 'ENOSPC' };
    } catch (error) {
      failure = failureOf(error);
    }
    if (failure === undefined) this.segment.diskBytes += to - from;
    else if (at > from) this.#undo();
    // A place that the disk cannot write to is not tried again.
    if (failure?.code === 'EIO') this.segment.sealed = true;
    return failure;
  }

  /** Cuts a torn frame off; if even that fails nothing more may be written behind it. */
  #undo(): void {
    try {
      this.#files.ftruncateSync(this.#descriptor, this.segment.diskBytes);
    } catch {
      this.segment.sealed = true;
    }
  }

  /** Writes some of `bytes` in the thread pool; `done` hears how many, or why none. */
  write(bytes: Buffer, from: number, to: number, done: (written: number | Failure) => void): void {
    this.#users += 1;
    this.#files.write(this.#descriptor, bytes, from, to - from, null, (error, written) => {
      const failure = error === null ? { code: 'ENOSPC' } : failureOf(error);
      if (error === null && written > 0) {
        this.#dirty = true;
        this.segment.diskBytes += written;
      }
      done(error === null && written > 0 ? written : failure);
      this.#unused();
    });
  }

  /** A part of it waits to be written. */
  queued(): void {
    this.#queued += 1;
  }

  /** It does not wait any more. */
  unqueued(): void {
    this.#queued -= 1;
    if (this.#queued > 0) return;
    for (const resolve of this.#onWritten.splice(0)) resolve();
    this.#closeIfUnused();
  }

  /** What waited for it will not be written; the rest stays as it is. */
  giveUp(failure: Failure): void {
    this.#refusal ??= failure;
    this.segment.sealed = true;
    this.#undo();
  }

  /** Whether the disk has yet to be asked about some of it, and may be. */
  get wantsSync(): boolean {
    return this.#refusal === undefined && (this.#dirty || this.#queued > 0 || this.#syncing !== undefined);
  }

  /** Asks the disk, in the thread pool, to keep everything that was handed over before; the failure when it does not. */
  async sync(): Promise<Failure | undefined> {
    if (this.#queued > 0) await new Promise<void>((resolve) => this.#onWritten.push(resolve));
    // What is under way may have begun before the last record was written.
    while (this.#syncing !== undefined) await this.#syncing;
    if (this.#refusal !== undefined || !this.#dirty) return this.#refusal;
    this.#dirty = false;
    this.#syncing = this.#fdatasync();
    await this.#syncing;
    return this.#refusal;
  }

  #fdatasync(): Promise<void> {
    this.#users += 1;
    return new Promise((resolve) => {
      this.#files.fdatasync(this.#descriptor, (error) => {
        if (error !== null) this.#refusal ??= failureOf(error);
        this.#syncing = undefined;
        this.#unused();
        resolve();
      });
    });
  }

  /** Nothing more is asked of it. */
  close(): void {
    this.#closed = true;
    this.#closeIfUnused();
  }

  #unused(): void {
    this.#users -= 1;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (!this.#closed || this.#users > 0 || this.#queued > 0) return;
    this.#closed = false;
    try {
      this.#files.closeSync(this.#descriptor);
    } catch {
      // What was written is written.
    }
  }
}
