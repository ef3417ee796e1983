import type { Segment } from './segment.ts';

/** The segments of a lane, oldest first: those of this process, and those that dead processes have left behind. */
export class SegmentList {
  #own: Segment[] = [];
  #recovered: Segment[] = [];
  #recoveredsTurn = false;

  /** Segments to take from: own and recovered ones in turn, so that a backlog does not keep fresh records waiting. */
  turn(): readonly Segment[] {
    const own = this.#own.some(({ waiting }) => waiting > 0);
    const recovered = this.#recovered.some(({ waiting }) => waiting > 0);
    this.#recoveredsTurn = recovered && (!own || !this.#recoveredsTurn);
    return this.#recoveredsTurn ? this.#recovered : this.#own;
  }

  get own(): readonly Segment[] {
    return this.#own;
  }

  all(): readonly Segment[] {
    return [...this.#recovered, ...this.#own];
  }

  add(segment: Segment): void {
    this.#own.push(segment);
  }

  addRecovered(segment: Segment): void {
    this.#recovered.push(segment);
  }

  remove(segment: Segment): void {
    this.#own = this.#own.filter((other) => other !== segment);
    this.#recovered = this.#recovered.filter((other) => other !== segment);
  }

  /** The oldest that nothing is written to any more and that takes room: what is in memory only would free none. */
  oldestSealed(): Segment | undefined {
    return this.#recovered[0] ?? this.#own.find(({ sealed, diskBytes }) => sealed && diskBytes > 0);
  }
}
