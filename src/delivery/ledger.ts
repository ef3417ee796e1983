import type { ExporterMetrics } from '../telemetry.ts';

/** Why a record ended without being delivered or dead-lettered. The set is closed: nothing vanishes for other reasons. */
export type DropReason =
  /** The queue's byte bound was reached; the oldest records went. */
  | 'overflow'
  /** Older than `queue.maxAgeMillis`. */
  | 'expired'
  /** Damaged on disk. */
  | 'corrupt'
  /** The files they were in have been deleted or cannot be read. */
  | 'spool_lost'
  /** Another process took this one for dead and delivers them. */
  | 'taken_over'
  /** Not delivered before the deadline of `shutdown()`. */
  | 'shutdown'
  /** Handed over after `shutdown()`. */
  | 'after_shutdown';

const DROP_REASONS: readonly DropReason[] = [
  'overflow',
  'expired',
  'corrupt',
  'spool_lost',
  'taken_over',
  'shutdown',
  'after_shutdown',
];

/** What operators are told, by reason; the others are ends that somebody asked for. */
export const DROPPED: Partial<Record<DropReason, string>> = {
  overflow: 'the queue is full; the oldest records are dropped',
  expired: 'records have waited longer than queue.maxAgeMillis and are dropped',
  corrupt: 'records in the spool are damaged and lost',
  spool_lost: 'records in the spool are lost: their files were deleted or cannot be read',
  taken_over: 'another process has taken over records of this one and delivers them',
};

/**
 * The counts of one destination. The conservation law `accepted = delivered + pending + deadLettered + Σ dropped`
 * holds at every moment; `pending` is what the queues hold.
 */
export class Ledger {
  accepted = 0;
  /** Of the accepted ones, those that an earlier process had left on disk. */
  recovered = 0;
  delivered = 0;
  deadLettered = 0;
  readonly dropped: Record<DropReason, number>;
  readonly #metrics: ExporterMetrics | undefined;
  readonly #onDrop: ((count: number, reason: DropReason) => void) | undefined;

  constructor(metrics?: ExporterMetrics, onDrop?: (count: number, reason: DropReason) => void) {
    this.#metrics = metrics;
    this.#onDrop = onDrop;
    this.dropped = Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
  }

  accept(count: number): void {
    this.accepted += count;
    this.#metrics?.started(count);
  }

  /** Records of an earlier process are accepted once more, by this one. */
  recover(count: number): void {
    this.recovered += count;
    this.accept(count);
  }

  deliver(count: number): void {
    this.delivered += count;
    this.#metrics?.finished(count);
  }

  deadLetter(count: number): void {
    this.deadLettered += count;
    this.#metrics?.finished(count, 'rejected');
  }

  drop(count: number, reason: DropReason): void {
    if (count === 0) return;
    this.dropped[reason] += count;
    this.#metrics?.finished(count, reason);
    this.#onDrop?.(count, reason);
  }

  /** Records accepted and not ended; equals what the queues hold, which the tests assert. */
  get pending(): number {
    return this.accepted - this.delivered - this.deadLettered - this.droppedTotal;
  }

  get droppedTotal(): number {
    return DROP_REASONS.reduce((sum, reason) => sum + this.dropped[reason], 0);
  }
}
