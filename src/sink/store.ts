import type { SinkCounts, SinkPlatform, SinkRecord } from './types.ts';
import { sinkPlatforms } from './types.ts';

type Tally = { -readonly [Name in keyof SinkCounts]: SinkCounts[Name] };

const zero = (): Tally => ({ requests: 0, accepted: 0, refused: 0, faulted: 0 });

/** What arrived: the newest records, in a ring, and the counts of all. */
export class SinkStore {
  readonly #capacity: number;
  #ring: SinkRecord[] = [];
  #oldest = 0;
  #tallies = new Map<SinkPlatform, Tally>();

  /** `capacity` is in records; throws `RangeError` unless it is a whole number from 0. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 0) {
      throw new RangeError(`keepRecords must be a whole number from 0, got ${capacity}`);
    }
    this.#capacity = capacity;
  }

  /** The platform's counts, to be raised in place. */
  tally(platform: SinkPlatform): Tally {
    let tally = this.#tallies.get(platform);
    if (tally === undefined) {
      tally = zero();
      this.#tallies.set(platform, tally);
    }
    return tally;
  }

  /** Keeps a record; in a full ring the oldest one goes. */
  push(record: SinkRecord): void {
    if (this.#ring.length < this.#capacity) {
      this.#ring.push(record);
    } else if (this.#capacity > 0) {
      this.#ring[this.#oldest] = record;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
  }

  /** Kept records in order of arrival. */
  records(platform?: SinkPlatform): readonly SinkRecord[] {
    const all = [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)];
    return platform === undefined ? all : all.filter((record) => record.platform === platform);
  }

  /** A copy of all counts. */
  counts(): Record<SinkPlatform, SinkCounts> {
    const entries = sinkPlatforms.map((platform) => [platform, { ...this.tally(platform) }]);
    return Object.fromEntries(entries) as Record<SinkPlatform, SinkCounts>;
  }

  clear(): void {
    this.#ring = [];
    this.#oldest = 0;
    this.#tallies = new Map();
  }
}
