import type { SpoolFiles } from './files.ts';
import type { Segment } from './segment.ts';
import { measureUsage } from './usage.ts';

/** What may be dropped to make room. */
export interface RoomMember {
  readonly segments: readonly Segment[];
  readonly oldestSealed: Segment | undefined;
  drop(segment: Segment, reason: 'overflow'): void;
}

export interface DiskRoomOptions {
  readonly files: SpoolFiles;
  /** Bytes of everything below the user's directory, over all processes. */
  readonly maxBytes: number;
  /** Nothing new is written when less is free on the disk. */
  readonly minFreeBytes: number;
}

/** A small disk is not kept emptier than this part of it. */
const MIN_FREE_SHARE = 0.1;

/**
 * How much of the disk a destination may use. The limit holds for the directory as a whole: what others use there is
 * measured now and then, what this process uses is known. Room is made by dropping this process's oldest segments.
 */
export class DiskRoom {
  readonly #options: DiskRoomOptions;
  readonly #members: RoomMember[] = [];
  /**
   * Bytes that others use in the directory. Nothing until it was looked through: what lies there may be ours in a
   * moment, and older than what would have to go for it.
   */
  othersBytes = 0;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  join(member: RoomMember): void {
    this.#members.push(member);
  }

  get ownBytes(): number {
    return this.#members.reduce(
      (sum, { segments }) => segments.reduce((bytes, { diskBytes }) => bytes + diskBytes, sum),
      0,
    );
  }

  /** Finds out what others use; `own` is this process's directory. */
  async measure(root: string, own: string): Promise<void> {
    const usage = await measureUsage(this.#options.files, root, own);
    if (usage.kind === 'ok') this.othersBytes = usage.othersBytes;
  }

  /** A segment of others has become one of ours. */
  adopted({ diskBytes }: Segment): void {
    this.othersBytes = Math.max(0, this.othersBytes - diskBytes);
  }

  /** Makes room for a segment of `bytes`, as far as there is something to drop. */
  make(bytes: number): void {
    while (this.ownBytes + this.othersBytes + bytes > this.#options.maxBytes && this.dropOldest());
  }

  /** Drops the oldest segment that nothing is written to; false when there is none. */
  dropOldest(): boolean {
    let victim: { readonly member: RoomMember; readonly segment: Segment } | undefined;
    for (const member of this.#members) {
      const segment = member.oldestSealed;
      if (segment === undefined) continue;
      if (victim === undefined || segment.openedAt < victim.segment.openedAt) victim = { member, segment };
    }
    victim?.member.drop(victim.segment, 'overflow');
    return victim !== undefined;
  }

  /** Whether the disk has so little space left that we keep off. */
  isDiskLow(path: string): boolean {
    try {
      const { bavail, blocks, bsize } = this.#options.files.statfsSync(path);
      return bavail * bsize < Math.min(this.#options.minFreeBytes, blocks * bsize * MIN_FREE_SHARE);
    } catch {
      // Some file systems do not say.
      return false;
    }
  }
}
