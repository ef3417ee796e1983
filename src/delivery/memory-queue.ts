import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import { BLOCK_BYTES, type Block } from './block.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Queue, TakeOptions } from './queue.ts';
import { OFTEN } from './queue.ts';
import { type Run, RunBatch, startsAt } from './run-batch.ts';
import { Slots } from './slots.ts';

/** Records this far apart do not share a block where ages matter. */
const BLOCK_MILLIS = 60_000;

/** How long records may wait. */
export interface MaxAge {
  readonly clock: Clock;
  readonly maxMillis: number;
}

/**
 * A queue in memory, bounded in bytes, oldest dropped first.
 *
 *     waiting: [run 1][run 2][run 3 …grows]      taken: batches with runs of their own
 *                 │      │      │
 *     blocks:  ████████████  ████████████  ██░░░░░░   256 KiB each, texts joined by commas
 *
 * Texts become bytes in large reused blocks at once, so that nothing of a record outlives `append`: records that
 * wait as objects reach the old generation and cost more than everything else together. Runs, not records, are what
 * is moved: an hour's backlog is a few dozen of them.
 */
export class MemoryQueue implements Queue {
  readonly #budget: ByteBudget;
  readonly #onDrop: (count: number, reason: 'overflow' | 'expired') => void;
  readonly #age: MaxAge | undefined;
  #runs: Run[] = [];
  #open: Block | undefined;
  /** Batches that are taken, in no order. */
  readonly #batches = new Slots<RunBatch>();
  #appended = 0;
  /** When the open block was begun, where ages matter. */
  #bornAt = 0;
  #waiting = 0;
  #taken = 0;

  /** `onDrop` hears how many records had to go for younger ones, or were too old. */
  constructor(budget: ByteBudget, onDrop: (count: number, reason: 'overflow' | 'expired') => void, age?: MaxAge) {
    this.#budget = budget;
    this.#onDrop = onDrop;
    this.#age = age;
    budget.join({ oldest: () => this.#oldest(), dropOldest: () => this.#dropOldest() });
  }

  get waiting(): number {
    return this.#waiting;
  }

  get taken(): number {
    return this.#taken;
  }

  checkpoint(): () => boolean {
    const ordinal = this.#appended;
    return () => startsAt(this.#runs, ordinal) && this.#batches.members.every(({ runs }) => startsAt(runs, ordinal));
  }

  append(text: string): boolean {
    if (this.#age !== undefined) this.#closeOldBlock(this.#age);
    let block = this.#open;
    let bytes = block === undefined ? -1 : block.append(text);
    if (bytes < 0) {
      const size = Math.max(BLOCK_BYTES, Buffer.byteLength(text) + 1);
      block = this.#budget.block(size);
      this.#open = block;
      bytes = block.append(text);
    }
    // The bytes are already written; if they do not fit the budget they are simply forgotten again.
    if (!this.#budget.reserve(bytes)) {
      (block as Block).undo();
      return false;
    }
    if (this.#age !== undefined) (block as Block).touchedAt = this.#age.clock.now();
    this.#extend(block as Block);
    this.#appended += 1;
    this.#waiting += 1;
    return true;
  }

  appendTaken(text: string): Batch | undefined {
    return this.append(text) ? this.#handOut(this.#takeNewest()) : undefined;
  }

  take(options: TakeOptions): Batch | undefined {
    if (this.#age !== undefined) this.#expire(this.#age);
    return this.#handOut(options.newest ? this.#takeNewest() : this.#takeOldest(options));
  }

  split(batch: Batch, count: number): readonly [Batch, Batch] {
    const left: Run[] = [];
    const right: Run[] = [];
    let missing = count;
    for (const run of (batch as RunBatch).runs) {
      const here = Math.min(missing, run.to - run.from);
      if (here > 0) left.push({ ...run, to: run.from + here });
      if (here < run.to - run.from) right.push({ ...run, from: run.from + here });
      missing -= here;
    }
    this.#batches.remove(batch as RunBatch);
    return [this.#batches.add(new RunBatch(left)), this.#batches.add(new RunBatch(right))];
  }

  acknowledge(batch: Batch): void {
    this.#taken -= batch.count;
    this.#batches.remove(batch as RunBatch);
    for (const run of (batch as RunBatch).runs) this.#free(run.block, run.from, run.to);
  }

  release(batch: Batch): void {
    this.#taken -= batch.count;
    this.#waiting += batch.count;
    this.#batches.remove(batch as RunBatch);
    for (const run of (batch as RunBatch).runs) this.#insert({ ...run, attempts: run.attempts + 1 });
  }

  clear(): number {
    const count = this.#waiting;
    for (const run of this.#runs) this.#free(run.block, run.from, run.to);
    this.#runs = [];
    this.#waiting = 0;
    return count;
  }

  /** Hands waiting records, oldest first, to another queue until that takes no more; returns how many it took. */
  moveTo(accept: (text: string) => boolean): number {
    let count = 0;
    for (let run = this.#runs[0]; run !== undefined; run = this.#runs[0]) {
      if (!accept(run.block.text(run.from))) break;
      count += 1;
      this.#removeOldest(run);
    }
    return count;
  }

  #handOut(taken: readonly Run[]): Batch | undefined {
    if (taken.length === 0) return undefined;
    const batch = this.#batches.add(new RunBatch(taken));
    this.#waiting -= batch.count;
    this.#taken += batch.count;
    return batch;
  }

  #extend(block: Block): void {
    const last = this.#runs.at(-1);
    const index = block.count - 1;
    if (index === 0) block.ordinal = this.#appended;
    if (last !== undefined && last.block === block && last.to === index && last.attempts === 0) last.to += 1;
    else this.#runs.push({ block, from: index, to: index + 1, attempts: 0 });
  }

  #takeOldest({ maxRecords, maxBytes, fresh }: TakeOptions): Run[] {
    const taken: Run[] = [];
    let records = maxRecords;
    let bytes = maxBytes;
    let index = 0;
    while (index < this.#runs.length && records > 0) {
      const run = this.#runs[index] as Run;
      if (fresh && run.attempts > 0) {
        index += 1;
        continue;
      }
      const first = taken[0];
      if (first !== undefined && first.attempts >= OFTEN !== run.attempts >= OFTEN) break;
      const to = run.block.fit(run.from, Math.min(run.to, run.from + records), bytes, taken.length === 0);
      if (to === run.from) break;
      taken.push({ ...run, to });
      records -= to - run.from;
      bytes -= run.block.textBytes(run.from, to) + to - run.from;
      if (to < run.to) {
        run.from = to;
        break;
      }
      this.#runs.splice(index, 1);
    }
    return taken;
  }

  #takeNewest(): Run[] {
    const last = this.#runs.at(-1);
    if (last === undefined) return [];
    const taken = { ...last, from: last.to - 1 };
    last.to -= 1;
    if (last.from === last.to) this.#runs.pop();
    return [taken];
  }

  /** Released runs come from near the old end, so the search from the front is short. */
  #insert(run: Run): void {
    const at = this.#runs.findIndex(({ block, from }) =>
      block === run.block ? from >= run.to : block.sequence > run.block.sequence,
    );
    this.#runs.splice(at === -1 ? this.#runs.length : at, 0, run);
  }

  #free(block: Block, from: number, to: number): void {
    this.#budget.free(block.textBytes(from, to));
    block.live -= to - from;
    if (block.live > 0) return;
    // The open block is recycled in place: an idle queue holds one block, not a growing number of them.
    if (block === this.#open) block.reset(this.#budget.nextSequence());
    else this.#budget.recycle(block);
  }

  #oldest(): number {
    return this.#runs[0]?.block.sequence ?? Number.POSITIVE_INFINITY;
  }

  #dropOldest(): void {
    const run = this.#runs[0];
    if (run === undefined) return;
    this.#removeOldest(run);
    this.#onDrop(1, 'overflow');
  }

  /** Records of very different ages do not share a block, since blocks expire as a whole. */
  #closeOldBlock({ clock }: MaxAge): void {
    const isUsed = this.#open !== undefined && this.#open.count > 0;
    if (isUsed && clock.now() - this.#bornAt < BLOCK_MILLIS) return;
    if (isUsed) this.#open = this.#budget.block(BLOCK_BYTES);
    this.#bornAt = clock.now();
  }

  /** Whole runs of blocks whose youngest record is too old. */
  #expire({ clock, maxMillis }: MaxAge): void {
    const oldest = clock.now() - maxMillis;
    for (let run = this.#runs[0]; run !== undefined && run.block.touchedAt < oldest; run = this.#runs[0]) {
      const count = run.to - run.from;
      this.#runs.shift();
      this.#waiting -= count;
      this.#free(run.block, run.from, run.to);
      this.#onDrop(count, 'expired');
    }
  }

  #removeOldest(run: Run): void {
    const { block, from } = run;
    run.from += 1;
    if (run.from === run.to) this.#runs.shift();
    this.#waiting -= 1;
    this.#free(block, from, from + 1);
  }
}
