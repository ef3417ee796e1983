import { readEnvironment } from '../../src/env/environment.ts';

export type Env = Record<string, string>;

/** Enough for every platform. */
export const COMPLETE: Env = {
  ODYSSEUS_APP_ID: 'app_1',
  ODYSSEUS_APP_KEY: 'odysseus-key',
  LOGTIDE_API_URL: 'https://logtide.example.com',
  LOGTIDE_API_KEY: `lp_${'a1'.repeat(32)}`,
  RARCH_LOGGING_API_KEY: 'redarch-key-redarch-key-redarch-key',
  LOGGIER_API_KEY: 'lgk_key',
  TRAKERR_API_KEY: 'trakerr-key',
};
export const ALL = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];

export function read(env: Env, files: Env = {}) {
  const environment = readEnvironment({
    env,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    },
    delivery: {},
  });
  return {
    ...environment,
    names: environment.destinations.map(({ destination }) => destination.name),
    origins: Object.fromEntries(
      environment.destinations.map(({ destination, origin }) => [destination.name, origin] as const),
    ),
    codes: environment.problems.map(({ code }) => code),
  };
}

export function without(...names: string[]): Env {
  return Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => !names.includes(name)));
}
