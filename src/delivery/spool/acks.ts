import { constants } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { SpoolFiles } from './files.ts';

/** A range of bytes of a segment: `from` inclusive, `to` exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The file beside a segment that says which of its records have ended: entries of 12 bytes, first and last offset and
 * the CRC-32 of both, little-endian. Offsets rather than counts, so that damage to the segment cannot shift them.
 * Losing entries costs duplicates, nothing else.
 */
const ENTRY_BYTES = 12;
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
/** Acknowledgements come for the oldest segments and, after retries, for a few others. */
const MAX_OPEN = 2;

export function writeAck(target: Buffer, { from, to }: Range): void {
  target.writeUInt32LE(from, 0);
  target.writeUInt32LE(to, 4);
  target.writeUInt32LE(crc32(target.subarray(0, 8)), 8);
}

/** The ranges of an acknowledgement file, sorted and joined; entries that are damaged or cut off do not count. */
export function readAcks(bytes: Buffer): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const from = bytes.readUInt32LE(at);
    const to = bytes.readUInt32LE(at + 4);
    if (from < to && bytes.readUInt32LE(at + 8) === crc32(bytes.subarray(at, at + 8))) ranges.push({ from, to });
  }
  return joined(ranges);
}

/** Ranges in order, without overlaps or neighbours. */
export function joined(ranges: readonly Range[]): readonly Range[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

interface OpenFile {
  readonly descriptor: number;
  /** Entries on their way through the thread pool. */
  writing: number;
  closed: boolean;
}

/** Writes acknowledgements, with few files open. Errors are ignored: they cost duplicates after a crash. */
export class AckFiles {
  readonly #files: SpoolFiles;
  readonly #entry = Buffer.alloc(ENTRY_BYTES);
  /** By path, the most recently used last. */
  readonly #open = new Map<string, OpenFile>();

  constructor(files: SpoolFiles) {
    this.#files = files;
  }

  /** Writes an entry: at once, or in the thread pool where the disk is too slow to be waited for. */
  write(path: string, range: Range, asynchronous: boolean): void {
    try {
      const file = this.#file(path);
      if (asynchronous) this.#writeLater(path, file, range);
      else this.#writeNow(path, file, range);
    } catch {
      // A duplicate at worst.
    }
  }

  #writeNow(path: string, file: OpenFile, range: Range): void {
    writeAck(this.#entry, range);
    this.#wrote(path, this.#files.writeSync(file.descriptor, this.#entry, 0, ENTRY_BYTES));
  }

  #writeLater(path: string, file: OpenFile, range: Range): void {
    const entry = Buffer.alloc(ENTRY_BYTES);
    writeAck(entry, range);
    file.writing += 1;
    this.#files.write(file.descriptor, entry, 0, ENTRY_BYTES, null, (error, written) => {
      file.writing -= 1;
      if (file.closed) this.#closeFile(file);
      else if (error === null) this.#wrote(path, written);
    });
  }

  /** Half an entry would make all that follow unreadable; it is cut off when the file is opened again. */
  #wrote(path: string, written: number): void {
    if (written < ENTRY_BYTES) this.close(path);
  }

  close(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    file.closed = true;
    this.#closeFile(file);
  }

  closeAll(): void {
    for (const path of [...this.#open.keys()]) this.close(path);
  }

  #closeFile({ descriptor, writing }: OpenFile): void {
    // A descriptor that is closed too early may be another file's by the time it is written to.
    if (writing > 0) return;
    try {
      this.#files.closeSync(descriptor);
    } catch {
      // It was only open for convenience.
    }
  }

  #file(path: string): OpenFile {
    const file = this.#open.get(path) ?? this.#openFile(path);
    this.#open.delete(path);
    this.#open.set(path, file);
    return file;
  }

  #openFile(path: string): OpenFile {
    const oldest = this.#open.keys().next();
    if (this.#open.size >= MAX_OPEN && oldest.done === false) this.close(oldest.value);
    const file = { descriptor: this.#files.openSync(path, FLAGS, 0o600), writing: 0, closed: false };
    try {
      const { size } = this.#files.fstatSync(file.descriptor);
      const rest = size % ENTRY_BYTES;
      if (rest > 0) this.#files.ftruncateSync(file.descriptor, size - rest);
    } catch (error) {
      this.#closeFile(file);
      throw error;
    }
    return file;
  }
}
