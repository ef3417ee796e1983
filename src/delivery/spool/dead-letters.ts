import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { deadFiles } from './dead-files.ts';
import { deadLetterLine, type Refused } from './dead-letter-line.ts';
import type { SpoolFiles } from './files.ts';
import { openDestination } from './root.ts';

const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;
/** A planted FIFO must not hold us up. */
const EXISTING = APPEND | (constants.O_NONBLOCK ?? 0);
const MAX_FILE_BYTES = 1_048_576;
/** Room is made by whole files, so a folder holds at least this many. */
const FILES_PER_FOLDER = 4;

export interface DeadLetterFilesOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** Bytes in the folder, of all processes together; beyond it the oldest files go. */
  readonly maxBytes: number;
}

/** The file that is written to. */
interface Current {
  readonly path: string;
  /** Its path without number and ending. */
  readonly stem: string;
}

interface Opened {
  readonly descriptor: number;
  readonly bytes: number;
}

function tried<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/**
 * Keeps refused records in files of JSON lines, for people and for `logferry spool replay`: one line each, written at
 * once, with the record's text as it was sent. Dead letters are rare, so no file stays open between them.
 */
export class DeadLetterFiles {
  readonly #files: SpoolFiles;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #fileBytes: number;
  #current: Current | undefined;
  #number = 0;

  constructor({ files, clock, maxBytes }: DeadLetterFilesOptions) {
    this.#files = files;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#fileBytes = Math.min(MAX_FILE_BYTES, maxBytes / FILES_PER_FOLDER);
  }

  /**
   * Appends a line to a file of `writer`'s own in `folder`, which is made when it is missing. False when it could not
   * be written; then nothing of it is left behind. Never throws.
   *
   * @param writer name of this process's instance: no two processes write to one file.
   */
  write(folder: string, writer: string, letter: Refused): boolean {
    const line = deadLetterLine(letter, this.#clock.wallNow());
    if (line.length > this.#maxBytes) return false;
    if (openDestination(this.#files, dirname(folder), basename(folder)).kind !== 'ok') return false;
    const stem = join(folder, writer);
    const current = this.#current;
    const opened = current?.stem === stem ? this.#open(current.path, EXISTING) : undefined;
    if (opened !== undefined && this.#fits(opened, line)) return this.#append(opened, line);
    this.#close(opened);
    return this.#begin(folder, stem, line);
  }

  #fits({ bytes }: Opened, line: Buffer): boolean {
    return bytes === 0 || bytes + line.length <= this.#fileBytes;
  }

  /** A new file, after room was made for it; also when ours was taken away, as whoever did so has its lines. */
  #begin(folder: string, stem: string, line: Buffer): boolean {
    this.#makeRoom(folder, Math.max(this.#fileBytes, line.length));
    const path = `${stem}-${this.#number}.jsonl`;
    this.#number += 1;
    const opened = this.#open(path, CREATE);
    if (opened === undefined) return false;
    this.#current = { path, stem };
    return this.#append(opened, line);
  }

  #makeRoom(folder: string, bytes: number): void {
    const found = deadFiles(this.#files, folder);
    let total = found.reduce((sum, file) => sum + file.bytes, bytes);
    for (const file of found) {
      if (total <= this.#maxBytes) return;
      tried(() => this.#files.unlinkSync(file.path));
      total -= file.bytes;
    }
  }

  #open(path: string, flags: number): Opened | undefined {
    const descriptor = tried(() => this.#files.openSync(path, flags, 0o600));
    if (descriptor === undefined) return undefined;
    const stats = tried(() => this.#files.fstatSync(descriptor));
    const bytes = stats?.isFile() && stats.nlink === 1 ? stats.size : undefined;
    if (bytes !== undefined) return { descriptor, bytes };
    this.#close({ descriptor });
    return undefined;
  }

  #close(opened: Pick<Opened, 'descriptor'> | undefined): void {
    if (opened !== undefined) tried(() => this.#files.closeSync(opened.descriptor));
  }

  /** Writes the whole line or nothing of it, and closes the file. */
  #append(opened: Opened, line: Buffer): boolean {
    const isWritten = this.#write(opened.descriptor, line);
    // Behind half a line that cannot be cut off nothing more is written.
    if (!isWritten && !this.#cut(opened)) this.#current = undefined;
    this.#close(opened);
    return isWritten;
  }

  #write(descriptor: number, line: Buffer): boolean {
    for (let at = 0; at < line.length; ) {
      // A full disk first takes a part without an error.
      const written = tried(() => this.#files.writeSync(descriptor, line, at, line.length - at)) ?? 0;
      if (written <= 0) return false;
      at += written;
    }
    return true;
  }

  #cut({ descriptor, bytes }: Opened): boolean {
    const cut = (): boolean => {
      this.#files.ftruncateSync(descriptor, bytes);
      return true;
    };
    return tried(cut) ?? false;
  }
}
