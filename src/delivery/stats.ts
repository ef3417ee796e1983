import type { CircuitState } from './circuit-breaker.ts';
import type { DropReason } from './ledger.ts';

/** What became of the records of one destination so far. `accepted = delivered + pending + deadLettered + Σ dropped`. */
export interface DestinationStats {
  readonly platform: string;
  /** Records handed over, and those taken over from earlier processes. */
  readonly accepted: number;
  /** Those taken over: they had been left in the spool. */
  readonly recovered: number;
  /** Records the platform has stored, by its own word. */
  readonly delivered: number;
  /** Records that wait or are in flight. */
  readonly pending: number;
  /** Encoded bytes of the pending records. */
  readonly pendingBytes: number;
  /** Records the platform refused for good. */
  readonly deadLettered: number;
  /** Records that ended otherwise, by reason. */
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** HTTP requests made, and how many of them carried records sent before. */
  readonly requests: number;
  readonly retries: number;
  /** Present with a spool: where new records are written just now, and its bytes on disk. */
  readonly spool?: { readonly state: 'disk' | 'memory'; readonly diskBytes: number };
  readonly circuit: { readonly state: CircuitState; readonly reason?: string; readonly trips: number };
}
