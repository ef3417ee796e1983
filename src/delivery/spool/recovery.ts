import { constants } from 'node:fs';
import { type Range, readAcks } from './acks.ts';
import { type Failure, failureOf } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import { beginsLikeFrame, type FrameSink, isFrame, readFrames, textEnd, textStart } from './frame.ts';
import { readHeader } from './header.ts';
import { ackPathOf, Segment } from './segment.ts';
import { unpack } from './unpack.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
/** Bytes looked at in one turn of the event loop: about a millisecond. */
const SLICE_BYTES = 262_144;
/** No frame is longer; without a line feed in so many bytes the rest of a file is given up. */
const MAX_FRAME_BYTES = 16 * 1_048_576;
const ZERO = 0;
const LF = 0x0a;

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
  /** What is looked at, and where in the segment it begins. */
  bytes = Buffer.allocUnsafe(SLICE_BYTES);
  base = 0;
  #ack = 0;
  /** End of the last line that is none. */
  #corruptEnd = 0;
  damaged = 0;

  constructor(segment: Segment, acks: readonly Range[]) {
    this.segment = segment;
    this.#acks = acks;
  }

  frame(start: number, end: number): void {
    const from = this.base + start;
    const to = this.base + end;
    if (from === 0 || this.isAcknowledged(from, to)) return;
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
    const from = this.base + start;
    const to = this.base + end;
    // A line feed that came out of damage cuts a line in two; the second part is no further record.
    const isRest = this.#corruptEnd === from && !beginsLikeFrame(this.bytes, start);
    this.#corruptEnd = to;
    // The header is no record, and an acknowledged one is not needed.
    if (from > 0 && !isRest && !this.isAcknowledged(from, to)) this.damaged += 1;
  }

  /** To be asked in order. */
  isAcknowledged(from: number, to: number): boolean {
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
      const segment = new Segment({ ...options, openedAt: options.now });
      return await scan(source, new Scan(segment, await acksOf(files, options)), options);
    } finally {
      await source.close();
    }
  } catch (error) {
    return { kind: 'failed', ...failureOf(error) };
  }
}

/** Bytes that can be read from any offset. */
interface Source {
  /** Its end has been lost. */
  readonly torn: boolean;
  read(bytes: Buffer, at: number, offset: number): Promise<number>;
  close(): Promise<void>;
}

async function opened(files: SpoolFiles, path: string): Promise<Source> {
  const handle = await files.promises.open(path, FLAGS);
  return {
    torn: false,
    read: async (bytes, at, offset) => (await handle.read(bytes, at, bytes.length - at, offset)).bytesRead,
    close: () => handle.close(),
  };
}

async function unpacked(files: SpoolFiles, path: string): Promise<Source> {
  const { bytes: all, whole } = await unpack(files, path);
  return { torn: !whole, read: async (bytes, at, offset) => all.copy(bytes, at, offset), close: async () => {} };
}

async function acksOf(files: SpoolFiles, { path }: RecoverOptions): Promise<readonly Range[]> {
  try {
    return readAcks(await files.promises.readFile(ackPathOf(path)));
  } catch {
    return [];
  }
}

async function scan(source: Source, state: Scan, options: RecoverOptions): Promise<Recovered> {
  let kept = 0;
  for (let headed = false; ; ) {
    const read = await source.read(state.bytes, kept, state.base + kept);
    const filled = kept + read;
    const there = state.bytes.subarray(0, filled);
    if (!headed && (read === 0 || there.includes(LF))) {
      if (!isOurs(there, state.segment, options)) return { kind: 'foreign' };
      headed = true;
    }
    const end = readFrames(state.bytes, 0, filled, state);
    const isFull = end === 0 && filled === state.bytes.length;
    if (read === 0 || (isFull && filled >= MAX_FRAME_BYTES)) {
      const isLost = read > 0 || isRecord(there.subarray(end));
      const isDamaged = source.torn || (isLost && !state.isAcknowledged(state.base + end, state.base + filled));
      return finished(state, state.base + end, isDamaged, options);
    }
    if (isFull) state.bytes = Buffer.concat([state.bytes], state.bytes.length * 2);
    else state.bytes.copyWithin(0, end, filled);
    state.base += end;
    kept = filled - end;
  }
}

/** Reads the first line; false when it says that this is another format. */
function isOurs(bytes: Buffer, segment: Segment, { now, wallNow }: RecoverOptions): boolean {
  const header = readHeader(bytes);
  if (header.kind === 'header') segment.openedAt = now - Math.max(0, wallNow - header.openedMillis);
  return header.kind !== 'unknown';
}

/**
 * What is left behind the last line feed is, as a rule, a frame that was being written when its process ended: nobody
 * was told that it is kept. Zeros are what a power cut leaves of records, and a frame may have lost its line feed.
 */
function isRecord(rest: Buffer): boolean {
  return rest.includes(ZERO) || isFrame(rest, 0, rest.length - 1);
}

function finished(state: Scan, size: number, isDamaged: boolean, options: RecoverOptions): Recovered {
  const { segment } = state;
  segment.size = size;
  segment.diskBytes = options.bytes;
  segment.sealed = true;
  segment.compressed = options.compressed;
  const damaged = state.damaged + Number(isDamaged);
  segment.damaged = damaged > 0;
  return { kind: 'segment', segment, damaged };
}

/** The texts of a segment's records, for tools; the whole file is held in memory. */
export async function readTexts(files: SpoolFiles, segment: Segment): Promise<readonly string[]> {
  const { path } = segment;
  const bytes = segment.compressed ? (await unpack(files, path)).bytes : await files.promises.readFile(path);
  const texts: string[] = [];
  for (const { from, to } of segment.spans) {
    readFrames(bytes, from, to, {
      frame: (start, end) => texts.push(bytes.toString('utf8', textStart(start), textEnd(end))),
      corrupt: () => {},
    });
  }
  return texts;
}
