import { join } from 'node:path';
import { deadFiles, readDeadLetters } from '../delivery/spool/dead-files.ts';
import { DEAD_FOLDER } from '../delivery/spool/names.ts';
import { type OfflineRecord, type Written, writeOrphan } from '../delivery/spool/offline.ts';
import { errorCode, type Failed } from '../delivery/spool/owner.ts';
import { say } from './spool-output.ts';
import type { Surroundings } from './spool-survey.ts';

export interface ReviveOptions {
  readonly on: Surroundings;
  readonly platform: string;
  readonly lanes: readonly string[];
  readonly destinationPath: string;
  /** Name of a directory of our own there: the files of dead letters get it while they are in our hands. */
  readonly holder: string;
}

/** A file of dead letters that nobody else writes to any more. */
interface Taken {
  readonly path: string;
  /** Read so far. */
  bytes: number;
  /** Lines that are no dead letters of this destination. */
  skipped: number;
}

async function take({ on, destinationPath, holder }: ReviveOptions): Promise<readonly Taken[]> {
  const folder = join(destinationPath, DEAD_FOLDER);
  const taken: Taken[] = [];
  for (const { kind, path } of deadFiles(on.files, folder)) {
    if (kind !== 'letters') continue;
    const own = join(folder, `${holder}-${taken.length}.jsonl`);
    // A writer whose file is gone begins another one.
    const lost = await on.files.promises.rename(path, own).then(
      () => false,
      () => true,
    );
    if (!lost) taken.push({ path: own, bytes: 0, skipped: 0 });
  }
  return taken;
}

async function* recordsOf(options: ReviveOptions, taken: readonly Taken[]): AsyncGenerator<OfflineRecord> {
  const { on, platform, lanes } = options;
  for (const file of taken) {
    const read = await readDeadLetters(on.files, file.path);
    if (read.kind === 'failed') throw Object.assign(new Error(file.path), { code: read.code });
    file.bytes = read.bytes;
    file.skipped = read.skipped;
    for (const letter of read.letters) {
      if (letter.platform === platform && lanes.includes(letter.lane)) yield { lane: letter.lane, text: letter.text };
      else file.skipped += 1;
    }
  }
}

/** Deletes what was revived. What is in a file beside that is kept, under another name when it is of no use to us. */
async function discard({ on }: ReviveOptions, { path, bytes, skipped }: Taken): Promise<void> {
  const { lstat, rename, unlink } = on.files.promises;
  try {
    // A writer that had it open when it was taken away.
    if ((await lstat(path)).size !== bytes) return say(`${path} has grown; its records will be delivered again`);
    if (skipped === 0) return await unlink(path);
    await rename(path, `${path}.replayed`);
    say(`${path}.replayed is kept: ${skipped} of its lines are no dead letters of this destination`);
  } catch (error) {
    say(`${path} cannot be deleted (${errorCode(error)}); its records will be delivered again`);
  }
}

/**
 * Turns the dead letters of a destination into a directory as a dead process would leave it. The files are deleted
 * afterwards, so that a crash on the way costs duplicates and no record.
 */
export async function reviveDeadLetters(options: ReviveOptions): Promise<Written | Failed> {
  const { on, destinationPath, platform } = options;
  const { files, clock, here } = on;
  const taken = await take(options);
  const records = recordsOf(options, taken);
  const written = await writeOrphan({ files, clock, destinationPath, facts: { ...here, platform }, records });
  if (written.kind === 'ok') for (const file of taken) await discard(options, file);
  return written;
}
