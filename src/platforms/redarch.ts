import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import { SINGLE } from '../codec/framing.ts';
import { jsonCodec } from '../codec/json-codec.ts';
import type { Channel, Platform } from './platform.ts';
import { REDARCH_CONCURRENCY, RedArchEndpoint } from './redarch-endpoint.ts';
import { redarchMapper } from './redarch-record.ts';
import type { RedArchRecordOptions } from './redarch-settings.ts';
import { checkRecordOptions } from './redarch-settings.ts';
import type { Secret } from './settings.ts';
import { parseBaseUrl, secretReader } from './settings.ts';

/** Options of `redarch()`. */
export interface RedArchOptions extends RedArchRecordOptions {
  /** Address that records are posted to, as it stands: nothing is appended. E.g. `https://logs.example.com/log`. */
  readonly url: string;
  /** Secret that tokens are signed with, as text (not base64), or a function returning it; never sent itself. */
  readonly apiKey: Secret;
}

const MAX_BYTES = 1_048_576;

function assertKey(option: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${option} must be a string, got ${typeof value}`);
  if (value === '') throw new TypeError(`${option} must not be empty`);
  // Most often the line end of a file; no server has it in its own copy of the secret.
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new TypeError(`${option} has control characters`);
}

/**
 * RedArch, by `POST` of one JSON object to `url`, authorised by a JWT (HS256) for the record's own service. Throws a
 * `TypeError` that names the option for missing or malformed ones. `clock` is for tests. Source: the official Python
 * client 0.1.14.
 */
export function redarch(options: RedArchOptions, clock: Clock = systemClock): Platform {
  if (options.url === undefined) throw new TypeError('redarch: url is missing');
  if (options.apiKey === undefined) throw new TypeError('redarch: apiKey is missing');
  checkRecordOptions(options);
  const { origin } = parseBaseUrl('redarch: url', options.url);
  const { pathname } = new URL(options.url.trim());
  const key = secretReader('redarch: apiKey', options.apiKey, assertKey);
  const channel: Channel = {
    codec: jsonCodec({
      maxRecords: 1,
      maxBytes: MAX_BYTES,
      mapper: redarchMapper(options),
      framing: () => SINGLE,
    }),
    endpoint: new RedArchEndpoint({ origin, path: pathname }, key, clock),
    concurrency: REDARCH_CONCURRENCY,
  };
  return { name: 'redarch', logs: channel, events: channel };
}
