import type { Batch } from '../../codec/batch.ts';
import type { MemoryQueue } from '../memory-queue.ts';
import type { Queue, TakeOptions } from '../queue.ts';
import { DiskBatch } from './disk-batch.ts';
import type { DiskQueue } from './disk-queue.ts';
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
    return this.#toDisk(text) || this.#memory.append(text);
  }

  #toDisk(text: string): boolean {
    if (!this.#spool.isUsable()) return false;
    if (this.#memory.waiting > 0) this.drain();
    let failure = this.#disk.append(text);
    while (failure !== undefined && this.#spool.relieve(failure)) failure = this.#disk.append(text);
    if (failure === undefined) this.#spool.appended();
    else this.#spool.fail(failure);
    return failure === undefined;
  }

  appendTaken(text: string): Batch | undefined {
    const batch = this.#spool.isUsable() ? this.#disk.appendTaken(text) : undefined;
    if (batch instanceof DiskBatch) return batch;
    return this.#memory.appendTaken(text);
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
    const count = this.#memory.moveTo((text) => this.#disk.append(text) === undefined);
    if (count === 0) return;
    const next = this.#disk.checkpoint();
    this.#moved = next;
    this.#spool.appended();
  }

  #rewrite(batch: DiskBatch): void {
    for (const text of batch.texts()) {
      if (this.#disk.append(text) === undefined) continue;
      this.#disk.release(batch);
      return;
    }
    this.#moved = this.#disk.checkpoint();
    this.#disk.acknowledge(batch);
  }

  #of(batch: Batch): DiskQueue | MemoryQueue {
    return batch instanceof DiskBatch ? this.#disk : this.#memory;
  }
}
