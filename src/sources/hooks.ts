import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Hooks } from './claiming.ts';
import { claiming } from './claiming.ts';
import type { Instrumentation } from './load.ts';
import type { PackageFinder } from './resolve.ts';
import { isModule } from './resolve.ts';

const BASE = '@opentelemetry/instrumentation';
const HOOKS = 'import-in-the-middle';
/** Flags that install the same hooks for everything. */
const INSTALLED = /(?:instrumentation\/hook|import-in-the-middle\/(?:hook|register-hooks))\.mjs/;
/** From here on, hooks in a thread of their own are deprecated, with a warning. */
const DEPRECATED_MAJOR = 25;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** Names of the modules that an instrumentation waits for. */
export function moduleNames({ _modules }: Instrumentation): readonly string[] {
  const definitions: readonly { readonly name?: unknown }[] = Array.isArray(_modules) ? _modules : [];
  return definitions.map((definition) => definition?.name).filter((name) => typeof name === 'string');
}

/** Who wants to see what modules. */
export interface Interest {
  /** A file of the package with the instrumentation. */
  readonly file: string;
  readonly names: readonly string[];
}

/** Only these are looked into: the source of every other module goes its way untouched. */
function included(names: readonly string[]): (string | RegExp)[] {
  return names.flatMap((name) =>
    nodeModule.isBuiltin(name) ? [name] : [name, new RegExp(`/node_modules/${escaped(name)}/`)],
  );
}

interface SyncHooks {
  applyOptions(options: object): void;
  readonly resolveSync: Hooks['resolve'];
  readonly loadSync: Hooks['load'];
}

interface CreateHook {
  readonly supportsSyncHooks?: () => boolean;
  readonly createHook?: (meta: { readonly url: string }) => SyncHooks;
}

/** What `node:module` has in newer versions. */
const { registerHooks } = nodeModule as { registerHooks?: (hooks: Hooks) => void };

/** Hooks in this thread; false where Node or the copy cannot. */
function installInThread(finder: PackageFinder, copy: string, include: readonly (string | RegExp)[]): boolean {
  const beside = (name: string): CreateHook => {
    const loaded = finder.loadFile(copy.replace(/hook\.mjs$/, name));
    return loaded.kind === 'loaded' ? (loaded.exports as CreateHook) : {};
  };
  if (registerHooks === undefined || !beside('supports-sync-hooks.mjs').supportsSyncHooks?.()) return false;
  const hooks = beside('create-hook.mjs').createHook?.({ url: pathToFileURL(copy).href });
  if (typeof hooks?.resolveSync !== 'function') return false;
  hooks.applyOptions({ include: [...include] });
  registerHooks(claiming({ resolve: hooks.resolveSync, load: hooks.loadSync }));
  return true;
}

/**
 * Whether an ES module was loaded with `--require` where Node's thread for hooks cannot do the
 * same: it loads what is required once more, fails, and takes the process with it (22.0 to 22.22.2, 24.0 to 24.11.0).
 */
function wouldBreak(finder: PackageFinder): boolean {
  if (Number.parseInt(process.versions.node, 10) < 22) return false;
  const { _preload_modules: required } = process as { _preload_modules?: unknown };
  return Array.isArray(required) && required.some((name) => isModule(finder.find(String(name))));
}

/** Lets instrumentations see what ES modules import. */
export class ModuleHooks {
  readonly #finder: PackageFinder;
  #count = 0;

  constructor(finder: PackageFinder) {
    this.#finder = finder;
  }

  /**
   * In this thread where Node can (22.22.3, 24.11.1, 25.1, 26 and newer), else through a loader thread. Comes after
   * everything of ours is loaded. Hooks of others that come later stand before these, and keep from them what is marked;
   * a second call stands before those. False when it is not possible.
   */
  install(interests: readonly Interest[]): boolean {
    const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
    if (INSTALLED.test(flags)) return true;
    try {
      return [...this.#byCopy(interests)].every(([copy, names]) => {
        const include = included([...names]);
        return installInThread(this.#finder, copy, include) || this.#installInLoader(copy, include);
      });
    } catch {
      return false;
    }
  }

  /** Each package may have a copy of the hooks to itself, as a rule it is one; every copy takes what is waited for there. */
  #byCopy(interests: readonly Interest[]): ReadonlyMap<string, ReadonlySet<string>> {
    const names = new Map<string, Set<string>>();
    for (const interest of interests) {
      const base = this.#finder.findFrom(interest.file, BASE) ?? interest.file;
      const copy = this.#finder.findFrom(base, `${HOOKS}/hook.mjs`);
      if (copy === undefined || interest.names.length === 0) continue;
      names.set(copy, new Set([...(names.get(copy) ?? []), ...interest.names]));
    }
    return names;
  }

  #installInLoader(copy: string, include: readonly (string | RegExp)[]): boolean {
    if (Number.parseInt(process.versions.node, 10) >= DEPRECATED_MAJOR || wouldBreak(this.#finder)) return false;
    // Every call needs an instance of its own, of the loader and of the copy.
    const instance = `?instance=${this.#count++}`;
    const url = pathToFileURL(copy).href + instance;
    nodeModule.register(new URL(`./loader.js${instance}`, import.meta.url), { data: { url, include } });
    return true;
  }
}
