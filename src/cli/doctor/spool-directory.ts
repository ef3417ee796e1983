import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { SpoolFiles } from '../../delivery/spool/files.ts';
import { errorCode } from '../../delivery/spool/owner.ts';
import { openRoot } from '../../delivery/spool/root.ts';
import { type Finding, finding } from './finding.ts';

const WOULD_MAKE = 'LOGFERRY_WOULD_MAKE';
const PROBE_BYTES = 4_096;

/** What opening the spool would change. */
interface Wishes {
  made: number;
  closed: number;
}

/** The same file system, on which nothing is made or changed, only wished for. */
function lookingOnly(files: SpoolFiles, wishes: Wishes): SpoolFiles {
  return {
    ...files,
    mkdirSync: (() => {
      wishes.made += 1;
      throw Object.assign(new Error('not made'), { code: WOULD_MAKE });
    }) as typeof files.mkdirSync,
    chmodSync: () => {
      wishes.closed += 1;
    },
  };
}

/** The directory, or the nearest one above it that is there. */
export function nearest(files: SpoolFiles, path: string): string {
  let at = resolve(path);
  while (dirname(at) !== at && files.lstatSync(at, { throwIfNoEntry: false }) === undefined) at = dirname(at);
  return at;
}

/** `DR041`: whether a process could use the directory, by the rules that it would follow; changes nothing. */
export function checkDirectory(files: SpoolFiles, directory: string): Finding {
  const wishes: Wishes = { made: 0, closed: 0 };
  const opened = openRoot(lookingOnly(files, wishes), directory);
  const details = { directory };
  if (opened.kind === 'ok') return finding('DR041', 'ok', `${directory} belongs to this user alone`, { details });
  if (opened.code === WOULD_MAKE) {
    const what = nearest(files, directory) === resolve(directory) ? 'holds no spool yet' : 'will be made';
    return finding('DR041', 'ok', `${directory} ${what}`, { details });
  }
  // The folder of ours inside would be closed to others by the first process.
  if (opened.code === 'loose_mode' && wishes.closed > 0) {
    return finding('DR041', 'ok', `${directory} will be closed to other users`, { details });
  }
  const [what = '', ...fix] = opened.reason.split('; ');
  return finding('DR041', 'error', what, { fix: fix.join('; '), details: { ...details, code: opened.code } });
}

function probe(files: SpoolFiles, folder: string): void {
  const path = join(folder, `.logferry-doctor-${process.pid}-${randomBytes(4).toString('hex')}`);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const descriptor = files.openSync(path, flags, 0o600);
  try {
    const written = files.writeSync(descriptor, Buffer.alloc(PROBE_BYTES));
    if (written < PROBE_BYTES) throw Object.assign(new Error('short'), { code: 'ENOSPC' });
  } finally {
    files.closeSync(descriptor);
    files.unlinkSync(path);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on that disk',
  EDQUOT: 'raise the quota of this user',
  EROFS: 'name a directory on a disk that can be written to',
};

/** `DR042`: writes a small file where the spool is, or would be made, and removes it again. */
export function checkWriting(files: SpoolFiles, directory: string): Finding {
  const folder = nearest(files, directory);
  const details = { directory: folder };
  try {
    probe(files, folder);
    return finding('DR042', 'ok', `${folder} can be written to`, { details });
  } catch (error) {
    const code = errorCode(error);
    const fix = REMEDIES[code] ?? 'make it writable for the user of the application, or name another one';
    return finding('DR042', 'error', `${folder} cannot be written to (${code})`, {
      fix: `${fix}; until then records wait in memory`,
      details: { ...details, code },
    });
  }
}
