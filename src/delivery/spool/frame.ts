import { crc32 } from 'node:zlib';

/**
 * One record of the spool is one line: eight hex digits of the CRC-32 of the text, a space, the text, a line feed.
 *
 *     1c291ca3 {"time":"…","message":"…"}⏎
 *
 * Lines can be read with ordinary tools, and reading finds its way back at the next line feed after any damage.
 */
export const FRAME_OVERHEAD = 10;
const PREFIX = 9;
const LF = 0x0a;
const SPACE = 0x20;
const BRACE = 0x7b;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
/** Places in a damaged line where a whole one is looked for; bounds the work on garbage. */
const MAX_CANDIDATES = 64;

/** Value of each hex digit's character code, -1 for the others. */
const NIBBLE = Int8Array.from({ length: 256 }, (_, code) => {
  const value = HEX.indexOf(code);
  return value;
});

function blankLineFeeds(target: Buffer, start: number, end: number): void {
  for (let at = target.indexOf(LF, start); at !== -1 && at < end; at = target.indexOf(LF, at + 1)) target[at] = SPACE;
}

/** Writes the frame of `text` at `offset` and returns the offset behind it; there must be room for it. */
export function writeFrame(target: Buffer, offset: number, text: string): number {
  const start = offset + PREFIX;
  const end = start + target.write(text, start, 'utf8');
  // Our codecs write none; those of others may, and between the parts of JSON a line feed is as good as a blank.
  if (text.includes('\n')) blankLineFeeds(target, start, end);
  let checksum = crc32(target.subarray(start, end));
  for (let digit = offset + 7; digit >= offset; digit -= 1) {
    target[digit] = HEX[checksum & 15] as number;
    checksum >>>= 4;
  }
  target[offset + 8] = SPACE;
  target[end] = LF;
  return end + 1;
}

/** The frame of `text` as bytes of its own. */
export function frameOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text) + FRAME_OVERHEAD);
  writeFrame(bytes, 0, text);
  return bytes;
}

/** Where the texts of frames stand, in order; hears of every line exactly once. */
export interface FrameSink {
  /** An intact frame from `start` to `end` (behind its line feed). */
  frame(start: number, end: number): void;
  /** A line that is no frame, from `start` to `end`. */
  corrupt(start: number, end: number): void;
}

/** Where the text of a frame begins and ends, of a frame from `start` to `end`. */
export function textStart(start: number): number {
  return start + PREFIX;
}
export function textEnd(end: number): number {
  return end - 1;
}

/** The checksum that stands at `start`, or -1. */
function checksumAt(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; at < start + 8; at += 1) {
    const nibble = NIBBLE[bytes[at] as number] as number;
    if (nibble < 0) return -1;
    value = value * 16 + nibble;
  }
  return value;
}

/** Whether what stands at `start` could be the beginning of a frame. */
export function beginsLikeFrame(bytes: Buffer, start: number): boolean {
  return bytes[start + 8] === SPACE && checksumAt(bytes, start) >= 0;
}

/** Whether a whole frame stands from `start` to the line feed at `lf`. */
export function isFrame(bytes: Buffer, start: number, lf: number): boolean {
  if (lf - start <= PREFIX || bytes[start + 8] !== SPACE) return false;
  const checksum = checksumAt(bytes, start);
  return checksum >= 0 && crc32(bytes.subarray(start + PREFIX, lf)) === checksum;
}

function isJson(bytes: Buffer, from: number, to: number): boolean {
  try {
    JSON.parse(bytes.toString('utf8', from, to));
    return true;
  } catch {
    return false;
  }
}

/**
 * A damaged line may be two or more frames whose line feed was hit. Frames are found again where prefix, checksum and
 * JSON all agree, so a record whose content looks like a frame is not mistaken for one.
 */
function repair(bytes: Buffer, start: number, lf: number, sink: FrameSink): void {
  let from = start;
  let candidates = 0;
  let at = bytes.indexOf(BRACE, start + PREFIX + 1);
  while (at !== -1 && at < lf && candidates < MAX_CANDIDATES) {
    const next = at - PREFIX;
    if (next > from && bytes[at - 1] === SPACE && checksumAt(bytes, next) >= 0) {
      candidates += 1;
      if (isFrame(bytes, next, lf) && isJson(bytes, at, lf)) {
        // What stands before it may be whole as well, but for the byte that was its line feed.
        if (isFrame(bytes, from, next - 1)) sink.frame(from, next);
        else sink.corrupt(from, next);
        sink.frame(next, lf + 1);
        return;
      }
      if (isFrame(bytes, from, next - 1) && isJson(bytes, from + PREFIX, next - 1)) {
        sink.frame(from, next);
        from = next;
      }
    }
    at = bytes.indexOf(BRACE, at + 1);
  }
  sink.corrupt(from, lf + 1);
}

/** Reads the lines from `from` to `to` and returns where the last, unfinished one begins (`to` when there is none). */
export function readFrames(bytes: Buffer, from: number, to: number, sink: FrameSink): number {
  let start = from;
  while (start < to) {
    const lf = bytes.indexOf(LF, start);
    if (lf === -1 || lf >= to) return start;
    if (isFrame(bytes, start, lf)) sink.frame(start, lf + 1);
    else repair(bytes, start, lf, sink);
    start = lf + 1;
  }
  return start;
}
