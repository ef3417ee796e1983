import type { Clock } from '../clock.ts';
import type { Endpoint, HttpAnswer } from '../delivery/endpoint.ts';
import type { Verdict } from '../delivery/verdict.ts';
import { judgeStatus } from '../delivery/verdict.ts';
import { UNSPECIFIED_SERVICE } from './redarch-record.ts';
import { TokenCache } from './redarch-token.ts';

/** Requests in flight at once: one record each, so more than for the other platforms. */
export const REDARCH_CONCURRENCY = 16;
/** A clock that differs from the server's by more than this explains a 401. */
const SKEW_MILLIS = 30_000;
/** The record mapper writes level and service first, so the beginning of a text is enough. */
const HEAD_BYTES = 2_048;
const HEAD = /^\{"level":"[A-Z]+","service":("(?:[^"\\]|\\.)*"),"logger_name":/;

function asText(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : UNSPECIFIED_SERVICE;
}

/** The service of a record, read from its text; `unspecified-service` when there is none. Never throws. */
function serviceOf(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    const head = HEAD.exec(bytes.toString('utf8', 0, HEAD_BYTES));
    if (head !== null) return asText(JSON.parse(head[1] as string));
    return asText((JSON.parse(bytes.toString('utf8')) as { service?: unknown } | null)?.service);
  } catch {
    return UNSPECIFIED_SERVICE;
  }
}

export interface RedArchAddress {
  readonly origin: string;
  /** Path as configured; nothing is appended. */
  readonly path: string;
}

/** Posts one record per request under a token of the record's own service. */
export class RedArchEndpoint implements Endpoint {
  readonly origin: string;
  readonly #path: string;
  readonly #tokens: TokenCache;
  readonly #clock: Clock;
  /** Server's clock minus ours, once a 401 has shown it. */
  #skewMillis = 0;
  /** Answers that may still belong to tokens of the wrong clock; once they are through, it is not the reason. */
  #grace = 0;
  #corrected = false;

  constructor({ origin, path }: RedArchAddress, key: () => string, clock: Clock) {
    this.origin = origin;
    this.#path = path;
    this.#tokens = new TokenCache(key);
    this.#clock = clock;
  }

  request(body: Uint8Array): { path: string; headers: Record<string, string>; body: Uint8Array } {
    const token = this.#tokens.token(serviceOf(body), this.#clock.wallNow() + this.#skewMillis);
    return {
      path: this.#path,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
    };
  }

  judge(answer: HttpAnswer): Verdict {
    const verdict = judgeStatus(answer);
    if (verdict.kind === 'delivered') this.#corrected = false;
    return answer.status === 401 ? this.#unauthorized(answer, verdict) : verdict;
  }

  /** Whatever the reason is, the next attempt gets a fresh token; after a wrong clock it comes soon. */
  #unauthorized(answer: HttpAnswer, verdict: Verdict): Verdict {
    this.#tokens.clear();
    const skew = Date.parse(answer.headers.date ?? '') - this.#clock.wallNow();
    const wrong = Math.abs(skew - this.#skewMillis) > SKEW_MILLIS;
    if (this.#corrected) {
      this.#grace -= 1;
      return this.#grace >= 0 ? { kind: 'transient', reason: '401 clock skew' } : verdict;
    }
    if (!wrong) return verdict;
    this.#skewMillis = skew;
    this.#corrected = true;
    this.#grace = REDARCH_CONCURRENCY - 1;
    return { kind: 'transient', reason: '401 clock skew' };
  }
}
