import type { Clock } from '../../clock.ts';
import type { Diagnostics } from '../diagnostics.ts';
import type { DropReason } from '../ledger.ts';
import { Availability } from './availability.ts';
import type { SpoolDirectory } from './directory.ts';
import type { Failure } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import { parseInstance } from './names.ts';

export interface ResidenceOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly diagnostics: Diagnostics;
  readonly directory: SpoolDirectory;
  /** The files of this process are not its own any more. */
  readonly onLost: (reason: DropReason) => void;
}

/** After a longer pause another process may have taken us for dead. */
const PAUSE_MILLIS = 5_000;

/** Whether this process's directory can be written to and is still its own; a new one is opened when it is not. */
export class Residence {
  readonly #options: ResidenceOptions;
  readonly #availability: Availability;
  /** Monotonic time of the last sign that this process was not paused. */
  #seenAt: number;

  constructor(options: ResidenceOptions) {
    const { clock, diagnostics } = options;
    this.#options = options;
    this.#availability = new Availability(clock, diagnostics);
    this.#seenAt = clock.now();
    this.#open();
  }

  /** What is wrong, while records wait in memory. */
  get problem(): string | undefined {
    return this.#availability.problem;
  }

  /** Whether records can be written; tries a disk again that could not be used half a minute ago. */
  isUsable(): boolean {
    if (this.#availability.isUsable) return true;
    if (!this.#availability.isRetryDue) return false;
    if (this.#options.directory.instance === undefined) return this.#open();
    this.#availability.retry();
    return true;
  }

  /** Nothing can be written for now. */
  fail({ code }: Failure): void {
    // A queue for the thread pool that is full says nothing about the disk.
    if (code !== 'EBUSY') this.#availability.failed(`the spool cannot be written to (${code})`);
  }

  /** Whether the directory is ours, looked at only after a pause. */
  isOurs(now: number): boolean {
    return now - this.#seenAt < PAUSE_MILLIS || this.verify(now);
  }

  /** This process runs. */
  seen(now: number): void {
    if (now - this.#seenAt >= PAUSE_MILLIS) this.verify(now);
    else this.#seenAt = now;
  }

  /** Looks whether the directory is still ours; if it is not, its records are given up and a new one is opened. */
  verify(now: number): boolean {
    this.#seenAt = now;
    const { files, directory, diagnostics, onLost } = this.#options;
    const { instance, destination } = directory;
    if (instance === undefined) return false;
    if (directory.isOurs()) return true;
    const takenOver = destination !== undefined && isAdopted(files, destination, instance.instance);
    directory.forget();
    onLost(takenOver ? 'taken_over' : 'spool_lost');
    const text = takenOver ? 'another process has taken over the spool directory' : 'the spool directory was deleted';
    diagnostics.warn('directory', `${text}; going on in a new one`);
    return this.#open();
  }

  /** Something was written. */
  proven(): void {
    this.#availability.proven();
  }

  /** Looks whether the directory has been lost; true when there is a new one. */
  move(): boolean {
    const { directory, clock } = this.#options;
    const before = directory.instance;
    return this.verify(clock.now()) && directory.instance !== before;
  }

  /** Nothing is written any more. */
  end(): void {
    this.#availability.ended();
  }

  #open(): boolean {
    const unusable = this.#options.directory.open();
    if (unusable === undefined) this.#availability.retry();
    else this.#availability.failed(unusable.reason);
    return unusable === undefined;
  }
}

function isAdopted(files: SpoolFiles, destination: string, instance: string): boolean {
  try {
    return files.readdirSync(destination).some((folder) => {
      const parsed = parseInstance(folder);
      return parsed?.kind === 'adopted' && parsed.original === instance;
    });
  } catch {
    return false;
  }
}
