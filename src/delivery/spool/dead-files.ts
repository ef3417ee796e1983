import { constants } from 'node:fs';
import { join } from 'node:path';
import { type DeadLetterLine, parseDeadLetterLine } from './dead-letter-line.ts';
import type { SpoolFiles } from './files.ts';
import { instanceMillis, parseInstance, parseSegment } from './names.ts';
import { errorCode, type Failed, isOurs } from './owner.ts';

/** A planted symbolic link is not followed, and a planted FIFO does not hold us up. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const MAX_READ_BYTES = 64 * 1_048_576;
const LETTERS = /^(.+)-(\d{1,9})\.jsonl$/;
const DAMAGED = /^(.+)-(\d{8,15}-[a-z]{1,16}\.seg(?:\.gz)?)\.bad$/;

/** A file of the folder of dead letters; damaged segments are set aside there as well. */
export interface DeadFile {
  readonly kind: 'letters' | 'damaged';
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** When it was last written to, milliseconds since the Unix epoch. */
  readonly writtenMillis: number;
}

interface Name {
  readonly kind: DeadFile['kind'];
  /** When its writer began. */
  readonly millis: number;
  readonly number: number;
}

function parseName(name: string): Name | undefined {
  const [, writer = '', number] = LETTERS.exec(name) ?? [];
  if (parseInstance(writer)?.kind === 'instance') {
    return { kind: 'letters', millis: instanceMillis(name), number: Number(number) };
  }
  const [, folder = '', segment = ''] = DAMAGED.exec(name) ?? [];
  const parsed = parseSegment(segment);
  if (parsed === undefined || parseInstance(folder) === undefined) return undefined;
  return { kind: 'damaged', millis: instanceMillis(name), number: parsed.sequence };
}

function listed(files: SpoolFiles, folder: string): readonly string[] {
  try {
    return files.readdirSync(folder);
  } catch {
    return [];
  }
}

function fileOf(files: SpoolFiles, folder: string, name: string, kind: DeadFile['kind']): DeadFile | undefined {
  const path = join(folder, name);
  try {
    const stats = files.lstatSync(path);
    if (!stats.isFile() || !isOurs(stats)) return undefined;
    return { kind, name, path, bytes: stats.size, writtenMillis: stats.mtimeMs };
  } catch {
    return undefined;
  }
}

/**
 * The dead letters and the damaged segments in a folder, oldest writer first. What is not of the format or not a plain
 * file of ours is not among them; no folder is no files. Never throws.
 */
export function deadFiles(files: SpoolFiles, folder: string): readonly DeadFile[] {
  const found: (Name & { readonly file: DeadFile })[] = [];
  for (const name of listed(files, folder)) {
    const parsed = parseName(name);
    const file = parsed && fileOf(files, folder, name, parsed.kind);
    if (parsed !== undefined && file !== undefined) found.push({ ...parsed, file });
  }
  return found.sort((a, b) => a.millis - b.millis || a.number - b.number).map(({ file }) => file);
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

/** Reads a file of dead letters, for tools. Lines that are torn or foreign are skipped and counted. Never rejects. */
export async function readDeadLetters(files: SpoolFiles, path: string): Promise<ReadDeadLetters> {
  try {
    const stats = await files.promises.lstat(path);
    if (!stats.isFile() || stats.size > MAX_READ_BYTES) return { kind: 'failed', code: 'EINVAL' };
    const bytes = await files.promises.readFile(path, { flag: READ });
    const lines = bytes.toString('utf8').split('\n');
    // Without its line feed the last one is not whole.
    const rest = lines.pop();
    const letters = lines.map(parseDeadLetterLine).filter((letter) => letter !== undefined);
    const skipped = lines.length - letters.length + (rest === '' ? 0 : 1);
    return { kind: 'ok', letters, skipped, bytes: bytes.length };
  } catch (error) {
    return { kind: 'failed', code: errorCode(error) };
  }
}
