import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, type as osName, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { LoggerProviderConfig } from '@opentelemetry/sdk-logs';
import { SDK_NAME, SDK_VERSION } from './version.ts';

export type Resource = NonNullable<LoggerProviderConfig['resource']>;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * `key=value` pairs, comma-separated and percent-encoded (OpenTelemetry's `OTEL_RESOURCE_ATTRIBUTES`). A part that is
 * malformed is left out and counted; the specification would discard all of them, which helps nobody.
 */
export function parseResourceAttributes(text: string | undefined): {
  readonly attributes: Readonly<Record<string, string>>;
  readonly malformed: number;
} {
  const attributes: Record<string, string> = {};
  let malformed = 0;
  for (const pair of (text ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = decode(pair.slice(0, Math.max(equals, 0)).trim());
    const value = decode(pair.slice(equals + 1).trim());
    if (!key || value === undefined) malformed += 1;
    else attributes[key] = value;
  }
  return { attributes, malformed };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The manifest in a directory, if it names a package; `{"type": "commonjs"}` in a build folder does not. */
function manifestIn(directory: string): { name: string; version?: string } | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    if (typeof name !== 'string' || name === '') return undefined;
    return { name, ...(typeof version === 'string' && version !== '' && { version }) };
  } catch {
    return undefined;
  }
}

/** Name and version of the application: the nearest package.json that has a name, at or above the main script. */
function packageOf(mainScript: string | undefined): { name?: string; version?: string } {
  // The main script may itself be a directory (`node .`).
  for (let directory = resolve(mainScript ?? '.'); ; directory = dirname(directory)) {
    const manifest = manifestIn(directory);
    if (manifest !== undefined) return manifest;
    if (dirname(directory) === directory) return {};
  }
}

/** Where builds and hosts put the commit that is running. */
const COMMIT_VARIABLES = [
  ...['GITHUB_SHA', 'CI_COMMIT_SHA', 'CIRCLE_SHA1', 'BITBUCKET_COMMIT', 'BUILDKITE_COMMIT', 'TRAVIS_COMMIT'],
  ...['DRONE_COMMIT_SHA', 'GIT_COMMIT', 'CODEBUILD_RESOLVED_SOURCE_VERSION', 'VERCEL_GIT_COMMIT_SHA'],
  ...['HEROKU_BUILD_COMMIT', 'HEROKU_SLUG_COMMIT', 'RENDER_GIT_COMMIT', 'RAILWAY_GIT_COMMIT_SHA'],
  ...['CF_PAGES_COMMIT_SHA', 'COMMIT_REF'],
];
const COMMIT = /^[0-9a-f]{7,64}$/i;
/** What tools write that set the version when they publish. */
const NO_VERSION = /^0\.0\.0(?:-.*)?$/;

function commitOf(env: Env): string | undefined {
  return COMMIT_VARIABLES.map((name) => env[name]?.trim()).find((text) => text !== undefined && COMMIT.test(text));
}

function versionOf(packaged: string | undefined, commit: string | undefined): string | undefined {
  return packaged === undefined || (NO_VERSION.test(packaged) && commit !== undefined) ? commit : packaged;
}

/** Version, commit and stage as far as the application's surroundings know them. */
function releaseAttributes(env: Env, given: Readonly<Record<string, string>>, packaged: string | undefined) {
  const commit = commitOf(env);
  const version = versionOf(packaged, commit);
  // The older name is somebody's word too.
  const isStaged = given['deployment.environment.name'] !== undefined || given['deployment.environment'] !== undefined;
  const stage = isStaged ? undefined : env.NODE_ENV?.trim();
  return {
    ...(commit !== undefined && { 'vcs.ref.head.revision': commit }),
    ...(version !== undefined && { 'service.version': version }),
    ...(stage && { 'deployment.environment.name': stage }),
  };
}

/** What `LOGFERRY_…` says wins over `OTEL_RESOURCE_ATTRIBUTES`. */
function ownAttributes(env: Env): Record<string, string> {
  const release = env.LOGFERRY_RELEASE?.trim();
  const stage = env.LOGFERRY_ENVIRONMENT?.trim();
  return { ...(release && { 'service.version': release }), ...(stage && { 'deployment.environment.name': stage }) };
}

/**
 * What the process says of itself: `LOGFERRY_ENVIRONMENT` and `LOGFERRY_RELEASE`, `OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`, the application's package.json, `NODE_ENV` and the commit that builds leave in the
 * environment, and host, operating system and runtime. Earlier sources win. Command line and user name are left out:
 * they leak secrets.
 */
export function resourceAttributes(env: Env, mainScript: string | undefined): Record<string, string | number> {
  const { attributes: given } = parseResourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES);
  const { name, version } = packageOf(mainScript);
  return {
    ...releaseAttributes(env, given, version),
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'os.type': process.platform === 'win32' ? 'windows' : process.platform,
    'os.name': osName(),
    'os.version': release(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'telemetry.distro.name': SDK_NAME,
    'telemetry.distro.version': SDK_VERSION,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    ...given,
    ...ownAttributes(env),
    'service.name':
      env.OTEL_SERVICE_NAME?.trim() || given['service.name'] || name || `unknown_service:${process.argv0 || 'node'}`,
  };
}

/**
 * A resource without pending attributes. Made here rather than by `@opentelemetry/resources`, which neither line's
 * sdk-logs re-exports and strict package managers hide.
 */
export function resourceOf(attributes: Record<string, string | number>): Resource {
  const resource: Resource = {
    attributes,
    merge: (other) => resourceOf({ ...attributes, ...(other?.attributes as typeof attributes | undefined) }),
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}
