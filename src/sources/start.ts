import { isActive } from './active.ts';
import type { Interest } from './hooks.ts';
import { ModuleHooks, moduleNames } from './hooks.ts';
import type { RunningSource } from './load.ts';
import { loadSources } from './load.ts';
import { missingPackages } from './missing.ts';
import type { Line, Source } from './packages.ts';
import { AUTO_INSTRUMENTATIONS, SOURCES } from './packages.ts';
import type { PackageFinder } from './resolve.ts';
import { isModule } from './resolve.ts';
import type { Selection } from './selection.ts';

export interface SourceSetup {
  readonly finder: PackageFinder;
  readonly selection: Selection;
  readonly line: Line;
  /** Whether the spans are ours; somebody else's are made by their instrumentations. */
  readonly tracing: 'ours' | 'others' | 'missing';
  /** Whether somebody else has started an SDK before us. */
  readonly afterOthers: boolean;
}

export interface StartedSources {
  readonly running: readonly RunningSource[];
  /** What could not be done, as lines that begin with their code. */
  readonly warnings: readonly string[];
  /** What to install so that more is heard. */
  readonly advice: string | undefined;
  /** Puts the module hooks of what runs before those that somebody else has installed meanwhile. */
  renewHooks(running: readonly RunningSource[]): void;
}

function interestOf({ file, instrumentation }: RunningSource): Interest {
  return { file, names: moduleNames(instrumentation) };
}

function othersInterests(
  finder: PackageFinder,
  active: ReadonlySet<string>,
  tracing: SourceSetup['tracing'],
): readonly Interest[] {
  return SOURCES.filter(({ name }) => active.has(name)).flatMap((source) => {
    const names = [source.instruments ?? [], (tracing === 'others' && source.modules) || []].flat();
    const from = [source.package, AUTO_INSTRUMENTATIONS, '@opentelemetry/instrumentation'];
    const file = from.map((name) => finder.find(name)).find((path) => path !== undefined);
    return file === undefined ? [] : [{ file, names }];
  });
}

/** Loads and starts the instrumentations that are installed, wanted, and not at work already. Never throws. */
export function startSources({ finder, selection, line, tracing, afterOthers }: SourceSetup): StartedSources {
  if (selection.isNone) return { running: [], warnings: [], advice: undefined, renewHooks: () => undefined };
  const active = new Set(
    (afterOthers ? SOURCES : []).filter((source) => isActive(finder, source)).map(({ name }) => name),
  );
  const takes = (source: Pick<Source, 'name' | 'optIn'>): boolean => {
    const traces = SOURCES.some(({ name, signal }) => name === source.name && signal === 'traces');
    return selection.takes(source) && !active.has(source.name) && (!traces || tracing === 'ours');
  };
  const everything = selection.isOpen && tracing === 'ours' && !afterOthers;
  const { running, failures } = loadSources(finder, takes, everything);
  const hooks = new ModuleHooks(finder);
  const hooked = hooks.install([...running.map(interestOf), ...othersInterests(finder, active, tracing)]);
  const warnings = failures.map((failure) => `LF021 ${failure}`);
  if (!hooked && isModule(process.argv[1])) {
    warnings.push(
      'LF027 ES modules cannot be instrumented like this on this version of Node: use --import, or update Node and @opentelemetry/instrumentation',
    );
  }
  const wanted = (source: Source): boolean => selection.takes(source) && !active.has(source.name);
  const advice = missingPackages(finder, line, wanted, tracing !== 'others');
  return { running, warnings, advice, renewHooks: (sources) => void hooks.install(sources.map(interestOf)) };
}
