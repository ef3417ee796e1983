import type { CircuitState } from './circuit-breaker.ts';
import type { DropReason } from './ledger.ts';

/**
 * `disk`: a record is written when `emit()` returns · `delayed`: the disk is slow or on a network, so it is written in
 * the thread pool, a moment later · `memory`: the disk cannot be used, records wait in memory until it can.
 */
export type SpoolState = 'disk' | 'delayed' | 'memory';

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
  /**
   * Present with `volume` or `beforeSend`: records that were left out on purpose and never accepted, by sampling, as
   * repeats, in a burst, or by `beforeSend`.
   */
  readonly leftOut?: Readonly<Record<'sampled' | 'repeated' | 'burst' | 'hook', number>>;
  /** HTTP requests made, and how many of them carried records sent before. */
  readonly requests: number;
  readonly retries: number;
  /** Present with a spool: where new records are just now, and its bytes on disk. */
  readonly spool?: { readonly state: SpoolState; readonly diskBytes: number };
  readonly circuit: { readonly state: CircuitState; readonly reason?: string; readonly trips: number };
}
