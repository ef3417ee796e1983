import type { HttpAnswer, HttpRequest } from './http-message.ts';
import type { Verdict } from './verdict.ts';

export type { HttpAnswer } from './http-message.ts';

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
