import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { SpoolDirectory } from './directory.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Failure } from './failure.ts';
import type { SpoolFiles } from './files.ts';
import { adoptOrphan, findOrphans, type ListedSegment, listSegments } from './orphans.ts';
import { recover } from './recovery.ts';
import type { Retirement } from './retirement.ts';
import type { Segment } from './segment.ts';

export interface AdopterOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly directory: SpoolDirectory;
  readonly retirement: Retirement;
  readonly room: DiskRoom;
  /** A segment with records that wait; `damaged` lines in it are none any more. False when the lane is not known here. */
  readonly onRecovered: (lane: string, segment: Segment, damaged: number) => boolean;
  readonly onTrouble: (what: string, failure: Failure) => void;
}

/** Recovered segments at a time: others may take over what is beyond, and memory stays small. */
const MAX_SEGMENTS = 64;

/**
 * Takes over what dead processes have left, in the background: one directory at a time, oldest first, each by one
 * rename, of which only one process can be the winner.
 */
export class Adopter {
  readonly #options: AdopterOptions;
  /** Segments of adopted directories that could not be read when it was their turn. */
  #postponed: { readonly path: string; readonly listed: ListedSegment }[] = [];
  /** Adopted directories that could not be listed. */
  #unlisted: string[] = [];
  /** Segments that were recovered and still have records. */
  #segments = 0;
  #running = false;
  #stopped = false;

  constructor(options: AdopterOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A recovered segment has ended. */
  retired(): void {
    this.#segments -= 1;
  }

  /** Nothing that was recovered is ours any more. */
  restart(): void {
    this.#segments = 0;
    this.#postponed = [];
    this.#unlisted = [];
  }

  /** Looks for orphans, takes over as many as are wanted, and measures what is left to others; never rejects. */
  async run(): Promise<void> {
    const { files, clock, directory, room, onTrouble } = this.#options;
    const { root, destination, instance } = directory;
    if (this.#running || this.#stopped || root === undefined) return;
    if (destination === undefined || instance === undefined) return;
    this.#running = true;
    try {
      for (const path of this.#unlisted.splice(0)) await this.#takeIn(path);
      for (const { path, listed } of this.#postponed.splice(0)) await this.#recover(path, listed);
      for await (const found of findOrphans(files, destination, instance.instance, directory.facts, clock)) {
        if (this.#stopped || this.#segments >= MAX_SEGMENTS || directory.instance !== instance) break;
        if (found.kind === 'orphan') await this.#adopt(destination, found.folder, instance.instance);
        else onTrouble('adopt', found);
      }
      // Never at the same time: what changes hands would be counted on both sides.
      await room.measure(root, instance.path);
    } catch (error) {
      onTrouble('adopt', { code: error instanceof Error ? error.name : 'UNKNOWN' });
    }
    this.#running = false;
  }

  async #adopt(destination: string, folder: string, own: string): Promise<void> {
    const adoption = await adoptOrphan(this.#options.files, destination, folder, own);
    if (adoption.kind === 'failed') this.#options.onTrouble('adopt', adoption);
    if (adoption.kind === 'adopted') await this.#takeIn(adoption.path);
  }

  async #takeIn(path: string): Promise<void> {
    const { files, directory, retirement, onTrouble } = this.#options;
    const { instance } = directory;
    const listing = await listSegments(files, path);
    if (listing.kind !== 'ok') {
      this.#unlisted.push(path);
      onTrouble('adopt', listing);
      return;
    }
    for (const leftover of listing.leftovers) await files.promises.unlink(join(path, leftover)).catch(() => {});
    retirement.adopt(path, listing.segments.length);
    for (const listed of listing.segments) {
      // A directory that was lost meanwhile is somebody else's, with all that was adopted into it.
      if (this.#stopped || directory.instance !== instance) return;
      await this.#recover(path, listed);
    }
  }

  async #recover(path: string, listed: ListedSegment): Promise<void> {
    const { files, clock, retirement, room, onRecovered, onTrouble } = this.#options;
    const recovered = await recover(files, {
      path: join(path, listed.file),
      sequence: listed.sequence,
      compressed: listed.kind === 'gzip',
      bytes: listed.bytes,
      now: clock.now(),
      wallNow: clock.wallNow(),
    });
    // What cannot be read now stays where it is; it is tried again, by this process or whoever comes after it.
    if (recovered.kind === 'failed') {
      if (recovered.code !== 'ENOENT') this.#postponed.push({ path, listed });
      onTrouble('recover', recovered);
      return;
    }
    if (recovered.kind === 'foreign') {
      onTrouble('recover', { code: 'unknown_version' });
      return;
    }
    const { segment, damaged } = recovered;
    segment.recovered = true;
    room.adopted(segment);
    this.#segments += 1;
    if (!onRecovered(listed.lane, segment, damaged)) this.#segments -= 1;
    else if (segment.idle) {
      segment.ended = true;
      this.#segments -= 1;
      retirement.retire(segment);
    }
  }
}
