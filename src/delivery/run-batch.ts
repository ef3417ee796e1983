import type { Batch } from '../codec/batch.ts';
import type { Block } from './block.ts';

/** Neighbouring records of one block: `from` inclusive, `to` exclusive. */
export interface Run {
  readonly block: Block;
  from: number;
  to: number;
  /** How often its records have come back. */
  attempts: number;
}

/** Whether no run, oldest first, has a record with a smaller ordinal. */
export function startsAt(runs: readonly Run[], ordinal: number): boolean {
  const first = runs[0];
  return first === undefined || first.block.ordinal + first.from >= ordinal;
}

/** Runs that were taken together. */
export class RunBatch implements Batch {
  readonly runs: readonly Run[];
  readonly count: number;
  readonly bytes: number;
  readonly attempts: number;
  /** Where the queue keeps it while it is taken. */
  slot = 0;

  constructor(runs: readonly Run[]) {
    this.runs = runs;
    this.count = runs.reduce((sum, run) => sum + run.to - run.from, 0);
    this.bytes = runs.reduce((sum, run) => sum + run.block.textBytes(run.from, run.to), 0);
    this.attempts = runs.reduce((most, run) => Math.max(most, run.attempts), 0);
  }

  copy(target: Buffer, offset: number): number {
    let end = offset;
    for (const run of this.runs) {
      if (end > offset) end = target.writeUInt8(0x2c, end);
      end = run.block.copy(run.from, run.to, target, end);
    }
    return end;
  }
}
