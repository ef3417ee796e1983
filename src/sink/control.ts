import type { IncomingHttpHeaders } from 'node:http';
import { parseJson } from './check.ts';
import type { FaultBoard } from './faults.ts';
import { checkedPlatform } from './faults.ts';
import type { SinkStore } from './store.ts';
import type { SinkAnswer } from './types.ts';
import { sinkPlatforms } from './types.ts';

/** Where the control endpoints begin. */
export const controlPrefix = '/_sink/';

export interface ControlRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What control endpoints reach. */
export interface ControlParts {
  readonly store: SinkStore;
  readonly faults: FaultBoard;
  /** Forgets everything that came. */
  readonly clear: () => void;
}

const failure = (status: number, error: string): SinkAnswer => ({ status, body: { error } });

/**
 * Requests that a web page on this machine might make through its visitor's browser are refused: a page names itself in
 * `Origin`, and a rebound DNS name shows in `Host`. Binding to 127.0.0.1 keeps other machines out but not browsers.
 */
function fromBrowser(headers: IncomingHttpHeaders): boolean {
  return headers.origin !== undefined || !/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(headers.host ?? '');
}

function records(url: URL, store: SinkStore): SinkAnswer {
  const platform = url.searchParams.get('platform') || undefined;
  const channel = url.searchParams.get('channel') || undefined;
  const limit = Number(url.searchParams.get('limit') || Number.MAX_SAFE_INTEGER);
  if (channel !== undefined && channel !== 'logs' && channel !== 'events') {
    return failure(400, 'channel must be logs or events');
  }
  if (!Number.isSafeInteger(limit) || limit < 1) return failure(400, 'limit must be a whole number from 1');
  const all = store.records(platform === undefined ? undefined : checkedPlatform(platform));
  const wanted = channel === undefined ? all : all.filter((record) => record.channel === channel);
  return { status: 200, body: { records: wanted.slice(-limit) } };
}

function setFaults(body: string, faults: FaultBoard): SinkAnswer {
  const parsed = parseJson(body);
  if (!parsed.ok) return failure(400, `body must be JSON: ${parsed.reason}`);
  if (typeof parsed.value !== 'object' || parsed.value === null) return failure(400, 'body must be a JSON object');
  const { platform, ...values } = parsed.value as Record<string, unknown>;
  faults.set(values, platform === undefined ? sinkPlatforms : [checkedPlatform(platform)]);
  return { status: 200, body: { ok: true } };
}

/**
 * The endpoints for tests and demos in another process:
 * `GET /_sink/summary` (counts by platform), `GET /_sink/records?platform=&channel=&limit=` (`{records}`, the newest
 * `limit`), `POST /_sink/faults` (`{platform?, …SinkFaults}`, replaces), `POST /_sink/clear`.
 * Bad values answer 400 with `{error}` naming them.
 */
export function control(request: ControlRequest, { store, faults, clear }: ControlParts): SinkAnswer {
  if (fromBrowser(request.headers)) return failure(403, 'control endpoints are not for browsers or other hosts');
  try {
    switch (`${request.method} ${request.url.pathname}`) {
      case 'GET /_sink/summary':
        return { status: 200, body: store.counts() };
      case 'GET /_sink/records':
        return records(request.url, store);
      case 'POST /_sink/faults':
        return setFaults(request.body, faults);
      case 'POST /_sink/clear':
        clear();
        return { status: 200, body: { ok: true } };
      default:
        return failure(404, 'unknown control endpoint; known are summary, records, faults, clear');
    }
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return failure(400, error.message);
    throw error;
  }
}
