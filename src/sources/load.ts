import { createRequire } from 'node:module';
import type { Source } from './packages.ts';
import { AUTO_INSTRUMENTATIONS, SOURCES } from './packages.ts';
import type { PackageFinder } from './resolve.ts';
import { logOnce, WINSTON_TRANSPORT } from './winston.ts';

/** What we use of an instrumentation; both OpenTelemetry lines fit. */
export interface Instrumentation {
  readonly instrumentationName: string;
  disable(): void;
  /** The modules it waits for; private in the SDK. */
  readonly _modules?: unknown;
}

/** An instrumentation that is at work. */
export interface RunningSource {
  readonly signal: Source['signal'];
  readonly instrumentation: Instrumentation;
  /** A file of the package that it came from. */
  readonly file: string;
}

export interface LoadedSources {
  readonly running: readonly RunningSource[];
  /** What could not be loaded, and why. */
  readonly failures: readonly string[];
}

/** Packages whose classes hold on to the one place of theirs that patches `require`; not what lies in them. */
const SHARED =
  /[\\/]node_modules[\\/](?:@opentelemetry[\\/](?:instrumentation|instrumentation-[^\\/]+|auto-instrumentations-node)|@fastify[\\/]otel)[\\/](?!(?:.*[\\/])?node_modules[\\/])/;

function isInstrumentation(value: unknown): value is Instrumentation {
  const { instrumentationName, disable } = (value ?? {}) as Partial<Instrumentation>;
  return typeof instrumentationName === 'string' && typeof disable === 'function';
}

/** Lets an instrumentation patch versions that it does not list; before the module it waits for is loaded. */
function widen({ _modules }: Instrumentation, { alsoSupports }: Source): void {
  if (alsoSupports === undefined || !Array.isArray(_modules)) return;
  for (const { supportedVersions } of _modules as { readonly supportedVersions?: unknown }[]) {
    if (Array.isArray(supportedVersions)) supportedVersions.push(alsoSupports);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
}

/** Makes instrumentations of the packages that are there. Nothing throws. */
class Loader {
  readonly #finder: PackageFinder;
  readonly #takes: (source: Pick<Source, 'name' | 'optIn'>) => boolean;
  readonly #running: RunningSource[] = [];
  readonly #failures: string[] = [];

  constructor(finder: PackageFinder, takes: (source: Pick<Source, 'name' | 'optIn'>) => boolean) {
    this.#finder = finder;
    this.#takes = takes;
  }

  load(everything: boolean): LoadedSources {
    if (everything) this.#loadAll();
    for (const source of SOURCES) {
      const name = source.package;
      if (this.#takes(source) && !this.#running.some((one) => one.instrumentation.instrumentationName === name)) {
        this.#loadOne(source);
      }
    }
    return { running: this.#running, failures: this.#failures };
  }

  /** The bundle of all instrumentations honours the standard's own variables; ours come on top. */
  #loadAll(): void {
    const path = this.#finder.findInApplication(AUTO_INSTRUMENTATIONS);
    if (path === undefined) return;
    const configs = SOURCES.filter(({ name }) => name !== 'fastify' && name !== 'console').map((source) => [
      source.package,
      { ...source.config, ...(!this.#takes(source) && { enabled: false }) },
    ]);
    this.#guarded(AUTO_INSTRUMENTATIONS, path, ({ getNodeAutoInstrumentations }) => {
      const made: unknown = (getNodeAutoInstrumentations as (config: object) => unknown)(Object.fromEntries(configs));
      for (const instrumentation of Array.isArray(made) ? made.filter(isInstrumentation) : []) {
        const source = SOURCES.find((one) => one.package === instrumentation.instrumentationName);
        this.#started(instrumentation, source, path);
      }
    });
  }

  #loadOne(source: Source): void {
    const path = this.#finder.find(source.package);
    if (path === undefined) return;
    this.#guarded(source.package, path, (exports) => {
      const Class = exports[source.className] as new (config?: object) => unknown;
      const instrumentation = new Class(source.config);
      if (isInstrumentation(instrumentation)) this.#started(instrumentation, source, path);
    });
  }

  #started(instrumentation: Instrumentation, source: Source | undefined, file: string): void {
    if (source !== undefined) widen(instrumentation, source);
    if (source?.needs?.package === WINSTON_TRANSPORT) logOnce(this.#finder, file);
    this.#running.push({ signal: source?.signal ?? 'traces', instrumentation, file });
  }

  #guarded(name: string, path: string, make: (exports: Readonly<Record<string, unknown>>) => void): void {
    const loaded = this.#finder.loadFile(path);
    try {
      if (loaded.kind === 'loaded') make(loaded.exports);
      if (loaded.kind === 'failed') this.#failures.push(`${name} could not be loaded: ${loaded.message}`);
    } catch (error) {
      this.#failures.push(`${name} could not be started: ${messageOf(error)}`);
    }
  }
}

/**
 * Loads and starts what is installed and wanted. Loggers and tracers are taken from what is registered, so this comes
 * after the registration.
 *
 * The modules are taken out of Node's cache again: all instrumentations of one copy share one hook on `require`, which
 * remembers every module it has seen. Instrumentations that the application makes later would be told of none of them.
 */
export function loadSources(
  finder: PackageFinder,
  takes: (source: Pick<Source, 'name' | 'optIn'>) => boolean,
  everything: boolean,
): LoadedSources {
  const { cache } = createRequire(import.meta.url);
  const before = new Set(Object.keys(cache));
  const loaded = new Loader(finder, takes).load(everything);
  for (const path of Object.keys(cache)) {
    if (!before.has(path) && SHARED.test(path)) Reflect.deleteProperty(cache, path);
  }
  return loaded;
}
