import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import { Alarm } from './alarm.ts';
import type { Attempter } from './attempt.ts';
import { BACKOFF_DEFAULTS, backoffMillis } from './backoff.ts';
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Queue } from './queue.ts';
import { RetryBudget } from './retry-budget.ts';
import type { Health, Settlement } from './settlement.ts';
import { isSystemic } from './settlement.ts';

export interface SenderOptions {
  readonly queue: Queue;
  readonly attempter: Attempter;
  readonly settlement: Settlement;
  readonly breaker: CircuitBreaker;
  readonly clock: Clock;
  readonly diagnostics: Diagnostics;
  readonly maxRecords: number;
  readonly maxDelayMillis: number;
  readonly concurrency: number;
  /** Called after every request. */
  readonly onProgress: () => void;
}

/** Takes batches from one queue and has them delivered, as fast as the breaker and the platform allow. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #alarm: Alarm;
  readonly #budget = new RetryBudget();
  readonly #concurrency: ConcurrencyLimit;
  #inFlight = 0;
  #flushing = 0;
  #stopped = false;
  /** Since when the oldest record waits for company; undefined while nothing waits. */
  #waitingSince: number | undefined;
  /** A full batch has been announced to the alarm. */
  #full = false;
  /** When the next retry may go although the budget is spent. */
  #pacedUntil = 0;
  #probeNewest = false;
  retries = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#concurrency = new ConcurrencyLimit(options.concurrency);
    this.#alarm = new Alarm(options.clock, () => this.#pump());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Records were added to the queue. Cheap enough to be called for each of them. */
  wake(): void {
    const { queue, clock, maxRecords, maxDelayMillis } = this.#options;
    if (this.#waitingSince === undefined) {
      this.#waitingSince = clock.now();
      this.#alarm.set(this.#waitingSince + maxDelayMillis);
    } else if (!this.#full && queue.waiting >= maxRecords) {
      this.#full = true;
      this.#alarm.set(clock.now());
    }
  }

  /** While at least one flush is under way, batches are not kept waiting for company. */
  beginFlush(): void {
    this.#flushing += 1;
    this.#alarm.set(this.#options.clock.now());
  }

  endFlush(): void {
    this.#flushing -= 1;
  }

  /** Sends nothing more; what is under way ends as it ends. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.clear();
  }

  #pump(): void {
    const { queue, breaker, clock } = this.#options;
    this.#full = false;
    while (!this.#stopped && queue.waiting > 0 && this.#inFlight < this.#concurrency.limit) {
      const now = clock.now();
      const due = this.#dueAt(now);
      const permit = due > now ? { retryAt: due } : breaker.admit(now);
      if ('retryAt' in permit) {
        this.#alarm.set(permit.retryAt);
        return;
      }
      const batch = this.#next(permit, now);
      if (batch === undefined) {
        breaker.unused(permit);
        return;
      }
      this.#waitingSince = queue.waiting > 0 ? now : undefined;
      this.#inFlight += 1;
      void this.#deliver(batch, permit);
    }
    if (queue.waiting === 0) this.#waitingSince = undefined;
  }

  #dueAt(now: number): number {
    const { queue, maxRecords, maxDelayMillis } = this.#options;
    if (this.#flushing > 0 || queue.waiting >= maxRecords) return now;
    // Nothing is new: what waits has come back from an attempt and has waited for company before.
    return this.#waitingSince === undefined ? now : this.#waitingSince + maxDelayMillis;
  }

  #next(permit: Permit, now: number): Batch | undefined {
    const { queue, maxRecords, settlement } = this.#options;
    // A held circuit is probed with one record, from alternating ends: the oldest may be what is refused.
    if (permit.small) {
      this.#probeNewest = !this.#probeNewest;
      return queue.take({ maxRecords: 1, maxBytes: 0, newest: !this.#probeNewest });
    }
    const limits = { maxRecords, maxBytes: settlement.maxBytes };
    if (!permit.probe && !this.#budget.available) {
      const fresh = queue.take({ ...limits, fresh: true });
      if (fresh !== undefined || !this.#mayRetryUnbudgeted(now)) return fresh;
    }
    const batch = queue.take(limits);
    if (batch !== undefined && batch.attempts > 0) {
      this.retries += 1;
      if (!permit.probe) this.#budget.retried();
    }
    return batch;
  }

  /** Only retries are left and their budget is spent: one at a time, at the pace of the first back-off. */
  #mayRetryUnbudgeted(now: number): boolean {
    if (this.#inFlight > 0) return false;
    if (now < this.#pacedUntil) {
      this.#alarm.set(this.#pacedUntil);
      return false;
    }
    this.#pacedUntil = now + backoffMillis(0, BACKOFF_DEFAULTS, this.#options.clock);
    return true;
  }

  async #deliver(batch: Batch, permit: Permit): Promise<void> {
    const { breaker, diagnostics } = this.#options;
    try {
      await this.#attempt(batch, permit);
    } catch {
      // Nothing below throws, but a platform object may come from outside; the application must not hear of it.
      breaker.unused(permit);
      diagnostics.warn('internal', 'a batch could not be settled; its records stay pending');
    }
    this.#inFlight -= 1;
    this.#options.onProgress();
    this.#pump();
  }

  async #attempt(batch: Batch, permit: Permit): Promise<void> {
    const { attempter, settlement, breaker, queue } = this.#options;
    const attempt = await attempter.send(batch);
    if (permit.small && attempt.verdict.kind === 'refused') {
      queue.release(batch);
      // Refused content proves that key and address are right again; if content was the reason, it still is.
      if (isSystemic(breaker.reason)) breaker.held(permit, breaker.reason ?? attempt.verdict.reason);
      else this.#report(permit, { kind: 'healthy' });
    } else {
      this.#report(permit, await settlement.settle(batch, attempt));
    }
  }

  #report(permit: Permit, health: Health): void {
    if (health.kind === 'healthy') this.#healthy(permit);
    else if (health.kind === 'impaired') this.#impaired(permit, health);
    else this.#options.breaker.unused(permit);
  }

  #healthy(permit: Permit): void {
    const { breaker, diagnostics } = this.#options;
    breaker.succeeded(permit);
    this.#budget.succeeded();
    this.#concurrency.succeeded();
    if (!permit.probe) return;
    this.#concurrency.restart();
    diagnostics.cleared('circuit', 'delivery has resumed');
  }

  /** The records wait again; the breaker closes the way for a while. */
  #impaired(permit: Permit, { verdict, retryAfterMillis }: Health & { kind: 'impaired' }): void {
    const { breaker, diagnostics, queue } = this.#options;
    if (verdict.kind === 'throttled') {
      this.#concurrency.throttled();
      breaker.throttled(permit, verdict.reason, retryAfterMillis);
    } else if (verdict.kind === 'held') {
      breaker.held(permit, verdict.reason, verdict.retryMillis);
    } else {
      breaker.failed(permit, verdict.reason, verdict.connect, retryAfterMillis);
    }
    if (breaker.state === 'open' || breaker.state === 'held') {
      diagnostics.warn('circuit', `delivery is paused (${breaker.reason}); ${queue.waiting} records wait`);
    }
  }
}
