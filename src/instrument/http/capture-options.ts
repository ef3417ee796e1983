import type { IncomingMessage } from 'node:http';
import { ScopePatterns } from '../../levels/pattern.ts';
import { knownOptions, numberOption } from '../../option-checks.ts';
import type { LogEmitter } from '../application-logger.ts';
import { checkLogger } from '../application-logger.ts';
import type { BodyLimits } from './body-tap.ts';
import { type StatusTest, statusTest } from './statuses.ts';

/** What is logged of a request besides its span. Bodies and headers are off by default; secrets in them are redacted. */
export interface CaptureOptions {
  /** Keep request bodies, as attribute `http.request.body.content`. Default false. */
  readonly requestBody?: boolean;
  /** Keep response bodies, as attribute `http.response.body.content`. Default false. */
  readonly responseBody?: boolean;
  /** Bytes of a body that are kept. Default 16,384. */
  readonly maxBodyBytes?: number;
  /** Media types that are kept as text, `*` for any text. Default JSON, XML, forms and `text/*`. */
  readonly contentTypes?: readonly string[];
  /** Keep headers, all or those named, as `http.request.header.<name>` and `http.response.header.<name>`. Default false. */
  readonly headers?: boolean | readonly string[];
  /** Who asks: attributes such as `user.id`, read when the request ends. What it throws is ignored. */
  readonly user?: (request: IncomingMessage) => Readonly<Record<string, unknown>> | undefined;
  /** Tags of the record. Default none. */
  readonly tags?: readonly string[];
  /** Only these statuses, as `500`, `4xx` or `400-499`; slow requests are logged all the same. Default: all. */
  readonly statuses?: readonly (number | string)[];
  /** Requests that take at least this long are warnings, marked as slow, in milliseconds. Default: none is slow. */
  readonly slowMillis?: number;
  /** Paths that are left alone, `*` for any text. Default: none. */
  readonly skipPaths?: readonly string[];
  /** Where records go when the request has no span that logs it. Default: the registered logger provider. */
  readonly logger?: LogEmitter;
}

/** Checked, with defaults. */
export interface CaptureSettings {
  readonly requestBody: boolean;
  readonly responseBody: boolean;
  readonly limits: BodyLimits;
  /** Whether a header (lower case) is kept. */
  readonly header: (name: string) => boolean;
  readonly user: CaptureOptions['user'];
  readonly tags: readonly string[];
  readonly tracked: StatusTest | undefined;
  readonly slowMillis: number | undefined;
  readonly skips: (path: string) => boolean;
  readonly logger: LogEmitter | undefined;
}

const KEYS = [
  ...['requestBody', 'responseBody', 'maxBodyBytes', 'contentTypes', 'headers', 'user', 'tags', 'statuses'],
  ...['slowMillis', 'skipPaths', 'logger'],
];
const MAX_BODY_BYTES = 16_384;
const TEXT_TYPES = [
  ...['application/json', 'application/*+json', 'application/xml', 'application/*+xml', 'text/*'],
  ...['application/x-www-form-urlencoded', 'application/x-ndjson', 'application/graphql'],
];

function texts(option: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value;
  throw new TypeError(`${option} must be a list of non-empty strings`);
}

/** A test for texts by patterns in which `*` stands for any text. */
export function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const known = new ScopePatterns(patterns.map((pattern) => [pattern, true] as const));
  return (text) => known.best(text) === true;
}

function headerTest(headers: CaptureOptions['headers']): (name: string) => boolean {
  if (headers === undefined || typeof headers === 'boolean') return () => headers === true;
  const names = new Set(texts('headers', headers)?.map((name) => name.toLowerCase()));
  return (name) => names.has(name);
}

function checkSwitches(options: CaptureOptions): void {
  for (const key of ['requestBody', 'responseBody'] as const) {
    if (!['boolean', 'undefined'].includes(typeof options[key])) {
      throw new TypeError(`${key} must be true or false, got ${typeof options[key]}`);
    }
  }
  if (options.user !== undefined && typeof options.user !== 'function') {
    throw new TypeError(`user must be a function, got ${typeof options.user}`);
  }
  checkLogger(options.logger);
}

/** Checks the options; throws a `TypeError` or `RangeError` naming option and value. */
export function captureSettings(options: CaptureOptions = {}): CaptureSettings {
  knownOptions(options, KEYS, '');
  checkSwitches(options);
  const { statuses, slowMillis, contentTypes, skipPaths } = options;
  return {
    requestBody: options.requestBody ?? false,
    responseBody: options.responseBody ?? false,
    limits: {
      maxBytes: numberOption('maxBodyBytes', options.maxBodyBytes, MAX_BODY_BYTES, 1),
      isText: anyOf(texts('contentTypes', contentTypes)?.map((type) => type.toLowerCase()) ?? TEXT_TYPES),
    },
    header: headerTest(options.headers),
    user: options.user,
    tags: texts('tags', options.tags) ?? [],
    tracked: statuses === undefined ? undefined : statusTest('statuses', statuses),
    slowMillis: slowMillis === undefined ? undefined : numberOption('slowMillis', slowMillis, 0, 0, false),
    skips: anyOf(texts('skipPaths', skipPaths) ?? []),
    logger: options.logger,
  };
}
