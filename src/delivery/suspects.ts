import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import type { Attempt } from './attempt.ts';
import type { Permit } from './circuit-breaker.ts';
import type { Queue } from './queue.ts';

/** At most one request in this time is spent on all suspects together: each may cost the platform a crash. */
const PACE_MILLIS = 10_000;
/** A record that fails all by itself is tried again this often. */
const PARKED_MILLIS = 600_000;
/** It is given up when it still fails this long after it came under suspicion. */
const MAX_AGE_MILLIS = 86_400_000;
/** Batches under suspicion at once; further ones are retried like any other. */
const MAX_SUSPECTS = 8;
/** Single records that wait for their next try; the one longest under suspicion makes room for a further one. */
const MAX_PARKED = 64;

export interface SuspectsOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  /** Ends a single record, which becomes a dead letter. */
  readonly giveUp: (record: Batch, reason: string) => void;
}

/** How a request for a part failed. */
export interface PartFailure {
  readonly reason: string;
  /** How long the platform asked us to wait. */
  readonly retryAfterMillis: number | undefined;
}

/** A batch that fails while others pass. */
interface Suspect {
  /** Monotonic. */
  readonly since: number;
  /** Deliveries that had been heard of by then. */
  readonly deliveries: number;
  /** Failures in a row, with no delivery of anything between, that can still be one record's fault. */
  readonly credible: number;
  /** What is left of it, oldest part last. */
  readonly parts: Batch[];
}

/** A single record that fails by itself. */
interface Parked {
  readonly record: Batch;
  readonly suspect: Suspect;
  /** How it failed. */
  readonly reason: string;
  readonly dueAt: number;
}

/**
 * Finds the record for which a platform answers 5xx or nothing at all, while everything else flows: batches are taken
 * out of the queue, halved at a slow pace, and the record that fails alone is parked. Nothing is given up unless the
 * platform took other records in the meantime, since an outage looks the same; when too many parts fail in a row
 * without any such proof, they all go back to the queue, where the circuit breaker deals with them.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  /** The first is worked on. */
  readonly #suspects: Suspect[] = [];
  /** In the order of their next tries. */
  readonly #parked: Parked[] = [];
  #underWay = false;
  #released = false;
  /** When the next request may go. */
  #nextAt = 0;
  #deliveries = 0;
  /** Failures since the last delivery. */
  #unproven = 0;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** When there is something to send (monotonic); `Infinity` while a request is under way or nothing is held. */
  get dueAt(): number {
    if (this.#underWay || (this.#suspects.length === 0 && this.#parked.length === 0)) return Number.POSITIVE_INFINITY;
    return Math.max(this.#nextAt, this.#parkedIsFirst ? this.#parkedDueAt : this.#suspectDueAt);
  }

  get #suspectDueAt(): number {
    const suspect = this.#suspects[0];
    return suspect === undefined ? Number.POSITIVE_INFINITY : suspect.since + PACE_MILLIS;
  }

  get #parkedDueAt(): number {
    return this.#parked[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** Whoever waits longer goes first, so that neither side starves. */
  get #parkedIsFirst(): boolean {
    return this.#parkedDueAt < this.#suspectDueAt;
  }

  /** Takes charge of a taken batch; false when there is no room. */
  admit(batch: Batch): boolean {
    if (this.#suspects.length >= MAX_SUSPECTS || this.#released) return false;
    if (this.#suspects.length === 0) this.#unproven = 0;
    this.#suspects.push({
      since: this.#options.clock.now(),
      deliveries: this.#deliveries,
      credible: Math.ceil(Math.log2(batch.count)) + 1,
      parts: [batch],
    });
    return true;
  }

  /** Hears of every request. What is delivered proves that the platform works; a probe may be all that it takes. */
  heard({ verdict }: Attempt, { probe }: Permit): void {
    if (verdict.kind !== 'delivered' || probe) return;
    this.#deliveries += 1;
    this.#unproven = 0;
  }

  /**
   * Has the part that is due sent by `send`, which answers how it failed, or undefined when the part is settled (it is
   * ours no longer then).
   */
  async examine(send: (part: Batch) => Promise<PartFailure | undefined>): Promise<void> {
    const parked = this.#parkedIsFirst ? this.#parked.shift() : undefined;
    const suspect = parked?.suspect ?? this.#suspects[0];
    const part = parked?.record ?? suspect?.parts.pop();
    if (suspect === undefined || part === undefined) return;
    let failure: PartFailure | undefined;
    this.#underWay = true;
    this.#nextAt = this.#options.clock.now() + PACE_MILLIS;
    try {
      failure = await send(part);
    } finally {
      this.#underWay = false;
    }
    if (failure !== undefined) this.#failed(part, suspect, failure, parked !== undefined);
    if (this.#suspects[0]?.parts.length === 0) this.#suspects.shift();
  }

  /** Everything that is held waits in the queue again; a part that is being sent follows if it fails. */
  release(): void {
    const parts = this.#suspects.splice(0).flatMap(({ parts: open }) => open);
    const records = this.#parked.splice(0).map(({ record }) => record);
    for (const batch of [...parts, ...records]) this.#options.queue.release(batch);
  }

  /** The same, and nothing is taken charge of any more. */
  stop(): void {
    this.#released = true;
    this.release();
  }

  #failed(part: Batch, suspect: Suspect, failure: PartFailure, wasParked: boolean): void {
    const { queue, clock } = this.#options;
    if (failure.retryAfterMillis !== undefined) {
      this.#nextAt = Math.max(this.#nextAt, clock.now() + failure.retryAfterMillis);
    }
    if (this.#released || (!wasParked && this.#suspects[0] !== suspect)) {
      queue.release(part);
    } else if (wasParked) {
      this.#failedAgain(part, suspect, failure);
    } else {
      this.#unproven += 1;
      if (this.#unproven > suspect.credible) {
        queue.release(part);
        this.#releaseSuspects();
      } else if (part.count > 1) {
        suspect.parts.push(...queue.split(part, Math.ceil(part.count / 2)).toReversed());
      } else {
        this.#park(part, suspect, failure);
      }
    }
  }

  #failedAgain(record: Batch, suspect: Suspect, failure: PartFailure): void {
    const old = this.#options.clock.now() - suspect.since >= MAX_AGE_MILLIS;
    if (old && this.#proven(suspect)) this.#options.giveUp(record, `${failure.reason} at every try for 24 hours`);
    else this.#park(record, suspect, failure);
  }

  #park(record: Batch, suspect: Suspect, failure: PartFailure): void {
    const { reason } = failure;
    this.#parked.push({ record, suspect, reason, dueAt: this.#options.clock.now() + PARKED_MILLIS });
    if (this.#parked.length <= MAX_PARKED) return;
    const oldest = this.#parked.reduce((first, other) => (other.suspect.since < first.suspect.since ? other : first));
    this.#parked.splice(this.#parked.indexOf(oldest), 1);
    if (this.#proven(oldest.suspect)) this.#options.giveUp(oldest.record, `${oldest.reason}, like too many others`);
    else this.#options.queue.release(oldest.record);
  }

  /** Whether the platform has taken anything since the suspicion arose. */
  #proven({ deliveries }: Suspect): boolean {
    return this.#deliveries > deliveries;
  }

  #releaseSuspects(): void {
    for (const { parts } of this.#suspects.splice(0)) for (const part of parts) this.#options.queue.release(part);
  }
}
