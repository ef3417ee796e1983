import type { MeterProvider } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import type { Codec } from '../codec/codec.ts';
import type { CircuitBreakerOptions } from './circuit-breaker.ts';
import type { DeadLetterHandler } from './dead-letter.ts';
import type { Endpoint } from './endpoint.ts';
import type { DropHandler } from './listeners.ts';
import type { SpoolSettings } from './spool/spool-settings.ts';

/** One stream of a destination: its codec and endpoint. */
export interface LaneOptions {
  /** Lower-case letters; part of the names of its files. */
  readonly name: string;
  readonly codec: Codec;
  readonly endpoint: Endpoint;
  readonly concurrency: number;
}

/** Everything a pipeline is told; bytes and milliseconds. */
export interface PipelineOptions {
  readonly name: string;
  readonly lanes: readonly LaneOptions[];
  readonly clock: Clock;
  readonly queueBytes: number;
  /** Records that have waited longer are given up; `Infinity` for never. */
  readonly maxAgeMillis: number;
  readonly spool: SpoolSettings | undefined;
  /** Upper bounds on top of the platform's own. */
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxDelayMillis: number;
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  /** Whether requests under way keep an otherwise finished process alive. */
  readonly holdsProcess: boolean;
  readonly maxRetryAfterMillis: number;
  readonly circuitBreaker: CircuitBreakerOptions;
  readonly meterProvider: MeterProvider | undefined;
  readonly onDeadLetter: DeadLetterHandler | undefined;
  readonly onDrop: DropHandler | undefined;
}
