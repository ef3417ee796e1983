import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type Loaded =
  | { readonly kind: 'loaded'; readonly exports: Readonly<Record<string, unknown>> }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly message: string };

/** Where the packages of the application that is started are looked for: beside its main script, then where it runs. */
export function applicationDirectories(): readonly string[] {
  const script = process.argv[1];
  return [...new Set([...(script === undefined ? [] : [dirname(script)]), process.cwd()])];
}

/** Whether a file is an ES module, by its ending or the package it is in; nothing is read of it. */
export function isModule(file: string | undefined): boolean {
  if (file === undefined || /\.c[jt]s$/.test(file)) return false;
  if (/\.m[jt]s$/.test(file)) return true;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    try {
      const { type } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { type?: unknown };
      return type === 'module';
    } catch {
      // The next one, or none.
      if (directory === dirname(directory)) return false;
    }
  }
}

/** Finds packages as the application would, then as logferry would. Nothing throws. */
export class PackageFinder {
  readonly #application: readonly NodeJS.Require[];
  readonly #own = createRequire(import.meta.url);

  /** Directories of the application, the first that has a package wins. */
  constructor(directories: readonly string[]) {
    this.#application = directories.map((directory) => createRequire(join(directory, 'noop.js')));
  }

  /** The file that `require(name)` would load. */
  find(name: string): string | undefined {
    return this.findInApplication(name) ?? resolved(this.#own, name);
  }

  findInApplication(name: string): string | undefined {
    for (const one of this.#application) {
      const path = resolved(one, name);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /** The file that one package would load of another. */
  findFrom(path: string, name: string): string | undefined {
    return resolved(createRequire(path), name);
  }

  /** All the copies that are in reach, the application's first. */
  findAll(name: string): readonly string[] {
    const paths = [...this.#application, this.#own].map((one) => resolved(one, name));
    return [...new Set(paths.filter((path) => path !== undefined))];
  }

  load(name: string): Loaded {
    const path = this.find(name);
    return path === undefined ? { kind: 'missing' } : this.loadFile(path);
  }

  loadFile(path: string): Loaded {
    try {
      return { kind: 'loaded', exports: this.#own(path) as Readonly<Record<string, unknown>> };
    } catch (error) {
      return {
        kind: 'failed',
        message: error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error',
      };
    }
  }
}

function resolved(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}
