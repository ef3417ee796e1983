import { constants } from 'node:fs';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Range, readAcks } from './acks.ts';
import type { SpoolFiles } from './files.ts';
import { type FrameSink, readFrames, textEnd, textStart } from './frame.ts';
import { readHeader } from './header.ts';
import { ackPathOf, Segment } from './segment.ts';
import { type Failure, failureOf } from './failure.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
/** Bytes looked at in one turn of the event loop: about a millisecond. */
const SLICE_BYTES = 262_144;
/** No frame is longer; without a line feed in so many bytes the rest of a file is given up. */
const MAX_FRAME_BYTES = 16 * 1_048_576;
const MAX_UNPACKED_BYTES = 134_217_728;
const ZERO = 0;

const unpack = promisify(gunzip);

export interface RecoverOptions {
  readonly path: string;
  readonly sequence: number;
  readonly compressed: boolean;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly now: number;
  readonly wallNow: number;
}

export type Recovered =
  | { readonly kind: 'segment'; readonly segment: Segment; readonly damaged: number }
  /** Of a format that this version does not know: it stays where it is. */
  | { readonly kind: 'foreign' }
  | ({ readonly kind: 'failed' } & Failure);

/** Finds the records of a segment that wait: whole frames that are not acknowledged. */
class Scan implements FrameSink {
  readonly segment: Segment;
  readonly #acks: readonly Range[];
  readonly #base: () => number;
  #ack = 0;
  damaged = 0;

  constructor(segment: Segment, acks: readonly Range[], base: () => number) {
    this.segment = segment;
    this.#acks = acks;
    this.#base = base;
  }

  frame(start: number, end: number): void {
    const from = this.#base() + start;
    const to = this.#base() + end;
    if (from === 0 || this.#isAcknowledged(from, to)) return;
    const { spans } = this.segment;
    const last = spans.at(-1);
    if (last?.to === from) {
      (last as { to: number }).to = to;
      last.count += 1;
    } else {
      spans.push({ from, to, count: 1, attempts: 0 });
    }
    this.segment.waiting += 1;
  }

  corrupt(start: number, end: number): void {
    const from = this.#base() + start;
    // The header is no record, and an acknowledged one is not needed.
    if (from > 0 && !this.#isAcknowledged(from, this.#base() + end)) this.damaged += 1;
  }

  #isAcknowledged(from: number, to: number): boolean {
    while ((this.#acks[this.#ack]?.to ?? Number.POSITIVE_INFINITY) <= from) this.#ack += 1;
    const ack = this.#acks[this.#ack];
    return ack !== undefined && ack.from <= from && to <= ack.to;
  }
}

/** Reads a segment of another life, in slices and in the thread pool; never rejects. */
export async function recover(files: SpoolFiles, options: RecoverOptions): Promise<Recovered> {
  try {
    const source = options.compressed ? await unpacked(files, options.path) : await opened(files, options.path);
    try {
      return await scan(source, await acksOf(files, options), options);
    } finally {
      await source.close();
    }
  } catch (error) {
    return { kind: 'failed', ...failureOf(error) };
  }
}

/** Bytes that can be read from any offset. */
interface Source {
  read(bytes: Buffer, at: number, offset: number): Promise<number>;
  close(): Promise<void>;
}

async function opened(files: SpoolFiles, path: string): Promise<Source> {
  const handle = await files.promises.open(path, FLAGS);
  return {
    read: async (bytes, at, offset) => (await handle.read(bytes, at, bytes.length - at, offset)).bytesRead,
    close: () => handle.close(),
  };
}

async function unpacked(files: SpoolFiles, path: string): Promise<Source> {
  const all = await unpack(await files.promises.readFile(path), { maxOutputLength: MAX_UNPACKED_BYTES });
  return { read: async (bytes, at, offset) => all.copy(bytes, at, offset), close: async () => {} };
}

async function acksOf(files: SpoolFiles, { path }: RecoverOptions): Promise<readonly Range[]> {
  try {
    return readAcks(await files.promises.readFile(ackPathOf(path)));
  } catch {
    return [];
  }
}

async function scan(source: Source, acks: readonly Range[], options: RecoverOptions): Promise<Recovered> {
  const { path, sequence, compressed, bytes: diskBytes, now, wallNow } = options;
  let bytes = Buffer.allocUnsafe(SLICE_BYTES);
  let base = 0;
  let kept = 0;
  const segment = new Segment({ path, sequence, openedAt: now });
  const state = new Scan(segment, acks, () => base);
  for (let first = true; ; first = false) {
    const read = await source.read(bytes, kept, base + kept);
    const filled = kept + read;
    if (first) {
      const header = readHeader(bytes.subarray(0, filled));
      if (header.kind === 'unknown') return { kind: 'foreign' };
      if (header.kind === 'header') segment.openedAt = now - Math.max(0, wallNow - header.openedMillis);
    }
    const end = readFrames(bytes, 0, filled, state);
    if (read === 0) return finished(state, bytes.subarray(end, filled), base + end, diskBytes, compressed);
    if (end === 0 && filled === bytes.length) {
      if (filled >= MAX_FRAME_BYTES) return finished(state, bytes.subarray(0, 1), base, diskBytes, compressed);
      bytes = Buffer.concat([bytes], bytes.length * 2);
    } else {
      bytes.copyWithin(0, end, filled);
    }
    base += end;
    kept = filled - end;
  }
}

/**
 * What is left behind the last line feed is a frame that was being written when its process ended: nobody was told
 * that it is kept. Zeros are another matter; they are what a power cut leaves of records.
 */
function finished(state: Scan, rest: Buffer, size: number, diskBytes: number, compressed: boolean): Recovered {
  const { segment } = state;
  segment.size = size;
  segment.diskBytes = diskBytes;
  segment.sealed = true;
  segment.compressed = compressed;
  const damaged = state.damaged + (rest[0] === ZERO ? 1 : 0);
  segment.damaged = damaged > 0;
  return { kind: 'segment', segment, damaged };
}

/** The texts of a segment's records, for tools; the whole file is held in memory. */
export async function readTexts(files: SpoolFiles, segment: Segment): Promise<readonly string[]> {
  const file = await files.promises.readFile(segment.path);
  const bytes = segment.compressed ? await unpack(file, { maxOutputLength: MAX_UNPACKED_BYTES }) : file;
  const texts: string[] = [];
  for (const { from, to } of segment.spans) {
    readFrames(bytes, from, to, {
      frame: (start, end) => texts.push(bytes.toString('utf8', textStart(start), textEnd(end))),
      corrupt: () => {},
    });
  }
  return texts;
}
