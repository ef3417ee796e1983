import type { Clock } from '../clock.ts';

/** How the waits between tries grow; milliseconds, at least 1. */
export interface BackoffOptions {
  /** First wait in milliseconds. Default 1,000. */
  readonly initialDelayMillis: number;
  /** Longest wait in milliseconds. Default 60,000. */
  readonly maxDelayMillis: number;
}

/** 1 s, doubled up to 60 s. */
export const BACKOFF_DEFAULTS: BackoffOptions = { initialDelayMillis: 1_000, maxDelayMillis: 60_000 };

/**
 * The wait before try number `attempt` (0 = first retry): doubled each time, capped, and spread over the upper half
 * of the interval so that a fleet does not return at once.
 */
export function backoffMillis(attempt: number, options: BackoffOptions, clock: Clock): number {
  const ceiling = Math.min(options.maxDelayMillis, options.initialDelayMillis * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + clock.random() / 2);
}
