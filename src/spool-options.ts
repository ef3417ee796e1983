import type { SpoolSettings } from './delivery/spool/spool-settings.ts';
import { knownOptions, numberOption } from './option-checks.ts';

/** A spool on disk. Sizes are bytes, times milliseconds. */
export interface SpoolOptions {
  /**
   * A directory on a local disk that belongs to the user of the process and that nobody else can write to; made when it
   * is missing. Processes, threads and destinations may share it. What is written there is readable for that user only
   * and not encrypted.
   */
  readonly directory: string;
  /**
   * Destinations of one platform with the same name deliver what dead processes of each other have left. Give two
   * accounts of one platform different names, or different directories. Default: none.
   */
  readonly name?: string;
  /** All processes together; beyond it the oldest records go, and are counted. Default 256 MiB. */
  readonly maxDiskBytes?: number;
  /** New records wait in memory while less than this, or a tenth of a small disk, is free. Default 200 MiB. */
  readonly minFreeBytes?: number;
  /**
   * A file is ended, and deleted once delivered, at this size or age. Default 4 MiB (less for a small disk cap), 60,000;
   * no larger than 32 MiB and a quarter of the disk cap, since whole files make room for others.
   */
  readonly segmentBytes?: number;
  readonly segmentMillis?: number;
  /**
   * When the disk is asked to keep what was written (fdatasync): `interval`, once a second; `batch`, at once, and
   * `export()` calls back only afterwards; `never`. Matters only when the machine itself goes down. Default `interval`.
   */
  readonly fsync?: 'interval' | 'batch' | 'never';
  /** Compress what waits during an outage, to a seventh or less, at 10–70 ms of a second core per 4 MiB. Default false. */
  readonly compress?: boolean;
  /** Refused records kept in `dead/`, for `logferry spool`; the oldest go. Default 16 MiB. */
  readonly maxDeadLetterBytes?: number;
  /** Throw when the directory cannot be used, instead of keeping records in memory until it can. Default false. */
  readonly required?: boolean;
}

const MEBIBYTE = 1_048_576;

/** Bytes and milliseconds. */
export const SPOOL_DEFAULTS = {
  maxDiskBytes: 256 * MEBIBYTE,
  minFreeBytes: 200 * MEBIBYTE,
  segmentBytes: 4 * MEBIBYTE,
  segmentMillis: 60_000,
  fsyncMillis: 1_000,
  maxDeadLetterBytes: 16 * MEBIBYTE,
} as const;

const MIN_SEGMENT_BYTES = 16_384;
const MAX_SEGMENT_BYTES = 32 * MEBIBYTE;
/** With fewer segments than this below the cap, dropping the oldest one would drop too much at once. */
const MIN_SEGMENTS = 16;
const POLICIES: readonly unknown[] = ['interval', 'batch', 'never'];
const KNOWN = [
  ...['directory', 'name', 'maxDiskBytes', 'minFreeBytes', 'segmentBytes', 'segmentMillis', 'fsync', 'compress'],
  ...['maxDeadLetterBytes', 'required'],
];

function flag(option: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new TypeError(`${option} must be a boolean, got ${typeof value}`);
}

/** Checks spool options and fills in defaults. Throws a `TypeError` or `RangeError` naming option and value. */
export function spoolSettings(options: SpoolOptions): SpoolSettings {
  if (typeof options !== 'object' || options === null) throw new TypeError('spool must be an object with a directory');
  knownOptions(options, KNOWN, 'spool.');
  const { directory, name = '', fsync = 'interval' } = options;
  if (typeof directory !== 'string' || directory.trim() === '') {
    throw new TypeError('spool.directory must be the path of a directory');
  }
  if (directory.includes('\0')) throw new TypeError('spool.directory must not contain NUL characters');
  if (typeof name !== 'string') throw new TypeError(`spool.name must be a string, got ${typeof name}`);
  if (!POLICIES.includes(fsync)) throw new TypeError("spool.fsync must be 'interval', 'batch' or 'never'");
  const { segmentBytes: usual } = SPOOL_DEFAULTS;
  const maxDiskBytes = size('maxDiskBytes', options, MIN_SEGMENT_BYTES * 4);
  const suitable = Math.max(MIN_SEGMENT_BYTES, Math.min(usual, Math.floor(maxDiskBytes / MIN_SEGMENTS)));
  return {
    directory,
    name,
    maxDiskBytes,
    minFreeBytes: size('minFreeBytes', options, 0),
    segmentBytes: Math.min(
      numberOption('spool.segmentBytes', options.segmentBytes, suitable, MIN_SEGMENT_BYTES),
      MAX_SEGMENT_BYTES,
      Math.floor(maxDiskBytes / 4),
    ),
    segmentMillis: size('segmentMillis', options, 100),
    fsync,
    fsyncMillis: SPOOL_DEFAULTS.fsyncMillis,
    compress: flag('spool.compress', options.compress),
    maxDeadLetterBytes: size('maxDeadLetterBytes', options, MIN_SEGMENT_BYTES),
    required: flag('spool.required', options.required),
  };
}

type Size = 'maxDiskBytes' | 'minFreeBytes' | 'segmentMillis' | 'maxDeadLetterBytes';

function size(option: Size, options: SpoolOptions, min: number): number {
  return numberOption(`spool.${option}`, options[option], SPOOL_DEFAULTS[option], min);
}
