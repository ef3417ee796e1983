import { createReadStream } from 'node:fs';

/** A piece of a buffer that is to be a record. */
export interface Entry {
  /** Its line or row, for people. */
  readonly place: string;
  /** Undefined when it is too long for any record. */
  readonly text: string | undefined;
  /** What was read of the file so far, in bytes; undefined where that cannot be told. */
  readonly bytes: number | undefined;
}

const LF = 0x0a;
const BOM = '\ufeff';
/** Far beyond what a platform takes. */
export const MAX_TEXT_BYTES = 8 * 1_048_576;

function textOf(parts: readonly Buffer[], number: number): string {
  const text = Buffer.concat(parts).toString('utf8');
  return number === 1 && text.startsWith(BOM) ? text.slice(1) : text;
}

/**
 * The lines of a file, ended by line feeds alone: other line separators may stand in a JSON text. Memory stays small
 * whatever the file is. Rejects when the file cannot be read.
 */
export async function* linesOf(path: string): AsyncGenerator<Entry> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  let bytes = 0;
  const take = (part: Buffer): void => {
    length += part.length;
    bytes += part.length;
    if (length > MAX_TEXT_BYTES) parts = [];
    else parts.push(part);
  };
  const line = (): Entry => {
    const text = length > MAX_TEXT_BYTES ? undefined : textOf(parts, number);
    const found = { place: String(number), text, bytes };
    parts = [];
    length = 0;
    number += 1;
    return found;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let lf = chunk.indexOf(LF); lf !== -1; lf = chunk.indexOf(LF, from)) {
      take(chunk.subarray(from, lf));
      bytes += 1;
      yield line();
      from = lf + 1;
    }
    take(chunk.subarray(from));
  }
  if (length > 0) yield line();
}
