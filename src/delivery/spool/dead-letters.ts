import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import { instanceMillis, parseInstance, parseSegment } from './names.ts';
import { errorCode, type Failed, isOurs } from './owner.ts';
import { openDestination } from './root.ts';

const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);
const CREATE = APPEND | constants.O_CREAT | constants.O_EXCL;
/** A planted FIFO must not hold us up. */
const EXISTING = APPEND | (constants.O_NONBLOCK ?? 0);
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const MAX_FILE_BYTES = 1_048_576;
/** Whole files are deleted to make room, so a folder has at least this many. */
const FILES_PER_FOLDER = 4;
const MAX_READ_BYTES = 64 * 1_048_576;
const LETTERS = /^(.+)-(\d{1,9})\.jsonl$/;
const DAMAGED = /^(.+)-(\d{8,15}-[a-z]{1,16}\.seg(?:\.gz)?)\.bad$/;
const LANE = /^[a-z]{1,16}$/;
/** Last member of a line; quotes inside the members before it are escaped, so its first occurrence is the member. */
const RECORD = ',"record":';

/** A record that a platform refused for good: its text as it was sent, and why. */
export interface Refused {
  readonly platform: string;
  readonly lane: string;
  /** Begins with the HTTP status when there was one. */
  readonly reason: string;
  readonly text: string;
}

/** A file of the folder of dead letters; damaged segments are set aside there as well. */
export interface DeadFile {
  readonly kind: 'letters' | 'damaged';
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to, milliseconds since the Unix epoch. */
  readonly writtenMillis: number;
}

/** When its writer began, by its name, and its number among the writer's files; `undefined` is foreign. */
function parseName(name: string): { kind: DeadFile['kind']; millis: number; number: number } | undefined {
  const [, writer = '', number] = LETTERS.exec(name) ?? [];
  if (parseInstance(writer)?.kind === 'instance') {
    return { kind: 'letters', millis: instanceMillis(name), number: Number(number) };
  }
  const [, folder = '', segment = ''] = DAMAGED.exec(name) ?? [];
  const parsed = parseSegment(segment);
  if (parsed === undefined || parseInstance(folder) === undefined) return undefined;
  return { kind: 'damaged', millis: instanceMillis(name), number: parsed.sequence };
}

/** The dead letters and damaged segments of a folder, oldest first. What is not of the format, or not ours, is not there. */
export function deadFiles(files: SpoolFiles, folder: string): readonly DeadFile[] {
  let names: readonly string[] = [];
  try {
    names = files.readdirSync(folder);
  } catch {
    // No folder, no files.
  }
  const found = names.flatMap((name) => {
    const parsed = parseName(name);
    const path = join(folder, name);
    const stats = parsed && tried(() => files.lstatSync(path));
    if (!stats?.isFile() || !isOurs(stats)) return [];
    return { ...parsed, file: { kind: parsed.kind, name, path, bytes: stats.size, writtenMillis: stats.mtimeMs } };
  });
  return found.sort((a, b) => a.millis - b.millis || a.number - b.number).map(({ file }) => file);
}

function tried<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function lineOf({ platform, lane, reason, text }: Refused, atMillis: number): Buffer {
  const status = /^\d{3}(?!\d)/.exec(reason)?.[0];
  const head = JSON.stringify({
    at: new Date(atMillis).toISOString(),
    ...{ platform, lane, reason },
    ...(status !== undefined && { status: Number(status) }),
  });
  // Between the parts of JSON a line feed is as good as a blank.
  return Buffer.from(`${head.slice(0, -1)}${RECORD}${text.replace(/[\r\n]/g, ' ')}}\n`);
}

interface Current {
  readonly path: string;
  readonly stem: string;
  bytes: number;
}

export interface DeadLetterFilesOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** Bytes in the folder, of all processes together; beyond it the oldest files go. */
  readonly maxBytes: number;
}

/**
 * Keeps refused records in files of JSON lines, for people and for `logferry spool replay`: one line each, written at
 * once, the record's text as it was sent. Dead letters are rare, so no file stays open between them.
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
   * be written; then nothing of it is left. Never throws.
   *
   * @param writer name of this process's instance: no two processes write to one file.
   */
  write(folder: string, writer: string, letter: Refused): boolean {
    const line = lineOf(letter, this.#clock.wallNow());
    if (line.length > this.#maxBytes) return false;
    if (openDestination(this.#files, dirname(folder), basename(folder)).kind !== 'ok') return false;
    const stem = join(folder, writer);
    const current = this.#current;
    if (current?.stem === stem && current.bytes + line.length <= this.#fileBytes) {
      const descriptor = this.#open(current.path, EXISTING);
      if (descriptor !== undefined) return this.#append(descriptor, current, line);
    }
    return this.#begin(folder, stem, line);
  }

  /** A new file, after room was made for it. Also when ours was taken away: whoever did so has its lines. */
  #begin(folder: string, stem: string, line: Buffer): boolean {
    this.#makeRoom(folder, Math.max(this.#fileBytes, line.length));
    const path = `${stem}-${this.#number}.jsonl`;
    this.#number += 1;
    const descriptor = this.#open(path, CREATE);
    if (descriptor === undefined) return false;
    this.#current = { path, stem, bytes: 0 };
    return this.#append(descriptor, this.#current, line);
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

  /** The descriptor of a plain file with one name, or undefined. */
  #open(path: string, flags: number): number | undefined {
    const descriptor = tried(() => this.#files.openSync(path, flags, 0o600));
    if (descriptor === undefined) return undefined;
    const stats = tried(() => this.#files.fstatSync(descriptor));
    if (stats?.isFile() && stats.nlink === 1) return descriptor;
    tried(() => this.#files.closeSync(descriptor));
    return undefined;
  }

  /** Writes the whole line or nothing, and closes the file. */
  #append(descriptor: number, current: Current, line: Buffer): boolean {
    const written = this.#writeAll(descriptor, line);
    if (written) current.bytes += line.length;
    // Behind half a line that cannot be cut off nothing more is written.
    else if (!this.#cut(descriptor, current.bytes)) this.#current = undefined;
    tried(() => this.#files.closeSync(descriptor));
    return written;
  }

  #writeAll(descriptor: number, line: Buffer): boolean {
    for (let at = 0; at < line.length; ) {
      // A full disk first takes a part without an error.
      const written = tried(() => this.#files.writeSync(descriptor, line, at, line.length - at)) ?? 0;
      if (written <= 0) return false;
      at += written;
    }
    return true;
  }

  #cut(descriptor: number, bytes: number): boolean {
    return (
      tried(() => {
        this.#files.ftruncateSync(descriptor, bytes);
        return true;
      }) ?? false
    );
  }
}

/** A line of a file of dead letters. */
export interface DeadLetterLine extends Refused {
  /** ISO 8601. */
  readonly at: string;
  readonly status: number | undefined;
  /** The line itself, without its line feed. */
  readonly line: string;
}

export type ReadDeadLetters =
  | {
      readonly kind: 'ok';
      readonly letters: readonly DeadLetterLine[];
      /** Lines that are torn or not of the format. */
      readonly skipped: number;
      /** What was read of the file. */
      readonly bytes: number;
    }
  | Failed;

function parseLine(line: string): DeadLetterLine | undefined {
  const value = tried(() => Object(JSON.parse(line)) as Record<string, unknown>);
  const record = line.indexOf(RECORD);
  if (value === undefined || record === -1 || !line.endsWith('}')) return undefined;
  const { at, platform, lane, reason, status } = value;
  if (typeof at !== 'string' || typeof platform !== 'string' || typeof reason !== 'string') return undefined;
  if (typeof lane !== 'string' || !LANE.test(lane)) return undefined;
  const text = line.slice(record + RECORD.length, -1);
  return { at, platform, lane, reason, status: typeof status === 'number' ? status : undefined, text, line };
}

/** Reads a file of dead letters, for tools. Lines that are torn or foreign are skipped and counted. Never rejects. */
export async function readDeadLetters(files: SpoolFiles, path: string): Promise<ReadDeadLetters> {
  try {
    const stats = await files.promises.lstat(path);
    if (!stats.isFile() || stats.size > MAX_READ_BYTES) return { kind: 'failed', code: 'EINVAL' };
    const bytes = await files.promises.readFile(path, { flag: READ });
    const lines = bytes.toString('utf8').split('\n');
    // Without its line feed the last one is not whole.
    const rest = lines.pop();
    const letters = lines.map(parseLine);
    const whole = letters.filter((letter) => letter !== undefined);
    const skipped = letters.length - whole.length + (rest === '' ? 0 : 1);
    return { kind: 'ok', letters: whole, skipped, bytes: bytes.length };
  } catch (error) {
    return { kind: 'failed', code: errorCode(error) };
  }
}
