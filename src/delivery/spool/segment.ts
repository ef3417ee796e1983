import type { DropReason } from '../ledger.ts';

/** Neighbouring records of a segment that wait: offsets of the first and behind the last. */
export interface Span {
  from: number;
  readonly to: number;
  count: number;
  /** How often they have come back. */
  readonly attempts: number;
}

export interface SegmentOptions {
  readonly path: string;
  readonly sequence: number;
  /** Monotonic; for records of another life, what the wall clock says of their age is taken off. */
  readonly openedAt: number;
}

/** The file of acknowledgements beside a segment. */
export function ackPathOf(segmentPath: string): string {
  return segmentPath.replace(/\.seg(?:\.gz)?$/, '.ack');
}

/** One file of records, as its owner sees it: which of them wait, and how many are under way. */
export class Segment {
  path: string;
  readonly sequence: number;
  /** Monotonic time at which it was begun: no record in it is older. */
  openedAt: number;
  /** Bytes of frames, when not compressed. */
  size = 0;
  /** Bytes on disk. */
  diskBytes = 0;
  /** Records that wait, by offset. */
  readonly spans: Span[] = [];
  waiting = 0;
  taken = 0;
  sealed = false;
  /** Left behind by another process. */
  recovered = false;
  compressed = false;
  /** Damage was found, so the file is kept for whoever wants to look at it. */
  damaged = false;
  /** Failed attempts at reading it. */
  failures = 0;
  /** Its files are gone, or about to be. */
  ended = false;
  /** What comes back to it although its files are gone has ended for this reason. */
  gone: DropReason | undefined;

  constructor({ path, sequence, openedAt }: SegmentOptions) {
    this.path = path;
    this.sequence = sequence;
    this.openedAt = openedAt;
  }

  get ackPath(): string {
    return ackPathOf(this.path);
  }

  get idle(): boolean {
    return this.waiting === 0 && this.taken === 0;
  }

  /** A record was written behind the last one, up to `end`. */
  extend(end: number, taken: boolean): void {
    const from = this.size;
    this.size = end;
    if (taken) {
      this.taken += 1;
      return;
    }
    this.waiting += 1;
    const last = this.spans.at(-1);
    if (last !== undefined && last.to === from && last.attempts === 0) {
      (last as { to: number }).to = end;
      last.count += 1;
    } else {
      this.spans.push({ from, to: end, count: 1, attempts: 0 });
    }
  }

  /** Records wait again, or for the first time after recovery. */
  insert(span: Span): void {
    this.waiting += span.count;
    const at = this.spans.findIndex(({ from }) => from >= span.to);
    const index = at === -1 ? this.spans.length : at;
    const before = this.spans[index - 1];
    const after = this.spans[index];
    const joinsBefore = before !== undefined && before.to === span.from && before.attempts === span.attempts;
    const joinsAfter = after !== undefined && after.from === span.to && after.attempts === span.attempts;
    const merged = {
      from: joinsBefore ? before.from : span.from,
      to: joinsAfter ? after.to : span.to,
      count: span.count + (joinsBefore ? before.count : 0) + (joinsAfter ? after.count : 0),
      attempts: span.attempts,
    };
    const first = joinsBefore ? index - 1 : index;
    this.spans.splice(first, Number(joinsBefore) + Number(joinsAfter), merged);
  }

  /**
   * The first `count` records of a span, up to `offset`, are taken. Returns how many of the span's records turned out
   * to be no records any more, which is known once its end is reached.
   */
  takeFront(span: Span, offset: number, count: number): number {
    span.from = offset;
    span.count -= count;
    this.#took(count);
    return offset >= span.to ? this.#remove(span) : 0;
  }

  /** The last record of a span, which begins at `offset`, is taken. */
  takeBack(span: Span, offset: number): number {
    (span as { to: number }).to = offset;
    span.count -= 1;
    this.#took(1);
    return offset <= span.from ? this.#remove(span) : 0;
  }

  #took(count: number): void {
    this.waiting -= count;
    this.taken += count;
  }

  #remove(span: Span): number {
    this.spans.splice(this.spans.indexOf(span), 1);
    this.waiting -= span.count;
    return span.count;
  }

  /** Nothing in it waits any more; returns how many records did. */
  clear(): number {
    const count = this.waiting;
    this.spans.length = 0;
    this.waiting = 0;
    return count;
  }

  /** Bytes of the records that wait. */
  get waitingBytes(): number {
    return this.spans.reduce((sum, { from, to }) => sum + to - from, 0);
  }
}
