import type { Clock } from '../../clock.ts';
import type { DiskQueue } from './disk-queue.ts';
import type { SpoolSettings } from './spool-settings.ts';

/** A disk that takes longer than this is asked less often. */
const SLOW_MILLIS = 250;
const MAX_INTERVAL_MILLIS = 30_000;

/** Decides when the disk is asked to keep what was written; always in the thread pool, never twice at once. */
export class Syncing {
  readonly #clock: Clock;
  readonly #settings: SpoolSettings;
  readonly #queues: () => readonly DiskQueue[];
  #interval: number;
  #dueAt: number;
  #running: Promise<boolean> | undefined;
  #scheduled = false;

  constructor(clock: Clock, settings: SpoolSettings, queues: () => readonly DiskQueue[]) {
    this.#clock = clock;
    this.#settings = settings;
    this.#queues = queues;
    this.#interval = settings.fsyncMillis;
    this.#dueAt = clock.now() + this.#interval;
  }

  /** A record was appended; with the policy `batch` all records of one turn of the event loop are synced together. */
  appended(): void {
    if (this.#settings.fsync !== 'batch' || this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.after(0, () => {
      this.#scheduled = false;
      void this.now();
    });
  }

  tick(now: number): void {
    if (this.#settings.fsync !== 'interval' || now < this.#dueAt || this.#running !== undefined) return;
    void this.#timed(now);
  }

  async #timed(begun: number): Promise<void> {
    await this.now();
    const end = this.#clock.now();
    const slow = end - begun > SLOW_MILLIS;
    this.#interval = slow ? Math.min(this.#interval * 2, MAX_INTERVAL_MILLIS) : this.#settings.fsyncMillis;
    // From its beginning: what is written meanwhile waits no longer than that.
    this.#dueAt = (slow ? end : begun) + this.#interval;
  }

  /** Syncs everything that was appended before the call; false when the disk refused. Never rejects. */
  async now(): Promise<boolean> {
    // What is under way may have begun before the last record.
    await this.#running;
    this.#running ??= this.#syncAll();
    return this.#running;
  }

  async #syncAll(): Promise<boolean> {
    const results = await Promise.all(this.#queues().map(({ appender }) => appender.sync()));
    this.#running = undefined;
    return results.every(Boolean);
  }
}
