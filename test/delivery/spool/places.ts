import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { destinationFolder } from '../../../src/delivery/spool/names.ts';
import { openDestination, openRoot } from '../../../src/delivery/spool/root.ts';

export const STRANGER = 12_345;

/** A directory that is removed after the test. */
export function temporaryDirectory(): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'logferry-spool-'));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A root and a destination's folder in a directory of their own. */
export function openPlaces(): { directory: string; root: string; destination: string } {
  const directory = temporaryDirectory();
  const root = openRoot(nodeFiles, directory);
  if (root.kind !== 'ok') throw new Error(root.reason);
  const destination = openDestination(nodeFiles, root.path, destinationFolder('odysseus'));
  if (destination.kind !== 'ok') throw new Error(destination.reason);
  return { directory, root: root.path, destination: destination.path };
}

export function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

// biome-ignore lint/suspicious/noExplicitAny: stands for all overloads of all functions of node:fs.
type Action = (...args: any[]) => unknown;
type Replacements = Readonly<Record<string, Action>>;

/** The real file system, some of whose functions are replaced; a name like `promises.lstat` is an asynchronous one. */
export function filesWith(replacements: Replacements): SpoolFiles {
  const own = Object.entries(replacements).filter(([name]) => !name.startsWith('promises.'));
  const promised = Object.entries(replacements)
    .filter(([name]) => name.startsWith('promises.'))
    .map(([name, action]) => [name.slice('promises.'.length), action]);
  return {
    ...nodeFiles,
    ...Object.fromEntries(own),
    promises: { ...nodeFiles.promises, ...Object.fromEntries(promised) },
  } as SpoolFiles;
}

/** A file system on which one function fails; `when` narrows it to some paths. */
export function failing(name: string, code: string, when: (path: string) => boolean = () => true): SpoolFiles {
  const plain = name.replace('promises.', '');
  const real = (name === plain ? nodeFiles : nodeFiles.promises) as unknown as Record<string, Action>;
  const action: Action = (...args) => {
    if (!when(String(args[0]))) return (real[plain] as Action)(...args);
    if (name === plain) throw errno(code);
    return Promise.reject(errno(code));
  };
  return filesWith({ [name]: action });
}

/**
 * Makes `path` belong to somebody else: really when we may (root), otherwise by what the file system says of it.
 * Returns the file system to use.
 */
export function givenAway(path: string, files: SpoolFiles = nodeFiles): SpoolFiles {
  if (process.geteuid?.() === 0) {
    fs.lchownSync(path, STRANGER, STRANGER);
    return files;
  }
  const lie = (stats: fs.Stats | undefined, of: unknown) => {
    if (stats !== undefined && of === path) stats.uid = STRANGER;
    return stats;
  };
  return filesWith({
    lstatSync: (...args: Parameters<typeof fs.lstatSync>) => lie(files.lstatSync(...args) as fs.Stats, args[0]),
    'promises.lstat': async (of: string) => lie(await files.promises.lstat(of), of),
  });
}

export function makeFifo(path: string): void {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
}

export function modeOf(path: string): string {
  return (fs.lstatSync(path).mode & 0o7777).toString(8);
}
