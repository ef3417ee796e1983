import { logtide } from '../platforms/logtide.ts';
import type { Secret } from '../platforms/settings.ts';

const INGEST = '/api/v1/ingest';
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const KEY_LIKE = /lp_[0-9a-f]{16,}/gi;
const NOTHING = new Uint8Array();

/** Which server, and with which key. Either `dsn`, or `url` and `apiKey`. */
export interface AddressOptions {
  /** Base address of the server, e.g. `https://logs.example.com`; a base path is kept. */
  readonly url?: string;
  /**
   * `lp_` and 64 hexadecimal digits, or a function returning it, called for each request. Sent as `X-API-Key`. From
   * server 0.6.2 on it must be of type `full`: a `write` key is answered 403.
   */
  readonly apiKey?: Secret;
  /** `https://lp_KEY@host[:port][/base/path]`, or a function returning it. */
  readonly dsn?: Secret;
}

export interface Address {
  /** `https://host[:port]` */
  readonly origin: string;
  /** Where a request goes that asks for this path, and the key as it is now. */
  request(path: string): { readonly path: string; readonly key: string };
  /** The text without the key: a server may repeat one that it does not know. */
  withoutKey(text: string): string;
}

/**
 * Address and key, by the same options and the same checks as the destination `logtide()`. Throws a `TypeError` for
 * what is missing or malformed, and for `http://` to another machine unless that is allowed.
 */
export function addressOf({ url, apiKey, dsn }: AddressOptions, allowInsecure: boolean): Address {
  const options = {
    ...(url !== undefined && { url }),
    ...(apiKey !== undefined && { apiKey }),
    ...(dsn !== undefined && { dsn }),
  };
  const { endpoint } = logtide(options).logs;
  const { protocol, hostname, host } = new URL(endpoint.origin);
  if (protocol === 'http:' && !allowInsecure && !LOOPBACK.test(hostname)) {
    throw new TypeError(
      `logtide: http://${host} would show the key to everybody on the way; use https:// or set http.allowInsecure`,
    );
  }
  let last = '';
  return {
    origin: endpoint.origin,
    request(path) {
      const { path: ingest, headers } = endpoint.request(NOTHING, 0);
      last = headers['x-api-key'] ?? '';
      return { path: ingest.slice(0, -INGEST.length) + path, key: last };
    },
    withoutKey: (text) => (last === '' ? text : text.replaceAll(last, '****')).replace(KEY_LIKE, '****'),
  };
}
