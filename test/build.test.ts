import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Installed } from './register/installed.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const PLATFORMS = 'platforms.bundle.js';
const SHARED = 'shared.bundle.js';
const START = 'start.bundle.js';
const CLIENT = 'client.bundle.js';

const installed = new Installed();
afterAll(() => installed.dispose());

function textOf(file: string): string {
  return readFileSync(join(DIST, file), 'utf8');
}

function importsOf(file: string): readonly string[] {
  const found = textOf(file).matchAll(/^(?:import|export)\s(?:[^"']*\sfrom\s*)?["']([^"']+)["']/gm);
  return [...found].map(([, name]) => String(name));
}

/** A file of ours and all those that it loads at once. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const name of importsOf(file).filter((one) => one.startsWith('.'))) {
    loadedBy(relative(DIST, join(DIST, dirname(file), name)).replaceAll('\\', '/'), seen);
  }
  return seen;
}

/** The modules that a bundle was made of, as its map names them. */
function sourcesOf(file: string): readonly string[] {
  const { sources } = JSON.parse(textOf(`${file}.map`)) as { readonly sources: readonly string[] };
  return sources.map((path) => relative(ROOT, join(DIST, dirname(file), path)).replaceAll('\\', '/'));
}

describe('what is loaded', () => {
  it.each([
    ['register.js', [PLATFORMS, SHARED, START]],
    ['index.js', [PLATFORMS, SHARED]],
    ['instrument/http/middleware.js', [PLATFORMS, SHARED]],
    ['platforms/logtide.js', [PLATFORMS]],
    ['client/logtide.js', [PLATFORMS, CLIENT]],
    ['sink/sink.js', ['sink.bundle.js']],
    // In the thread for module hooks, at every start.
    ['sources/loader.js', []],
  ])('%s comes with %j and no other file of ours', (entry, bundles) => {
    expect([...loadedBy(entry)].sort()).toEqual([entry, ...bundles].sort());
  });

  it('what applications start with has nothing in it that is loaded later or by others', () => {
    const sources = [PLATFORMS, SHARED, START].flatMap(sourcesOf);
    expect(sources).toEqual(
      expect.arrayContaining(['src/start/start.ts', 'src/destination.ts', 'src/platforms/redarch.ts']),
    );
    expect(sources.filter((path) => !/^src\/(?!cli\/|sink\/|client\/)/.test(path))).toEqual([]);
    expect(new Set(sources).size).toBe(sources.length);
  });

  it('undici is loaded with the first request, not before', () => {
    const files = [PLATFORMS, SHARED, START, CLIENT];
    const later = files.flatMap((file) => [...textOf(file).matchAll(/\bimport\(["']([^"']+)["']\)/g)]);
    expect(new Set(later.map(([, name]) => name))).toEqual(new Set(['undici']));
    expect(files.flatMap(importsOf)).not.toContain('undici');
  });

  it('a command of the command line is loaded when it is called', () => {
    expect([...loadedBy('cli/main.js')]).toEqual(['cli/main.js']);
    expect(textOf('cli/main.js')).toContain('import("./doctor.js")');
  });
});

it('a module finds its neighbours where it was built', () => {
  const code = `${textOf(PLATFORMS)}${textOf(SHARED)}${textOf(START)}`;
  const addresses = [...code.matchAll(/import\.meta\.url(?:\.replace\(\S+ "([^"]+)"\))?/g)];
  const names = addresses.map(([, name]) => String(name));
  expect(names).toEqual(expect.arrayContaining(['sources/hooks.js', 'sources/resolve.js', 'instrument/call-site.js']));
  expect(names.filter((name) => !existsSync(join(DIST, name)))).toEqual([]);
});

it('the line of an error that a bundle throws is that of the source', async () => {
  const app = `import('logferry').then(({ captureErrors }) => captureErrors(() => {}, { level: 'loud' }))
    .catch((error) => console.log(error.stack));`;
  const { stdout } = await installed.run(app, { source: true, flags: ['--enable-source-maps'] });
  const [, file = '', line = ''] = /\/logferry\/(src\/[^:]+):(\d+)/.exec(stdout) ?? [];
  expect(readFileSync(join(ROOT, file), 'utf8').split('\n')[Number(line) - 1]).toContain('throw new RangeError(');
});
