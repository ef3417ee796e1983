import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const existing = new Set();

function remove(directory) {
  existing.delete(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

process.on('exit', () => {
  for (const directory of existing) remove(directory);
});

/** Runs `work` with a new directory for temporary files, which is gone afterwards, however it ends. */
export async function withScratch(work) {
  const directory = mkdtempSync(join(tmpdir(), 'logferry-bench-'));
  existing.add(directory);
  try {
    return await work(directory);
  } finally {
    remove(directory);
  }
}
