import fs from 'node:fs';

type Sync =
  | 'openSync'
  | 'writeSync'
  | 'readSync'
  | 'ftruncateSync'
  | 'fstatSync'
  | 'closeSync'
  | 'mkdirSync'
  | 'chmodSync'
  | 'lstatSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'readlinkSync'
  | 'writeFileSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'rmdirSync'
  | 'utimesSync'
  | 'statfsSync';
type Callback = 'fdatasync' | 'write';
type Asynchronous =
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'writeFile'
  | 'lstat'
  | 'rename'
  | 'unlink'
  | 'rmdir'
  | 'mkdir'
  | 'utimes'
  | 'statfs';

/**
 * What the spool uses of `node:fs`, and its only door to the file system: tests put a layer of faults in between
 * (short writes, a full disk, errors, slowness).
 */
export interface SpoolFiles extends Pick<typeof fs, Sync | Callback> {
  readonly promises: Pick<typeof fs.promises, Asynchronous>;
}

/** The real file system. */
export const nodeFiles: SpoolFiles = fs;
