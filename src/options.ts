import type { MeterProvider } from '@opentelemetry/api';
import type { BeforeSend } from './before-send.ts';
import { CIRCUIT_BREAKER_DEFAULTS, type CircuitBreakerOptions } from './delivery/circuit-breaker.ts';
import type { DeadLetterHandler } from './delivery/dead-letter.ts';
import type { DropHandler } from './delivery/listeners.ts';
import type { SpoolSettings } from './delivery/spool/spool-settings.ts';
import type { LevelMap } from './levels/levels.ts';
import { type LimitOptions, type LimitSettings, limitSettings } from './limit-options.ts';
import { knownOptions, levelsOption, numberOption, scopesOption } from './option-checks.ts';
import type { RedactionSettings } from './record/redact/redactor.ts';
import { type RedactOptions, redactSettings } from './redact-options.ts';
import { type SpoolOptions, spoolSettings } from './spool-options.ts';
import { type VolumeOptions, type VolumeSettings, volumeSettings } from './volume/volume-options.ts';

/** How records travel to one platform. Everything is optional; times are milliseconds, sizes are bytes. */
export interface DeliveryOptions {
  /** Records below this OpenTelemetry severity number (1–24) are not taken; those without a number are. Default: all. */
  readonly minimumSeverity?: number;
  /**
   * Levels by pattern of instrumentation scope names, such as `{ 'db.*': 'warn' }`: the longest that matches decides, in
   * place of `minimumSeverity`. Names of destinations set those' minimum. Default: none.
   */
  readonly levels?: LevelMap;
  /**
   * Patterns of the instrumentation scopes that are taken, and with `-` in front of those that are not:
   * `['billing.*', '-billing.debug']`. The longest that matches decides. Default: all.
   */
  readonly scopes?: readonly string[];
  readonly queue?: {
    /** Encoded records that may wait in memory; beyond it the oldest are dropped and counted. Default 16 MiB. */
    readonly maxBytes?: number;
    /** Records that have waited longer are dropped and counted as `expired`, give or take a minute. Default: never. */
    readonly maxAgeMillis?: number;
  };
  /** Keep records on disk until they are delivered, through crashes, kills and long outages. Default: memory only. */
  readonly spool?: SpoolOptions;
  readonly batch?: {
    /** Records per request, at most; the platform's own limit also holds. Default: the platform's. */
    readonly maxRecords?: number;
    /** Bytes per request body, at most. Default: the platform's, 1 MiB. */
    readonly maxBytes?: number;
    /** How long a record may wait for others to share its request. Default 0 behind a batch processor. */
    readonly maxDelayMillis?: number;
  };
  readonly http?: {
    /** Limit for one request from start to the end of its answer. Default 30,000. */
    readonly timeoutMillis?: number;
    /** Limit for making a connection. Default 5,000. */
    readonly connectTimeoutMillis?: number;
    /** Requests in flight at once. Default 4; 16 for RedArch and Trakerr, which take one record per request. */
    readonly maxConcurrency?: number;
    /** Allow `http://` to other machines than this one, where keys can be read on the way. Default false. */
    readonly allowInsecure?: boolean;
  };
  readonly retry?: {
    /** A longer `Retry-After` is shortened to this. Default 900,000 (15 minutes). */
    readonly maxRetryAfterMillis?: number;
  };
  /** When sending pauses after failures, and for how long. */
  readonly circuitBreaker?: Partial<CircuitBreakerOptions>;
  readonly timeouts?: {
    /** Longest `forceFlush()`. Default 10,000. */
    readonly flushMillis?: number;
    /** Longest `shutdown()`. Default 5,000. */
    readonly shutdownMillis?: number;
    /** With a spool: longest delay of a finished process, once, to deliver what waits. 0 for none. Default 2,000. */
    readonly exitMillis?: number;
  };
  /** Secrets are taken out of every record before it rests anywhere; false sends all as it is. Default: on. */
  readonly redact?: RedactOptions | boolean;
  /** How much of a record is sent. Default: far more than log records need. */
  readonly limits?: LimitOptions;
  /** Sampling, bursts, repeats, and what led to an error. Default: every record goes on as it is. */
  readonly volume?: VolumeOptions;
  /** Changes or drops a record before it is encoded; a failure in it sends the record as it was. */
  readonly beforeSend?: BeforeSend;
  /** Reports `otel.sdk.exporter.*` metrics here. Default: none. */
  readonly meterProvider?: MeterProvider;
  /** Hears of every record that the platform refused for good. */
  readonly onDeadLetter?: DeadLetterHandler;
  /** Hears how many records ended undelivered, by reason; drops within a quarter of a second are told together. */
  readonly onDrop?: DropHandler;
}

/** All delivery settings, checked and with defaults filled in. */
export interface DeliverySettings {
  readonly minimumSeverity: number;
  readonly levels: LevelMap;
  readonly scopes: readonly string[];
  readonly queueBytes: number;
  readonly maxAgeMillis: number;
  readonly spool: SpoolSettings | undefined;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxDelayMillis: number;
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  readonly maxConcurrency: number | undefined;
  readonly allowInsecure: boolean;
  readonly maxRetryAfterMillis: number;
  readonly circuitBreaker: CircuitBreakerOptions;
  readonly flushMillis: number;
  readonly shutdownMillis: number;
  readonly exitMillis: number;
  readonly redact: RedactionSettings | undefined;
  readonly limits: LimitSettings;
  readonly volume: VolumeSettings | undefined;
  readonly beforeSend: BeforeSend | undefined;
  readonly meterProvider: MeterProvider | undefined;
  readonly onDeadLetter: DeadLetterHandler | undefined;
  readonly onDrop: DropHandler | undefined;
}

/** Bytes and milliseconds. */
export const DELIVERY_DEFAULTS = {
  queueBytes: 16 * 1_048_576,
  maxDelayMillis: 0,
  timeoutMillis: 30_000,
  connectTimeoutMillis: 5_000,
  maxRetryAfterMillis: 900_000,
  flushMillis: 10_000,
  shutdownMillis: 5_000,
  exitMillis: 2_000,
} as const;

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  queue: ['maxBytes', 'maxAgeMillis'],
  batch: ['maxRecords', 'maxBytes', 'maxDelayMillis'],
  http: ['timeoutMillis', 'connectTimeoutMillis', 'maxConcurrency', 'allowInsecure'],
  retry: ['maxRetryAfterMillis'],
  circuitBreaker: Object.keys(CIRCUIT_BREAKER_DEFAULTS),
  timeouts: ['flushMillis', 'shutdownMillis', 'exitMillis'],
};
const SINGLES = [
  'minimumSeverity',
  'levels',
  'scopes',
  'meterProvider',
  'onDeadLetter',
  'onDrop',
  'beforeSend',
  'volume',
  'spool',
  'redact',
  'limits',
];

function group<K extends keyof DeliveryOptions & string>(
  options: DeliveryOptions,
  key: K,
): NonNullable<DeliveryOptions[K]> {
  const value: unknown = options[key] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`${key} must be an object, got ${Array.isArray(value) ? 'an array' : typeof value}`);
  }
  knownOptions(value as object, GROUPS[key] as readonly string[], `${key}.`);
  return value as NonNullable<DeliveryOptions[K]>;
}

/** Checks delivery options and fills in defaults. Throws a `TypeError` or `RangeError` naming option and value. */
export function deliverySettings(options: DeliveryOptions = {}): DeliverySettings {
  if (typeof options !== 'object' || options === null) throw new TypeError('delivery options must be an object');
  knownOptions(options, [...Object.keys(GROUPS), ...SINGLES], '');
  const queue = group(options, 'queue');
  const batch = group(options, 'batch');
  const http = group(options, 'http');
  const retry = group(options, 'retry');
  const breaker = group(options, 'circuitBreaker');
  const timeouts = group(options, 'timeouts');
  const { onDeadLetter, onDrop, beforeSend, meterProvider } = options;
  for (const [name, handler] of Object.entries({ onDeadLetter, onDrop, beforeSend })) {
    if (handler === undefined || typeof handler === 'function') continue;
    throw new TypeError(`${name} must be a function, got ${typeof handler}`);
  }
  if (meterProvider !== undefined && typeof meterProvider?.getMeter !== 'function') {
    throw new TypeError(`meterProvider must be a MeterProvider, got ${typeof meterProvider}`);
  }
  if (http.allowInsecure !== undefined && typeof http.allowInsecure !== 'boolean') {
    throw new TypeError(`http.allowInsecure must be a boolean, got ${typeof http.allowInsecure}`);
  }
  const concurrency = http.maxConcurrency;
  const minimumSeverity = numberOption('minimumSeverity', options.minimumSeverity, 0, 0);
  if (minimumSeverity > 24) throw new RangeError(`minimumSeverity must be at most 24, got ${minimumSeverity}`);
  return {
    minimumSeverity,
    levels: levelsOption('levels', options.levels),
    scopes: scopesOption('scopes', options.scopes),
    queueBytes: numberOption('queue.maxBytes', queue.maxBytes, DELIVERY_DEFAULTS.queueBytes, 1_024),
    maxAgeMillis: numberOption('queue.maxAgeMillis', queue.maxAgeMillis, Number.POSITIVE_INFINITY, 1, false),
    spool: options.spool === undefined ? undefined : spoolSettings(options.spool),
    maxRecords: numberOption('batch.maxRecords', batch.maxRecords, Number.MAX_SAFE_INTEGER, 1),
    maxBytes: numberOption('batch.maxBytes', batch.maxBytes, Number.MAX_SAFE_INTEGER, 1_024),
    maxDelayMillis: numberOption(
      'batch.maxDelayMillis',
      batch.maxDelayMillis,
      DELIVERY_DEFAULTS.maxDelayMillis,
      0,
      false,
    ),
    timeoutMillis: numberOption('http.timeoutMillis', http.timeoutMillis, DELIVERY_DEFAULTS.timeoutMillis, 1, false),
    connectTimeoutMillis: numberOption(
      'http.connectTimeoutMillis',
      http.connectTimeoutMillis,
      DELIVERY_DEFAULTS.connectTimeoutMillis,
      1,
    ),
    maxConcurrency: concurrency === undefined ? undefined : numberOption('http.maxConcurrency', concurrency, 4, 1),
    allowInsecure: http.allowInsecure ?? false,
    maxRetryAfterMillis: numberOption(
      'retry.maxRetryAfterMillis',
      retry.maxRetryAfterMillis,
      DELIVERY_DEFAULTS.maxRetryAfterMillis,
      0,
      false,
    ),
    circuitBreaker: circuitBreakerSettings(breaker),
    flushMillis: numberOption('timeouts.flushMillis', timeouts.flushMillis, DELIVERY_DEFAULTS.flushMillis, 0, false),
    shutdownMillis: numberOption(
      'timeouts.shutdownMillis',
      timeouts.shutdownMillis,
      DELIVERY_DEFAULTS.shutdownMillis,
      0,
      false,
    ),
    exitMillis: numberOption('timeouts.exitMillis', timeouts.exitMillis, DELIVERY_DEFAULTS.exitMillis, 0, false),
    redact: redactSettings(options.redact),
    limits: limitSettings(options.limits),
    volume: volumeSettings(options.volume),
    beforeSend,
    meterProvider,
    onDeadLetter,
    onDrop,
  };
}

function circuitBreakerSettings(options: Partial<CircuitBreakerOptions>): CircuitBreakerOptions {
  const keys = Object.keys(CIRCUIT_BREAKER_DEFAULTS) as (keyof CircuitBreakerOptions)[];
  const entries = keys.map((key) => [
    key,
    numberOption(`circuitBreaker.${key}`, options[key], CIRCUIT_BREAKER_DEFAULTS[key], 1, false),
  ]);
  return Object.fromEntries(entries) as CircuitBreakerOptions;
}
