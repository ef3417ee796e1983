import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import { Alarm } from './alarm.ts';
import type { Attempter } from './attempt.ts';
import { Chooser } from './chooser.ts';
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Queue } from './queue.ts';
import type { Health, Settlement } from './settlement.ts';
import { isSystemic } from './settlement.ts';
import type { PartFailure } from './suspects.ts';
import { Suspects } from './suspects.ts';
import type { Blamed } from './suspicion.ts';
import { mayBlameContent, Suspicion } from './suspicion.ts';

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
  readonly #chooser: Chooser;
  readonly #concurrency: ConcurrencyLimit;
  readonly #suspects: Suspects;
  readonly #suspicion = new Suspicion();
  #inFlight = 0;
  #flushing = 0;
  #stopped = false;
  /** Since when the oldest record waits for company; undefined while nothing waits. */
  #waitingSince: number | undefined;
  /** A full batch has been announced to the alarm. */
  #full = false;

  constructor(options: SenderOptions) {
    const { queue, clock, settlement, maxRecords } = options;
    this.#options = options;
    this.#chooser = new Chooser({ queue, clock, maxRecords, maxBytes: settlement.maxBytes });
    this.#concurrency = new ConcurrencyLimit(options.concurrency);
    this.#suspects = new Suspects({ queue, clock, giveUp: (record, reason) => settlement.giveUp(record, reason) });
    this.#alarm = new Alarm(clock, () => this.#pump());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that carried records sent before. */
  get retries(): number {
    return this.#chooser.retries;
  }

  /** Records were added to the queue. Cheap enough to be called for each of them. */
  wake(): void {
    const { queue, clock, maxDelayMillis } = this.#options;
    if (this.#waitingSince === undefined) {
      this.#waitingSince = clock.now();
      this.#alarm.set(this.#waitingSince + maxDelayMillis);
    } else if (!this.#full && queue.waiting >= this.#chooser.maxRecords) {
      this.#full = true;
      this.#alarm.set(clock.now());
    }
  }

  /** What the queue could not hand out before is at hand now. */
  poke(): void {
    this.#alarm.set(this.#options.clock.now());
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
    this.#suspects.stop();
  }

  #pump(): void {
    const { queue, breaker, clock } = this.#options;
    this.#full = false;
    this.#examine();
    while (!this.#stopped && queue.waiting > 0 && this.#inFlight < this.#concurrency.limit) {
      const now = clock.now();
      const due = this.#dueAt(now);
      const permit = due > now ? { retryAt: due } : breaker.admit(now);
      if ('retryAt' in permit) {
        this.#alarm.set(permit.retryAt);
        return;
      }
      const batch = this.#chooser.choose(permit, now, this.#inFlight === 0);
      if ('retryAt' in batch) {
        breaker.unused(permit);
        this.#alarm.set(batch.retryAt);
        // All that waited may have turned out to be damaged, or too old: whatever comes next must be waited for anew.
        break;
      }
      this.#waitingSince = queue.waiting > 0 ? now : undefined;
      void this.#begin(permit, () => this.#attempt(batch, permit));
    }
    if (queue.waiting === 0) this.#waitingSince = undefined;
  }

  #dueAt(now: number): number {
    const { queue, maxDelayMillis } = this.#options;
    if (this.#flushing > 0 || queue.waiting >= this.#chooser.maxRecords) return now;
    // Nothing is new: what waits has come back from an attempt and has waited for company before.
    return this.#waitingSince === undefined ? now : this.#waitingSince + maxDelayMillis;
  }

  /** One request for a batch under suspicion, if one is due: only while the circuit is closed, and never a probe. */
  #examine(): void {
    const { queue, breaker, clock } = this.#options;
    if (this.#stopped || this.#inFlight >= this.#concurrency.limit) return;
    if (breaker.state !== 'closed') {
      // Somebody must be there for the probe.
      if (queue.waiting === 0 && this.#inFlight === 0) this.#suspects.release();
      return;
    }
    if (!this.#chooser.mayRetry && queue.waiting > 0) return;
    const now = clock.now();
    const due = this.#suspects.dueAt;
    const permit = due > now ? { retryAt: due } : breaker.admit(now);
    if ('retryAt' in permit) {
      this.#alarm.set(permit.retryAt);
      return;
    }
    this.#chooser.retried();
    void this.#begin(permit, () => this.#suspects.examine((part) => this.#attemptPart(part, permit)));
  }

  async #begin(permit: Permit, work: () => Promise<void>): Promise<void> {
    const { breaker, diagnostics } = this.#options;
    this.#inFlight += 1;
    try {
      await work();
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
    const { attempter, settlement, breaker, queue, clock } = this.#options;
    const begun = clock.now();
    const attempt = await attempter.send(batch);
    const millis = clock.now() - begun;
    if (attempt.timedOut) this.#chooser.timedOut(batch.count);
    if (permit.small && attempt.verdict.kind === 'refused') {
      queue.release(batch);
      // Refused content proves that key and address are right again; if content was the reason, it still is.
      if (isSystemic(breaker.reason)) breaker.held(permit, breaker.reason ?? attempt.verdict.reason);
      else this.#report(permit, { kind: 'healthy' }, millis);
    } else if (this.#suspicion.fallsOn(batch, permit, attempt)) {
      this.#suspect(batch, permit, attempt);
    } else {
      this.#report(permit, await settlement.settle(batch, attempt), millis);
    }
    this.#suspicion.heard(attempt);
    this.#suspects.heard(attempt, permit);
  }

  /** The batch is taken out of the way of the others and searched. */
  #suspect(batch: Batch, permit: Permit, attempt: Blamed): void {
    const { diagnostics, queue } = this.#options;
    const { verdict, retryAfterMillis } = attempt;
    this.#report(permit, { kind: 'impaired', verdict, retryAfterMillis });
    if (!this.#suspects.admit(batch)) {
      queue.release(batch);
      return;
    }
    const { reason } = verdict;
    diagnostics.warn('suspect', `a batch fails (${reason}) while others are delivered; it is searched for the reason`);
  }

  /** A part of a suspect: its failure is no failure of the platform. */
  async #attemptPart(part: Batch, permit: Permit): Promise<PartFailure | undefined> {
    const { attempter, settlement, breaker } = this.#options;
    const attempt = await attempter.send(part);
    if (mayBlameContent(attempt)) {
      breaker.unused(permit);
      return { reason: attempt.verdict.reason, retryAfterMillis: attempt.retryAfterMillis };
    }
    this.#suspects.heard(attempt, permit);
    this.#report(permit, await settlement.settle(part, attempt));
    return undefined;
  }

  /** `millis` is how long the answer took, if that says something of the platform. */
  #report(permit: Permit, health: Health, millis?: number): void {
    if (health.kind === 'healthy') this.#healthy(permit, millis);
    else if (health.kind === 'impaired') this.#impaired(permit, health);
    else this.#options.breaker.unused(permit);
  }

  #healthy(permit: Permit, millis: number | undefined): void {
    const { breaker, diagnostics } = this.#options;
    breaker.succeeded(permit);
    this.#chooser.succeeded(permit);
    this.#concurrency.succeeded(millis);
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
      // Without a connection the content cannot be the reason.
      if (!verdict.connect) this.#chooser.failed(permit);
      breaker.failed(permit, verdict.reason, verdict.connect, retryAfterMillis);
    }
    if (breaker.state === 'open' || breaker.state === 'held') {
      diagnostics.warn('circuit', `delivery is paused (${breaker.reason}); ${queue.waiting} records wait`);
    }
  }
}
