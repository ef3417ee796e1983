import type { Batch } from '../../codec/batch.ts';
import type { Range } from './acks.ts';
import type { Chunk } from './chunk.ts';
import { FRAME_OVERHEAD } from './frame.ts';
import type { Segment } from './segment.ts';

/** Neighbouring frames of one chunk: `first` inclusive, `last` exclusive. */
export interface Piece {
  readonly segment: Segment;
  readonly chunk: Chunk;
  readonly first: number;
  readonly last: number;
  readonly attempts: number;
}

export interface SegmentRange extends Range {
  readonly segment: Segment;
}

const COMMA = 0x2c;

export function fromOf({ chunk, first }: Piece): number {
  return chunk.start(first);
}

export function toOf({ chunk, last }: Piece): number {
  return chunk.end(last - 1);
}

function textBytes({ chunk, first, last }: Piece): number {
  let sum = 0;
  for (let index = first; index < last; index += 1) sum += chunk.textBytes(index);
  return sum;
}

/** Records of the spool that were taken together. */
export class DiskBatch implements Batch {
  readonly pieces: readonly Piece[];
  readonly count: number;
  readonly bytes: number;
  readonly attempts: number;
  /** Where the queue keeps it while it is taken. */
  slot = 0;

  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces;
    this.count = pieces.reduce((sum, { first, last }) => sum + last - first, 0);
    this.bytes = pieces.reduce((sum, piece) => sum + textBytes(piece), 0);
    this.attempts = pieces.reduce((most, { attempts }) => Math.max(most, attempts), 0);
    for (const { chunk } of pieces) chunk.pins += 1;
  }

  /** Bytes of the frames. */
  get frameBytes(): number {
    return this.bytes + this.count * FRAME_OVERHEAD;
  }

  copy(target: Buffer, offset: number): number {
    let end = offset;
    for (const { chunk, first, last } of this.pieces) {
      for (let index = first; index < last; index += 1) {
        if (end > offset) {
          target[end] = COMMA;
          end += 1;
        }
        end = chunk.copyText(index, target, end);
      }
    }
    return end;
  }

  /** Its records as ranges of their segments, neighbours joined. */
  ranges(): readonly SegmentRange[] {
    const ranges: { segment: Segment; from: number; to: number }[] = [];
    for (const piece of this.pieces) {
      const last = ranges.at(-1);
      if (last?.segment === piece.segment && last.to === fromOf(piece)) last.to = toOf(piece);
      else ranges.push({ segment: piece.segment, from: fromOf(piece), to: toOf(piece) });
    }
    return ranges;
  }

  /** The texts, one by one. */
  *texts(): Generator<string> {
    for (const { chunk, first, last } of this.pieces) {
      for (let index = first; index < last; index += 1) yield chunk.text(index);
    }
  }

  /** The batch will not be used any more. */
  unpin(): void {
    for (const { chunk } of this.pieces) chunk.pins -= 1;
  }

  /** Its pieces up to `count` records, and the others. Pieces that are small beside their chunk get one of their own. */
  divide(count: number): readonly [readonly Piece[], readonly Piece[]] {
    const left: Piece[] = [];
    const right: Piece[] = [];
    let missing = count;
    for (const piece of this.pieces) {
      const middle = Math.min(piece.last, piece.first + missing);
      if (middle > piece.first) left.push(compact({ ...piece, last: middle }));
      if (middle < piece.last) right.push(compact({ ...piece, first: middle }));
      missing -= middle - piece.first;
    }
    return [left, right];
  }
}

function compact(piece: Piece): Piece {
  const { chunk, first, last } = piece;
  if ((toOf(piece) - fromOf(piece)) * 16 > chunk.bytes.length) return piece;
  return { ...piece, chunk: chunk.copyOf(first, last), first: 0, last: last - first };
}
