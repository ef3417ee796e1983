import type { Line, PeerPackage, Source } from './packages.ts';
import { SOURCES, TRACING } from './packages.ts';
import type { PackageFinder } from './resolve.ts';

function isThere(finder: PackageFinder, { instruments, broughtBy = [] }: Source): boolean {
  if (instruments === undefined) return false;
  if (finder.findInApplication(instruments) !== undefined) return true;
  return broughtBy.some((name) => {
    const path = finder.findInApplication(name);
    return path !== undefined && finder.findFrom(path, instruments) !== undefined;
  });
}

function lacks(finder: PackageFinder, source: Source): readonly PeerPackage[] {
  const path = finder.find(source.package);
  const { needs } = source;
  const found = (name: string): boolean =>
    (path !== undefined && finder.findFrom(path, name) !== undefined) || finder.find(name) !== undefined;
  return [...(path === undefined ? [source] : []), ...(needs !== undefined && !found(needs.package) ? [needs] : [])];
}

function command(packages: readonly PeerPackage[], line: Line): string {
  return `npm install ${packages.map((one) => `${one.package}@${one.version[line]}`).join(' ')}`;
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/**
 * What to install so that the loggers of this application are heard and their records carry trace ids, in one line;
 * undefined when nothing is missing, or there is no logger that we know.
 */
export function missingPackages(
  finder: PackageFinder,
  line: Line,
  takes: (source: Source) => boolean,
  traces: boolean,
): string | undefined {
  const loggers = SOURCES.filter((one) => one.signal === 'logs' && takes(one) && isThere(finder, one));
  if (loggers.length === 0) return undefined;
  const unheard = loggers.filter((source) => lacks(finder, source).length > 0);
  const http = SOURCES.filter(({ name }) => name === 'http' && takes({ name } as Source) && traces);
  const tracing = [
    ...(traces ? TRACING.filter((one) => one.alternatives.every((name) => finder.find(name) === undefined)) : []),
    ...http.flatMap((source) => lacks(finder, source)),
  ];
  const packages = [...unheard.flatMap((source) => lacks(finder, source)), ...tracing];
  if (packages.length === 0) return undefined;
  const what = [
    ...(unheard.length > 0
      ? [`${list(unheard.map(({ name }) => name))} ${unheard.length > 1 ? 'are' : 'is'} not heard`]
      : []),
    ...(tracing.length > 0 ? ['records carry no trace ids'] : []),
  ];
  return `LF020 ${what.join(' and ')}: ${command(packages, line)}`;
}
