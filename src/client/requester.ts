import type { Readable } from 'node:stream';
import { backoffMillis } from '../delivery/backoff.ts';
import { retryAfterMillis } from '../delivery/retry-after.ts';
import type { ClientSettings } from './client-options.ts';
import { LogTideApiError, LogTideConnectionError, mayHeal } from './errors.ts';
import type { TextAnswer } from './http.ts';
import { ClientHttp, shown } from './http.ts';

const MAX_SAID_LENGTH = 300;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g;

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** GET requests that are repeated while that may help; answers as JSON, refusals as typed errors. */
export class Requester {
  readonly #settings: ClientSettings;
  readonly #http: ClientHttp;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#http = new ClientHttp(settings);
  }

  /** The JSON object of a good answer. Throws the typed errors, or the reason of `signal`. */
  async json(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const { maxAttempts, clock } = this.#settings;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once(path, signal);
      } catch (error) {
        const millis = attempt + 1 < maxAttempts ? this.#waitAfter(error, attempt) : undefined;
        if (millis === undefined) throw error;
        await clock.sleep(millis, signal, true);
      }
    }
  }

  /** The body of a live stream; one try. Throws like `json`. */
  async stream(path: string, signal: AbortSignal): Promise<Readable> {
    const { status, headers, body } = await this.#http.open(path, signal);
    if (typeof body === 'string') throw this.#apiError(path, { status, headers, body });
    // A stream that is let go of reports that as an error.
    body.on('error', () => {});
    if (headers['content-type']?.startsWith('text/event-stream')) return body;
    body.destroy();
    throw unexpected(path, 'not an event stream');
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** How long to wait before the next try; undefined when that would not help. */
  #waitAfter(error: unknown, attempt: number): number | undefined {
    const { backoff, clock, maxRetryAfterMillis } = this.#settings;
    // A query that was too slow is not made faster by asking again.
    if (!mayHeal(error) || (error instanceof LogTideConnectionError && error.code === 'TIMEOUT')) return undefined;
    const millis = backoffMillis(attempt, backoff, clock);
    if (!(error instanceof LogTideApiError)) return millis;
    // With a code it is a usage quota, which does not clear within seconds.
    if (error.status === 429 && error.code !== undefined) return undefined;
    const asked = error.retryAfterMillis ?? 0;
    return asked > maxRetryAfterMillis ? undefined : Math.max(asked, millis);
  }

  async #once(path: string, signal: AbortSignal | undefined): Promise<Record<string, unknown>> {
    const answer = await this.#http.get(path, signal);
    if (answer.status < 200 || answer.status > 299) throw this.#apiError(path, answer);
    const body = objectOf(answer.body);
    if (body === undefined) throw unexpected(path, 'not JSON');
    return body;
  }

  #apiError(path: string, { status, headers, body: said }: TextAnswer): LogTideApiError {
    const body = objectOf(said);
    const reason = text(body?.message) ?? text(body?.error) ?? '';
    const safe = this.#settings.address.withoutKey(reason);
    const end = safe === '' ? '' : `: ${safe.replace(CONTROLS, ' ').slice(0, MAX_SAID_LENGTH)}`;
    return new LogTideApiError(`GET ${shown(path)}: ${status}${end}`, {
      status,
      code: text(body?.code),
      retryAfterMillis: retryAfterMillis(headers['retry-after'], {
        date: headers.date,
        wallNow: this.#settings.clock.wallNow(),
        maxMillis: Number.MAX_SAFE_INTEGER,
      }),
    });
  }
}

/** An answer that another program gave, or a LogTide that this client does not know. */
export function unexpected(path: string, what: string): LogTideApiError {
  return new LogTideApiError(`GET ${shown(path)}: not an answer of LogTide (${what})`, {
    status: 200,
    code: 'UNEXPECTED_ANSWER',
  });
}
