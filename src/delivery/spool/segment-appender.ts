import type { Chunk } from './chunk.ts';
import type { ChunkCache } from './chunk-cache.ts';
import type { Piece } from './disk-batch.ts';
import type { Failure } from './failure.ts';
import { FRAME_OVERHEAD, writeFrame } from './frame.ts';
import type { SpoolHost } from './host.ts';
import { isScarcity } from './owner.ts';
import type { Segment } from './segment.ts';
import { createSegmentFile, type SegmentFile } from './segment-file.ts';
import { SegmentWriter } from './segment-writer.ts';

/** With the one record that goes beyond it, a segment stays below what is taken over from others. */
const MAX_BYTES = 32 * 1_048_576;

export interface SegmentAppenderOptions {
  readonly lane: string;
  readonly host: SpoolHost;
  readonly cache: ChunkCache;
  readonly onBegun: (segment: Segment) => void;
  /** Nothing more will be written to it. */
  readonly onSealed: (segment: Segment) => void;
  /** What was written may not be on the disk, and asking again would not tell. */
  readonly onUnsynced: (segment: Segment, failure: Failure) => void;
}

/** The segment that is written to: its file, and the memory that its frames are made in. */
interface Active {
  readonly segment: Segment;
  readonly file: SegmentFile;
  slab: Chunk;
}

/** The young end of a lane: which segment is written to, when the next one begins, and when the disk is asked to keep it. */
export class SegmentAppender {
  readonly #options: SegmentAppenderOptions;
  readonly #writer: SegmentWriter;
  #active: Active | undefined;
  /** Sealed segments that are being synced. */
  readonly #closing = new Set<Promise<boolean>>();
  /** There is no descriptor for another segment. */
  #clings = false;

  constructor(options: SegmentAppenderOptions) {
    const { clock, asynchronous, failed, slow } = options.host;
    this.#options = options;
    this.#writer = new SegmentWriter({
      ...{ clock, asynchronous, onMode: slow },
      onFailure: (failure, files) => {
        failed(failure);
        for (const file of files) this.#giveUp(file, failure);
      },
    });
  }

  /** The segment that is written to. */
  get active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** Whether the disk is too slow to be waited for. */
  get isAsynchronous(): boolean {
    return this.#writer.isAsynchronous(this.#options.host.clock.now());
  }

  /** Bytes that are in memory only, because the disk is slow. */
  get unwrittenBytes(): number {
    return this.#writer.pendingBytes;
  }

  append(text: string, taken: boolean): Failure | undefined {
    const { host } = this.#options;
    const now = host.clock.now();
    if (!host.isOurs(now)) return { code: 'ENOENT' };
    if (this.#isFull(now)) {
      const failure = this.#roll(now);
      if (failure !== undefined) return failure;
    }
    return this.#write(this.#active as Active, text, now, taken);
  }

  /** Whether the next record is for another segment. */
  #isFull(now: number): boolean {
    if (this.#active === undefined || this.#active.segment.sealed) return true;
    const { segment } = this.#active;
    const { segmentBytes, segmentMillis } = this.#options.host;
    return segment.size >= Math.min(segmentBytes, MAX_BYTES) || now - segment.openedAt >= segmentMillis;
  }

  #write(active: Active, text: string, now: number, taken: boolean): Failure | undefined {
    const { segment, file } = active;
    const slab = this.#room(active, text);
    const start = slab.used;
    const end = writeFrame(slab.bytes, start, text);
    const failure = this.#writer.append(file, slab.bytes, start, end, now);
    if (failure !== undefined) return failure;
    slab.extend(end);
    segment.extend(segment.size + end - start, taken);
    return undefined;
  }

  /** The slab, or a new one when the text does not fit. */
  #room(active: Active, text: string): Chunk {
    const { slab, segment } = active;
    const left = slab.bytes.length - slab.used;
    // Three bytes per UTF-16 unit at most; only near the end of a slab is the exact length worth its cost.
    if (text.length * 3 + FRAME_OVERHEAD <= left) return slab;
    const exact = Buffer.byteLength(text) + FRAME_OVERHEAD;
    if (exact <= left) return slab;
    slab.open = false;
    active.slab = this.#options.cache.slab(segment, exact);
    return active.slab;
  }

  /** The record that was appended last. */
  last(): Piece {
    const { segment, slab: chunk } = this.#active as Active;
    return { segment, chunk, first: chunk.count - 1, last: chunk.count, attempts: 0 };
  }

  #roll(now: number): Failure | undefined {
    const old = this.#active?.segment;
    const isWritable = old?.sealed === false;
    // What is full may itself have to make room for the next one.
    if (old !== undefined) old.sealed = true;
    const next = this.#begin(now);
    const isScarce = 'code' in next && isScarcity(next.code);
    this.#clings = isScarce && isWritable && !old.ended && old.size < MAX_BYTES;
    if (this.#clings && old !== undefined) {
      old.sealed = false;
      return undefined;
    }
    this.seal();
    if ('code' in next) return next;
    this.#active = next;
    this.#options.onBegun(next.segment);
    return undefined;
  }

  #begin(now: number): Active | Failure {
    const { host, lane, cache } = this.#options;
    const segment = host.begin(lane, now);
    if ('code' in segment) return segment;
    const file = createSegmentFile(host.files, segment);
    if ('code' in file) return file;
    const slab = cache.slab(segment, 0);
    const end = writeFrame(slab.bytes, 0, host.header(lane));
    const refused = this.#writer.append(file, slab.bytes, 0, end, now);
    if (refused !== undefined) {
      cache.forget(segment);
      file.close();
      host.retire(segment);
      return refused;
    }
    slab.skip(end);
    segment.size = end;
    return { segment, file, slab };
  }

  /** Nothing more is written to the segment; the next record begins another. */
  seal(): void {
    if (this.#active === undefined) return;
    const { segment, file, slab } = this.#active;
    this.#active = undefined;
    slab.open = false;
    segment.sealed = true;
    if (this.#options.host.syncPolicy !== 'never' && !segment.idle && file.wantsSync) {
      const done = this.#sync(file).finally(() => {
        this.#closing.delete(done);
        file.close();
      });
      this.#closing.add(done);
    } else {
      file.close();
    }
    this.#options.onSealed(segment);
  }

  /** Ends a segment that has been open for long enough, so that an idle lane holds no file. */
  sealIfOld(now: number): void {
    const mayEnd = !this.#clings || this.active?.idle === true;
    if (mayEnd && this.#active !== undefined && this.#isFull(now)) this.seal();
  }

  /** Asks the disk, in the thread pool, to keep what was written; false when it refused. */
  async sync(): Promise<boolean> {
    const all = [...this.#closing];
    if (this.#active !== undefined) all.push(this.#sync(this.#active.file));
    return (await Promise.all(all)).every(Boolean);
  }

  async #sync(file: SegmentFile): Promise<boolean> {
    const failure = await file.sync();
    if (failure !== undefined) this.#unsynced(file.segment, failure);
    return failure === undefined;
  }

  #giveUp(file: SegmentFile, failure: Failure): void {
    file.giveUp(failure);
    this.#unsynced(file.segment, failure);
  }

  #unsynced(segment: Segment, failure: Failure): void {
    if (segment === this.active) this.seal();
    this.#options.onUnsynced(segment, failure);
  }

  /** Writes at once what waits for a slow disk. */
  flushSync(): void {
    this.#writer.flushSync();
  }

  /** The directory is not ours any more: the files are left as they are. */
  abandon(): void {
    this.#writer.forget();
    if (this.#active === undefined) return;
    const { file, slab } = this.#active;
    this.#active = undefined;
    slab.open = false;
    file.close();
  }
}
