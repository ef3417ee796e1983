import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import { BACKOFF_DEFAULTS, backoffMillis } from './backoff.ts';
import type { Permit } from './circuit-breaker.ts';
import type { LearnedLimit } from './learned-limit.ts';
import type { Queue } from './queue.ts';
import { RecordLimit } from './record-limit.ts';
import { RetryBudget } from './retry-budget.ts';

export interface ChooserOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly maxRecords: number;
  readonly maxBytes: LearnedLimit;
}

/** When to ask again; `Infinity`: not before something has happened. */
export interface Nothing {
  readonly retryAt: number;
}

const NOTHING: Nothing = { retryAt: Number.POSITIVE_INFINITY };
/** So many probes in a row may fail with the oldest records before they are suspected to be the reason. */
const OLDEST_FIRST = 2;
const NEWEST = { maxRecords: 1, maxBytes: 0, newest: true };
const OLDEST = { maxRecords: 1, maxBytes: 0 };

/** Chooses the records of the next request: how many, from which end of the queue, and whether a retry is due. */
export class Chooser {
  readonly #options: ChooserOptions;
  readonly #records: RecordLimit;
  readonly #budget = new RetryBudget();
  /** When the next retry may go although the budget is spent. */
  #pacedUntil = 0;
  /** Failed probes since the circuit was closed. */
  #failedProbes = 0;
  #heldNewest = false;
  /** Requests that carried records sent before. */
  retries = 0;

  constructor(options: ChooserOptions) {
    this.#options = options;
    this.#records = new RecordLimit(options.maxRecords);
  }

  /** Records that fill a request. */
  get maxRecords(): number {
    return this.#records.records;
  }

  /** Whether a retry is within the budget. */
  get mayRetry(): boolean {
    return this.#budget.available;
  }

  /** `alone`: no other request is under way. */
  choose(permit: Permit, now: number, alone: boolean): Batch | Nothing {
    if (permit.small) return this.#small();
    return permit.probe ? this.#probe() : this.#ordinary(now, alone);
  }

  /** A retry that was not chosen here goes out. */
  retried(): void {
    this.retries += 1;
    this.#budget.retried();
  }

  succeeded(permit: Permit): void {
    this.#budget.succeeded();
    this.#records.succeeded();
    if (permit.probe) this.#failedProbes = 0;
  }

  failed(permit: Permit): void {
    if (permit.probe) this.#failedProbes += 1;
  }

  /** A request of so many records got no answer in time. */
  timedOut(records: number): void {
    if (records > 1) this.#records.timedOut(records);
  }

  /** A held circuit is probed with one record, from alternating ends: the oldest may be what is refused. */
  #small(): Batch | Nothing {
    const batch = this.#options.queue.take(this.#heldNewest ? NEWEST : OLDEST);
    if (batch === undefined) return NOTHING;
    this.#heldNewest = !this.#heldNewest;
    return batch;
  }

  /** The oldest batch; after two failures every other time the newest record, in case that batch is the reason. */
  #probe(): Batch | Nothing {
    const newest = this.#failedProbes >= OLDEST_FIRST && this.#failedProbes % 2 === 0;
    const batch = this.#take(newest);
    if (batch === undefined) return NOTHING;
    if (batch.attempts > 0) this.retries += 1;
    return batch;
  }

  #ordinary(now: number, alone: boolean): Batch | Nothing {
    const paced = !this.#budget.available;
    if (paced) {
      const fresh = this.#take(false, true);
      if (fresh !== undefined) return fresh;
      // Only retries are left and their budget is spent: one at a time, at the pace of the first back-off.
      if (!alone) return NOTHING;
      if (now < this.#pacedUntil) return { retryAt: this.#pacedUntil };
    }
    const batch = this.#take(false);
    if (batch === undefined) return NOTHING;
    if (paced) this.#pacedUntil = now + backoffMillis(0, BACKOFF_DEFAULTS, this.#options.clock);
    if (batch.attempts > 0) this.retried();
    return batch;
  }

  #take(newest: boolean, fresh = false): Batch | undefined {
    const { queue, maxBytes } = this.#options;
    if (newest) return queue.take(NEWEST);
    const batch = queue.take({ maxRecords: this.#records.records, maxBytes: maxBytes.next, fresh });
    if (batch !== undefined) maxBytes.sent(batch.bytes + batch.count - 1);
    return batch;
  }
}
