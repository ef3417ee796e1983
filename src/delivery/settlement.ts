import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import type { Codec } from '../codec/codec.ts';
import { shrinkJson } from '../codec/limits.ts';
import type { Attempt, Attempter } from './attempt.ts';
import type { Diagnostics } from './diagnostics.ts';
import { isolate } from './isolate.ts';
import { LearnedLimit, SMALLEST_LIMIT } from './learned-limit.ts';
import type { Ledger } from './ledger.ts';
import type { Queue } from './queue.ts';
import type { Impediment, Verdict } from './verdict.ts';
import { impedes } from './verdict.ts';

export interface SettlementOptions {
  readonly queue: Queue;
  readonly codec: Codec;
  readonly attempter: Attempter;
  readonly ledger: Ledger;
  readonly diagnostics: Diagnostics;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** A record given up, as its JSON text. */
  readonly onDeadLetter: (text: string, reason: string) => void;
  /** Called whenever records ended. */
  readonly onProgress: () => void;
}

/** What an attempt says of the platform, once its records are where they belong. */
export type Health =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'impaired'; readonly verdict: Impediment; readonly retryAfterMillis: number | undefined }
  /** The request was cut off by ourselves. */
  | { readonly kind: 'unknown' };

/** Refusals of lone records in a row, without any success, that are believed. */
const MAX_UNPROVEN = 2;
const SYSTEMIC = 'every record is refused';
const HEALTHY: Health = { kind: 'healthy' };

/** Whether a circuit is held because of what the records say rather than because of key or address. */
export function isSystemic(reason: string | undefined): boolean {
  return reason?.startsWith(SYSTEMIC) === true;
}

/** Brings every record of an attempted batch to where its verdict says: delivered, dead-lettered, or waiting again. */
export class Settlement {
  readonly #options: SettlementOptions;
  /** Bytes of one body, as configured or as learned from 413 answers. */
  readonly maxBytes: LearnedLimit;
  /** Refusals believed without proof since the last success. */
  #unproven = 0;
  /** "Nothing stored" answers since the last success. */
  #unstored = 0;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.maxBytes = new LearnedLimit(options.maxBytes, options.clock);
  }

  async settle(batch: Batch, attempt: Attempt): Promise<Health> {
    const { verdict } = attempt;
    if (!attempt.aborted) {
      switch (verdict.kind) {
        case 'delivered':
          this.maxBytes.passed(sizeOf(batch));
          this.#delivered(batch, verdict);
          return HEALTHY;
        case 'tooLarge':
          return this.#cut(batch, verdict.reason);
        case 'refused':
          return this.#refused(batch, verdict);
        case 'unstored':
          return this.#notStored(batch, verdict);
      }
    }
    this.#options.queue.release(batch);
    return health(attempt);
  }

  #delivered(batch: Batch, verdict: Verdict & { kind: 'delivered' }): void {
    const { queue, ledger, onProgress } = this.#options;
    this.#unproven = 0;
    this.#unstored = 0;
    const rejected = verdict.rejected ?? [];
    const acknowledge = (part: Batch): void => {
      queue.acknowledge(part);
      ledger.deliver(part.count);
    };
    acknowledge(this.#takeOut(batch, rejected, acknowledge));
    onProgress();
  }

  /** Dead-letters single records of a batch; the pieces between them go to `keep`, the first piece is returned. */
  #takeOut(
    batch: Batch,
    records: readonly { readonly index: number; readonly reason: string }[],
    keep: (part: Batch) => void,
  ): Batch {
    const { queue } = this.#options;
    let front = batch;
    // From the back, so that the indexes in front keep their meaning; each once, however often it is named.
    const reasons = new Map(
      records.filter(({ index }) => isIndex(index, batch)).map(({ index, reason }) => [index, reason]),
    );
    for (const [index, reason] of [...reasons].sort(([a], [b]) => b - a)) {
      const [before, from] = queue.split(front, index);
      const [one, after] = queue.split(from, 1);
      this.giveUp(one, reason);
      keep(after);
      front = before;
    }
    return front;
  }

  /** Ends a single record that cannot be delivered. */
  giveUp(batch: Batch, reason: string): void {
    const { queue, ledger, onDeadLetter, diagnostics, onProgress } = this.#options;
    // First kept as a dead letter, then let go of: a crash in between must not lose it.
    onDeadLetter(textOf(batch), reason);
    queue.acknowledge(batch);
    ledger.deadLetter(batch.count);
    diagnostics.warn('dead-letter', `a record was refused for good (${reason})`);
    onProgress();
  }

  /** 413: the limit is learned and the records are cut anew; a record that is too large alone is cut itself, once. */
  async #cut(batch: Batch, reason: string): Promise<Health> {
    const { queue, codec, attempter } = this.#options;
    if (batch.count > 1 && this.maxBytes.refused(sizeOf(batch))) {
      queue.release(batch);
      return HEALTHY;
    }
    // Whoever calls everything too large is misconfigured: isolation looks for proof before it gives a record up.
    if (batch.count > 1) return this.#isolate(batch, { kind: 'refused', reason });
    const framing = codec.framing(1);
    const half = Math.max(SMALLEST_LIMIT, Math.floor(batch.bytes / 2));
    const shorter = shrinkJson(textOf(batch), Math.min(half, this.maxBytes.bytes));
    const attempt = await attempter.sendBody(Buffer.from(framing.open + shorter + framing.close), 1);
    const { verdict } = attempt;
    if (verdict.kind === 'delivered') {
      this.#delivered(batch, verdict);
      return HEALTHY;
    }
    if (verdict.kind === 'tooLarge' || verdict.kind === 'refused') {
      return this.#isolate(batch, { kind: 'refused', reason });
    }
    queue.release(batch);
    return health(attempt);
  }

  async #refused(batch: Batch, verdict: Verdict & { kind: 'refused' }): Promise<Health> {
    const { queue } = this.#options;
    const { reason, indexes = [] } = verdict;
    const named = [...new Set(indexes)].filter((index) => isIndex(index, batch)).map((index) => ({ index, reason }));
    // If all of them are named it may as well be our own doing, and isolation looks for proof.
    if (named.length === 0 || named.length === batch.count) return this.#isolate(batch, verdict);
    const release = (part: Batch): void => queue.release(part);
    release(this.#takeOut(batch, named, release));
    return HEALTHY;
  }

  /** Nothing was stored: the first time an outage behind the platform is more likely than one bad record. */
  async #notStored(batch: Batch, verdict: Verdict & { kind: 'unstored' }): Promise<Health> {
    this.#unstored += 1;
    const suspicious = this.#unstored > 1 && Number.isInteger(Math.log2(this.#unstored));
    if (suspicious) return this.#isolate(batch, verdict);
    this.#options.queue.release(batch);
    return { kind: 'impaired', verdict: transient(verdict.reason), retryAfterMillis: undefined };
  }

  async #isolate(batch: Batch, cause: Verdict & { kind: 'refused' | 'unstored' }): Promise<Health> {
    const { queue, attempter } = this.#options;
    let last: Attempt | undefined;
    const result = await isolate(batch, cause.reason, {
      send: async (part) => {
        last = await attempter.send(part);
        return last.verdict;
      },
      split: (part, count) => queue.split(part, count),
      takeControl: () =>
        queue.take({ maxRecords: 1, maxBytes: 0, newest: true }) ?? (queue.waiting > 0 ? 'later' : undefined),
      delivered: (part, verdict) => this.#delivered(part, verdict),
      dead: (part, reason) => this.giveUp(part, reason),
      release: (part) => queue.release(part),
      mayGiveUpUnproven: () => {
        this.#unproven += 1;
        return cause.kind === 'refused' && this.#unproven <= MAX_UNPROVEN;
      },
    });
    if (result.kind === 'settled') return HEALTHY;
    if (result.kind === 'interrupted' && last !== undefined) return health({ ...last, verdict: result.verdict });
    if (result.kind === 'undecided' || cause.kind === 'unstored') {
      return { kind: 'impaired', verdict: transient(cause.reason), retryAfterMillis: undefined };
    }
    const verdict: Impediment = { kind: 'held', reason: `${SYSTEMIC} (${cause.reason})` };
    return { kind: 'impaired', verdict, retryAfterMillis: undefined };
  }
}

function transient(reason: string): Impediment {
  return { kind: 'transient', reason };
}

function health({ verdict, retryAfterMillis, aborted }: Attempt): Health {
  if (aborted) return { kind: 'unknown' };
  if (impedes(verdict)) return { kind: 'impaired', verdict, retryAfterMillis };
  return { kind: 'impaired', verdict: transient(verdict.kind), retryAfterMillis: undefined };
}

/** What a platform names may be anything. */
function isIndex(index: number, batch: Batch): boolean {
  return Number.isInteger(index) && index >= 0 && index < batch.count;
}

/** Bytes of a body without its frame. */
function sizeOf({ bytes, count }: Batch): number {
  return bytes + count - 1;
}

function textOf(batch: Batch): string {
  const bytes = Buffer.alloc(batch.bytes);
  batch.copy(bytes, 0);
  return bytes.toString('utf8');
}
