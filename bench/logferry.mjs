import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const KEY = `lp_${'0123456789abcdef'.repeat(4)}`;

/** The build that is measured; `--dist` puts another one here. */
export const DIST = resolve(process.env.LOGFERRY_BENCH_DIST ?? fileURLToPath(new URL('../dist', import.meta.url)));

export function load(path) {
  return import(pathToFileURL(resolve(DIST, path)).href);
}

/** Options of each platform, complete enough to send to a local server. */
const FACTORY_OPTIONS = {
  odysseus: (url) => ({ url, appId: `app_${'0123456789abcdef'.repeat(2)}`, appKey: 'bench-key-0123456789abcdef' }),
  logtide: (url) => ({ url, apiKey: KEY }),
  redarch: (url) => ({ url: `${url}/log`, apiKey: 'bench-secret-0123456789abcdef' }),
  loggier: (url) => ({ url, apiKey: 'bench-key-0123456789abcdef' }),
  trakerr: (url) => ({ url: `${url}/api/v1`, apiKey: 'bench-key-0123456789abcdef' }),
};

export const PLATFORMS = Object.keys(FACTORY_OPTIONS);

/** A platform of the measured build; undefined when the build does not have it. */
export async function platform(name, url = 'http://127.0.0.1:1') {
  let module;
  try {
    module = await load(`platforms/${name}.js`);
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  return module[name](FACTORY_OPTIONS[name](url));
}

export { KEY as LOGTIDE_KEY };
