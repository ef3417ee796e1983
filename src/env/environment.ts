import type { Additions } from '../additions.ts';
import { additionsOf } from '../additions.ts';
import { checkedConfig } from '../config/checks.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/file.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { LevelControl } from '../levels/control.ts';
import type { LevelMap } from '../levels/levels.ts';
import { Levels } from '../levels/levels.ts';
import { parseLevels } from '../levels/text.ts';
import { PLATFORMS } from '../platforms/registry.ts';
import type { SpoolOptions } from '../spool-options.ts';
import { grouped, merged, withSpool } from './delivery.ts';
import type { ConfiguredDestination } from './destinations.ts';
import { configuredDestinations } from './destinations.ts';
import type { Features } from './features.ts';
import { featuresOf } from './features.ts';
import type { GeneralValues } from './general-variables.ts';
import { reportUnknownNames } from './names.ts';
import type { EnvironmentContext, Problem, Values } from './reader.ts';
import { fallbacks, Reader } from './reader.ts';
import { variablesOf } from './table.ts';

export type { Problem } from './reader.ts';

/** What variables and `LOGFERRY_CONFIG` come to. */
export interface Environment {
  readonly destinations: readonly ConfiguredDestination[];
  readonly problems: readonly Problem[];
  readonly quiet: boolean;
  readonly strict: boolean;
  /** Longest wait for delivery when the process ends. */
  readonly flushMillis: number;
  /** Of the destinations that say nothing else. */
  readonly queueBytes: number;
  /** Of the destinations that say nothing else. */
  readonly spool: SpoolOptions | undefined;
  /** The levels of all destinations. */
  readonly levels: Levels;
  readonly levelControl: LevelControl;
  /** For `new WriteThroughLogRecordProcessor(destinations, { additions })`. */
  readonly additions: Additions | undefined;
  /** Attributes that win over those of `resourceAttributes()`. */
  readonly resource: Readonly<Record<string, string | number>>;
  readonly features: Features;
  /** Sources that are wanted or not, by name; what is not named is left to other rules. */
  readonly sources: Readonly<Record<string, boolean>>;
}

function wantedPlatforms(list: readonly string[] | undefined, reader: Reader): readonly string[] | undefined {
  if (list === undefined || list.length === 0) return undefined;
  const names: readonly string[] = PLATFORMS.map(({ name }) => name);
  return list.filter((item) => {
    if (names.includes(item)) return true;
    const meant = didYouMean(item, names);
    reader.report(
      'LF006',
      'LOGFERRY_PLATFORMS',
      `lists "${item.slice(0, 40)}", which is no platform`,
      meant ? `did you mean ${meant}?` : `use some of ${names.join(', ')}`,
    );
    return false;
  });
}

function readConfig(path: string | undefined, context: EnvironmentContext, reader: Reader): Config {
  if (path === undefined) return {};
  const loaded = (context.loadConfig ?? loadConfig)(path);
  if ('problem' in loaded) {
    reader.report('LF014', 'LOGFERRY_CONFIG', loaded.problem, loaded.fix);
    return {};
  }
  const { config, problems } = checkedConfig(loaded.config);
  for (const { what, fix } of problems) reader.report('LF015', 'LOGFERRY_CONFIG', what, fix);
  return config;
}

/** The text of a levels file; that there is none is fine. */
function levelsText(path: string, { readFile }: EnvironmentContext, reader: Reader): string | undefined {
  try {
    const text = readFile(path);
    if (parseLevels(text).malformed === 0) return text;
    reader.report('LF016', 'LOGFERRY_LEVELS_FILE', 'has parts that cannot be read', 'use lines such as db.*=warn');
    return text;
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    reader.report('LF016', 'LOGFERRY_LEVELS_FILE', `cannot be read (${code})`, 'check path and rights');
    return undefined;
  }
}

function levelControl(general: GeneralValues, context: EnvironmentContext, reader: Reader): LevelControl {
  const { levelsFile: path, levelSignal: signal } = general;
  return {
    ...(path !== undefined && { file: { path, text: levelsText(path, context, reader) } }),
    ...(signal !== undefined && { signal }),
  };
}

/** The levels that hold for all destinations, as variables, code and the levels file say. */
function commonLevels(shared: Values, config: Config, control: LevelControl): Levels {
  const { minimumSeverity = shared.minimumSeverity } = config.delivery ?? {};
  const levels = new Levels({
    ...(typeof minimumSeverity === 'number' && { minimumSeverity }),
    levels: { ...(shared.levels as LevelMap | undefined), ...config.levels },
  });
  if (control.file?.text !== undefined) levels.follow(parseLevels(control.file.text).levels);
  return levels;
}

function addedBy(general: GeneralValues, config: Config): Additions | undefined {
  return additionsOf({
    attributes: { ...general.attributes, ...config.attributes },
    tags: config.tags ?? general.tags ?? [],
  });
}

/**
 * What the environment asks for, `LOGFERRY_CONFIG` included: one destination for each platform whose credentials are
 * there, each on its own. What is wrong is reported and switches off the destination concerned only. Options in code
 * win over `LOGFERRY_<PLATFORM>_…`, those over `LOGFERRY_…`, those over the platforms' own names, those over
 * `context.delivery`. Never throws; no message contains a secret.
 */
export function readEnvironment(context: EnvironmentContext): Environment {
  const reader = new Reader(context);
  reportUnknownNames(context.env, reader);
  const general: GeneralValues = reader.values(variablesOf('general'));
  const config = readConfig(general.config, context, reader);
  const variables = variablesOf('delivery');
  const shared = reader.values(variables);
  const { minimumSeverity: _minimum, levels: _levels, ...others } = shared;
  const flush = general.flushMillis === undefined ? {} : { timeouts: { flushMillis: general.flushMillis } };
  const common = merged(grouped(fallbacks(variables)), context.delivery, flush, grouped(others));
  const service = String(config.resource?.['service.name'] ?? context.service ?? '');
  const control = levelControl(general, context, reader);
  const levels = commonLevels(shared, config, control);
  const destinations = configuredDestinations({
    ...{ context, reader, config, common, service, levels },
    wanted: wantedPlatforms(general.platforms, reader),
  });
  const usual = { ...(fallbacks(variablesOf('general')) as GeneralValues), ...general };
  const { queue, spool } = withSpool(merged(common, config.delivery), service);
  return {
    destinations,
    problems: reader.problems,
    quiet: config.quiet ?? usual.quiet === true,
    strict: config.strict ?? usual.strict === true,
    flushMillis: config.flushTimeoutMillis ?? (usual.flushMillis as number),
    queueBytes: queue?.maxBytes as number,
    spool,
    levels,
    levelControl: control,
    additions: addedBy(general, config),
    resource: config.resource ?? {},
    features: featuresOf(general, config, reader),
    sources: config.sources ?? {},
  };
}
