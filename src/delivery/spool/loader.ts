import { constants } from 'node:fs';
import { Chunk } from './chunk.ts';
import { type Failure, failureOf } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';
import { unpack } from './unpack.ts';

const LF = 0x0a;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW;
/** One read; a body is about as large. */
const READ_BYTES = 1_048_576;
/** From the young end one record is wanted. */
const TAIL_BYTES = 65_536;

export interface LoadOptions {
  /** Offset of a frame. */
  readonly from: number;
  /** Offset behind the last frame that is wanted. */
  readonly to: number;
  /** The last frames rather than the first. */
  readonly tail: boolean;
}

/** Reads frames of a segment, in the thread pool; never rejects. */
export async function load(files: SpoolFiles, segment: Segment, options: LoadOptions): Promise<Chunk | Failure> {
  try {
    return segment.compressed ? await unpacked(files, segment, options) : await read(files, segment, options);
  } catch (error) {
    return failureOf(error);
  }
}

async function unpacked(files: SpoolFiles, segment: Segment, { to }: LoadOptions): Promise<Chunk> {
  const { bytes } = await unpack(files, segment.path);
  const chunk = Chunk.parse(bytes, 0, bytes.length);
  chunk.endAt(to);
  return chunk;
}

async function read(files: SpoolFiles, segment: Segment, { from, to, tail }: LoadOptions): Promise<Chunk> {
  const handle = await files.promises.open(segment.path, FLAGS);
  // What is behind is still in memory.
  const last = Math.min(to, segment.diskBytes);
  try {
    for (let wanted = tail ? TAIL_BYTES : READ_BYTES; ; wanted *= 4) {
      const length = Math.min(wanted, last - from);
      const begin = tail ? last - length : from;
      const bytes = Buffer.allocUnsafeSlow(length);
      const filled = await fill(handle, bytes, begin);
      // From the middle of a file, frames begin behind the next line feed.
      const skipped = begin === from ? 0 : bytes.subarray(0, filled).indexOf(LF) + 1;
      const isShort = filled < length;
      if (begin !== from && skipped === 0 && !isShort) continue;
      const first = begin !== from && skipped === 0 ? filled : skipped;
      const chunk = Chunk.parse(bytes.subarray(first), begin + first, filled - first);
      // Neither the end of a file that is too short nor that of a frame without its line feed will be found later.
      if (last === to && (isShort || begin + length === to)) chunk.endAt(to);
      if (chunk.used > 0 || isShort || length === last - from) return chunk;
    }
  } finally {
    await handle.close();
  }
}

async function fill(
  handle: Awaited<ReturnType<SpoolFiles['promises']['open']>>,
  bytes: Buffer,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
