import { existsSync, renameSync, statSync } from 'node:fs';
import type { OfflineRecord } from '../delivery/spool/offline.ts';
import { errorCode } from '../delivery/spool/owner.ts';
import { MAX_TEXT_BYTES } from './spool-import-lines.ts';
import type { Source } from './spool-import-sources.ts';
import { countText, say } from './spool-output.ts';

/** Complaints about one file, before they are only counted. */
const MAX_COMPLAINTS = 20;

/** A file that is being imported. */
export interface Progress {
  readonly source: Source;
  imported: number;
  /** Places with something that is no record. */
  complaints: number;
  /** What was read of it; undefined where that cannot be told. */
  bytes: number | undefined;
}

function complain(file: Progress, place: string, problem: string): void {
  file.complaints += 1;
  if (file.complaints <= MAX_COMPLAINTS) say(`${file.source.path}:${place} ${problem}`);
}

async function* recordsIn(file: Progress): AsyncGenerator<OfflineRecord> {
  const { path, lane, buffers } = file.source;
  for await (const { place, text, bytes } of buffers.entries(path)) {
    file.bytes = bytes;
    if (text?.trim() === '') continue;
    if (text === undefined || Buffer.byteLength(text) > MAX_TEXT_BYTES) {
      complain(file, place, 'is too long for a record');
      continue;
    }
    const read = buffers.reading(text);
    if (read.problem !== undefined) complain(file, place, read.problem);
    if (read.text === undefined) continue;
    file.imported += 1;
    yield { lane, text: read.text };
  }
}

/** The records of the files, one file after the other; says what is wrong with them. Rejects when one cannot be read. */
export async function* recordsOf(progress: readonly Progress[]): AsyncGenerator<OfflineRecord> {
  for (const file of progress) {
    try {
      yield* recordsIn(file);
    } catch (error) {
      say(`${file.source.path}: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }
}

/** A name that is free, so that nothing imported before is overwritten. */
function importedName(path: string): string {
  let name = `${path}.imported`;
  for (let number = 1; existsSync(name); number += 1) name = `${path}.imported-${number}`;
  return name;
}

/** Why the file keeps its name; undefined when it was renamed. */
function setAside({ source, bytes }: Progress): string | undefined {
  const { path, buffers } = source;
  try {
    if (bytes !== undefined && statSync(path).size !== bytes) {
      return 'it has grown meanwhile, so it keeps its name; stop the client and import it again, which delivers some twice';
    }
    const name = importedName(path);
    renameSync(path, name);
    for (const ending of buffers.companions) if (existsSync(path + ending)) renameSync(path + ending, name + ending);
    return undefined;
  } catch (error) {
    return `it cannot be renamed (${errorCode(error)}), so a second import would import it again`;
  }
}

/** Renames the file, unless it is to keep its name or gave nothing; says what became of it. */
export function finish(file: Progress, keep: boolean): { readonly done: boolean; readonly text: string } {
  const { source, imported, complaints } = file;
  const left = complaints === 0 ? '' : `, ${countText(complaints, 'place')} left out`;
  const useless = imported === 0 && complaints > 0;
  const problem = keep || useless ? undefined : setAside(file);
  if (problem !== undefined) say(`${source.path}: ${problem}`);
  return {
    done: complaints === 0 && problem === undefined,
    text: `${source.path}: ${countText(imported, 'record')} imported${left}`,
  };
}
