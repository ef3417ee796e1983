import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, type as osName, release } from 'node:os';
import { dirname, join } from 'node:path';
import type { LoggerProviderConfig } from '@opentelemetry/sdk-logs';
import { SDK_NAME, SDK_VERSION } from './version.ts';

export type Resource = NonNullable<LoggerProviderConfig['resource']>;

type Env = Readonly<Record<string, string | undefined>>;

/** `key=value` pairs, comma-separated and percent-encoded (OpenTelemetry's `OTEL_RESOURCE_ATTRIBUTES`). */
function parseAttributes(text: string | undefined): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of (text ?? '').split(',')) {
    const equals = pair.indexOf('=');
    if (equals < 1) continue;
    const key = decode(pair.slice(0, equals).trim());
    const value = decode(pair.slice(equals + 1).trim());
    if (key !== undefined && value !== undefined) attributes[key] = value;
  }
  return attributes;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Name and version of the application: the nearest package.json at or above the main script. */
function packageOf(mainScript: string | undefined): { name?: string; version?: string } {
  let directory = mainScript === undefined ? process.cwd() : dirname(mainScript);
  for (;;) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      const { name, version } = manifest as { name?: unknown; version?: unknown };
      return {
        ...(typeof name === 'string' && { name }),
        ...(typeof version === 'string' && { version }),
      };
    } catch {
      const parent = dirname(directory);
      if (parent === directory) return {};
      directory = parent;
    }
  }
}

/**
 * What the process says of itself: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, the application's package.json, and
 * host, operating system and runtime. Earlier sources win. Command line and user name are left out: they leak secrets.
 */
export function resourceAttributes(env: Env, mainScript: string | undefined): Record<string, string | number> {
  const given = parseAttributes(env.OTEL_RESOURCE_ATTRIBUTES);
  const { name, version } = packageOf(mainScript);
  return {
    'service.name': name ?? `unknown_service:${process.argv0 || 'node'}`,
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
    ...(env.OTEL_SERVICE_NAME && { 'service.name': env.OTEL_SERVICE_NAME }),
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
