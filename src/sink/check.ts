import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { SinkAnswer, SinkChannel, SinkCredentials } from './types.ts';

/** One request as a checker sees it: unredacted, body decoded as UTF-8 but not parsed. */
export interface CheckRequest {
  readonly channel: SinkChannel;
  /** Path without the query, percent-encoding untouched. */
  readonly path: string;
  /** Text after `?`, empty when there is none. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a checker may know besides the request; with it, checkers are pure. */
export interface CheckContext {
  readonly credentials: SinkCredentials;
  readonly logtideServer: 'A' | 'B';
  readonly nowMillis: number;
  /** How many requests this platform has seen before this one. */
  readonly sequence: number;
}

/** The verdict: what to answer, and what would have been stored. */
export interface CheckResult {
  readonly answer: SinkAnswer;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

export type Checker = (request: CheckRequest, context: CheckContext) => CheckResult;

/** A verdict that stores nothing. `reason` is for people; the body is what a client sees. */
export function refuse(status: number, body: unknown, reason: string, headers?: Record<string, string>): CheckResult {
  return { answer: headers ? { status, headers, body, reason } : { status, body, reason }, records: [] };
}

/** Compares secrets without telling by timing how much of them matched. */
export function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `application/json`, with or without parameters. */
export function isJson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  return type !== undefined && /^application\/json\s*(?:;|$)/i.test(type);
}

/** Decodes a path segment, or gives `undefined` when its percent-encoding is broken. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** `JSON.parse` as an outcome. */
export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A JSON object: neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether objects and arrays are nested more than `limit` levels. Recursion stops there, so any value is safe. */
export function deeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const key in value) if (deeperThan((value as Record<string, unknown>)[key], limit - 1)) return true;
  return false;
}

/** Nesting that the platforms with unknown servers take. Inferred: official clients were seen to send up to 500. */
const maxDepth = 1000;

/**
 * Body of the platforms that expect plain JSON text: media type, encoding and syntax.
 * Inferred: no client ever sends anything else, so a server that is stricter than this is not known.
 */
export function readJsonBody(request: CheckRequest): Parsed & { readonly status?: number } {
  if (!isJson(request.headers)) {
    return { ok: false, status: 415, reason: 'content-type: must be application/json' };
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return { ok: false, status: 415, reason: `content-encoding: ${encoding} is not supported` };
  }
  const parsed = parseJson(request.body);
  if (!parsed.ok) return { ok: false, status: 400, reason: `body: invalid JSON: ${parsed.reason}` };
  // Each level takes two characters, so a shorter body needs no look.
  return request.body.length > 2 * maxDepth && deeperThan(parsed.value, maxDepth)
    ? { ok: false, status: 400, reason: `body: is nested more than ${maxDepth} levels` }
    : parsed;
}
