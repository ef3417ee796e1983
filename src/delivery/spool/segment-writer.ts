import type { Clock } from '../../clock.ts';
import type { Failure } from './failure.ts';
import type { SegmentFile } from './segment-file.ts';

/**
 * A write that takes longer is slow: the application waits for it. Long enough that a busy processor or a throttled
 * container (100 ms at a time) is not taken for a slow disk, since records wait in memory while the disk is one.
 */
const SLOW_MILLIS = 200;
/** This many slow ones within a minute, and writing goes to the thread pool for a minute. */
const SLOW_WRITES = 3;
const MINUTE = 60_000;
/** Bytes that may wait for the thread pool. */
const MAX_PENDING = 1_048_576;

interface Pending {
  readonly file: SegmentFile;
  readonly bytes: Buffer;
  from: number;
  to: number;
}

export interface SegmentWriterOptions {
  readonly clock: Clock;
  /** Write in the thread pool from the start (network file systems). */
  readonly asynchronous: boolean;
  /** Records for some files could not be written after all; they are in memory. */
  readonly onFailure: (failure: Failure, files: Iterable<SegmentFile>) => void;
  readonly onMode: (asynchronous: boolean) => void;
}

/**
 * Appends frames to the segments of a lane: synchronously, so that a record is in the page cache, and survives the
 * process, when `append` returns. A disk that stalls is written to from the thread pool for a while instead.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #slow: number[] = [];
  #asynchronousUntil: number;
  /** What the thread pool has not written yet, oldest first. */
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #writing = false;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#asynchronousUntil = options.asynchronous ? Number.POSITIVE_INFINITY : 0;
  }

  /** Whether what is written now goes through the thread pool. */
  isAsynchronous(now: number): boolean {
    return now < this.#asynchronousUntil || this.#pending.length > 0;
  }

  /** The process must not end before these are written. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Writes `bytes` from `from` to `to` behind what the file holds. After a failure the file is as it was before. */
  append(file: SegmentFile, bytes: Buffer, from: number, to: number, now: number): Failure | undefined {
    if (this.isAsynchronous(now)) return this.#enqueue(file, bytes, from, to);
    const failure = file.writeSync(bytes, from, to);
    const millis = this.#options.clock.now() - now;
    if (millis > SLOW_MILLIS) this.#noteSlow(now, millis);
    return failure;
  }

  #noteSlow(now: number, millis: number): void {
    this.#slow = [...this.#slow.filter((at) => now - at < MINUTE), now];
    if (this.#slow.length < SLOW_WRITES) return;
    this.#slow = [];
    this.#asynchronousUntil = now + millis + MINUTE;
    this.#options.onMode(true);
  }

  #enqueue(file: SegmentFile, bytes: Buffer, from: number, to: number): Failure | undefined {
    // A single record that is larger is taken all the same, or it would keep all others waiting for ever.
    if (this.#pendingBytes > 0 && this.#pendingBytes + to - from > MAX_PENDING) return { code: 'EBUSY' };
    const last = this.#pending.at(-1);
    // The one being written is the first; it must not grow under the writer's hands.
    if (this.#pending.length > 1 && last?.file === file && last.bytes === bytes && last.to === from) {
      last.to = to;
    } else {
      this.#pending.push({ file, bytes, from, to });
      file.queued();
    }
    this.#pendingBytes += to - from;
    this.#pump();
    return undefined;
  }

  #pump(): void {
    const next = this.#pending[0];
    if (this.#writing || next === undefined) return;
    this.#writing = true;
    const { file, bytes, from, to } = next;
    file.write(bytes, from, to, (written) => {
      this.#writing = false;
      // `flushSync` or `forget` may have emptied the list meanwhile.
      if (this.#pending[0] === next) this.#wrote(next, written);
      this.#pump();
    });
  }

  #wrote(part: Pending, written: number | Failure): void {
    if (typeof written !== 'number') {
      this.#failed(written);
      return;
    }
    part.from += written;
    this.#pendingBytes -= written;
    if (part.from < part.to) return;
    this.#pending.shift();
    part.file.unqueued();
  }

  #failed(failure: Failure): void {
    const files = new Set(this.#pending.map(({ file }) => file));
    this.#options.onFailure(failure, files);
    this.forget();
  }

  /** What waits for the thread pool will not be written. */
  forget(): void {
    this.#pendingBytes = 0;
    for (const { file } of this.#pending.splice(0)) file.unqueued();
  }

  /**
   * Writes what waits for the thread pool at once; for the end of the process. What is being written just now is
   * written twice: a duplicate is better than a gap.
   */
  flushSync(): void {
    this.#pendingBytes = 0;
    for (const { file, bytes, from, to } of this.#pending.splice(0)) {
      file.writeSync(bytes, from, to);
      file.unqueued();
    }
  }
}
