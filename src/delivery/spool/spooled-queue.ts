import type { Batch } from '../../codec/batch.ts';
import type { MemoryQueue } from '../memory-queue.ts';
import type { Queue, TakeOptions } from '../queue.ts';
import { DiskBatch } from './disk-batch.ts';
import type { DiskQueue } from './disk-queue.ts';
import type { Failure } from './failure.ts';
import type { Spool } from './spool.ts';

/**
 * The queue of one lane with a spool: on disk while the disk can be used, else in memory; what waits in memory moves to
 * the disk as soon as that can be used again. So what is on disk is older than what is in memory, always.
 */
export class SpooledQueue implements Queue {
  readonly #spool: Spool;
  readonly #disk: DiskQueue;
  readonly #memory: MemoryQueue;
  /** Set when records moved: checks made before follow them to the disk. */
  #moved: (() => boolean) | undefined;

  constructor(spool: Spool, disk: DiskQueue, memory: MemoryQueue) {
    this.#spool = spool;
    this.#disk = disk;
    this.#memory = memory;
  }

  get waiting(): number {
    return this.#disk.waiting + this.#memory.waiting;
  }

  get taken(): number {
    return this.#disk.taken + this.#memory.taken;
  }

  checkpoint(): () => boolean {
    const disk = this.#disk.checkpoint();
    const memory = this.#memory.checkpoint();
    const moved = this.#moved;
    return () => disk() && memory() && (this.#moved === moved || this.#moved?.() === true);
  }

  append(text: string): boolean {
    return (this.#isOpen() && this.#write(() => this.#disk.append(text))) || this.#memory.append(text);
  }

  appendTaken(text: string): Batch | undefined {
    let batch: Batch | undefined;
    const take = (): Failure | undefined => {
      const taken = this.#disk.appendTaken(text);
      if ('code' in taken) return taken;
      batch = taken;
      return undefined;
    };
    return this.#isOpen() && this.#write(take) ? batch : this.#memory.appendTaken(text);
  }

  /** Whether the next record may go to the disk: it must not overtake those that wait for it in memory. */
  #isOpen(): boolean {
    if (!this.#spool.isUsable()) return false;
    if (this.#memory.waiting > 0) this.drain();
    return this.#memory.waiting === 0;
  }

  #write(append: () => Failure | undefined): boolean {
    let failure = append();
    while (failure !== undefined && this.#spool.relieve(failure)) failure = append();
    if (failure === undefined) this.#spool.appended();
    else this.#spool.fail(failure);
    return failure === undefined;
  }

  take(options: TakeOptions): Batch | undefined {
    if (options.newest) return this.#memory.take(options) ?? this.#disk.take(options);
    const batch = this.#disk.take(options);
    // Order is kept: what is being read from the disk comes before what is in memory.
    return batch ?? (this.#disk.isReading ? undefined : this.#memory.take(options));
  }

  split(batch: Batch, count: number): readonly [Batch, Batch] {
    return this.#of(batch).split(batch, count);
  }

  acknowledge(batch: Batch): void {
    this.#of(batch).acknowledge(batch);
  }

  release(batch: Batch): void {
    this.#of(batch).release(batch);
  }

  /** Drops what waits in memory; what is on disk stays there for the next process. */
  clear(): number {
    this.drain();
    return this.#memory.clear();
  }

  /** Writes again what the disk may not have kept, and moves what waits in memory to the disk. */
  drain(): void {
    if (!this.#spool.isUsable()) return;
    const unsynced = this.#disk.takeUnsynced();
    if (unsynced !== undefined) this.#rewrite(unsynced);
    if (this.#memory.waiting === 0) return;
    const count = this.#memory.moveTo((text) => this.#write(() => this.#disk.append(text)));
    if (count > 0) this.#moved = this.#disk.checkpoint();
  }

  #rewrite(batch: DiskBatch): void {
    let count = 0;
    for (const text of batch.texts()) {
      if (!this.#write(() => this.#disk.append(text))) break;
      count += 1;
    }
    this.#moved = this.#disk.checkpoint();
    const [written, rest] = this.#disk.split(batch, count);
    this.#disk.acknowledge(written);
    this.#disk.release(rest);
  }

  #of(batch: Batch): DiskQueue | MemoryQueue {
    return batch instanceof DiskBatch ? this.#disk : this.#memory;
  }
}
