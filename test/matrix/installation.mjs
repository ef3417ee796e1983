// What the harnesses of several lines need: OpenTelemetry's packages, Node.js by version, an application folder.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const HERE = import.meta.dirname;
export const ROOT = join(HERE, '../..');
const MINUTES = 60_000;

/** Installs a folder of this one (`line-a`, `nodes` …) when its package-lock.json is newer than what is there. */
export function install(name) {
  const folder = join(HERE, name);
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const mark = join(folder, 'node_modules/.logferry-lock.json');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  process.stderr.write(`installing test/matrix/${name} (npm ci)\n`);
  // npm may run on an older Node than the packages ask for; it would warn of `engines` (EBADENGINE).
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 5 * MINUTES,
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`npm ci in test/matrix/${name} failed (${error?.message ?? `exit code ${status}`})`);
  writeFileSync(mark, lock);
}

/** The Node.js of a version (`22`, `22.15`): the installed one, else the one that runs this, else undefined. */
export function nodeOf(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const folder = join(HERE, `nodes/node_modules/node${version}-${platform}-${process.arch}`);
  const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  return process.versions.node.startsWith(`${version}.`) ? process.execPath : undefined;
}

/** The packages of an installed line: where they are and their names. */
export function packagesOf(line) {
  const modules = join(HERE, line, 'node_modules');
  return { modules, names: readdirSync(modules).filter((name) => !name.startsWith('.')) };
}

/**
 * An application folder in the temporary directory: the built package as npm would install it, the packages beside it.
 * The caller removes it.
 */
export function application({ modules, names }) {
  if (!existsSync(join(ROOT, 'dist/register.js'))) throw new Error('dist/ is missing: npm run build first');
  const folder = mkdtempSync(join(tmpdir(), 'logferry-line-'));
  const own = join(folder, 'node_modules');
  mkdirSync(join(own, 'logferry'), { recursive: true });
  cpSync(join(ROOT, 'dist'), join(own, 'logferry/dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(own, 'logferry/package.json'));
  for (const name of names) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    symlinkSync(join(modules, name), join(own, name), 'junction');
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'shop', version: '4.5.6', private: true }));
  return folder;
}
