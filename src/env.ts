import { Destination } from './destination.ts';
import { type CommonValues, deliveryOf } from './env-delivery.ts';
import type { EnvironmentContext, Problem, Values } from './env-reader.ts';
import { Reader } from './env-reader.ts';
import type { Variable } from './env-table.ts';
import { VARIABLES } from './env-table.ts';
import { didYouMean, parseValue } from './env-values.ts';
import type { PlatformEntry } from './platforms/registry.ts';
import { PLATFORMS } from './platforms/registry.ts';
import type { SpoolOptions } from './spool-options.ts';

export type { Problem } from './env-reader.ts';

/** A destination made from the environment. */
interface ConfiguredDestination {
  readonly destination: Destination;
  readonly origin: string;
}

export interface Environment {
  readonly destinations: readonly ConfiguredDestination[];
  readonly problems: readonly Problem[];
  readonly quiet: boolean;
  readonly strict: boolean;
  readonly flushMillis: number;
  readonly queueBytes: number;
  readonly spool: SpoolOptions | undefined;
}

/** What holds for the variables that are not set. */
function fallbacks(variables: readonly Variable[]): Values {
  return Object.fromEntries(
    variables.flatMap(({ kind, option, fallback }) => {
      const parsed = fallback === undefined ? undefined : parseValue(kind, fallback);
      return parsed !== undefined && 'value' in parsed ? [[option, parsed.value]] : [];
    }),
  );
}

function unknownNames({ env }: EnvironmentContext, reader: Reader): void {
  const known = VARIABLES.map(({ name }) => name);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('LOGFERRY_') || known.includes(name)) continue;
    const meant = didYouMean(name, known);
    reader.report('LF003', name, 'is not a variable of logferry', meant ? `did you mean ${meant}?` : 'remove it');
  }
}

function wantedPlatforms(list: unknown, reader: Reader): readonly string[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const names: readonly string[] = PLATFORMS.map(({ name }) => name);
  return list.filter((item: string) => {
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

function variableOf(platform: PlatformEntry, option: string): string {
  return (
    VARIABLES.find((variable) => variable.platform === platform.name && variable.option === option)?.name ?? option
  );
}

/** Whether the credentials are complete; a part of them is a problem, none at all only if the platform was asked for. */
function isComplete(platform: PlatformEntry, given: Values, asked: boolean, reader: Reader): boolean {
  if (platform.required.some((set) => set.every((option) => option in given))) return true;
  const started = Object.keys(given).filter((option) => option !== 'service' && option !== 'level');
  if (started.length === 0 && !asked) return false;
  const lacks = (set: readonly string[]): readonly string[] => set.filter((option) => !(option in given));
  // The set that was begun, else the shortest.
  const [closest = []] = [...platform.required].sort(
    (a, b) => b.length - lacks(b).length - (a.length - lacks(a).length) || lacks(a).length - lacks(b).length,
  );
  const missing = lacks(closest)
    .map((option) => variableOf(platform, option))
    .filter((name) => !reader.unreadable.has(name)); // Those have been reported.
  if (missing.length === 0) return false;
  const because =
    started.length > 0
      ? `although ${started.map((option) => variableOf(platform, option)).join(', ')} is set`
      : 'although LOGFERRY_PLATFORMS asks for it';
  const what = `${missing.length > 1 ? 'are' : 'is'} not set ${because}`;
  reader.report('LF001', missing.join(', '), what, `set it; ${platform.name} is off until then`);
  return false;
}

/** A factory's error (`logtide: url must …`) in terms of the variable that the option came from. */
function refusal(platform: PlatformEntry, error: unknown): { where: string; what: string } {
  const message = error instanceof TypeError || error instanceof RangeError ? error.message : '';
  const text = message
    .replace(/^\w+: /, '')
    // What was given instead may be a secret that stands in the wrong place.
    .replace(/, got .*$/s, '')
    .replace('http.allowInsecure', 'LOGFERRY_ALLOW_INSECURE=true');
  const [, option = '', what = ''] = /^(?:the key in )?(\w+) (.*)$/s.exec(text) ?? [];
  const where = variableOf(platform, option);
  if (where !== option) return { where, what };
  return { where: platform.name, what: text || 'has options that are refused' };
}

/**
 * Destinations from environment variables: one for each platform whose credentials are there, each on its own. What is
 * wrong is reported and switches off the destination concerned only. Never throws; no message contains a secret.
 */
export function readEnvironment(context: EnvironmentContext): Environment {
  const reader = new Reader(context);
  unknownNames(context, reader);
  const shared = VARIABLES.filter((variable) => variable.platform === undefined);
  const common = { ...fallbacks(shared), ...reader.values(shared) };
  const wanted = wantedPlatforms(common.platforms, reader);
  const delivery = deliveryOf(common as unknown as CommonValues, context.delivery, context.service);
  const destinations: ConfiguredDestination[] = [];
  for (const platform of PLATFORMS) {
    if (wanted !== undefined && !wanted.includes(platform.name)) continue;
    const variables = VARIABLES.filter((variable) => variable.platform === platform.name);
    const given = reader.values(variables);
    if (!isComplete(platform, given, wanted !== undefined, reader)) continue;
    const { level: ownLevel, ...options } = { ...fallbacks(variables), ...given };
    const level = common.level ?? ownLevel;
    try {
      // Bad options are refused at once; of a secret that follows its file nothing would be known until it is used.
      platform.create(options);
      const made = platform.create({ ...options, ...reader.following(variables, given) });
      const destination = new Destination(
        made,
        { ...delivery, ...(typeof level === 'number' && { minimumSeverity: level }) },
        // Whoever reads the environment also flushes at the end, for a bounded time; requests must not outlast that.
        { isFlushedAtEnd: true, ...(context.clock && { clock: context.clock }) },
      );
      destinations.push({ destination, origin: made.logs.endpoint.origin });
    } catch (error) {
      const { where, what } = refusal(platform, error);
      reader.report('LF002', where, what, `correct it; ${platform.name} is off until then`);
    }
  }
  const spoolProblem = destinations.map(({ destination }) => destination.spoolProblem).find(Boolean);
  if (spoolProblem !== undefined) {
    reader.report(
      'LF012',
      'LOGFERRY_SPOOL_DIR',
      `cannot be used: ${spoolProblem}`,
      'until then records wait in memory',
    );
  }
  return {
    destinations,
    spool: delivery.spool,
    problems: reader.problems,
    quiet: common.quiet === true,
    strict: common.strict === true,
    flushMillis: common.flushMillis as number,
    queueBytes: common.queueBytes as number,
  };
}
