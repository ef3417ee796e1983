import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Folders of packages that are looked into; a workspace may have very many. */
const MOST_FOLDERS = 5_000;

/** An installed package. */
export interface InstalledPackage {
  readonly version: string;
  /** Its folder, links resolved. */
  readonly path: string;
}

/** The parts of an application's package.json that the checks look at. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

function jsonAt(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function packageAt(folder: string): InstalledPackage | undefined {
  const version = jsonAt(join(folder, 'package.json'))?.version;
  return typeof version === 'string' ? { version, path: realpathSync(folder) } : undefined;
}

/** The package that code in `from` would get, as Node looks for it: from folder to folder upwards. */
export function findPackage(from: string, name: string): InstalledPackage | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = packageAt(join(folder, 'node_modules', name));
    if (found !== undefined || dirname(folder) === folder) return found;
  }
}

function texts(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
}

/** The nearest package.json at or above a folder; undefined when there is none. */
export function manifestOf(from: string): Manifest | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const manifest = jsonAt(join(folder, 'package.json'));
    if (manifest !== undefined) {
      const { dependencies, devDependencies, optionalDependencies, scripts } = manifest;
      return {
        dependencies: { ...texts(devDependencies), ...texts(optionalDependencies), ...texts(dependencies) },
        scripts: texts(scripts),
      };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Packages directly in a `node_modules`, scoped ones by their full name; those of pnpm's store as well. */
function packagesIn(modules: string): readonly string[] {
  return entries(modules).flatMap((name) => {
    if (name === '.pnpm') return entries(join(modules, name)).map((stored) => join(name, stored));
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? entries(join(modules, name)).map((inner) => join(name, inner)) : [name];
  });
}

/** Every copy of a package below the application's `node_modules`, nested ones too; `complete` is false beyond a bound. */
export function copiesOf(
  from: string,
  name: string,
): { readonly copies: readonly InstalledPackage[]; readonly complete: boolean } {
  const found = new Map<string, InstalledPackage>();
  const first = findPackage(from, name);
  if (first !== undefined) found.set(first.path, first);
  const waiting = [join(resolve(from), 'node_modules')];
  let visited = 0;
  for (let modules = waiting.shift(); modules !== undefined && visited < MOST_FOLDERS; modules = waiting.shift()) {
    const copy = packageAt(join(modules, name));
    if (copy !== undefined) found.set(copy.path, copy);
    for (const inner of packagesIn(modules)) {
      visited += 1;
      const nested = join(modules, inner, 'node_modules');
      if (entries(nested).length > 0) waiting.push(nested);
    }
  }
  return { copies: [...found.values()], complete: waiting.length === 0 };
}
