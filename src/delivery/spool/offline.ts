import { constants } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolFiles } from './files.ts';
import { frameOf } from './frame.ts';
import { headerBytes } from './header.ts';
import { segmentName } from './names.ts';
import { errorCode, type Failed, type OwnerFacts } from './owner.ts';
import { createInstance, releaseInstance, removeInstance, touchHeartbeat } from './root.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
const NEW = CREATE | (constants.O_NOFOLLOW ?? 0);
const SEGMENT_BYTES = 4 * 1_048_576;
/** Frames are gathered up to this and written together. */
const GATHER_BYTES = 262_144;

/** A record for the lane `logs` or `events` of a destination. */
export interface OfflineRecord {
  readonly lane: string;
  /** The final JSON for the platform, as its codec writes it. */
  readonly text: string;
}

export interface OfflineOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly destinationPath: string;
  /** Of this process, which owns the directory until it is complete. */
  readonly facts: OwnerFacts;
  readonly records: AsyncIterable<OfflineRecord>;
}

export type Written =
  | { readonly kind: 'ok'; readonly records: number; readonly segments: number; readonly bytes: number }
  | Failed;

type Handle = Awaited<ReturnType<SpoolFiles['promises']['open']>>;

/** The segment of one lane that is being written. */
interface Open {
  readonly handle: Handle;
  /** Frames that are not in the file yet. */
  frames: Buffer[];
  gathered: number;
  size: number;
}

/** Writes records to segments, one open for each lane. */
class OfflineWriter {
  readonly #options: OfflineOptions;
  readonly #path: string;
  readonly #open = new Map<string, Open>();
  readonly #paths: string[] = [];
  records = 0;
  bytes = 0;

  constructor(options: OfflineOptions, path: string) {
    this.#options = options;
    this.#path = path;
  }

  get segments(): number {
    return this.#paths.length;
  }

  async add({ lane, text }: OfflineRecord): Promise<void> {
    const frame = frameOf(text);
    const open = this.#open.get(lane) ?? (await this.#begin(lane));
    await this.#append(open, frame);
    this.records += 1;
    if (open.size >= SEGMENT_BYTES) await this.#end(lane, open);
  }

  async #begin(lane: string): Promise<Open> {
    const { files, clock, facts } = this.#options;
    const path = join(this.#path, segmentName(this.#paths.length, lane));
    const handle = await files.promises.open(path, NEW, 0o600);
    this.#paths.push(path);
    const open: Open = { handle, frames: [], gathered: 0, size: 0 };
    this.#open.set(lane, open);
    await this.#append(open, headerBytes({ platform: facts.platform, lane, openedMillis: clock.wallNow() }));
    // Where nobody can look our process up, silence would pass for death.
    touchHeartbeat(files, this.#path, clock);
    return open;
  }

  async #append(open: Open, frame: Buffer): Promise<void> {
    open.frames.push(frame);
    open.gathered += frame.length;
    open.size += frame.length;
    if (open.gathered >= GATHER_BYTES) await this.#write(open);
  }

  async #write(open: Open): Promise<void> {
    const bytes = Buffer.concat(open.frames);
    open.frames = [];
    open.gathered = 0;
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await open.handle.write(bytes, at, bytes.length - at);
      if (bytesWritten === 0) throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' });
      at += bytesWritten;
      this.bytes += bytesWritten;
    }
  }

  async #end(lane: string, open: Open): Promise<void> {
    this.#open.delete(lane);
    try {
      await this.#write(open);
      await open.handle.sync();
    } finally {
      await open.handle.close();
    }
  }

  /** Writes what is gathered and waits until the disk has all of it. */
  async finish(): Promise<void> {
    for (const [lane, open] of [...this.#open]) await this.#end(lane, open);
    await syncDirectory(this.#options.files, this.#path);
  }

  /** Takes back everything. */
  async undo(): Promise<void> {
    for (const { handle } of this.#open.values()) await handle.close().catch(() => {});
    for (const path of this.#paths) await this.#options.files.promises.unlink(path).catch(() => {});
    removeInstance(this.#options.files, this.#path);
  }
}

/** Puts the names of new files on the disk as well, where directories can be opened. */
async function syncDirectory(files: SpoolFiles, path: string): Promise<void> {
  const handle = await files.promises.open(path, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

/**
 * Leaves records in a spool as a process that has ended would: in a directory of their own, which any application with
 * that destination takes over and delivers. Until the last one is on the disk the directory belongs to this process;
 * then it is released. When something goes wrong, or `records` throws, everything is taken back; if this process dies
 * on the way, what it has written is delivered. No records, no directory. Never rejects.
 */
export async function writeOrphan(options: OfflineOptions): Promise<Written> {
  const { files, clock, destinationPath, facts, records } = options;
  const instance = createInstance(files, destinationPath, facts, clock);
  if (instance.kind !== 'ok') return instance;
  const writer = new OfflineWriter(options, instance.path);
  try {
    for await (const record of records) await writer.add(record);
    await writer.finish();
  } catch (error) {
    await writer.undo();
    return { kind: 'failed', code: errorCode(error) };
  }
  const { records: count, segments, bytes } = writer;
  if (count === 0) removeInstance(files, instance.path);
  else {
    releaseInstance(files, instance.path);
    await syncDirectory(files, destinationPath);
  }
  return { kind: 'ok', records: count, segments, bytes };
}
