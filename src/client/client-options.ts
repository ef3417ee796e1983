import type { Clock } from '../clock.ts';
import type { BackoffOptions } from '../delivery/backoff.ts';
import { knownOptions, numberOption } from '../option-checks.ts';
import type { Address, AddressOptions } from './address.ts';
import { addressOf } from './address.ts';

/** Options of `LogTideClient`: which server and key, and how patient to be. Times are milliseconds. */
export interface LogTideClientOptions extends AddressOptions {
  /** Limit for one request from start to the end of its answer; each retry has its own. Default 30,000. */
  readonly timeoutMillis?: number;
  /** Requests are repeated after 408, 425, 429, 5xx and lost connections, not after a timeout of their own. */
  readonly retry?: {
    /** Tries in all; 1 for no retry. Default 3. */
    readonly maxAttempts?: number;
    /** First wait; doubled each time, with jitter. Default 500. */
    readonly initialDelayMillis?: number;
    /** Longest wait. Default 10,000. */
    readonly maxDelayMillis?: number;
    /** A longer `Retry-After` is not waited for: the request fails at once and the error tells it. Default 60,000. */
    readonly maxRetryAfterMillis?: number;
  };
  readonly http?: {
    /** Limit for making a connection. Default 5,000. */
    readonly connectTimeoutMillis?: number;
    /** Allow `http://` to other machines than this one, where keys can be read on the way. Default false. */
    readonly allowInsecure?: boolean;
  };
}

/** All settings of a client, checked and with defaults filled in. */
export interface ClientSettings {
  readonly address: Address;
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  readonly maxRetryAfterMillis: number;
  readonly clock: Clock;
}

const OPTIONS = ['url', 'apiKey', 'dsn', 'timeoutMillis', 'retry', 'http'];
const RETRY = ['maxAttempts', 'initialDelayMillis', 'maxDelayMillis', 'maxRetryAfterMillis'];
const HTTP = ['connectTimeoutMillis', 'allowInsecure'];

/** Checks the options; throws a `TypeError` or `RangeError` that names the one that is wrong. */
export function clientSettings(options: LogTideClientOptions, clock: Clock): ClientSettings {
  const { timeoutMillis, retry = {}, http = {} } = options;
  knownOptions(options, OPTIONS, '');
  knownOptions(retry, RETRY, 'retry.');
  knownOptions(http, HTTP, 'http.');
  const { allowInsecure = false } = http;
  if (typeof allowInsecure !== 'boolean') {
    throw new TypeError(`http.allowInsecure must be a boolean, got ${typeof allowInsecure}`);
  }
  return {
    address: addressOf(options, allowInsecure),
    timeoutMillis: numberOption('timeoutMillis', timeoutMillis, 30_000, 1),
    connectTimeoutMillis: numberOption('http.connectTimeoutMillis', http.connectTimeoutMillis, 5_000, 1),
    maxAttempts: numberOption('retry.maxAttempts', retry.maxAttempts, 3, 1),
    backoff: {
      initialDelayMillis: numberOption('retry.initialDelayMillis', retry.initialDelayMillis, 500, 1),
      maxDelayMillis: numberOption('retry.maxDelayMillis', retry.maxDelayMillis, 10_000, 1),
    },
    maxRetryAfterMillis: numberOption('retry.maxRetryAfterMillis', retry.maxRetryAfterMillis, 60_000, 0),
    clock,
  };
}
