// Bundles what applications load: a file of its own for each module costs a third of a millisecond at every start.
//
//   node scripts/bundle.mjs        after tsc, whose modules it replaces; the declarations stay
import { readdirSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { RolldownMagicString, rolldown } from 'rolldown';

const SRC = join(import.meta.dirname, '../src');
const DIST = join(import.meta.dirname, '../dist');

/** Node loads it by its address, into the thread for module hooks, where nothing else is wanted. */
const LOADER = 'sources/loader';

/**
 * Modules that share a file with all that they import; what several of these import goes with the first. Each leaves a
 * file behind that hands out what it exported, so there is one copy of everything, whichever way it is loaded. All other
 * modules, those of the command line, stay files.
 */
const BUNDLES = {
  // With what the client takes from below, so that it needs nothing of the delivery.
  platforms: /^(?:platforms\/.+|option-checks|delivery\/(?:answer-handler|backoff|retry-after))$/,
  shared: /^(?:index|instrument\/http\/middleware)$/,
  start: /^start\/start$/,
  client: /^client\/logtide$/,
  sink: /^sink\/sink$/,
};

/** `sources/loader` for the file of that module. */
function nameOf(file) {
  return relative(SRC, file).replaceAll(sep, '/').replace(/\.ts$/, '');
}

/** A module goes on finding its neighbours from where tsc has put it, although it is in a bundle in `dist/` now. */
const ownAddress = {
  name: 'own-address',
  transform(code, file) {
    if (!code.includes('import.meta.url') || nameOf(file).startsWith('cli/')) return undefined;
    const text = new RolldownMagicString(code);
    // No `new URL('…', import.meta.url)`: bundlers of applications take that for a file to carry along.
    text.replaceAll('import.meta.url', `import.meta.url.replace(/[^/]*$/, ${JSON.stringify(`${nameOf(file)}.js`)})`);
    return { code: text };
  },
};

async function bundle(names, groups) {
  const build = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(SRC, `${name}.ts`)])),
    external: (id) => !id.startsWith('.') && !id.startsWith(SRC),
    platform: 'node',
    tsconfig: false,
    transform: { target: 'es2023' },
    plugins: [ownAddress],
    optimization: { inlineConst: false },
    onLog: (_, { message }) => {
      throw new Error(message);
    },
  });
  await build.write({
    dir: DIST,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].bundle.js',
    codeSplitting: { groups },
    minifyInternalExports: false,
    // The maps lead to the sources, which are in the package and have the comments.
    comments: { jsdoc: false },
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await build.close();
}

const modules = readdirSync(SRC, { recursive: true })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => nameOf(join(SRC, file)));
const groups = Object.entries(BUNDLES).map(([name, pattern], index, { length }) => ({
  name,
  test: (file) => pattern.test(nameOf(file)),
  priority: length - index,
}));

for (const name of modules) {
  for (const ending of ['js', 'js.map']) rmSync(join(DIST, `${name}.${ending}`), { force: true });
}
await bundle(
  modules.filter((name) => name !== LOADER),
  groups,
);
await bundle([LOADER], []);
