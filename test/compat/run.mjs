// The end-to-end part on both OpenTelemetry lines: A (sdk-logs 0.2xx, api 1.9) with the Node that runs this, from the
// repository's node_modules; B (sdk-logs 3.x, api 1.10) with Node 24, from node_modules of this folder.
//
//   node test/compat/run.mjs [--line A|B]        `npm run build` first
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const LINE_A_PACKAGES = ['@opentelemetry', 'undici'];
const NODE_MAJOR_OF_B = 24;
const MINUTES = 60_000;

function fail(text) {
  process.stderr.write(`test:compat: ${text}\n`);
  process.exit(1);
}

/** Installs line B when package-lock.json is newer than what is there. */
function installLineB() {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  const mark = join(HERE, 'node_modules/.logferry-lock.json');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  process.stdout.write('installing line B (npm ci in test/compat)\n');
  // Node 24 itself comes with this installation, so npm runs on an older Node and would warn of `engines` (EBADENGINE);
  // nothing but Node 24 ever executes these packages.
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: HERE,
    stdio: 'inherit',
    timeout: 5 * MINUTES,
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(`npm ci in test/compat failed (${error?.message ?? `exit code ${status}`})`);
  writeFileSync(mark, lock);
}

/** The Node 24 of the installation, else the running one if it is as new. */
function nodeOfLineB() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const own = join(
    HERE,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  );
  const binary = join(own, 'bin', name);
  if (existsSync(binary)) return binary;
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_OF_B) return process.execPath;
  return fail(
    `no Node ${NODE_MAJOR_OF_B} for ${process.platform}-${process.arch}; run this with Node ${NODE_MAJOR_OF_B}`,
  );
}

/** An application folder with the built package as npm would install it, and the line's packages beside it. */
function application(modulesOfLine, names) {
  const folder = mkdtempSync(join(tmpdir(), 'logferry-compat-'));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'logferry'), { recursive: true });
  cpSync(join(ROOT, 'dist'), join(modules, 'logferry/dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(modules, 'logferry/package.json'));
  for (const name of names) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(modulesOfLine, name), join(modules, name), 'junction');
  }
  for (const name of readdirSync(HERE)) {
    if (name.endsWith('.test.mjs') || name === 'support.mjs' || name === 'apps') {
      cpSync(join(HERE, name), join(folder, name), { recursive: true });
    }
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version: '4.5.6', private: true }));
  return folder;
}

const LINES = {
  A: () => ({ node: process.execPath, modules: join(ROOT, 'node_modules'), names: LINE_A_PACKAGES }),
  B: () => {
    installLineB();
    const modules = join(HERE, 'node_modules');
    const names = readdirSync(modules).filter((name) => !name.startsWith('.') && !name.startsWith('node-'));
    return { node: nodeOfLineB(), modules, names };
  },
};

/** Runs every test file on one line; its counts. */
function run(line) {
  const { node, modules, names } = LINES[line]();
  const folder = application(modules, names);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  process.stdout.write(`\nline ${line}, Node ${version}\n`);
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
    const { stdout, stderr } = spawnSync(node, ['--test', '--test-reporter=tap', ...files], {
      cwd: folder,
      env: { PATH: process.env.PATH, COMPAT_LINE: line },
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
if (values.line !== undefined && !(values.line in LINES)) fail(`--line must be A or B, got ${values.line}`);
if (!existsSync(join(ROOT, 'dist/register.js'))) fail('dist/ is missing: npm run build first');
const lines = values.line === undefined ? Object.keys(LINES) : [values.line];
const results = lines.map((line) => ({ line, ...run(line) }));
process.stdout.write('\n');
for (const { line, passed, failed } of results)
  process.stdout.write(`line ${line}: ${passed} passed, ${failed} failed\n`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
