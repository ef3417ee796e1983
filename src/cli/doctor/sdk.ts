import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { SDK_VERSION } from '../../version.ts';
import { type Finding, finding } from './finding.ts';
import { copiesOf, findPackage } from './packages.ts';
import type { Surroundings } from './surroundings.ts';
import { isInRange, partsOf } from './version-range.ts';

/** OpenTelemetry's two lines: A is SDK 2 with logs 0.2xx and api 1.9, B is SDK 3 with api 1.10. */
export type SdkLine = 'A' | 'B' | 'none';

const PEERS = [
  '@opentelemetry/api',
  '@opentelemetry/api-logs',
  '@opentelemetry/sdk-logs',
  '@opentelemetry/core',
] as const;
const OPTIONAL = new Set<string>(['@opentelemetry/api-logs']);

type Versions = Readonly<Record<string, string>>;

export function versionsOf(cwd: string): Versions {
  return Object.fromEntries(
    PEERS.flatMap((name) => {
      const version = findPackage(cwd, name)?.version;
      return version === undefined ? [] : [[name, version] as const];
    }),
  );
}

/** The line that the application's packages belong to, by its logs SDK, else by its API. */
export function lineOf(versions: Versions): SdkLine {
  const sdk = partsOf(versions['@opentelemetry/sdk-logs'] ?? '');
  if (sdk !== undefined) return sdk[0] >= 3 ? 'B' : 'A';
  const api = partsOf(versions['@opentelemetry/api'] ?? '');
  if (api === undefined) return 'none';
  return api[0] > 1 || api[1] >= 10 ? 'B' : 'A';
}

function peerRanges(): Readonly<Record<string, string>> {
  try {
    // Three levels up from dist/cli/doctor/ as from src/cli/doctor/.
    const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { peerDependencies?: Record<string, string> }).peerDependencies ?? {};
  } catch {
    return {};
  }
}

/** `DR012`: whether the application has logferry itself. */
export function checkInstallation({ cwd }: Surroundings): Finding {
  const installed = findPackage(cwd, 'logferry');
  const details = { installed: installed?.version ?? null, doctor: SDK_VERSION };
  if (installed === undefined) {
    return finding('DR012', 'warning', 'this folder has no logferry: --import logferry/register finds nothing', {
      fix: 'run this in the folder of the application; or: npm install logferry',
      details,
    });
  }
  if (installed.version === SDK_VERSION) return finding('DR012', 'ok', `logferry ${SDK_VERSION}`, { details });
  const what = `the application has logferry ${installed.version}, and this is the doctor of ${SDK_VERSION}`;
  return finding('DR012', 'warning', what, { fix: 'run npx in the folder of the application', details });
}

/** `DR013`: which of OpenTelemetry's lines the application is on. */
export function checkLine(versions: Versions): Finding {
  const line = lineOf(versions);
  const details = { line, versions };
  const list = Object.entries(versions).map(([name, version]) => `${name.replace('@opentelemetry/', '')} ${version}`);
  const missing = PEERS.filter((name) => !(name in versions) && !OPTIONAL.has(name));
  if (missing.length > 0) {
    return finding('DR013', 'error', `not installed here: ${missing.join(', ')}`, {
      fix: `npm install ${missing.join(' ')}`,
      details: { ...details, missing },
    });
  }
  const words = line === 'A' ? 'line A (SDK 2)' : 'line B (SDK 3)';
  return finding('DR013', 'ok', `OpenTelemetry ${words}: ${list.join(', ')}`, { details });
}

/** `DR014`: whether the versions are ones that logferry works with, and with each other. */
export function checkRanges(versions: Versions, ranges: Readonly<Record<string, string>> = peerRanges()): Finding {
  const outside = Object.entries(ranges).flatMap(([name, range]) => {
    const version = versions[name];
    return version === undefined || isInRange(version, range) ? [] : [{ name, version, range }];
  });
  if (outside.length > 0) {
    const texts = outside.map(({ name, version, range }) => `${name} ${version} is not in ${range}`);
    return finding('DR014', 'error', texts.join('; '), {
      fix: `npm install ${outside.map(({ name, range }) => `'${name}@${range}'`).join(' ')}`,
      details: { outside },
    });
  }
  const api = partsOf(versions['@opentelemetry/api'] ?? '');
  const sdk = partsOf(versions['@opentelemetry/sdk-logs'] ?? '');
  if (api !== undefined && sdk !== undefined && sdk[0] >= 3 && api[1] < 10) {
    return finding('DR014', 'error', 'sdk-logs 3 needs @opentelemetry/api 1.10', {
      fix: "npm install '@opentelemetry/api@^1.10.0'",
      details: { outside },
    });
  }
  return finding('DR014', 'ok', 'all versions are ones that logferry works with', { details: { outside } });
}

/** `DR015`: several copies of the API: one that is newer than the registered one sees nothing of it. */
export function checkCopies({ cwd }: Surroundings): Finding {
  const { copies, complete } = copiesOf(cwd, '@opentelemetry/api');
  const list = copies.map(({ version, path }) => ({ version, path: relative(cwd, path) || '.' }));
  const details = { copies: list, complete };
  const minors = new Set(copies.map(({ version }) => partsOf(version)?.slice(0, 2).join('.')));
  if (minors.size <= 1) {
    const what = copies.length > 1 ? `${copies.length} copies of the API, all of one version` : 'one copy of the API';
    return finding('DR015', 'ok', copies.length === 0 ? 'no copy of the API' : what, { details });
  }
  const texts = list.map(({ version, path }) => `${version} in ${path}`);
  return finding('DR015', 'warning', `several versions of @opentelemetry/api: ${texts.join(', ')}`, {
    fix: 'npm dedupe, or overrides in package.json: a copy newer than the registered one reaches nobody',
    details,
  });
}
