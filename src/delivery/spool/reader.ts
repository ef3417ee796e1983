import type { Clock } from '../../clock.ts';
import { OFTEN, type TakeOptions } from '../queue.ts';
import type { Chunk } from './chunk.ts';
import type { ChunkCache } from './chunk-cache.ts';
import type { Piece } from './disk-batch.ts';
import type { Failure } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import { load } from './loader.ts';
import type { Segment, Span } from './segment.ts';

/** Between attempts at reading a file that could not be read, or opened for want of descriptors. */
const RETRY_MILLIS = 1_000;

/** Attempts at reading a file before its records are given up. */
const MAX_FAILURES = 3;
/** Too many open files: it says nothing about the segment. */
const BUSY = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

export interface ReaderOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly cache: ChunkCache;
  /** What was not at hand is now. */
  readonly onReadable: () => void;
  /** `count` records turned out to be damaged. */
  readonly onDamaged: (segment: Segment, count: number) => void;
  /** A file could not be read; it will be tried again. */
  readonly onTrouble: (failure: Failure) => void;
  /** A file could not be read for the last time. */
  readonly onUnreadable: (segment: Segment) => void;
}

/** A span that is being taken from: up to where, and how many records. */
interface Visit {
  readonly segment: Segment;
  readonly span: Span;
  offset: number;
  count: number;
}

/** What may still be taken. */
interface Room {
  records: number;
  bytes: number;
}

/**
 * Takes waiting records out of segments. Their bytes come from memory, or are read in the thread pool: then nothing
 * is taken and `onReadable` says when to ask again. One read at a time.
 */
export class SegmentReader {
  readonly #options: ReaderOptions;
  #loading = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Whether bytes are being read, so that `onReadable` is to come. */
  get loading(): boolean {
    return this.#loading;
  }

  /** The oldest waiting records of `segments`, which are in order of age. */
  oldest(segments: readonly Segment[], options: TakeOptions): readonly Piece[] {
    const pieces: Piece[] = [];
    const visits: Visit[] = [];
    const room = { records: options.maxRecords, bytes: options.maxBytes };
    this.#collect(segments, options, room, pieces, visits);
    for (const { segment, span, offset, count } of visits) {
      this.#damaged(segment, segment.takeFront(span, offset, count));
    }
    this.#readAhead(segments);
    return pieces;
  }

  /** Up to where bytes are missing: to wait for them would mean to keep in memory, meanwhile, what is at hand. */
  #collect(segments: readonly Segment[], { fresh }: TakeOptions, room: Room, pieces: Piece[], visits: Visit[]): void {
    for (const segment of segments) {
      for (const span of segment.spans) {
        const often = (pieces[0]?.attempts ?? span.attempts) >= OFTEN;
        if (fresh && span.attempts > 0) continue;
        if (often !== span.attempts >= OFTEN || room.records === 0) return;
        const visit = { segment, span, offset: span.from, count: 0 };
        visits.push(visit);
        while (visit.offset < span.to) {
          const chunk = this.#options.cache.find(segment, visit.offset);
          if (chunk === undefined) {
            this.#load(segment, visit.offset, span.to, false);
            return;
          }
          if (!takeFrom(chunk, visit, room, pieces)) return;
        }
      }
    }
  }

  /** The youngest waiting record. */
  newest(segments: readonly Segment[]): readonly Piece[] {
    const segment = segments.findLast(({ spans }) => spans.length > 0);
    const span = segment?.spans.at(-1);
    if (segment === undefined || span === undefined) return [];
    const chunk = this.#options.cache.find(segment, span.to - 1);
    if (chunk === undefined) {
      this.#load(segment, span.from, span.to, true);
      return [];
    }
    const last = chunk.indexAt(span.to);
    if (last === 0 || chunk.start(last - 1) < span.from) return [];
    this.#damaged(segment, segment.takeBack(span, chunk.start(last - 1)));
    return [{ segment, chunk, first: last - 1, last, attempts: span.attempts }];
  }

  #damaged(segment: Segment, count: number): void {
    if (count > 0) this.#options.onDamaged(segment, count);
  }

  /** What will be taken next is read while what was taken is sent. */
  #readAhead(segments: readonly Segment[]): void {
    const segment = segments.find(({ spans }) => spans.length > 0);
    const span = segment?.spans[0];
    if (segment === undefined || span === undefined) return;
    if (this.#options.cache.find(segment, span.from) === undefined) this.#load(segment, span.from, span.to, false);
  }

  #load(segment: Segment, from: number, to: number, tail: boolean): void {
    if (this.#loading) return;
    this.#loading = true;
    void this.#loadNow(segment, from, to, tail);
  }

  async #loadNow(segment: Segment, from: number, to: number, tail: boolean): Promise<void> {
    const { files, cache, clock, onReadable } = this.#options;
    const loaded = await load(files, segment, { from, to, tail });
    if (!segment.ended) {
      if ('code' in loaded) {
        this.#failed(segment, loaded);
        await clock.sleep(RETRY_MILLIS);
      } else {
        segment.failures = 0;
        segment.damaged ||= loaded.damaged > 0;
        cache.add(segment, loaded);
      }
    }
    this.#loading = false;
    onReadable();
  }

  #failed(segment: Segment, failure: Failure): void {
    this.#options.onTrouble(failure);
    if (BUSY.has(failure.code)) return;
    segment.failures += 1;
    if (segment.failures < MAX_FAILURES || !segment.sealed) return;
    segment.damaged = true;
    this.#options.onUnreadable(segment);
  }
}

/** Takes frames of one chunk; false when there is no more room for others. */
function takeFrom(chunk: Chunk, visit: Visit, room: Room, pieces: Piece[]): boolean {
  const { segment, span } = visit;
  const first = chunk.indexAt(visit.offset);
  let last = first;
  while (last < chunk.count && chunk.start(last) < span.to && room.records > 0) {
    const bytes = chunk.textBytes(last);
    if (bytes > room.bytes && (last > first || pieces.length > 0)) break;
    room.bytes -= bytes + 1;
    room.records -= 1;
    last += 1;
  }
  if (last > first) {
    pieces.push({ segment, chunk, first, last, attempts: span.attempts });
    visit.count += last - first;
    visit.offset = chunk.end(last - 1);
  }
  if (last < chunk.count && chunk.start(last) < span.to) return false;
  visit.offset = Math.min(span.to, chunk.limit);
  return true;
}
