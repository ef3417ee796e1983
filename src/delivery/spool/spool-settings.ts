import type { SyncPolicy } from './host.ts';

/** How a spool uses the disk, with defaults filled in; bytes and milliseconds. */
export interface SpoolSettings {
  readonly directory: string;
  readonly name: string;
  readonly maxDiskBytes: number;
  readonly minFreeBytes: number;
  readonly segmentBytes: number;
  readonly segmentMillis: number;
  readonly fsync: SyncPolicy;
  readonly fsyncMillis: number;
  readonly compress: boolean;
  readonly maxDeadLetterBytes: number;
  /** An unusable directory is an error at construction. */
  readonly required: boolean;
}
