import type { Codec } from '../codec/codec.ts';
import type { ExporterMetrics } from '../telemetry.ts';
import { Attempter } from './attempt.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { Diagnostics } from './diagnostics.ts';
import { HttpTransport } from './http.ts';
import type { Ledger } from './ledger.ts';
import type { LaneOptions, PipelineOptions } from './pipeline-options.ts';
import type { Queue } from './queue.ts';
import { Sender } from './sender.ts';
import { Settlement } from './settlement.ts';

/** What a lane shares with the others of its destination, and its queue. */
export interface LaneParts {
  readonly queue: Queue;
  readonly ledger: Ledger;
  readonly diagnostics: Diagnostics;
  readonly metrics: ExporterMetrics | undefined;
  readonly onDeadLetter: (text: string, reason: string) => void;
  readonly onProgress: () => void;
}

/** The chain of one lane, assembled. */
export interface Lane {
  readonly queue: Queue;
  readonly attempter: Attempter;
  readonly breaker: CircuitBreaker;
  readonly transport: HttpTransport;
  readonly sender: Sender;
}

/**
 * The chain of one lane, from the queue to the network:
 *
 *     queue → sender ⇄ breaker (may I?) → attempter (frame, address, judge) → transport (HTTP)
 *       ▲                                        │
 *       └──────── settlement (verdict) ◀─────────┘
 */
export function assembleLane(lane: LaneOptions, options: PipelineOptions, parts: LaneParts): Lane {
  const { clock, circuitBreaker, maxRetryAfterMillis } = options;
  const { codec, endpoint, concurrency } = lane;
  const { queue, ledger, diagnostics, metrics, onDeadLetter, onProgress } = parts;
  const breaker = new CircuitBreaker(circuitBreaker, clock);
  const transport = new HttpTransport({
    origin: endpoint.origin,
    maxConnections: concurrency,
    timeoutMillis: options.timeoutMillis,
    connectTimeoutMillis: options.connectTimeoutMillis,
    holdsProcess: options.holdsProcess,
    clock,
  });
  const attempter = new Attempter({ codec, endpoint, transport, clock, maxRetryAfterMillis, metrics });
  const settlement = new Settlement({
    ...{ queue, codec, attempter, ledger, diagnostics, clock, onDeadLetter, onProgress },
    maxBytes: Math.min(codec.maxBytes, options.maxBytes) - framingBytes(codec),
  });
  const sender = new Sender({
    ...{ queue, attempter, settlement, breaker, clock, diagnostics, concurrency, onProgress },
    maxRecords: Math.min(codec.maxRecords, options.maxRecords),
    maxDelayMillis: options.maxDelayMillis,
  });
  return { queue, attempter, breaker, transport, sender };
}

/** What a body is longer than its records. */
function framingBytes(codec: Codec): number {
  const { open, close } = codec.framing(codec.maxRecords);
  return open.length + close.length;
}
