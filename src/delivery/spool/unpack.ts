import { createGunzip } from 'node:zlib';
import type { SpoolFiles } from './files.ts';

/** No segment is larger when unpacked; a foreign file may claim anything. */
const MAX_BYTES = 134_217_728;
const CHUNK_BYTES = 262_144;

export interface Unpacked {
  readonly bytes: Buffer;
  /** Everything is there; otherwise what came before the damage. */
  readonly whole: boolean;
}

/** Reads a compressed segment in the thread pool, as far as it can be read; rejects when the file cannot be. */
export async function unpack(files: SpoolFiles, path: string): Promise<Unpacked> {
  const packed = await files.promises.readFile(path);
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const stream = createGunzip({ chunkSize: CHUNK_BYTES });
    let whole = false;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) stream.destroy();
    });
    stream.on('end', () => {
      whole = true;
    });
    // Damage shows in `whole`; the checksums of the records say which of them it has hit.
    stream.on('error', () => {});
    stream.on('close', () => resolve({ bytes: Buffer.concat(chunks), whole }));
    stream.end(packed);
  });
}
