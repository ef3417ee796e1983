import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Source } from './packages.ts';
import type { PackageFinder } from './resolve.ts';

interface HookSingleton {
  readonly RequireInTheMiddleSingleton?: {
    readonly _instance?: { readonly _moduleNameTrie?: { search(name: string): readonly unknown[] } };
  };
}

/** Where both lines keep the list of modules that instrumentations wait for, beside their main file. */
const SINGLETONS = ['cjs', 'js', 'mjs'].map((ending) => `platform/node/RequireInTheMiddleSingleton.${ending}`);

function waitsFor(finder: PackageFinder, main: string, name: string): boolean {
  return SINGLETONS.some((file) => {
    const loaded = finder.loadFile(join(dirname(main), file));
    if (loaded.kind !== 'loaded') return false;
    const { RequireInTheMiddleSingleton } = loaded.exports as HookSingleton;
    try {
      return (RequireInTheMiddleSingleton?._instance?._moduleNameTrie?.search(name).length ?? 0) > 0;
    } catch {
      return false;
    }
  });
}

/**
 * Whether somebody else instruments the same, as far as can be seen: the package has been loaded with `require`, or the
 * base of all instrumentations has been told to wait for that module.
 */
export function isActive(finder: PackageFinder, { package: name, instruments, modules = [] }: Source): boolean {
  const part = `/node_modules/${name}/`;
  const { cache } = createRequire(import.meta.url);
  if (Object.keys(cache).some((path) => path.replaceAll('\\', '/').includes(part))) return true;
  const [awaited] = [instruments, ...modules].filter((one) => one !== undefined);
  if (awaited === undefined) return false;
  const own = finder.find(name);
  const base = '@opentelemetry/instrumentation';
  const copies = [...finder.findAll(base), ...(own === undefined ? [] : [finder.findFrom(own, base)])];
  return [...new Set(copies)].some((main) => main !== undefined && waitsFor(finder, main, awaited));
}
