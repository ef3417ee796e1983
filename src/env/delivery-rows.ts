import type { DeliveryOptions } from '../options.ts';
import type { Rows } from './delivery-row.ts';
import { HASH, LIMITS, REDACT } from './privacy-rows.ts';
import { CODE_ONLY, type Topic } from './variable.ts';
import { VOLUME } from './volume-rows.ts';

type Group<Name extends keyof DeliveryOptions> = Rows<NonNullable<DeliveryOptions[Name]>>;
type Grouped = 'limits' | 'volume' | 'queue' | 'spool' | 'batch' | 'http' | 'retry' | 'circuitBreaker' | 'timeouts';

const SINGLES: Rows<Omit<DeliveryOptions, Grouped>> = {
  minimumSeverity: {
    suffix: 'LEVEL',
    kind: 'level',
    usual: 'all',
    description: 'lowest level that is sent: `trace` … `fatal`, or a severity number 1–24',
  },
  levels: {
    suffix: 'LEVELS',
    kind: 'levels',
    description: 'levels by scope, `db.*=warn,http=info,undici=off`: the longest match decides, in place of the level',
  },
  scopes: {
    suffix: 'SCOPES',
    kind: 'texts',
    usual: 'all',
    description: 'scopes that are sent, with `-` those that are not: `billing.*,-http*`; the longest match decides',
  },
  meterProvider: CODE_ONLY,
  onDeadLetter: CODE_ONLY,
  onDrop: CODE_ONLY,
  beforeSend: CODE_ONLY,
  redact: {
    suffix: 'REDACT',
    kind: 'boolean',
    usual: '`true`',
    description: 'replace secrets in records, by the names of fields and by their shape, before they rest anywhere',
  },
};

const QUEUE: Group<'queue'> = {
  maxBytes: {
    suffix: 'QUEUE_SIZE',
    kind: 'size',
    fallback: '32mb',
    description: 'memory for waiting records, per platform; a burst of 20,000 ordinary records fits',
  },
  maxAgeMillis: {
    suffix: 'MAX_AGE',
    kind: 'duration',
    least: 1,
    usual: 'never',
    description: 'records that have waited longer are dropped and counted, e.g. `24h`',
  },
};

const SPOOL: Group<'spool'> = {
  directory: {
    suffix: 'SPOOL_DIR',
    kind: 'text',
    usual: 'memory only',
    description: 'directory in which records wait on disk until they are delivered',
  },
  name: {
    suffix: 'SPOOL_NAME',
    kind: 'text',
    usual: 'the service name',
    description: 'processes with the same name deliver what dead ones of each other have left',
  },
  maxDiskBytes: {
    suffix: 'SPOOL_SIZE',
    kind: 'size',
    least: 65_536,
    fallback: '256mb',
    description: 'disk space for waiting records, all processes and platforms together',
  },
  minFreeBytes: {
    suffix: 'SPOOL_MIN_FREE',
    kind: 'size',
    least: 0,
    usual: '`200mb`',
    description: 'new records wait in memory while less of the disk is free',
  },
  segmentBytes: {
    suffix: 'SPOOL_SEGMENT_SIZE',
    kind: 'size',
    least: 16_384,
    usual: '`4mb`',
    description: 'a file ends at this size …',
  },
  segmentMillis: {
    suffix: 'SPOOL_SEGMENT_AGE',
    kind: 'duration',
    least: 100,
    usual: '`1m`',
    description: '… or age',
  },
  fsync: {
    suffix: 'SPOOL_FSYNC',
    kind: 'word',
    words: ['interval', 'batch', 'never'],
    fallback: 'interval',
    description: 'when the disk is asked to keep what was written: `interval` (a second), `batch` (at once) or `never`',
  },
  compress: {
    suffix: 'SPOOL_COMPRESS',
    kind: 'boolean',
    fallback: 'false',
    description: 'compress what waits during an outage',
  },
  maxDeadLetterBytes: {
    suffix: 'SPOOL_DEAD_SIZE',
    kind: 'size',
    least: 16_384,
    usual: '`16mb`',
    description: 'refused records that are kept for `logferry spool`',
  },
  required: CODE_ONLY,
};

const BATCH: Group<'batch'> = {
  maxRecords: {
    suffix: 'BATCH_RECORDS',
    kind: 'count',
    least: 1,
    usual: "`OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`, then the platform's",
    description: 'records a request, at most',
  },
  maxBytes: {
    suffix: 'BATCH_SIZE',
    kind: 'size',
    usual: "the platform's",
    description: 'bytes a request, at most',
  },
  maxDelayMillis: {
    suffix: 'BATCH_DELAY',
    kind: 'duration',
    usual: '`OTEL_BLRP_SCHEDULE_DELAY`, then `1s`',
    description: 'how long a record may wait for company',
  },
};

const HTTP: Group<'http'> = {
  timeoutMillis: {
    suffix: 'TIMEOUT',
    kind: 'duration',
    least: 1,
    usual: '`OTEL_BLRP_EXPORT_TIMEOUT`, then `30s`',
    description: 'limit of one request',
  },
  connectTimeoutMillis: {
    suffix: 'CONNECT_TIMEOUT',
    kind: 'duration',
    least: 1,
    usual: '`5s`',
    description: 'limit for making a connection',
  },
  maxConcurrency: {
    suffix: 'CONCURRENCY',
    kind: 'count',
    least: 1,
    usual: '4 (RedArch, Trakerr 16)',
    description: 'requests in flight',
  },
  allowInsecure: {
    suffix: 'ALLOW_INSECURE',
    kind: 'boolean',
    fallback: 'false',
    description: 'allow `http://` to other machines',
  },
};

const RETRY: Group<'retry'> = {
  maxRetryAfterMillis: {
    suffix: 'MAX_RETRY_AFTER',
    kind: 'duration',
    usual: '`15m`',
    description: 'longest `Retry-After` that is believed',
  },
};

const BREAKER: Group<'circuitBreaker'> = {
  failureThreshold: {
    suffix: 'BREAKER_FAILURES',
    kind: 'count',
    least: 1,
    usual: '5',
    description: 'failures in a row after which sending pauses …',
  },
  connectFailureThreshold: {
    suffix: 'BREAKER_CONNECT_FAILURES',
    kind: 'count',
    least: 1,
    usual: '3',
    description: '… and failures to connect',
  },
  initialDelayMillis: {
    suffix: 'BREAKER_PAUSE',
    kind: 'duration',
    least: 1,
    usual: '`1s`',
    description: 'first pause; each is longer than the one before …',
  },
  maxDelayMillis: {
    suffix: 'BREAKER_MAX_PAUSE',
    kind: 'duration',
    least: 1,
    usual: '`1m`',
    description: '… up to this',
  },
  holdMillis: {
    suffix: 'BREAKER_HOLD',
    kind: 'duration',
    least: 1,
    usual: '`1m`',
    description: 'pause while the platform refuses our credentials or address',
  },
};

const TIMEOUTS: Group<'timeouts'> = {
  // LOGFERRY_FLUSH_TIMEOUT, one wait for all of them.
  flushMillis: CODE_ONLY,
  shutdownMillis: {
    suffix: 'SHUTDOWN_TIMEOUT',
    kind: 'duration',
    usual: '`5s`',
    description: 'bound of `shutdown()`',
  },
  // Of destinations that see to their own end.
  exitMillis: CODE_ONLY,
};

/** All of them, by the group that they stand in. */
export const DELIVERY_ROWS: readonly (readonly [
  group: string,
  topic: Topic,
  rows: Readonly<Record<string, unknown>>,
])[] = [
  ['', 'What is sent', SINGLES],
  ['volume.', 'How much is sent', VOLUME],
  ['redact.', 'Privacy', REDACT],
  ['redact.hash.', 'Privacy', HASH],
  ['limits.', 'Privacy', LIMITS],
  ['queue.', 'Waiting and sending', QUEUE],
  ['spool.', 'Spool', SPOOL],
  ['batch.', 'Waiting and sending', BATCH],
  ['http.', 'Waiting and sending', HTTP],
  ['retry.', 'Waiting and sending', RETRY],
  ['circuitBreaker.', 'Waiting and sending', BREAKER],
  ['timeouts.', 'Waiting and sending', TIMEOUTS],
];
