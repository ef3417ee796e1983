import type { Checker } from './check.ts';
import { checkLoggier } from './check-loggier.ts';
import { checkLogtide } from './check-logtide.ts';
import { checkOdysseus } from './check-odysseus.ts';
import { checkRedarch } from './check-redarch.ts';
import { checkTrakerr } from './check-trakerr.ts';
import type { SinkChannel, SinkPlatform } from './types.ts';

/** Where a request belongs. */
export interface Route {
  readonly platform: SinkPlatform;
  readonly channel: SinkChannel;
  readonly check: Checker;
}

const logtide: Route = { platform: 'logtide', channel: 'logs', check: checkLogtide };
const redarch: Route = { platform: 'redarch', channel: 'logs', check: checkRedarch };
const loggier: Route = { platform: 'loggier', channel: 'logs', check: checkLoggier };
const trakerr: Route = { platform: 'trakerr', channel: 'logs', check: checkTrakerr };
const odysseusLogs: Route = { platform: 'odysseus', channel: 'logs', check: checkOdysseus };
const odysseusEvents: Route = { platform: 'odysseus', channel: 'events', check: checkOdysseus };

const exact = new Map<string, Route>([
  ['/api/v1/ingest', logtide],
  ['/log', redarch],
  ['/api/v1/events', trakerr],
]);

// Keys are path segments here, so the checker looks at the rest of the path.
const prefixes: readonly (readonly [string, Route])[] = [
  ['/api/logs/', odysseusLogs],
  ['/api/events/', odysseusEvents],
  ['/api/ingest/', loggier],
];

/** The ingest route of a path without its query, or `undefined`. Paths are exact: a trailing slash is another path. */
export function routeOf(method: string, path: string): Route | undefined {
  if (method !== 'POST') return undefined;
  return exact.get(path) ?? prefixes.find(([prefix]) => path.startsWith(prefix))?.[1];
}
