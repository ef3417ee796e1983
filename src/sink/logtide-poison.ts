import { constants, deflateRawSync } from 'node:zlib';
import { deeperThan } from './check.ts';

/**
 * Content that passes validation and breaks behind it (LogTide's wire contract §1.3).
 * `nul-text`: NUL in a text column. `nul-value`, `nul-key`: NUL in metadata. `surrogate`: lone surrogate in metadata.
 * `index`: a row that PostgreSQL cannot index. `depth`: nesting that overflows the server's stack.
 */
export interface Poison {
  readonly kind: 'nul-text' | 'nul-value' | 'nul-key' | 'surrogate' | 'index' | 'depth';
  /** PostgreSQL's SQLSTATE, where the database is the one that fails. */
  readonly code?: string;
  readonly message: string;
}

/** 1000 levels passed and 5000 failed; the edge between is not known. */
const maxDepth = 2000;
/** A btree row holds 2704 bytes, some 16 of them overhead. */
const maxTraceBytes = 2688;
/** PostgreSQL's limit for the text-search vector of one row. */
const maxVectorBytes = 1_048_575;
/** Below this a message cannot reach that limit: 700 KiB passed. */
const smallMessageUnits = 700 * 1024;

const nulText: Poison = {
  kind: 'nul-text',
  code: '22021',
  message: 'invalid byte sequence for encoding "UTF8": 0x00',
};
const nulValue: Poison = { kind: 'nul-value', code: '22P05', message: 'unsupported Unicode escape sequence' };
const nulKey: Poison = { ...nulValue, kind: 'nul-key' };
const surrogate: Poison = { kind: 'surrogate', code: '22P02', message: 'invalid input syntax for type json' };
const depthPoison: Poison = { kind: 'depth', message: 'Maximum call stack size exceeded' };

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** NUL and lone surrogates reach a parsed body only through escapes, so a body without these needs no search. */
const suspicious = /\\u(?:0000|d[89a-f])/i;

const hasNul = (value: unknown): boolean => typeof value === 'string' && value.includes('\0');

/** Looks for NUL and lone surrogates. Line B strips NUL from values, so there it is no poison. */
function inMetadata(value: unknown, server: 'A' | 'B'): Poison | undefined {
  if (typeof value === 'string') {
    if (server === 'A' && hasNul(value)) return nulValue;
    return loneSurrogate.test(value) ? surrogate : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const key in value) {
    if (hasNul(key)) return nulKey;
    if (loneSurrogate.test(key)) return surrogate;
    const found = inMetadata((value as Record<string, unknown>)[key], server);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The size PostgreSQL's text-search vector of a message would have: each distinct word once, padded to even length,
 * plus a count and one position. An estimate: it fits the observed edge (700 KiB of words pass, 900 KiB do not).
 */
function vectorBytes(message: string): number {
  let bytes = 0;
  for (const word of new Set(message.toLowerCase().split(/[^\p{L}\p{N}_]+/u))) {
    const length = Buffer.byteLength(word);
    bytes += length + (length % 2) + 4;
  }
  return bytes;
}

function unindexable(entry: Record<string, unknown>): Poison | undefined {
  const { message, trace_id: trace } = entry;
  if (typeof trace === 'string' && trace.length > maxTraceBytes / 3) {
    // PostgreSQL compresses repetition but not by letter frequency, and keeps the result only when it saves a quarter:
    // 8000 random characters failed at full length, 5000 equal ones passed. Deflate with fixed codes behaves alike.
    const bytes = Buffer.byteLength(trace);
    const packed = deflateRawSync(trace, { strategy: constants.Z_FIXED }).length;
    const stored = packed <= bytes * 0.75 ? packed : bytes;
    if (stored > maxTraceBytes) {
      const row = stored + 24;
      const text = `index row size ${row} exceeds btree version 4 maximum 2704 for index "idx_logs_trace_id"`;
      return { kind: 'index', code: '54000', message: text };
    }
  }
  if (typeof message === 'string' && message.length > smallMessageUnits) {
    const bytes = vectorBytes(message);
    if (bytes > maxVectorBytes) {
      const text = `string is too long for tsvector (${bytes} bytes, max ${maxVectorBytes} bytes)`;
      return { kind: 'index', code: '54000', message: text };
    }
  }
  return undefined;
}

/** The first thing in a validated batch that a server stumbles over; `body` is the text the entries came from. */
export function findPoison(
  entries: readonly Record<string, unknown>[],
  body: string,
  server: 'A' | 'B',
): Poison | undefined {
  const texts = suspicious.test(body);
  const long = body.length > 2 * maxDepth;
  for (const entry of entries) {
    // First, because everything after it recurses.
    if (long && deeperThan(entry, maxDepth)) return depthPoison;
    // Line B strips NUL from texts.
    if (texts && server === 'A' && [entry.message, entry.service, entry.trace_id].some(hasNul)) return nulText;
    const found = (texts ? inMetadata(entry.metadata, server) : undefined) ?? unindexable(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

const forbiddenKeys = /__proto__|constructor|\\u/;

/**
 * Whether line A's JSON parser refuses a value: an own key `__proto__`, or `constructor` with an own `prototype`,
 * anywhere.
 */
export function hasForbiddenKey(value: unknown, body: string): boolean {
  if (!forbiddenKeys.test(body)) return false;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const node = pending.pop();
    if (typeof node !== 'object' || node === null) continue;
    for (const key of Object.keys(node)) {
      const child = Object.getOwnPropertyDescriptor(node, key)?.value;
      if (key === '__proto__') return true;
      if (key === 'constructor' && typeof child === 'object' && child !== null && Object.hasOwn(child, 'prototype')) {
        return true;
      }
      pending.push(child);
    }
  }
  return false;
}
