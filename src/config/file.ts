import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';

/** What a module exports, or why it cannot be had. */
export type LoadedConfig = { readonly config: unknown } | { readonly problem: string; readonly fix: string };

const WITHOUT = 'correct it; until then only the environment counts';
const FIXES: Readonly<Record<string, string>> = {
  ERR_REQUIRE_ASYNC_MODULE: 'do without top-level await',
  ERR_UNKNOWN_FILE_EXTENSION: 'name it .mjs, .cjs or .js',
  ERR_MODULE_NOT_FOUND: 'correct what it imports',
  MODULE_NOT_FOUND: 'correct what it imports',
};

/** Kind and place of an error; its message may quote what must not be seen. */
function refusal(file: string, error: unknown): LoadedConfig {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const name = basename(file);
  const stack = error instanceof Error ? String(error.stack) : '';
  const at = stack.indexOf(name);
  const [place = ''] = at === -1 ? [] : (/^:\d+(?::\d+)?/.exec(stack.slice(at + name.length)) ?? []);
  // Node keeps the place of a syntax error to itself.
  const fix = error instanceof SyntaxError ? `see node --check ${file}` : WITHOUT;
  const kind = code ?? (error instanceof Error ? error.name : typeof error);
  return {
    problem: `names a module that cannot be loaded (${kind}${place && ` at ${name}${place}`})`,
    fix: (code !== undefined && FIXES[code]) || fix,
  };
}

/**
 * Loads a configuration, at once: `--import` and `--require` must not have to wait. A path is relative to the working
 * directory. Modules of either kind will do; the default export counts, else all that a CommonJS module exports.
 */
export function loadConfig(path: string): LoadedConfig {
  const file = resolve(path);
  if (!existsSync(file))
    return { problem: 'names a file that is not there', fix: `check the path, seen from ${resolve()}` };
  try {
    // From here, in node_modules, no version of Node warns about ES modules that are required.
    const exported: unknown = createRequire(import.meta.url)(file);
    const isNamespace = typeof exported === 'object' && exported !== null && 'default' in exported;
    return { config: isNamespace ? (exported as { default: unknown }).default : exported };
  } catch (error) {
    return refusal(file, error);
  }
}
