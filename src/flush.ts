/** How long and for what a flush waits. */
export interface FlushOptions {
  /**
   * `delivered`: until what was accepted before has been delivered, or has ended otherwise. `durable`: only until the
   * disk has confirmed it, which takes a spool. Default `delivered`.
   */
  readonly until?: 'delivered' | 'durable';
  /** At most, in milliseconds. Default: `timeouts.flushMillis`. */
  readonly timeoutMillis?: number;
}

/** What a flush has come to, for one destination. */
export interface DestinationFlush {
  readonly platform: string;
  /** Whether everything accepted before is delivered, or durable, or has ended otherwise. */
  readonly complete: boolean;
  /** Records that were delivered, dead-lettered and dropped while it lasted. */
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  /** Records that wait or are in flight now. */
  readonly pending: number;
}

/** What a flush has come to. */
export interface FlushReport {
  /** Whether it is complete for every destination. */
  readonly complete: boolean;
  readonly destinations: readonly DestinationFlush[];
}

export function flushReport(destinations: readonly DestinationFlush[]): FlushReport {
  return { complete: destinations.every(({ complete }) => complete), destinations };
}
