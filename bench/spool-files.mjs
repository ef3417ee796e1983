import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Arrivals } from './counting.mjs';

const unpack = promisify(gunzip);
const SEGMENT = /\.seg(\.gz)?$/;

/**
 * Which records stand in the files below a directory, found by their numbers: what the library says of its files is
 * what is to be checked here, so none of it is used.
 */
export async function recordsOnDisk(directory) {
  const arrivals = new Arrivals();
  let bytes = 0;
  for (const name of await readdir(directory, { recursive: true })) {
    if (!SEGMENT.test(name)) continue;
    const file = await readFile(join(directory, name));
    bytes += file.length;
    arrivals.note(name.endsWith('.gz') ? await unpack(file) : file);
  }
  return { records: arrivals.unique, twice: arrivals.total - arrivals.unique, lowest: arrivals.lowest, bytes };
}
