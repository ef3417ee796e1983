import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SDK_NAME, SDK_VERSION } from '../src/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

/** Floors of the house (design §4), lowest first; an entry is a file or a folder. Imports go down or stay level. */
const FLOORS: readonly (readonly string[])[] = [
  ['record/', 'telemetry.ts', 'clock.ts', 'version.ts', 'stderr-diag.ts'],
  ['codec/'],
  ['delivery/'],
  ['platforms/'],
  [
    'options.ts',
    'redact-options.ts',
    'limit-options.ts',
    'encoding.ts',
    'option-checks.ts',
    'platform-delivery.ts',
    'secure-address.ts',
    'additions.ts',
    'levels/',
    'did-you-mean.ts',
    'intake.ts',
    'before-send.ts',
    'volume/',
    'spool-options.ts',
    'secret-file.ts',
    'flush.ts',
    'stats-since.ts',
    'unresolved.ts',
    'otel-env.ts',
    'resource.ts',
    'exception-twins.ts',
    'destination.ts',
  ],
  [
    'exporter.ts',
    'processor.ts',
    'durable-processor.ts',
    'span-event-bridge.ts',
    'span-processors.ts',
    'global-providers.ts',
    'process-end.ts',
    'handle.ts',
    'others/',
    'sources/',
    'tracing/',
    'instrument/',
    'client/',
    'gateway/',
  ],
  ['config/', 'env/'],
  ['register.ts', 'start/', 'index.ts', 'cli/'],
];
/** The sink stands beside the house: it uses nothing of it, and only the command line uses it. */
const SINK = 'sink/';

const IMPORTS = [
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

interface Source {
  readonly name: string;
  readonly text: string;
  /** The text without comments and without what strings say. */
  readonly code: string;
  readonly imports: readonly string[];
}

function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, '``')
    .replace(/^(.*?)\/\/.*$/gm, '$1');
}

const SOURCES: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const text = readFileSync(join(SRC, name), 'utf8');
    const imports = IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] as string));
    return { name, text, code: codeOf(text), imports };
  });

function inside(name: string, entry: string): boolean {
  return entry.endsWith('/') ? name.startsWith(entry) : name === entry;
}

function floorOf(name: string): number {
  return FLOORS.findIndex((entries) => entries.some((entry) => inside(name, entry)));
}

/** The files of ours that a file imports, by their names. */
function ownImports({ name, imports }: Source): readonly string[] {
  return imports
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SRC, join(SRC, dirname(name), target)));
}

const offenders = (test: (source: Source) => boolean): readonly string[] =>
  SOURCES.filter(test).map(({ name }) => name);

describe('the house', () => {
  it('is read as intended', () => {
    const exporter = SOURCES.find(({ name }) => name === 'exporter.ts');
    const read = ['@opentelemetry/sdk-logs', './destination.ts', './flush.ts'];
    expect(exporter?.imports).toEqual(expect.arrayContaining(read));
    expect(
      SOURCES.find(({ name }) => name === 'delivery/http.ts')?.imports.filter((from) => from === 'undici').length,
    ).toBe(2);
  });

  it('has a floor for every file', () => {
    expect(offenders(({ name }) => floorOf(name) === -1 && !inside(name, SINK))).toEqual([]);
  });

  it('imports only downward or level, types included', () => {
    const upward = SOURCES.filter(({ name }) => !inside(name, SINK)).flatMap((source) =>
      ownImports(source)
        .filter((target) => !inside(target, SINK) && floorOf(target) > floorOf(source.name))
        .map((target) => `${source.name} → ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('keeps the sink to itself', () => {
    const out = SOURCES.filter(({ name }) => inside(name, SINK)).flatMap(({ name, imports }) =>
      imports
        .filter((target) => !target.startsWith('node:') && !target.startsWith('./'))
        .map((to) => `${name} → ${to}`),
    );
    const into = SOURCES.filter(({ name }) => !inside(name, SINK) && !inside(name, 'cli/')).flatMap((source) =>
      ownImports(source)
        .filter((target) => inside(target, SINK))
        .map((target) => `${source.name} → ${target}`),
    );
    expect([...out, ...into]).toEqual([]);
  });

  it('imports files that exist, by their .ts names', () => {
    const names = new Set(SOURCES.map(({ name }) => name));
    const missing = SOURCES.flatMap((source) =>
      ownImports(source)
        .filter((target) => !names.has(target) && target !== join('..', 'package.json'))
        .map((target) => `${source.name} → ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('has no cycles', () => {
    const graph = new Map(SOURCES.map((source) => [source.name, ownImports(source)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (path.includes(name)) {
        cycles.push([...path.slice(path.indexOf(name)), name].join(' → '));
        return;
      }
      if (done.has(name)) return;
      for (const target of graph.get(name) ?? []) visit(target, [...path, name]);
      done.add(name);
    };
    for (const name of graph.keys()) visit(name, []);
    expect(cycles).toEqual([]);
  });

  it('has no file over 250 lines', () => {
    expect(offenders(({ text }) => text.trimEnd().split('\n').length > 250)).toEqual([]);
  });

  it('has no default exports', () => {
    expect(offenders(({ code }) => /^\s*export\s+default\b|\bas\s+default\b/m.test(code))).toEqual([]);
  });

  it('has no any', () => {
    expect(offenders(({ code }) => /(?:[:<|&(,]\s*|\bas\s+)any\b/.test(code))).toEqual([]);
  });

  it('never speaks on the console', () => {
    expect(offenders(({ code }) => /\bconsole\./.test(code))).toEqual([]);
  });

  it('has no module-level variables that change', () => {
    expect(offenders(({ code }) => /^(?:export\s+)?(?:let|var)\b/m.test(code))).toEqual([]);
  });

  it('has one barrel', () => {
    expect(offenders(({ code, name }) => /^\s*export\s+\*/m.test(code) && name !== 'index.ts')).toEqual([]);
  });

  it('has no top-level await, so that require() works', () => {
    expect(offenders(({ code }) => /^(?:const [^=]*= )?await\b/m.test(code))).toEqual([]);
  });

  it('imports Node by node:, and erased or not only what package.json names', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies?: object;
      peerDependencies?: object;
    };
    const allowed = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
    const strangers = SOURCES.flatMap(({ name, imports }) =>
      imports
        .filter((target) => !target.startsWith('.') && !target.startsWith('node:') && !allowed.has(target))
        .map((target) => `${name} → ${target}`),
    );
    expect(strangers).toEqual([]);
  });

  it('loads undici in one place, with the first request', () => {
    const stated = (text: string) => text.split('\n').filter((line) => /^import\b.*'undici'/.test(line));
    expect(offenders(({ text }) => stated(text).some((line) => !line.startsWith('import type ')))).toEqual([]);
    expect(offenders(({ text }) => /import\('undici'\)/.test(text))).toEqual(['client/http.ts', 'delivery/http.ts']);
    const http = SOURCES.find(({ name }) => name === 'delivery/http.ts')?.text ?? '';
    expect(http).toMatch(/await import\('undici'\)/);
  });

  it('knows its own name and version', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { name: string; version: string };
    expect({ name: SDK_NAME, version: SDK_VERSION }).toEqual({ name: manifest.name, version: manifest.version });
  });
});
