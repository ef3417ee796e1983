import type { Batch } from '../../codec/batch.ts';
import type { DropReason } from '../ledger.ts';
import type { TakeOptions } from '../queue.ts';
import { AckFiles } from './acks.ts';
import { ChunkCache } from './chunk-cache.ts';
import { type DiskBatch, fromOf, type Piece, toOf } from './disk-batch.ts';
import type { Failure } from './failure.ts';
import type { SpoolHost } from './host.ts';
import { SegmentReader } from './reader.ts';
import type { Segment } from './segment.ts';
import { SegmentAppender } from './segment-appender.ts';
import { SegmentList } from './segment-list.ts';
import { TakenBatches } from './taken-batches.ts';
import { Unsynced } from './unsynced.ts';

export interface DiskQueueOptions {
  readonly lane: string;
  readonly host: SpoolHost;
  readonly onDrop: (count: number, reason: DropReason) => void;
  /** Records that could not be taken because their bytes were not at hand can be now. */
  readonly onReadable: () => void;
}

/**
 * A queue of records on disk: appended to the newest segment within `append`, read back oldest first, acknowledged by
 * ranges beside the segment, whose files go once all of it has ended.
 *
 *     append → slab ─writeSync→ 00000007-logs.seg        take ← slabs in memory, or read in the thread pool
 *                               00000007-logs.ack ← acknowledge
 *
 * Memory does not grow with what waits: a segment is a few numbers, a record none.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions;
  readonly #cache = new ChunkCache();
  readonly #list = new SegmentList();
  readonly #acks: AckFiles;
  readonly #reader: SegmentReader;
  /** The young end. */
  readonly appender: SegmentAppender;
  readonly #taken = new TakenBatches();
  readonly #unsynced = new Unsynced();
  #waiting = 0;

  constructor(options: DiskQueueOptions) {
    const { host, lane, onReadable } = options;
    this.#options = options;
    this.#acks = new AckFiles(host.files);
    this.#reader = new SegmentReader({
      ...{ files: host.files, clock: host.clock, cache: this.#cache, onReadable },
      onDamaged: (segment, count) => {
        segment.damaged = true;
        this.#lose(count, 'corrupt');
        this.#endIfIdle(segment);
      },
      onTrouble: (failure) => host.troubled('read', failure),
      onUnreadable: (segment) => this.drop(segment, 'spool_lost'),
    });
    this.appender = new SegmentAppender({
      ...{ host, lane, cache: this.#cache },
      onBegun: (segment) => this.#list.add(segment),
      onSealed: (segment) => this.#endIfIdle(segment),
      onUnsynced: (segment, failure) => {
        host.troubled('sync', failure);
        this.#unsynced.add(segment);
      },
    });
  }

  get waiting(): number {
    return this.#waiting;
  }

  get taken(): number {
    return this.#taken.count;
  }

  /** Bytes of the records that wait or are taken, as they stand in the files. */
  get pendingBytes(): number {
    return this.#list.all().reduce((sum, { waitingBytes }) => sum + waitingBytes, this.#taken.bytes);
  }

  get segments(): readonly Segment[] {
    return this.#list.all();
  }

  /** Whether bytes are being read. */
  get isReading(): boolean {
    return this.#reader.loading;
  }

  checkpoint(): () => boolean {
    const active = this.appender.active;
    const offset = active?.size ?? 0;
    const before = this.#list.all().filter((segment) => !segment.idle);
    const isPast = (segment: Segment): boolean => {
      if (segment !== active) return segment.idle;
      const first = segment.spans[0];
      return (first === undefined || first.from >= offset) && !this.#taken.hasBefore(segment, offset);
    };
    return () => before.every(isPast);
  }

  /** Appends one record; when it returns nothing the record is in the file. */
  append(text: string): Failure | undefined {
    const failure = this.appender.append(text, false);
    if (failure === undefined) this.#waiting += 1;
    return failure;
  }

  /** Appends one record that is handed out at once. */
  appendTaken(text: string): DiskBatch | Failure {
    const failure = this.appender.append(text, true);
    if (failure !== undefined) return failure;
    this.#waiting += 1;
    return this.#handOut([this.appender.last()]);
  }

  take(options: TakeOptions): Batch | undefined {
    // Where one side is damaged all through, or has nothing fresh, the other may have something.
    for (let side = 0; side < 2 && this.#waiting > 0; side += 1) {
      const pieces = this.#pieces(options);
      if (pieces.length > 0) return this.#handOut(pieces);
      if (this.isReading) return undefined;
    }
    return undefined;
  }

  #pieces(options: TakeOptions): readonly Piece[] {
    if (!options.newest) return this.#reader.oldest(this.#list.turn(), options);
    const newest = this.#reader.newest(this.#list.all());
    if (newest.length > 0 || this.#reader.loading) return newest;
    // The young end is damaged.
    return this.#reader.oldest(this.#list.all(), { ...options, maxRecords: 1 });
  }

  split(batch: Batch, count: number): readonly [Batch, Batch] {
    return this.#taken.split(batch as DiskBatch, count);
  }

  acknowledge(batch: Batch): void {
    this.#endBatch(batch as DiskBatch);
    for (const { segment, from, to } of (batch as DiskBatch).ranges()) {
      if (segment.ended) continue;
      // Also for the last of a segment: until its files are gone, another process may find them.
      this.#acks.write(segment.ackPath, { from, to }, this.appender.isAsynchronous);
      this.#endIfIdle(segment);
    }
  }

  release(batch: Batch): void {
    const { pieces } = batch as DiskBatch;
    this.#endBatch(batch as DiskBatch);
    for (const piece of pieces) {
      const { segment, first, last, attempts } = piece;
      const count = last - first;
      if (segment.gone !== undefined) {
        this.#options.onDrop(count, segment.gone);
        continue;
      }
      segment.insert({ from: fromOf(piece), to: toOf(piece), count, attempts: attempts + 1 });
      this.#waiting += count;
    }
  }

  #handOut(pieces: readonly Piece[]): DiskBatch {
    const batch = this.#taken.add(pieces);
    this.#waiting -= batch.count;
    return batch;
  }

  #endBatch(batch: DiskBatch): void {
    this.#taken.remove(batch);
    for (const { segment, first, last } of batch.pieces) segment.taken -= last - first;
  }

  /** Takes in a segment that another process has left behind. */
  adopt(segment: Segment): void {
    this.#waiting += segment.waiting;
    this.#list.addRecovered(segment);
  }

  /** The segment whose records would go first if room were needed. */
  get oldestSealed(): Segment | undefined {
    return this.#list.oldestSealed();
  }

  /** Sealed segments whose records have all waited longer than `maxAgeMillis` go; older lives are judged by the wall clock. */
  expire(now: number, maxAgeMillis: number): void {
    const born = now - maxAgeMillis - this.#options.host.segmentMillis;
    for (const segment of this.#list.all()) {
      if (segment.sealed && segment.openedAt < born) this.drop(segment, 'expired');
    }
  }

  /** Gives a segment up: what waits in it has ended for `reason`, and what is under way if it comes back. */
  drop(segment: Segment, reason: DropReason): void {
    this.#lose(segment.clear(), reason);
    segment.gone = reason;
    this.#end(segment);
  }

  /**
   * The files of this process's segments are not to be had any more. What it had taken over from others lies where it
   * was, and is found again by whoever looks next.
   */
  abandon(reason: DropReason): void {
    this.appender.abandon();
    for (const segment of this.#list.all()) {
      segment.gone = segment.recovered ? 'taken_over' : reason;
      this.#lose(segment.clear(), segment.gone);
      this.#forget(segment);
    }
  }

  /** Some records that the disk may not have kept, to be appended again and then acknowledged. */
  takeUnsynced(): DiskBatch | undefined {
    const pieces = this.#unsynced.take(this.#reader);
    return pieces.length > 0 ? this.#handOut(pieces) : undefined;
  }

  /** Ends writing; with `exiting` what waits for a slow disk is written at once. */
  close(exiting: boolean): void {
    if (exiting) this.appender.flushSync();
    this.appender.seal();
    this.#acks.closeAll();
  }

  #lose(count: number, reason: DropReason): void {
    if (count === 0) return;
    this.#waiting -= count;
    this.#options.onDrop(count, reason);
  }

  #endIfIdle(segment: Segment): void {
    if (segment.sealed && segment.idle && !segment.ended) this.#end(segment);
  }

  #end(segment: Segment): void {
    this.#forget(segment);
    this.#options.host.retire(segment);
  }

  #forget(segment: Segment): void {
    segment.ended = true;
    this.#list.remove(segment);
    this.#cache.forget(segment);
    this.#acks.close(segment.ackPath);
  }
}
