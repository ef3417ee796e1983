import { join } from 'node:path';
import type { DropReason } from '../ledger.ts';
import type { SpoolState } from '../stats.ts';
import { Adopter } from './adopter.ts';
import { Compressor } from './compressor.ts';
import { DeadLetterFiles } from './dead-letters.ts';
import { SpoolDirectory } from './directory.ts';
import { DiskQueue } from './disk-queue.ts';
import { DiskRoom } from './disk-room.ts';
import { atExit } from './exit.ts';
import type { Failure } from './failure.ts';
import { headerText } from './header.ts';
import type { SpoolHost } from './host.ts';
import { DEAD_FOLDER } from './names.ts';
import { isNetworkDisk } from './network-disk.ts';
import { Residence } from './residence.ts';
import { Retirement } from './retirement.ts';
import { Segment } from './segment.ts';
import type { SpoolOptions } from './spool-parts.ts';
import { Syncing } from './syncing.ts';

const TICK_MILLIS = 1_000;
/** Heartbeat, use of the disk, orphans. */
const ROUND_MILLIS = 10_000;

/** Longest wait for each step of closing. */
const CLOSE_MILLIS = 1_000;

/**
 * The records of one destination on disk: a directory of this process's own with a queue for each lane, what dead
 * processes have left, and the housekeeping. When the disk cannot be used it says so once, tries again every half
 * minute, and leaves records to whoever has memory for them.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #directory: SpoolDirectory;
  readonly #room: DiskRoom;
  readonly #residence: Residence;
  readonly #retirement: Retirement;
  readonly #adopter: Adopter;
  readonly #compressor: Compressor;
  readonly #deadLetters: DeadLetterFiles;
  readonly #syncing: Syncing;
  readonly #queues: ReadonlyMap<string, DiskQueue>;
  readonly #forgetExit: () => void;
  #cancelTick: () => void;
  #roundAt: number;
  #closed = false;

  constructor(options: SpoolOptions) {
    const { files, clock, settings, platform, lanes } = options;
    const { directory, name, maxDiskBytes: maxBytes, minFreeBytes } = settings;
    this.#options = options;
    this.#directory = new SpoolDirectory({ files, clock, directory, platform, name });
    this.#room = new DiskRoom({ files, maxBytes, minFreeBytes });
    this.#retirement = new Retirement(files);
    this.#compressor = new Compressor(files, (failure) => this.#troubled('compress', failure));
    this.#deadLetters = new DeadLetterFiles({ files, clock, maxBytes: settings.maxDeadLetterBytes });
    this.#adopter = new Adopter({
      ...{ files, clock, directory: this.#directory, retirement: this.#retirement, room: this.#room },
      onRecovered: (lane, segment, damaged) => this.#recovered(lane, segment, damaged),
      onTrouble: (what, failure) => this.#troubled(what, failure),
    });
    this.#roundAt = clock.now();
    this.#residence = new Residence({
      ...{ files, clock, diagnostics: options.diagnostics, directory: this.#directory },
      onLost: (reason) => this.#lost(reason),
    });
    const host = this.#host();
    this.#queues = new Map(
      lanes.map(({ name: lane, onReadable }) => [
        lane,
        new DiskQueue({ lane, host, onReadable, onDrop: options.onDrop }),
      ]),
    );
    for (const queue of this.#queues.values()) this.#room.join(queue);
    this.#syncing = new Syncing(clock, settings, () => [...this.#queues.values()]);
    this.#forgetExit = atExit(() => this.#closeNow());
    this.#cancelTick = clock.after(0, () => this.#round());
  }

  /** What is wrong with the directory, while records wait in memory for it. */
  get problem(): string | undefined {
    return this.#residence.problem;
  }

  queue(lane: string): DiskQueue {
    return this.#queues.get(lane) as DiskQueue;
  }

  isUsable(): boolean {
    return this.#residence.isUsable();
  }

  /** Nothing can be written for now. */
  fail(failure: Failure): void {
    this.#residence.fail(failure);
  }

  /** Gives up old records on a full disk, or a lost directory for a new one; false when there is nothing to be done. */
  relieve({ code }: Failure): boolean {
    if (code === 'ENOENT') return this.#residence.move();
    return (code === 'ENOSPC' || code === 'EDQUOT') && this.#room.dropOldest();
  }

  /** A record was appended. */
  appended(): void {
    this.#residence.proven();
    this.#syncing.appended();
  }

  /** Resolves when the disk has confirmed everything that was appended before; false if it could not. */
  sync(): Promise<boolean> {
    return this.#syncing.now();
  }

  /** A record was refused for good; it is kept for `logferry spool`. */
  deadLetter(lane: string, text: string, reason: string): void {
    const { destination, instance } = this.#directory;
    if (destination === undefined || instance === undefined) return;
    const letter = { platform: this.#options.platform, lane, reason, text };
    const kept = this.#deadLetters.write(join(destination, DEAD_FOLDER), instance.instance, letter);
    if (!kept) this.#troubled('dead letter', { code: 'not written' });
  }

  get pendingBytes(): number {
    return [...this.#queues.values()].reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
  }

  get diskBytes(): number {
    return this.#room.ownBytes;
  }

  get state(): SpoolState {
    if (this.#residence.problem !== undefined) return 'memory';
    return [...this.#queues.values()].some(({ appender }) => appender.isAsynchronous) ? 'delayed' : 'disk';
  }

  /** Ends writing in order: what is on its way to the disk arrives there, and what waits is left to the next process. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#stop();
    // A disk that hangs must not hold the application: the records are written, only the confirmation is missing.
    await Promise.race([this.#syncing.now(), this.#options.clock.sleep(CLOSE_MILLIS)]);
    for (const queue of this.#queues.values()) queue.close(false);
    await Promise.race([this.#retirement.settled(), this.#options.clock.sleep(CLOSE_MILLIS)]);
    this.#leave();
  }

  /** The same at the end of the process, when nothing can be waited for. */
  #closeNow(): void {
    if (!this.#closed) this.#options.onTick();
    this.#stop();
    for (const queue of this.#queues.values()) queue.close(true);
    this.#retirement.settleNow();
    this.#leave();
  }

  #stop(): void {
    this.#closed = true;
    this.#residence.end();
    this.#cancelTick();
    this.#adopter.stop();
  }

  #leave(): void {
    const queues = [...this.#queues.values()];
    // Whoever took it over now would not see what is still on its way to the disk.
    if (queues.some(({ appender }) => appender.unwrittenBytes > 0)) return;
    this.#forgetExit();
    const empty = queues.every(({ segments }) => segments.every(({ recovered }) => recovered));
    this.#directory.close(empty);
  }

  #host(): SpoolHost {
    const { files, clock, settings, platform } = this.#options;
    const { root } = this.#directory;
    return {
      ...{ files, clock, asynchronous: root !== undefined && isNetworkDisk(files, root) },
      ...{ syncPolicy: settings.fsync, segmentBytes: settings.segmentBytes, segmentMillis: settings.segmentMillis },
      header: (lane) => headerText({ platform, lane, openedMillis: clock.wallNow() }),
      begin: (lane, now) => this.#begin(lane, now),
      isOurs: (now) => this.#residence.isOurs(now),
      retire: (segment) => this.#retire(segment),
      failed: (failure) => void (this.relieve(failure) || this.fail(failure)),
      slow: () => this.#options.diagnostics.warn('slow', 'the disk of the spool is slow; writing in the background'),
      troubled: (what, failure) => this.#troubled(what, failure),
    };
  }

  #troubled(what: string, { code }: Failure): void {
    this.#options.diagnostics.warn(`spool-${what}`, `the spool has trouble (${what}: ${code})`);
  }

  #begin(lane: string, now: number): Segment | Failure {
    this.#room.make(this.#options.settings.segmentBytes);
    const { instance } = this.#directory;
    const file = this.#directory.nextSegment(lane);
    if (instance === undefined || file === undefined) return { code: 'ENOENT' };
    if (this.#room.isDiskLow(instance.path)) return { code: 'too little space' };
    return new Segment({ ...file, openedAt: now });
  }

  #retire(segment: Segment): void {
    if (segment.recovered) this.#adopter.retired();
    this.#retirement.retire(segment);
  }

  #lost(reason: DropReason): void {
    for (const queue of this.#queues.values()) queue.abandon(reason);
    this.#adopter.restart();
    this.#retirement.forget();
  }

  #recovered(lane: string, segment: Segment, damaged: number): boolean {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return false;
    const { waiting } = segment;
    if (waiting > 0) queue.adopt(segment);
    if (waiting + damaged > 0) this.#options.onRecovered(waiting, damaged);
    return true;
  }

  #round(): void {
    const now = this.#options.clock.now();
    this.#cancelTick = this.#options.clock.after(TICK_MILLIS, () => this.#round());
    const due = now >= this.#roundAt;
    if (due) this.#residence.verify(now);
    else this.#residence.seen(now);
    this.#residence.isUsable();
    for (const queue of this.#queues.values()) {
      queue.appender.sealIfOld(now);
      queue.expire(now, this.#options.maxAgeMillis);
    }
    this.#syncing.tick(now);
    this.#options.onTick();
    this.#compress();
    if (!due) return;
    this.#roundAt = now + ROUND_MILLIS;
    this.#directory.touch();
    void this.#adopter.run();
  }

  #compress(): void {
    const { settings, isImpaired } = this.#options;
    if (settings.compress) void this.#compressor.run([...this.#queues.values()], () => !this.#closed && isImpaired());
  }
}
