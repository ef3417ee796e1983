import { constants } from 'node:fs';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;
/** A write that takes longer is slow: the application waits for it. */
const SLOW_MILLIS = 10;
/** This many slow ones within a minute, and writing goes to the thread pool for a minute. */
const SLOW_WRITES = 3;
const MINUTE = 60_000;
/** Bytes that may wait for the thread pool. */
const MAX_PENDING = 1_048_576;

/** Why something did not work: the code of the system's error. */
export interface Failure {
  readonly code: string;
}

export function failureOf(error: unknown): Failure {
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : 'UNKNOWN' };
}

interface Pending {
  readonly bytes: Buffer;
  readonly from: number;
  to: number;
}

export interface SegmentWriterOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** Write in the thread pool from the start (network file systems). */
  readonly asynchronous: boolean;
  /** Records could not be written after all; they are in memory. */
  readonly onFailure: (failure: Failure) => void;
  readonly onMode: (asynchronous: boolean) => void;
}

/**
 * Appends frames to the newest segment of a lane: synchronously, so that a record is in the page cache, and survives
 * the process, when `append` returns. A disk that stalls is written to from the thread pool for a while instead.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #descriptor: number | undefined;
  #segment: Segment | undefined;
  #slow: number[] = [];
  #asynchronousUntil: number;
  /** What the thread pool has not written yet, oldest first. */
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #writing = false;
  #onDrained: (() => void)[] = [];
  /** Something was written since the last `sync`. */
  dirty = false;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#asynchronousUntil = options.asynchronous ? Number.POSITIVE_INFINITY : 0;
  }

  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Whether writing goes to the thread pool. */
  isAsynchronous(now: number): boolean {
    return now < this.#asynchronousUntil || this.#pending.length > 0;
  }

  /** Creates the file of a segment; whatever was open before must have been closed. */
  open(segment: Segment): Failure | undefined {
    try {
      this.#descriptor = this.#options.files.openSync(segment.path, FLAGS, 0o600);
      this.#segment = segment;
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Writes `bytes` from `from` to `to` behind what the segment holds. After a failure the file is as it was before. */
  append(bytes: Buffer, from: number, to: number, now: number): Failure | undefined {
    if (this.isAsynchronous(now)) return this.#enqueue(bytes, from, to);
    const failure = this.#write(bytes, from, to);
    this.dirty = true;
    const millis = this.#options.clock.now() - now;
    if (millis > SLOW_MILLIS) this.#noteSlow(now, millis);
    return failure;
  }

  #write(bytes: Buffer, from: number, to: number): Failure | undefined {
    const { files } = this.#options;
    const descriptor = this.#descriptor as number;
    const segment = this.#segment as Segment;
    try {
      for (let at = from; at < to; ) {
        // A full disk first takes a part without an error.
        const written = files.writeSync(descriptor, bytes, at, to - at);
        if (written <= 0) return this.#undo({ code: 'ENOSPC' });
        at += written;
      }
      segment.diskBytes += to - from;
      return undefined;
    } catch (error) {
      return this.#undo(failureOf(error));
    }
  }

  /** Cuts a torn frame off; if even that fails nothing more may be written behind it. */
  #undo(failure: Failure): Failure {
    const segment = this.#segment as Segment;
    try {
      this.#options.files.ftruncateSync(this.#descriptor as number, segment.diskBytes);
    } catch {
      segment.sealed = true;
    }
    return failure;
  }

  #noteSlow(now: number, millis: number): void {
    this.#slow = [...this.#slow.filter((at) => now - at < MINUTE), now];
    if (this.#slow.length < SLOW_WRITES) return;
    this.#slow = [];
    this.#asynchronousUntil = now + millis + MINUTE;
    this.#options.onMode(true);
  }

  #enqueue(bytes: Buffer, from: number, to: number): Failure | undefined {
    if (this.#pendingBytes + to - from > MAX_PENDING) return { code: 'EBUSY' };
    const last = this.#pending.at(-1);
    // The one being written is the first; it must not grow under the writer's hands.
    if (last !== undefined && this.#pending.length > 1 && last.bytes === bytes && last.to === from) last.to = to;
    else this.#pending.push({ bytes, from, to });
    this.#pendingBytes += to - from;
    this.#pump();
    return undefined;
  }

  #pump(): void {
    const next = this.#pending[0];
    const segment = this.#segment;
    if (this.#writing || next === undefined || segment === undefined) return;
    this.#writing = true;
    const { bytes, from, to } = next;
    this.#options.files.write(this.#descriptor as number, bytes, from, to - from, null, (error, written) => {
      this.#writing = false;
      // `flushSync` or a failure may have emptied the list meanwhile.
      if (this.#pending[0] !== next) return this.#pump();
      if (error !== null || written <= 0) return this.#failed(error === null ? { code: 'ENOSPC' } : failureOf(error));
      this.dirty = true;
      segment.diskBytes += written;
      this.#pendingBytes -= written;
      this.#pending.shift();
      if (from + written < next.to) this.#pending.unshift({ bytes, from: from + written, to: next.to });
      if (this.#pending.length === 0) this.#drained();
      this.#pump();
    });
  }

  #failed(failure: Failure): void {
    const segment = this.#segment as Segment;
    segment.sealed = true;
    this.#undo(failure);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#drained();
    this.#options.onFailure(failure);
  }

  #drained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** Whether the segment may be ended now: nothing of it is on its way to the thread pool. */
  get settled(): boolean {
    return this.#pending.length === 0 && !this.#writing;
  }

  /** Resolves when nothing waits for the thread pool. */
  drained(): Promise<void> {
    if (this.#pending.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /**
   * Writes what waits for the thread pool at once; for the end of the process. What is being written just now is
   * written twice: a duplicate is better than a gap.
   */
  flushSync(): Failure | undefined {
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const { bytes, from, to } of pending) {
      const failure = this.#write(bytes, from, to);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Ends the segment and hands its descriptor to whoever syncs and closes it. */
  detach(): number | undefined {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#segment = undefined;
    this.dirty = false;
    return descriptor;
  }
}
