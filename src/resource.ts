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

/**
 * What the process says of itself: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, the application's package.json, and
 * host, operating system and runtime. Earlier sources win. Command line and user name are left out: they leak secrets.
 */
export function resourceAttributes(env: Env, mainScript: string | undefined): Record<string, string | number> {
  const { attributes: given } = parseResourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES);
  const { name, version } = packageOf(mainScript);
  return {
    ...(version !== undefined && { 'service.version': version }),
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
