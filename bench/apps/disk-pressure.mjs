// Another process that keeps the disk busy: `disk-pressure.mjs DIRECTORY BURST_BYTES TOTAL_BYTES`. It writes bursts with
// fsync to one file, over and over, until the total is reached or the parent is gone; the file is removed at the end.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [directory, burstText, totalText] = process.argv.slice(2);
const CHUNK = Buffer.alloc(1_048_576, 'pressure');
const PAUSE_MILLIS = 500;
const path = join(directory, 'pressure');

process.on('exit', () => rmSync(path, { force: true }));
process.on('disconnect', () => process.exit());

function burst(bytes) {
  const descriptor = openSync(path, 'w');
  for (let written = 0; written < bytes; written += CHUNK.length) writeSync(descriptor, CHUNK);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

process.send({ kind: 'begun' });
const begun = performance.now();
for (let written = 0; written < Number(totalText); written += Number(burstText)) {
  burst(Number(burstText));
  await pause(PAUSE_MILLIS);
}
process.send({ kind: 'written', seconds: (performance.now() - begun) / 1000 });
