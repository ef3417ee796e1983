import fs from 'node:fs';

/** A file that was opened or written through the layer; found again by its inode, wherever it is moved to. */
interface Known {
  path: string;
  /** Open descriptors. */
  open: number;
  linked: boolean;
  /** Bytes that a power loss leaves. */
  durable: number;
}

function idOf({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}

function statOf(path: string): fs.Stats | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false });
}

/** The books of a disk: room left, open descriptors, and how much of each file would survive a power loss. */
export class FaultDisk {
  /** Room for bytes beyond what lay there at the start; may be changed any time. */
  capacityBytes: number;
  /** Descriptors that may be open at one time; may be changed any time. */
  maxOpen: number;
  /** Bytes added less bytes removed since the start; below zero when older files were removed. */
  usedBytes = 0;
  /** The most descriptors that were open at one time. */
  mostOpen = 0;
  readonly #known = new Map<string, Known>();
  readonly #descriptors = new Map<number, string>();
  /** Sizes of files that have lost their names but are still open. */
  readonly #sizeAtEnd = new Map<string, number>();

  constructor(capacityBytes = Number.POSITIVE_INFINITY, maxOpen = Number.POSITIVE_INFINITY) {
    this.capacityBytes = capacityBytes;
    this.maxOpen = maxOpen;
  }

  /** Descriptors open now. */
  get open(): number {
    return this.#descriptors.size;
  }

  get room(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  /** Where the file of a descriptor lies now. */
  pathOf(descriptor: number): string {
    return this.#known.get(this.#descriptors.get(descriptor) ?? '')?.path ?? '';
  }

  sizeOf(path: string): number {
    const stats = statOf(path);
    return stats?.isFile() ? stats.size : 0;
  }

  opened(descriptor: number, path: string, sizeBefore: number): void {
    const stats = fs.fstatSync(descriptor);
    const known = this.#know(stats, path);
    known.open += 1;
    this.#descriptors.set(descriptor, idOf(stats));
    this.mostOpen = Math.max(this.mostOpen, this.open);
    this.#resized(known, sizeBefore, stats.size);
  }

  closed(descriptor: number): void {
    const id = this.#descriptors.get(descriptor) ?? '';
    const known = this.#known.get(id);
    this.#descriptors.delete(descriptor);
    if (known === undefined) return;
    known.open -= 1;
    if (known.linked || known.open > 0) return;
    this.usedBytes -= this.#sizeAtEnd.get(id) ?? 0;
    this.#sizeAtEnd.delete(id);
    this.#known.delete(id);
  }
  /** Of `length` bytes about to be written at `position` (null = the end), how many there is room for. */
  fitting(descriptor: number, length: number, position: number | null): number {
    const { size } = fs.fstatSync(descriptor);
    const grown = Math.max(0, (position ?? size) + length - size);
    return length - Math.max(0, grown - this.room);
  }

  /** Runs `change`, which makes the file of `descriptor` longer or shorter, and keeps the books. */
  changing<Result>(descriptor: number, change: () => Result): Result {
    const before = fs.fstatSync(descriptor).size;
    try {
      return change();
    } finally {
      this.changed(descriptor, before);
    }
  }

  changed(descriptor: number, sizeBefore: number): void {
    const stats = fs.fstatSync(descriptor);
    this.#resized(this.#know(stats, this.pathOf(descriptor)), sizeBefore, stats.size);
  }

  /** A whole file was written anew at `path`, of which nothing is durable yet. */
  replaced(path: string, sizeBefore: number): void {
    const stats = statOf(path);
    if (stats === undefined) return;
    this.#know(stats, path).durable = 0;
    this.usedBytes += stats.size - sizeBefore;
  }

  /** The first `length` bytes of the file are on the platter. */
  synced(descriptor: number, length: number): void {
    const known = this.#known.get(this.#descriptors.get(descriptor) ?? '');
    if (known !== undefined) known.durable = Math.max(known.durable, length);
  }

  /** Remembers what is about to lose its name at `path`; call the result once it has. */
  removing(path: string): () => void {
    const stats = statOf(path);
    if (stats === undefined || !stats.isFile() || stats.nlink > 1) return () => {};
    return () => {
      const id = idOf(stats);
      const known = this.#known.get(id);
      if (known !== undefined && known.open > 0) {
        // The bytes are free only when the last descriptor is closed.
        known.linked = false;
        this.#sizeAtEnd.set(id, stats.size);
        return;
      }
      this.usedBytes -= stats.size;
      this.#known.delete(id);
    };
  }

  /** A file or a directory with all that is in it has a new name. */
  moved(from: string, to: string): void {
    for (const known of this.#known.values()) {
      if (known.path === from) known.path = to;
      else if (known.path.startsWith(`${from}/`)) known.path = to + known.path.slice(from.length);
    }
  }

  /**
   * Takes back what was never synced: every file ends at its last synced byte or, with `zeroes`, goes on as zeros
   * (delayed allocation). Names stay; descriptors that are still open see the shortened files.
   */
  powerLoss(zeroes = false): void {
    for (const { path, durable, linked } of this.#known.values()) {
      const size = linked ? this.sizeOf(path) : 0;
      if (size <= durable) continue;
      fs.truncateSync(path, durable);
      if (zeroes) fs.truncateSync(path, size);
      else this.usedBytes -= size - durable;
    }
  }

  #know(stats: fs.Stats, path: string): Known {
    const id = idOf(stats);
    let known = this.#known.get(id);
    if (known === undefined) {
      known = { path, open: 0, linked: true, durable: stats.size };
      this.#known.set(id, known);
    }
    return known;
  }

  #resized(known: Known, before: number, after: number): void {
    this.usedBytes += after - before;
    known.durable = Math.min(known.durable, after);
  }
}
