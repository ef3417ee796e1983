import { missingPackages } from '../../sources/missing.ts';
import { SOURCES } from '../../sources/packages.ts';
import { PackageFinder } from '../../sources/resolve.ts';
import { Selection } from '../../sources/selection.ts';
import { type Finding, finding } from './finding.ts';
import type { SdkLine } from './sdk.ts';
import type { Surroundings } from './surroundings.ts';

/** A logging library that is in reach of the application. */
export interface FoundLogger {
  readonly name: string;
  /** Whether `logferry/register` hears it: its instrumentation is installed and not switched off. */
  readonly heard: boolean;
  /** The package that makes it heard. */
  readonly package: string;
}

/** The loggers that the application can load, as `logferry/register` finds them. */
export function foundLoggers({ cwd, env }: Pick<Surroundings, 'cwd' | 'env'>): readonly FoundLogger[] {
  const finder = new PackageFinder([cwd]);
  const selection = new Selection(env);
  return SOURCES.flatMap((source) => {
    const { name, signal, instruments, broughtBy = [], package: of } = source;
    if (signal !== 'logs' || instruments === undefined) return [];
    if (![instruments, ...broughtBy].some((logger) => finder.findInApplication(logger) !== undefined)) return [];
    return [{ name, heard: selection.takes(source) && finder.find(of) !== undefined, package: of }];
  });
}

/** `DR017`: which loggers there are, whether they are heard, and what to install so that they are, with trace ids. */
export function checkLoggers({ cwd, env }: Surroundings, line: SdkLine, othersTrace: boolean): Finding {
  const loggers = foundLoggers({ cwd, env });
  const details = { loggers };
  if (loggers.length === 0) {
    return finding('DR017', 'ok', 'none of pino, winston and bunyan is installed', { details });
  }
  const selection = new Selection(env);
  const finder = new PackageFinder([cwd]);
  const takes = (source: (typeof SOURCES)[number]): boolean => selection.takes(source);
  const advice = missingPackages(finder, line === 'B' ? 'B' : 'A', takes, !othersTrace);
  const [, what, fix] = /^(?:LF\d+ )?(.*?): (npm install .*)$/s.exec(advice ?? '') ?? [];
  if (what !== undefined && fix !== undefined) return finding('DR017', 'warning', what, { fix, details });
  const heard = loggers.filter((logger) => logger.heard).map(({ name }) => name);
  const off = loggers.filter((logger) => !logger.heard).map(({ name }) => name);
  const parts = [
    ...(heard.length > 0 ? [`${heard.join(', ')}: heard`] : []),
    ...(off.length > 0 ? [`${off.join(', ')}: switched off`] : []),
  ];
  return finding('DR017', 'ok', parts.join('; '), { details });
}
