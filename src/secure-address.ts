import type { Platform } from './platforms/platform.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Throws a `TypeError` for `http://` to another machine, unless that is allowed. */
export function assertSecure(platform: Platform, allowInsecure: boolean): void {
  const { protocol, hostname, host } = new URL(platform.logs.endpoint.origin);
  if (protocol === 'https:' || allowInsecure || LOOPBACK.test(hostname)) return;
  throw new TypeError(
    `${platform.name}: http://${host} would show the key to everybody on the way; use https:// or set http.allowInsecure`,
  );
}
