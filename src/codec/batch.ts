/** Records taken from a queue, in order of acceptance, still owned by it until they are acknowledged or released. */
export interface Batch {
  readonly count: number;
  /** UTF-8 bytes of the texts alone, without separators. */
  readonly bytes: number;
  /** How often its records have been taken and released before; the most of any. */
  readonly attempts: number;
  /** Writes the texts joined by commas at `offset` and returns the offset behind them. */
  copy(target: Buffer, offset: number): number;
}
