import type { HttpAnswer } from './http-message.ts';

/** What an attempt to deliver a batch came to. Every layer above HTTP speaks only this. */
export type Verdict =
  /** Stored; `rejected` names records (by index) that the platform took out for good. */
  | { readonly kind: 'delivered'; readonly rejected?: readonly Rejection[] }
  /** Try again later: the platform or the way to it is in trouble. `connect`: no connection was made at all. */
  | { readonly kind: 'transient'; readonly reason: string; readonly connect?: boolean; readonly retryAfter?: string }
  /** Try again later: we send too much. `retryAfter` is the header as it came. */
  | { readonly kind: 'throttled'; readonly reason: string; readonly retryAfter?: string }
  /** Nothing will pass until somebody changes a setting; the data waits, one probe per `retryMillis`. */
  | { readonly kind: 'held'; readonly reason: string; readonly retryMillis?: number }
  /** The content is refused; `indexes` when the platform says which records. */
  | { readonly kind: 'refused'; readonly reason: string; readonly indexes?: readonly number[] }
  /** Answered as success although nothing was stored: an outage behind the platform, or one record it chokes on. */
  | { readonly kind: 'unstored'; readonly reason: string }
  /** More bytes than the platform takes. */
  | { readonly kind: 'tooLarge'; readonly reason: string };

/** The verdicts that are about the platform or the way to it, not about the records: waiting is all there is to do. */
export type Impediment = Extract<Verdict, { kind: 'transient' | 'throttled' | 'held' }>;

/** Whether a verdict is one of those. */
export function impedes(verdict: Verdict): verdict is Impediment {
  return verdict.kind === 'transient' || verdict.kind === 'throttled' || verdict.kind === 'held';
}

/** A record of the request, by its place from 0, that the platform took out for good. */
export interface Rejection {
  readonly index: number;
  readonly reason: string;
}

/** Payment and storage quotas clear in hours rather than in seconds. */
export const QUOTA_RETRY_MILLIS = 300_000;

const HOLD = new Set([401, 403, 404, 405, 407, 410, 415, 501, 505]);
const QUOTA = new Set([402, 507]);
const TRANSIENT = new Set([408, 425]);

function retryAfterOf(answer: HttpAnswer): { retryAfter?: string } {
  const retryAfter = answer.headers['retry-after'];
  return retryAfter === undefined ? {} : { retryAfter };
}

/**
 * The meaning of a status alone, the same for all platforms unless they say otherwise: authentication and
 * addressing errors hold (a changed key must lose nothing), 3xx hold (redirects are never followed), 400, 422 and
 * unknown 4xx are about the content, 5xx are about the server.
 */
export function judgeStatus(answer: HttpAnswer): Verdict {
  const { status } = answer;
  const reason = String(status);
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 429) return { kind: 'throttled', reason, ...retryAfterOf(answer) };
  if (status === 413) return { kind: 'tooLarge', reason };
  if (QUOTA.has(status)) return { kind: 'held', reason, retryMillis: QUOTA_RETRY_MILLIS };
  if (HOLD.has(status) || status < 200 || (status >= 300 && status < 400)) return { kind: 'held', reason };
  if (TRANSIENT.has(status) || status >= 500) return { kind: 'transient', reason, ...retryAfterOf(answer) };
  return { kind: 'refused', reason };
}

/** The JSON object of an answer's body; undefined when it is anything else. */
export function jsonObject(answer: HttpAnswer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(answer.body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
