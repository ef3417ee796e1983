import type { Clock } from '../clock.ts';
import type { Batch } from '../codec/batch.ts';
import type { Codec } from '../codec/codec.ts';
import { frame, framedBytes } from '../codec/framing.ts';
import type { ExporterMetrics } from '../telemetry.ts';
import { BodyPool } from './body-pool.ts';
import type { Endpoint } from './endpoint.ts';
import type { FailurePhase, HttpTransport } from './http.ts';
import { retryAfterMillis } from './retry-after.ts';
import type { Verdict } from './verdict.ts';

/** The outcome of one request: what it means, and how long the platform asked us to wait. */
export interface Attempt {
  readonly verdict: Verdict;
  readonly retryAfterMillis: number | undefined;
  /** The request was ended by `abort()`: it says nothing about the platform. */
  readonly aborted: boolean;
  /** The request got no answer in time, and that was not our own fault. */
  readonly timedOut: boolean;
}

export interface AttempterOptions {
  readonly codec: Codec;
  readonly endpoint: Endpoint;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly maxRetryAfterMillis: number;
  readonly metrics: ExporterMetrics | undefined;
}

const ANSWERED = { retryAfterMillis: undefined, aborted: false, timedOut: false };

/** Makes requests out of batches: frames, adds address and credentials, sends, and has the answer judged. */
export class Attempter {
  readonly #options: AttempterOptions;
  readonly #bodies = new BodyPool();
  requests = 0;

  constructor(options: AttempterOptions) {
    this.#options = options;
  }

  async send(batch: Batch): Promise<Attempt> {
    const framing = this.#options.codec.framing(batch.count);
    const buffer = this.#bodies.take(framedBytes(batch, framing));
    const attempt = await this.sendBody(frame(batch, framing, buffer), batch.count);
    if (attempt.verdict.kind === 'delivered') this.#bodies.give(buffer);
    return attempt;
  }

  /** Sends a body that does not come from the queue as it is (a record cut to size). */
  async sendBody(body: Uint8Array, count: number): Promise<Attempt> {
    const { endpoint, transport, clock, metrics } = this.#options;
    this.requests += 1;
    const begun = clock.now();
    let status: number | undefined;
    let attempt: Attempt;
    try {
      const outcome = await transport.send(endpoint.request(body, count));
      if (outcome.kind === 'answer') {
        status = outcome.answer.status;
        const verdict = endpoint.judge(outcome.answer, count);
        attempt = { verdict, ...ANSWERED, retryAfterMillis: this.#wait(verdict, outcome.answer.headers.date) };
      } else {
        attempt = {
          verdict: failureVerdict(outcome.reason, outcome.phase),
          retryAfterMillis: undefined,
          aborted: outcome.phase === 'aborted',
          timedOut: outcome.phase === 'timeout',
        };
      }
    } catch {
      // A platform object from outside may throw here; its message could quote anything.
      attempt = { verdict: { kind: 'held', reason: 'request could not be built' }, ...ANSWERED };
    }
    const { verdict } = attempt;
    metrics?.operation(
      (clock.now() - begun) / 1000,
      status,
      verdict.kind === 'delivered' ? undefined : verdict.reason.slice(0, 40),
    );
    return attempt;
  }

  #wait(verdict: Verdict, date: string | undefined): number | undefined {
    if (!('retryAfter' in verdict)) return undefined;
    return retryAfterMillis(verdict.retryAfter, {
      date,
      wallNow: this.#options.clock.wallNow(),
      maxMillis: this.#options.maxRetryAfterMillis,
    });
  }
}

function failureVerdict(reason: string, phase: FailurePhase): Verdict {
  if (phase === 'tls') return { kind: 'held', reason };
  return { kind: 'transient', reason, connect: phase === 'connect' };
}
