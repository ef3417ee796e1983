import { ARRAY, SINGLE } from '../codec/framing.ts';
import { jsonCodec } from '../codec/json-codec.ts';
import type { Endpoint } from '../delivery/endpoint.ts';
import { judgeStatus } from '../delivery/verdict.ts';
import type { LoggierRecordSettings } from './loggier-record.ts';
import { loggierMapper } from './loggier-record.ts';
import { runtimeFacts } from './loggier-runtime.ts';
import type { Channel, Platform } from './platform.ts';
import type { BaseUrl, Secret } from './settings.ts';
import { optionalText, optionalTexts, parseBaseUrl, secretReader } from './settings.ts';

/** Options of `loggier()`. */
export interface LoggierOptions {
  /** The project's key, or a function returning it. Sent in the path and as `X-Loggier-Key`. */
  readonly apiKey: Secret;
  /**
   * Base address. Default `https://api.loggier.app`. A trailing `/api/ingest` or `/api/ingest/{key}`, as the official
   * documentation writes it, is taken off.
   */
  readonly url?: string;
  /** Tags of every record; those of the record (attribute `tags`) follow. Default none. */
  readonly tags?: readonly string[];
  /**
   * Stage of records without a `deployment.environment.name`. Default: that of the resource, or its
   * `deployment.environment`, else `development`.
   */
  readonly environment?: string;
  /** `context.service_name`. Default: resource `service.name`, else `unknown_service`. */
  readonly serviceName?: string;
  /** Global context, added to the context of every record; attributes of the record win. */
  readonly context?: Readonly<Record<string, unknown>>;
  /**
   * Most characters of a message, at least 64; a longer one is cut as the official client does, and kept whole in
   * `context.body`. Default no limit; the official client's is 2,048.
   */
  readonly messageLimit?: number;
  /** Send this machine's address as `runtime_context.ip`, read from its interfaces without DNS. Default false. */
  readonly includeIp?: boolean;
  /** Give every record a UUID, `context.log_id`, by which repeated deliveries can be told. Default true. */
  readonly deliveryId?: boolean;
}

const DEFAULT_URL = 'https://api.loggier.app';
const INGEST = '/api/ingest';
const DOCUMENTED_PATH = /\/api\/ingest(?:\/[^/]*)?$/;
const MIN_MESSAGE_LIMIT = 64;

function address(url: string | undefined): BaseUrl {
  const { origin, path } = parseBaseUrl('loggier: url', url ?? DEFAULT_URL);
  return { origin, path: path.replace(DOCUMENTED_PATH, '') };
}

function flag(option: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new TypeError(`loggier: ${option} must be a boolean, got ${typeof value}`);
  return value;
}

function limit(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < MIN_MESSAGE_LIMIT) {
    throw new RangeError(`loggier: messageLimit must be an integer of at least ${MIN_MESSAGE_LIMIT}`);
  }
  return value;
}

function globalContext(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('loggier: context must be an object');
  }
  return { ...value };
}

function recordSettings(options: LoggierOptions): LoggierRecordSettings {
  return {
    tags: optionalTexts('loggier: tags', options.tags),
    environment: optionalText('loggier: environment', options.environment),
    serviceName: optionalText('loggier: serviceName', options.serviceName),
    context: globalContext(options.context),
    messageLimit: limit(options.messageLimit),
    deliveryId: flag('deliveryId', options.deliveryId, true),
    facts: runtimeFacts(flag('includeIp', options.includeIp, false)),
  };
}

/** One record goes to the key's own path, several to its `/batch`. */
function endpoint(base: BaseUrl, apiKey: () => string): Endpoint {
  return {
    origin: base.origin,
    request: (body, count) => {
      const key = apiKey();
      const path = `${base.path}${INGEST}/${encodeURIComponent(key)}`;
      return {
        path: count === 1 ? path : `${path}/batch`,
        headers: { 'content-type': 'application/json', 'x-loggier-key': key },
        body,
      };
    },
    judge: (answer) => judgeStatus(answer),
  };
}

/**
 * Loggier (PyLogHub), by `POST /api/ingest/{key}` for one record and `…/batch` for at most 20 (the official client's
 * batch) and 1 MB. Throws a `TypeError` or `RangeError` for missing or malformed options.
 * Source: Loggier's wire contract, taken from its Python client 0.1.7.
 */
export function loggier(options: LoggierOptions): Platform {
  if (options.apiKey === undefined) throw new TypeError('loggier: apiKey is missing');
  const codec = jsonCodec({
    maxRecords: 20,
    maxBytes: 1_048_576,
    mapper: loggierMapper(recordSettings(options)),
    framing: (count) => (count === 1 ? SINGLE : ARRAY),
  });
  const channel: Channel = {
    codec,
    endpoint: endpoint(address(options.url), secretReader('loggier: apiKey', options.apiKey)),
  };
  return { name: 'loggier', logs: channel, events: channel };
}
