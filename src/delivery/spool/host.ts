import type { Clock } from '../../clock.ts';
import type { Failure } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';

/**
 * When the disk is asked to keep what was written (`fdatasync`, always in the thread pool): `interval`, every second
 * while there is something new · `batch`, at once, and `export()` reports success only afterwards · `never`.
 */
export type SyncPolicy = 'interval' | 'batch' | 'never';

/** What the queue of a lane needs of the spool that it is part of. */
export interface SpoolHost {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  /** Writes go to the thread pool from the start. */
  readonly asynchronous: boolean;
  readonly syncPolicy: SyncPolicy;
  readonly segmentBytes: number;
  readonly segmentMillis: number;
  /** A segment to write to, after room was made for it; the reason when there is none. */
  readonly begin: (lane: string, now: number) => Segment | Failure;
  /** First line of a segment. */
  readonly header: (lane: string) => string;
  /** Whether the directory is still this process's; looked at after a pause. */
  readonly isOurs: (now: number) => boolean;
  /** A segment is not needed any more; its files go. */
  readonly retire: (segment: Segment) => void;
  /** Records that were taken over for writing in the thread pool could not be written; they are in memory. */
  readonly failed: (failure: Failure) => void;
  /** Writing is slow, and goes to the thread pool for a while. */
  readonly slow: (asynchronous: boolean) => void;
  /** A file could not be read or synced. */
  readonly troubled: (what: string, failure: Failure) => void;
}
