import type { IncomingHttpHeaders } from 'node:http';
import type { SinkPlatform } from './types.ts';

/** What stands where a credential stood. */
export const redacted = '[REDACTED]';

const secretHeaders = new Set(['x-api-key', 'x-loggier-key', 'cookie', 'proxy-authorization']);

/** Headers as plain text, credentials replaced. Of `Authorization` the scheme stays. */
export function redactHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (secretHeaders.has(name)) plain[name] = redacted;
    else if (name === 'authorization') plain[name] = text.replace(/^(\S+\s+)?.*$/s, `$1${redacted}`);
    else plain[name] = text;
  }
  return plain;
}

/**
 * A request target with the keys of Odysseus and Loggier replaced, wherever a base path puts them, and without the
 * query: people put LogTide keys there.
 */
export function redactPath(target: string): string {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const clean = path
    .replace(/(\/api\/(?:logs|events)\/[^/]*\/).*$/s, `$1${redacted}`)
    .replace(/(\/api\/ingest\/).*?(\/batch)?$/s, `$1${redacted}$2`);
  return mark < 0 ? clean : `${clean}?${redacted}`;
}

/** A body with Trakerr's key replaced; the other platforms carry none in theirs. */
export function redactBody(platform: SinkPlatform, body: string): string {
  if (platform !== 'trakerr') return body;
  return body.replace(/("apiKey"\s*:\s*)"(?:[^"\\]|\\.)*"/gs, `$1"${redacted}"`);
}
