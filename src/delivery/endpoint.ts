import type { Verdict } from './verdict.ts';

/** A request about to be sent; the only place where credentials appear. */
export interface HttpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is kept of an answer. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; a repeated header is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most the first 64 KiB, as text. */
  readonly body: string;
}

/** Where batches of one channel go: adds address and credentials to a body, and judges the answer. */
export interface Endpoint {
  /** `https://host[:port]` without a path; requests never leave it. */
  readonly origin: string;
  /**
   * The request for a framed body of `count` records; called anew for each attempt, so that tokens are fresh and
   * rotated keys are seen.
   */
  request(body: Uint8Array, count: number): HttpRequest;
  /** What an answer to `count` records means. */
  judge(answer: HttpAnswer, count: number): Verdict;
}
