// The end-to-end part on both OpenTelemetry lines: A (sdk-logs 0.2xx, api 1.9) with the Node that runs this, newest from
// the repository's node_modules and oldest (`floor`) from test/matrix; B (sdk-logs 3.x, api 1.10) with Node 24, from there.
//
//   node test/compat/run.mjs [--line A|floor|B]        `npm run build` first
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { application, install, nodeOf, packagesOf, ROOT } from '../matrix/installation.mjs';

const HERE = import.meta.dirname;
const NODE_MAJOR_OF_B = 24;
const MINUTES = 60_000;

function fail(text) {
  process.stderr.write(`test:compat: ${text}\n`);
  process.exit(1);
}

const LINES = {
  A: () => ({
    line: 'A',
    node: process.execPath,
    packages: { modules: join(ROOT, 'node_modules'), names: ['@opentelemetry', 'undici'] },
  }),
  floor: () => {
    install('line-a-floor');
    return { line: 'A', node: process.execPath, packages: packagesOf('line-a-floor') };
  },
  B: () => {
    install('line-b');
    install('nodes');
    const node = nodeOf(NODE_MAJOR_OF_B) ?? fail(`no Node ${NODE_MAJOR_OF_B} for ${process.platform}-${process.arch}`);
    return { line: 'B', node, packages: packagesOf('line-b') };
  },
};

/** An application folder with the tests and their apps. */
function withTests(packages) {
  const folder = application(packages);
  for (const name of readdirSync(HERE)) {
    if (name !== 'run.mjs') cpSync(join(HERE, name), join(folder, name), { recursive: true });
  }
  return folder;
}

/** Runs every test file on one line; its counts. */
function run(name) {
  const { line, node, packages } = LINES[name]();
  const folder = withTests(packages);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  process.stdout.write(`\nline ${name}, Node ${version}\n`);
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.test.mjs'));
    const { stdout, stderr } = spawnSync(node, ['--test', '--test-reporter=tap', ...files], {
      cwd: folder,
      env: { PATH: process.env.PATH, COMPAT_LINE: line, COMPAT_NAME: name },
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      timeout: 10 * MINUTES,
    });
    const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
    const counts = { passed: count('pass'), failed: count('fail') + count('cancelled') };
    const sound = counts.passed > 0 && counts.failed === 0;
    // Only what is worth reading: everything when something failed, one line a test otherwise.
    const lines = stdout.split('\n').filter((text) => !sound || /^\s*(?:not )?ok \d+/.test(text));
    process.stdout.write(`${lines.join('\n')}\n${stderr}`);
    return Number.isNaN(counts.passed + counts.failed) ? { passed: 0, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { line: { type: 'string' } } });
if (values.line !== undefined && !(values.line in LINES)) {
  fail(`--line must be one of ${Object.keys(LINES).join(', ')}, got ${values.line}`);
}
const names = values.line === undefined ? Object.keys(LINES) : [values.line];
const results = names.map((name) => ({ name, ...run(name) }));
process.stdout.write('\n');
for (const { name, passed, failed } of results)
  process.stdout.write(`line ${name}: ${passed} passed, ${failed} failed\n`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
