/** Records taken from a queue, in order of acceptance, still owned by it until they are acknowledged or released. */
export interface Batch {
  readonly count: number;
  /** UTF-8 bytes of the texts alone, without separators. */
  readonly bytes: number;
  /** Whether any of its records has been sent before. */
  readonly retried: boolean;
  /** Writes the texts joined by commas at `offset` and returns the offset behind them. */
  copy(target: Buffer, offset: number): number;
}
