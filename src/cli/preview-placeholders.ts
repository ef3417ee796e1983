import { type LoadedConfig, loadConfig } from '../config/file.ts';
import type { EnvironmentContext } from '../env/reader.ts';
import { VARIABLES, variablesOf } from '../env/table.ts';
import { PLATFORMS, type PlatformName } from '../platforms/registry.ts';

type Env = EnvironmentContext['env'];
type Members = Readonly<Record<string, unknown>>;

/** Stands where a credential would; every platform takes it, and no request made with it contains a secret. */
export const PLACEHOLDER = '****';
/** Taken when the environment has no address, or one that is none. */
const PLAIN = 'https://logs.example.com';

/** The address of a DSN without its key. */
function addressOf(dsn: unknown): string | undefined {
  try {
    const url = new URL(String(dsn));
    url.username = '';
    url.password = '';
    return url.href;
  } catch {
    return undefined;
  }
}

function dsnOf({ env, readFile }: EnvironmentContext): string | undefined {
  const path = env.LOGTIDE_DSN_FILE?.trim();
  try {
    return env.LOGTIDE_DSN?.trim() || (path ? readFile(path).trim() : undefined);
  } catch {
    return undefined;
  }
}

/** Neither a choice of platforms nor a directory on disk: all are to be seen, and nothing is to be opened. */
function isLeftOut(name: string): boolean {
  return name === 'LOGFERRY_PLATFORMS' || /^LOGFERRY_(?:[A-Z]+_)?SPOOL_/.test(name);
}

/** The environment with every credential set to the placeholder, and as it is otherwise. */
export function withPlaceholders(context: EnvironmentContext): Env {
  const env: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(context.env).filter(([name]) => !isLeftOut(name)),
  );
  for (const { name, kind, of } of VARIABLES) {
    if (kind !== 'secret') continue;
    delete env[`${name}_FILE`];
    // Other secrets than credentials have no place in a request.
    if (of === 'factory') env[name] = PLACEHOLDER;
  }
  delete env.LOGTIDE_DSN;
  env.LOGTIDE_API_URL = addressOf(dsnOf(context)) ?? (env.LOGTIDE_API_URL?.trim() || PLAIN);
  return env;
}

/** The same with an address that is good: one that is refused must not keep a platform away. */
export function atPlainAddress(env: Env, names: readonly PlatformName[]): Env {
  const addresses = names.flatMap((name) => variablesOf('factory', name).filter(({ option }) => option === 'url'));
  return { ...env, ...Object.fromEntries(addresses.map(({ name }) => [name, PLAIN])) };
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

/** A platform's options in code, without what is secret or opens something. */
function optionsOf(name: PlatformName, given: unknown): Members {
  const { dsn, delivery, ...options } = membersOf(given) ?? {};
  const { spool: _spool, ...rest } = membersOf(delivery) ?? {};
  const secrets = variablesOf('factory', name).filter(({ kind }) => kind === 'secret');
  const kept = Object.entries(options).filter(([option]) => !secrets.some((secret) => secret.option === option));
  const address = addressOf(typeof dsn === 'function' ? undefined : dsn);
  return { ...Object.fromEntries(kept), ...(address !== undefined && { url: address }), delivery: rest };
}

/** `LOGFERRY_CONFIG` with the options of the five platforms, none of its credentials and nothing on disk. */
export function configWithoutSecrets(path: string): LoadedConfig {
  const loaded = loadConfig(path);
  const config = 'config' in loaded ? membersOf(loaded.config) : undefined;
  if (config === undefined) return loaded;
  const { platforms: _platforms, destinations, delivery, ...rest } = config;
  const { spool: _spool, ...common } = membersOf(delivery) ?? {};
  const all = membersOf(destinations) ?? {};
  const made = PLATFORMS.map(({ name }) => [name, optionsOf(name, all[name])] as const);
  return { config: { ...rest, delivery: common, destinations: Object.fromEntries(made) } };
}
