import type { Config } from '../config/config.ts';
import { Destination } from '../destination.ts';
import type { Levels } from '../levels/levels.ts';
import type { DeliveryOptions } from '../options.ts';
import type { Platform } from '../platforms/platform.ts';
import type { PlatformEntry } from '../platforms/registry.ts';
import { PLATFORMS } from '../platforms/registry.ts';
import { grouped, merged, withHashKey, withSpool } from './delivery.ts';
import type { EnvironmentContext, Reader, Values } from './reader.ts';
import { fallbacks } from './reader.ts';
import type { Variable } from './table.ts';
import { variablesOf } from './table.ts';

/** A destination made from the environment. */
export interface ConfiguredDestination {
  readonly destination: Destination;
  /** What it was made of. */
  readonly platform: Platform;
  readonly origin: string;
}

/** What all destinations are made with. */
export interface Making {
  readonly context: EnvironmentContext;
  readonly reader: Reader;
  readonly config: Config;
  /** Delivery options that hold for all, by variables and by code. */
  readonly common: DeliveryOptions;
  readonly service: string | undefined;
  readonly levels: Levels;
  /** The only platforms that are wanted, if any were named. */
  readonly wanted: readonly string[] | undefined;
}

/** The variable that gave an option, else the one that would. */
function variableFor(platform: PlatformEntry, option: string, reader: Reader): string | undefined {
  const all = [
    ...variablesOf('factory', platform.name).toReversed(),
    ...variablesOf('delivery', platform.name).toReversed(),
    ...variablesOf('delivery'),
  ].filter((variable) => variable.option === option);
  return (all.find((variable) => reader.isSet(variable)) ?? all.at(0))?.name;
}

function isCredential({ topic }: Variable): boolean {
  return topic === 'Credentials and addresses';
}

/** Whether the credentials are complete; a part of them is a problem, none at all only if the platform was asked for. */
function isComplete(platform: PlatformEntry, given: Values, asked: boolean, reader: Reader): boolean {
  if (platform.required.some((set) => set.every((option) => option in given))) return true;
  const credentials = variablesOf('factory', platform.name).filter(isCredential);
  const started = credentials.filter(({ option }) => option in given);
  if (started.length === 0 && !asked) return false;
  const lacks = (set: readonly string[]): readonly string[] => set.filter((option) => !(option in given));
  // The set that was begun, else the shortest.
  const [closest = []] = [...platform.required].sort(
    (a, b) => b.length - lacks(b).length - (a.length - lacks(a).length) || lacks(a).length - lacks(b).length,
  );
  const missing = lacks(closest)
    .map((option) => variableFor(platform, option, reader) ?? option)
    .filter((name) => !reader.unreadable.has(name)); // Those have been reported.
  if (missing.length === 0) return false;
  const because =
    started.length > 0
      ? `although ${started.map(({ name }) => name).join(', ')} is set`
      : 'although LOGFERRY_PLATFORMS asks for it';
  const what = `${missing.length > 1 ? 'are' : 'is'} not set ${because}`;
  reader.report('LF001', missing.join(', '), what, `set it; ${platform.name} is off until then`);
  return false;
}

/** An error without what was given instead, which may be a secret that stands in the wrong place. */
function messageOf(error: unknown): string {
  const message = error instanceof TypeError || error instanceof RangeError ? error.message : '';
  return message
    .replace(/^\w+: /, '')
    .replace(/, got .*$/s, '')
    .replace('http.allowInsecure', 'LOGFERRY_ALLOW_INSECURE=true');
}

/** A factory's error (`logtide: url must …`) in terms of the variable that the option came from. */
function refusal(platform: PlatformEntry, error: unknown, reader: Reader): { where: string; what: string } {
  const text = messageOf(error);
  const [, option = '', what = ''] = /^(?:the key in )?([\w.]+) (.*)$/s.exec(text) ?? [];
  const variable = variableFor(platform, option, reader);
  if (variable !== undefined) return { where: variable, what };
  return { where: platform.name, what: text || 'has options that are refused' };
}

/** Delivery options of one platform: variables of its own, then code. Its level yields to one that is set for all. */
function deliveryFor(platform: PlatformEntry, making: Making, own: DeliveryOptions | undefined): DeliveryOptions {
  const { reader, common, service, config, levels } = making;
  const variables = variablesOf('delivery', platform.name);
  const older = reader.values(variables.filter(({ yields }) => yields));
  const given = reader.values(variables.filter(({ yields }) => !yields));
  const isLevelSet = levels.minimum > 0 || levels.own(platform.name, undefined) !== undefined;
  const usual = isLevelSet ? {} : grouped(older);
  const all = merged(common, usual, grouped(given), codeDelivery(config), own);
  const { options, keyless } = withHashKey(all);
  if (keyless) reportKeylessHash(reader);
  return withSpool(options, service);
}

function reportKeylessHash(reader: Reader): void {
  if (reader.problems.some(({ code }) => code === 'LF017')) return;
  const what = 'is not set, although there are fields to be hashed';
  reader.report('LF017', 'LOGFERRY_HASH_KEY', what, 'set it; until then their values are replaced by the censor');
}

/** Levels are shared; what code says of them for all is in there. */
function codeDelivery({ delivery = {} }: Config): DeliveryOptions {
  const { minimumSeverity: _minimum, ...others } = delivery;
  return others;
}

function add(platform: Platform, delivery: DeliveryOptions, { context, levels }: Making): ConfiguredDestination {
  // Whoever reads the environment also flushes at the end, for a bounded time; requests must not outlast that.
  const surroundings = { isFlushedAtEnd: true, levels, ...(context.clock && { clock: context.clock }) };
  return {
    destination: new Destination(platform, delivery, surroundings),
    platform,
    origin: platform.logs.endpoint.origin,
  };
}

function fromVariables(platform: PlatformEntry, making: Making): readonly ConfiguredDestination[] {
  const { reader, wanted, config } = making;
  const chosen = config.destinations?.[platform.name];
  if (chosen === false || wanted?.includes(platform.name) === false) return [];
  const { delivery, ...code } = chosen ?? {};
  const variables = variablesOf('factory', platform.name);
  const given = reader.values(variables);
  // Read before anything can be missing, so that all that is wrong is told at once.
  const travels = deliveryFor(platform, making, delivery);
  if (!isComplete(platform, { ...given, ...code }, wanted !== undefined, reader)) return [];
  const options = { ...fallbacks(variables), ...given, ...code };
  try {
    // Bad options are refused at once; of a secret that follows its file nothing would be known until it is used.
    platform.create(options);
    const made = platform.create({ ...options, ...reader.following(variables, given), ...code });
    return [add(made, travels, making)];
  } catch (error) {
    const { where, what } = refusal(platform, error, reader);
    reader.report('LF002', where, what, `correct it; ${platform.name} is off until then`);
    return [];
  }
}

function fromCode(making: Making): readonly ConfiguredDestination[] {
  const { config, wanted, common, service, reader } = making;
  return (config.platforms ?? []).flatMap((entry) => {
    const { platform, ...own } = 'platform' in entry ? entry : { platform: entry };
    if (wanted?.includes(platform.name) === false) return [];
    try {
      return [add(platform, withSpool(merged(common, codeDelivery(config), own), service), making)];
    } catch (error) {
      const what = `has a platform that cannot be used: ${messageOf(error) || 'it is refused'}`;
      reader.report('LF015', 'LOGFERRY_CONFIG', what, 'correct it; it is off until then');
      return [];
    }
  });
}

/** Spools that cannot be used, each directory once. */
function reportSpools(made: readonly ConfiguredDestination[], reader: Reader): void {
  const told = new Set<string>();
  for (const { destination } of made) {
    const { spoolProblem, name } = destination;
    if (spoolProblem === undefined) continue;
    const entry = PLATFORMS.find((platform) => platform.name === name);
    const where = (entry && variableFor(entry, 'spool.directory', reader)) ?? 'LOGFERRY_CONFIG';
    if (told.has(where)) continue;
    told.add(where);
    reader.report('LF012', where, `cannot be used: ${spoolProblem}`, 'until then records wait in memory');
  }
}

/** A destination for each platform whose credentials are there, and those made in code. Problems are reported. */
export function configuredDestinations(making: Making): readonly ConfiguredDestination[] {
  const made = [...PLATFORMS.flatMap((platform) => fromVariables(platform, making)), ...fromCode(making)];
  reportSpools(made, making.reader);
  return made;
}
