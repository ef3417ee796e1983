export interface Faults {
  /** Share of requests answered 503, and of those stored and then cut off without an answer. */
  readonly status503?: number;
  readonly reset?: number;
  readonly delayMillis?: number;
  readonly refuse?: boolean;
  readonly seed?: number;
}
export interface Report {
  readonly ids: number;
  readonly deliveries: number;
  readonly duplicates: number;
  readonly wrong: number;
  readonly foreign: number;
  readonly apps: Readonly<Record<string, number>>;
  readonly requests: number;
  /** Of the bodies that were stored. */
  readonly bytes: number;
  readonly answered503: number;
  readonly resets: number;
  readonly resetRecords: number;
  readonly refusals: number;
  readonly largestRequest: number;
}
export interface Range {
  readonly prefix: string;
  readonly count: number;
  readonly limit?: number;
}
export interface Checked {
  readonly prefix: string;
  readonly missingCount: number;
  readonly missing: readonly number[];
  readonly duplicates: number;
}
export interface Oracle {
  readonly url: string;
  faults(faults: Faults): Promise<Faults>;
  report(prefix?: string): Promise<Report>;
  check(ranges: Range | readonly Range[]): Promise<readonly Checked[]>;
  stop(): Promise<void>;
}
export function startOracle(): Promise<Oracle>;
