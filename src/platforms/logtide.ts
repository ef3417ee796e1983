import { arrayMember } from '../codec/framing.ts';
import { jsonCodec } from '../codec/json-codec.ts';
import type { Endpoint, HttpAnswer } from '../delivery/endpoint.ts';
import type { Rejection, Verdict } from '../delivery/verdict.ts';
import { jsonObject, judgeStatus, QUOTA_RETRY_MILLIS } from '../delivery/verdict.ts';
import type { LogTideEntryOptions } from './logtide-entry.ts';
import { logtideMapper, renameForbiddenKey } from './logtide-entry.ts';
import type { Channel, Platform } from './platform.ts';
import type { BaseUrl, Secret } from './settings.ts';
import { optionalText, parseBaseUrl, secretReader } from './settings.ts';

/** Options of `logtide()`. Either `dsn`, or `url` and `apiKey`. */
export interface LogTideOptions extends LogTideEntryOptions {
  /** `lp_` and 64 hexadecimal digits, or a function returning it. Sent as `X-API-Key`. */
  readonly apiKey?: Secret;
  /** Base address of the server, e.g. `https://logs.example.com`; a base path is kept. */
  readonly url?: string;
  /**
   * `https://lp_KEY@host[:port][/base/path]`, the form that LogTide's own SDKs take, or a function returning it. Its
   * address is that of the first call; the key of another address is not used.
   */
  readonly dsn?: Secret;
}

const INGEST = '/api/v1/ingest';
const FRAMING = arrayMember('logs');
/** PostgreSQL's "this text cannot be stored" (22…) and "too complex" (54000), which server line A answers as 500. */
const CONTENT_SQLSTATE = /^(?:22\w{3}|54000)$/;

function fromDsn(dsn: string): { base: BaseUrl; apiKey: string } {
  let url: URL;
  try {
    url = new URL(dsn);
  } catch {
    throw new TypeError('logtide: dsn is not a valid URL; expected https://lp_KEY@host[:port][/base/path]');
  }
  const apiKey = url.username;
  url.username = '';
  url.password = '';
  if (apiKey === '') throw new TypeError('logtide: dsn has no key; expected https://lp_KEY@host[:port][/base/path]');
  return { base: parseBaseUrl('logtide: dsn', url.href), apiKey };
}

function dsnText(dsn: Secret): string {
  return optionalText('logtide: dsn', typeof dsn === 'function' ? dsn() : dsn) ?? '';
}

/** The key of a DSN; undefined when it is another server's. */
function keyFor(base: BaseUrl, dsn: string): string | undefined {
  const next = fromDsn(dsn);
  return next.base.origin === base.origin && next.base.path === base.path ? next.apiKey : undefined;
}

function address(options: LogTideOptions): { base: BaseUrl; apiKey: () => string } {
  if (options.dsn !== undefined) {
    const { dsn } = options;
    const { base, apiKey } = fromDsn(dsnText(dsn));
    const fixed = secretReader('logtide: the key in dsn', apiKey);
    if (typeof dsn !== 'function') return { base, apiKey: fixed };
    return { base, apiKey: secretReader('logtide: the key in dsn', () => keyFor(base, dsnText(dsn)) ?? apiKey) };
  }
  if (options.apiKey === undefined) throw new TypeError('logtide: apiKey is missing (or give dsn)');
  if (options.url === undefined) throw new TypeError('logtide: url is missing (or give dsn)');
  return { base: parseBaseUrl('logtide: url', options.url), apiKey: secretReader('logtide: apiKey', options.apiKey) };
}

/** The record numbers that server line A names in a validation error: `details.logs["3"]`. */
function namedIndexes(answer: HttpAnswer): readonly number[] | undefined {
  const details = jsonObject(answer)?.details as { logs?: unknown } | undefined;
  const logs = details?.logs;
  if (typeof logs !== 'object' || logs === null) return undefined;
  const indexes = Object.keys(logs).flatMap((key) => (/^\d+$/.test(key) ? [Number(key)] : []));
  return indexes.length > 0 ? indexes : undefined;
}

/** A word of the server's vocabulary; anything longer might repeat the record, and this text reaches diagnostics. */
function codeOf(reason: unknown): string {
  return typeof reason === 'string' && /^[\w.-]{1,64}$/.test(reason) ? reason : 'rejected';
}

function rejections(rejected: unknown, count: number): readonly Rejection[] {
  if (!Array.isArray(rejected)) return [];
  return rejected.flatMap((item: { index?: unknown; reason?: unknown } | null) => {
    const index = item?.index;
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= count) return [];
    return [{ index, reason: codeOf(item?.reason) }];
  });
}

/** 200 is not enough: the server says how many it stored, and answers `received: 0` when its storage failed. */
function judgeStored(answer: HttpAnswer, count: number): Verdict {
  const body = jsonObject(answer);
  const received = body?.received;
  if (typeof received !== 'number') return { kind: 'transient', reason: 'not a LogTide answer' };
  const rejected = rejections(body?.rejected, count);
  if (received + rejected.length >= count) return { kind: 'delivered', ...(rejected.length > 0 && { rejected }) };
  return { kind: 'unstored', reason: `received ${received} of ${count}` };
}

function judge(answer: HttpAnswer, count: number): Verdict {
  const verdict = judgeStatus(answer);
  if (verdict.kind === 'delivered') return judgeStored(answer, count);
  const code = jsonObject(answer)?.code;
  if (answer.status === 500 && typeof code === 'string' && CONTENT_SQLSTATE.test(code)) {
    return { kind: 'refused', reason: `500 ${code}` };
  }
  if (verdict.kind === 'throttled' && code !== undefined) {
    return { kind: 'held', reason: '429 quota', retryMillis: QUOTA_RETRY_MILLIS };
  }
  if (verdict.kind !== 'refused') return verdict;
  const indexes = namedIndexes(answer);
  return indexes === undefined ? verdict : { ...verdict, indexes };
}

function endpoint(base: BaseUrl, apiKey: () => string): Endpoint {
  return {
    origin: base.origin,
    request: (body) => ({
      path: base.path + INGEST,
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey() },
      body,
    }),
    judge,
  };
}

/**
 * LogTide, by its native ingest (`POST /api/v1/ingest`): at most 1,000 entries and 1 MB a request, never compressed.
 * Throws a `TypeError` for missing or malformed options. Source: LogTide's wire contract, server lines 0.5 and 1.0.
 */
export function logtide(options: LogTideOptions): Platform {
  const { base, apiKey } = address(options);
  const codec = jsonCodec({
    maxRecords: 1_000,
    maxBytes: 1_048_576,
    mapper: logtideMapper(options),
    renameKey: renameForbiddenKey,
    framing: () => FRAMING,
  });
  const channel: Channel = { codec, endpoint: endpoint(base, apiKey) };
  return { name: 'logtide', logs: channel, events: channel };
}
