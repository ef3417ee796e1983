import { type LoadedConfig, loadConfig } from '../../config/file.ts';
import { grouped } from '../../env/delivery.ts';
import type { EnvironmentContext } from '../../env/reader.ts';
import { Reader } from '../../env/reader.ts';
import { VARIABLES, variablesOf } from '../../env/table.ts';
import { PLATFORMS } from '../../platforms/registry.ts';
import type { SpoolOptions } from '../../spool-options.ts';

type Env = EnvironmentContext['env'];
type Members = Readonly<Record<string, unknown>>;

const DIRECTORIES = new Set(VARIABLES.filter(({ option }) => option === 'spool.directory').map(({ name }) => name));
const PLATFORM_VARIABLES = new Set(VARIABLES.filter(({ platform }) => platform !== undefined).map(({ name }) => name));

/** Without any spool: a destination that has one makes files there and takes over what dead processes have left. */
export function withoutSpools(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !DIRECTORIES.has(name)));
}

/** Without any platform's variables, so that no destination is made of them. */
export function withoutPlatforms(env: Env): Env {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !PLATFORM_VARIABLES.has(name.replace(/_FILE$/, ''))),
  );
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

/** The same members without one of them, in an object of another one. */
function without(value: unknown, outer: string, inner: string): unknown {
  const members = membersOf(value);
  const group = membersOf(members?.[outer]);
  if (members === undefined || group === undefined) return value;
  const { [inner]: _gone, ...rest } = group;
  return { ...members, [outer]: rest };
}

function withoutOwn(value: unknown): unknown {
  const entry = membersOf(value);
  if (entry === undefined || !('platform' in entry)) return value;
  const { spool: _spool, ...rest } = entry;
  return rest;
}

/** `LOGFERRY_CONFIG` without its spools, for the same reason. */
export function configWithoutSpools(path: string): LoadedConfig {
  const loaded = loadConfig(path);
  const config = 'config' in loaded ? membersOf(loaded.config) : undefined;
  if (config === undefined) return loaded;
  const { destinations, platforms } = config;
  const made = Object.entries(membersOf(destinations) ?? {}).map(([name, own]) => [
    name,
    without(own, 'delivery', 'spool'),
  ]);
  return {
    config: {
      ...(without(config, 'delivery', 'spool') as Members),
      ...(destinations !== undefined && { destinations: Object.fromEntries(made) }),
      ...(Array.isArray(platforms) && { platforms: platforms.map(withoutOwn) }),
    },
  };
}

/** `LOGFERRY_CONFIG` without its destinations: what it says for all of them. */
export function configWithoutDestinations(path: string): LoadedConfig {
  const loaded = loadConfig(path);
  const config = 'config' in loaded ? membersOf(loaded.config) : undefined;
  if (config === undefined) return loaded;
  const { destinations: _destinations, platforms: _platforms, ...rest } = config;
  return { config: rest };
}

function directoryIn(value: unknown): Partial<SpoolOptions> | undefined {
  const spool = membersOf(membersOf(value)?.spool);
  return typeof spool?.directory === 'string' ? (spool as Partial<SpoolOptions>) : undefined;
}

function inConfig(path: string | undefined): readonly Partial<SpoolOptions>[] {
  if (!path) return [];
  const loaded = loadConfig(path);
  const config = 'config' in loaded ? membersOf(loaded.config) : undefined;
  const own = Object.values(membersOf(config?.destinations) ?? {}).map((entry) => membersOf(entry)?.delivery);
  const made = Array.isArray(config?.platforms) ? config.platforms : [];
  return [...own, ...made].flatMap((entry) => directoryIn(entry) ?? []);
}

/** The spools of the environment, each directory once: that of all destinations, then those of single ones. */
export function spoolsOf(context: EnvironmentContext, common: SpoolOptions | undefined): readonly SpoolOptions[] {
  const reader = new Reader(context);
  const own = PLATFORMS.flatMap(({ name }) => {
    const { spool } = grouped(reader.values(variablesOf('delivery', name)));
    return spool?.directory === undefined ? [] : [spool as Partial<SpoolOptions>];
  });
  const found = new Map<string, SpoolOptions>();
  if (common !== undefined) found.set(common.directory, common);
  for (const spool of [...own, ...inConfig(context.env.LOGFERRY_CONFIG?.trim())]) {
    const { directory = '' } = spool;
    if (!found.has(directory)) found.set(directory, { ...common, ...spool, directory });
  }
  return [...found.values()];
}
