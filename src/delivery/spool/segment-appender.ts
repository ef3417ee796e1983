import type { Chunk } from './chunk.ts';
import type { ChunkCache } from './chunk-cache.ts';
import type { Piece } from './disk-batch.ts';
import { FRAME_OVERHEAD, writeFrame } from './frame.ts';
import type { SpoolHost } from './host.ts';
import type { Segment } from './segment.ts';
import { type Failure, failureOf, SegmentWriter } from './segment-writer.ts';

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

/** The young end of a lane: which segment is written to, when the next one begins, and when the disk is asked to keep it. */
export class SegmentAppender {
  readonly #options: SegmentAppenderOptions;
  readonly #writer: SegmentWriter;
  #slab: Chunk | undefined;
  /** Sealed segments that are being synced. */
  readonly #closing = new Set<Promise<boolean>>();
  /** The segment that is written to. */
  active: Segment | undefined;

  constructor(options: SegmentAppenderOptions) {
    const { files, clock, asynchronous, failed, slow } = options.host;
    this.#options = options;
    this.#writer = new SegmentWriter({ files, clock, asynchronous, onFailure: failed, onMode: slow });
  }

  /** Whether the disk is too slow to be waited for. */
  get isAsynchronous(): boolean {
    return this.#writer.isAsynchronous(this.#options.host.clock.now());
  }

  append(text: string, taken: boolean): Failure | undefined {
    const { host } = this.#options;
    const now = host.clock.now();
    if (!host.isOurs(now)) return { code: 'ENOENT' };
    const segment = this.active;
    if (segment === undefined || this.#isFull(segment, now)) {
      const failure = this.#roll(now);
      if (failure !== undefined) return failure;
    }
    return this.#write(text, now, taken);
  }

  #isFull(segment: Segment, now: number): boolean {
    if (segment.sealed) return true;
    const { segmentBytes, segmentMillis } = this.#options.host;
    const due = segment.size >= segmentBytes || now - segment.openedAt >= segmentMillis;
    return due && this.#writer.settled;
  }

  #write(text: string, now: number, taken: boolean): Failure | undefined {
    const segment = this.active as Segment;
    const slab = this.#room(segment, text);
    const start = slab.used;
    const end = writeFrame(slab.bytes, start, text);
    const failure = this.#writer.append(slab.bytes, start, end, now);
    if (failure !== undefined) return failure;
    slab.extend(end);
    segment.extend(segment.size + end - start, taken);
    return undefined;
  }

  /** The slab, or a new one when the text does not fit. */
  #room(segment: Segment, text: string): Chunk {
    const slab = this.#slab as Chunk;
    const left = slab.bytes.length - slab.used;
    // Three bytes per UTF-16 unit at most; only near the end of a slab is the exact length worth its cost.
    if (text.length * 3 + FRAME_OVERHEAD <= left) return slab;
    const exact = Buffer.byteLength(text) + FRAME_OVERHEAD;
    if (exact <= left) return slab;
    this.#slab = this.#options.cache.slab(segment, exact);
    return this.#slab;
  }

  /** The record that was appended last. */
  last(): Piece {
    const chunk = this.#slab as Chunk;
    return { segment: this.active as Segment, chunk, first: chunk.count - 1, last: chunk.count, attempts: 0 };
  }

  #roll(now: number): Failure | undefined {
    this.seal();
    const { host, lane, cache, onBegun } = this.#options;
    const segment = host.begin(lane, now);
    if ('code' in segment) return segment;
    const failure = this.#writer.open(segment);
    if (failure !== undefined) return failure;
    const slab = cache.slab(segment, 0);
    const end = writeFrame(slab.bytes, 0, host.header(lane));
    const refused = this.#writer.append(slab.bytes, 0, end, now);
    if (refused !== undefined) {
      cache.forget(segment);
      this.#close(this.#writer.detach());
      host.retire(segment);
      return refused;
    }
    slab.skip(end);
    segment.size = end;
    this.#slab = slab;
    this.active = segment;
    onBegun(segment);
    return undefined;
  }

  /** Nothing more is written to the segment; the next record begins another. */
  seal(): void {
    const segment = this.active;
    if (segment === undefined) return;
    this.active = undefined;
    this.#slab = undefined;
    segment.sealed = true;
    const dirty = this.#writer.dirty;
    const descriptor = this.#writer.detach();
    if (descriptor !== undefined && dirty && this.#options.host.syncPolicy !== 'never' && !segment.idle) {
      const done = this.#syncAndClose(segment, descriptor).finally(() => this.#closing.delete(done));
      this.#closing.add(done);
    } else {
      this.#close(descriptor);
    }
    this.#options.onSealed(segment);
  }

  /** Ends a segment that has been open for long enough, so that an idle lane holds no file. */
  sealIfOld(now: number): void {
    if (this.active !== undefined && this.#isFull(this.active, now)) this.seal();
  }

  /** Asks the disk, in the thread pool, to keep what was written; false when it refused. */
  async sync(): Promise<boolean> {
    await this.#writer.drained();
    const { descriptor } = this.#writer;
    const segment = this.active;
    const closing = [...this.#closing];
    if (descriptor !== undefined && segment !== undefined && this.#writer.dirty) {
      this.#writer.dirty = false;
      closing.push(this.#syncActive(segment, descriptor));
    }
    return (await Promise.all(closing)).every(Boolean);
  }

  async #syncActive(segment: Segment, descriptor: number): Promise<boolean> {
    const failure = await this.#fdatasync(descriptor);
    // A segment that was sealed meanwhile was synced then.
    if (failure === undefined || segment !== this.active) return failure === undefined;
    // A second attempt would report success for pages that the first one has thrown away.
    this.#unsynced(segment, failure);
    return false;
  }

  async #syncAndClose(segment: Segment, descriptor: number): Promise<boolean> {
    const failure = await this.#fdatasync(descriptor);
    this.#close(descriptor);
    if (failure !== undefined) this.#unsynced(segment, failure);
    return failure === undefined;
  }

  #unsynced(segment: Segment, failure: Failure): void {
    if (segment === this.active) {
      this.#writer.dirty = false;
      this.seal();
    }
    this.#options.onUnsynced(segment, failure);
  }

  #fdatasync(descriptor: number): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      this.#options.host.files.fdatasync(descriptor, (error) => resolve(error === null ? undefined : failureOf(error)));
    });
  }

  #close(descriptor: number | undefined): void {
    if (descriptor === undefined) return;
    try {
      this.#options.host.files.closeSync(descriptor);
    } catch {
      // What was written is written.
    }
  }

  /** Writes at once what waits for a slow disk. */
  flushSync(): void {
    this.#writer.flushSync();
  }

  /** The directory is not ours any more: the file is left as it is, and nobody's records are in it. */
  abandon(): void {
    this.active = undefined;
    this.#slab = undefined;
    this.#close(this.#writer.detach());
  }
}
