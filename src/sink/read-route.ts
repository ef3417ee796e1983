import { ok } from './read-answers.ts';
import type { Endpoint } from './read-endpoints.ts';
import { levels, project } from './read-endpoints.ts';
import { listLogs, logContext, logsOfTrace, oneLog } from './read-logs.ts';
import { aggregated, hostnames, services, stats, topErrors, topServices } from './read-stats.ts';

/** Where a reading request belongs. */
export interface ReadRoute {
  readonly endpoint: Endpoint;
  /** The variable end of the path, still encoded; empty when there is none. */
  readonly segment: string;
  readonly stream: boolean;
}

const stream: Endpoint = {
  params: [project, { name: 'service', kind: 'text' }, { name: 'level', kind: 'choice', choices: levels }],
  answer: ({ context }) => ok(context, undefined),
};

const exact = new Map<string, Endpoint>([
  ['/api/v1/logs', listLogs],
  ['/api/v1/logs/context', logContext],
  ['/api/v1/logs/aggregated', aggregated],
  ['/api/v1/logs/top-services', topServices],
  ['/api/v1/logs/top-errors', topErrors],
  ['/api/v1/logs/services', services],
  ['/api/v1/logs/stream', stream],
  ['/api/v1/stats', stats],
]);
const logPrefix = '/api/v1/logs/';
const tracePrefix = '/api/v1/logs/trace/';

/** The reading route of a path without its query, or `undefined`. Paths are exact, as for ingest. */
export function readRouteOf(method: string, path: string, server: 'A' | 'B'): ReadRoute | undefined {
  if (method !== 'GET') return undefined;
  const endpoint = path === `${logPrefix}hostnames` && server === 'B' ? hostnames : exact.get(path);
  if (endpoint !== undefined) return { endpoint, segment: '', stream: endpoint === stream };
  const prefix = [tracePrefix, logPrefix].find((start) => path.startsWith(start));
  if (prefix === undefined) return undefined;
  const segment = path.slice(prefix.length);
  if (segment.includes('/')) return undefined;
  return { endpoint: prefix === tracePrefix ? logsOfTrace : oneLog, segment, stream: false };
}
