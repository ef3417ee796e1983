import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Dispatcher, Pool } from 'undici';
import type { Clock } from '../clock.ts';
import type { HttpAnswer, HttpRequest } from './endpoint.ts';

export type HttpOutcome =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  /** No answer. `connect`: no connection was made. `tls`: the certificate was refused. `aborted`: by `abort()`. */
  | { readonly kind: 'failure'; readonly reason: string; readonly phase: 'connect' | 'tls' | 'request' | 'aborted' };

export interface TransportOptions {
  readonly origin: string;
  readonly maxConnections: number;
  /** From handing over the request to the last byte of the answer. */
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  readonly clock: Clock;
}

/** Answers are read this far; what matters stands at the beginning, and a hostile server may never end. */
const MAX_ANSWER_BYTES = 65_536;
/** Shorter than the 72 s that servers commonly advertise, so that we do not write into a closing connection. */
const KEEP_ALIVE_MILLIS = 30_000;
const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);
const TLS_CODES =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|INVALID_CA|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)/;
const STALE_CODES = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

interface Failed {
  readonly code: string;
}

function failedBy(error: unknown): Failed {
  const { code } = error as { code?: unknown };
  // Only the code: undici's messages may quote header values, which would print a key.
  return { code: typeof code === 'string' ? code : 'UNKNOWN' };
}

function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Collects the status, the headers and the beginning of one answer. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #settle: (result: HttpAnswer | Failed) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #bytes = 0;
  #aborted = false;

  constructor(settle: (result: HttpAnswer | Failed) => void) {
    this.#settle = settle;
  }

  /** A request that still waits for a connection is never written. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('timeout'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = statusCode;
    this.#headers = headersOf(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < MAX_ANSWER_BYTES) return;
    this.#answer();
    controller.abort(new Error('answer too long'));
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#settle(failedBy(error));
  }

  #answer(): void {
    const body = Buffer.concat(this.#chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
    this.#settle({ status: this.#status, headers: this.#headers, body });
  }
}

/**
 * Sends requests to one origin over kept-alive connections of its own. Never rejects, never follows redirects, never
 * touches the application's global dispatcher, and leaves no span behind.
 */
export class HttpTransport {
  readonly #options: TransportOptions;
  readonly #active = new Set<AbortController>();
  #pool: Promise<Pool> | undefined;
  /** Connections made so far. */
  #connections = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** One request, repeated once at once when a kept-alive connection turned out to be closed. */
  async send(request: HttpRequest): Promise<HttpOutcome> {
    let pool: Pool;
    try {
      this.#pool ??= this.#open();
      pool = await this.#pool;
    } catch (error) {
      this.#pool = undefined;
      return { kind: 'failure', reason: failedBy(error).code, phase: 'connect' };
    }
    const attempt = new AbortController();
    this.#active.add(attempt);
    const ended = this.#options.clock.sleep(this.#options.timeoutMillis, attempt.signal);
    const connections = this.#connections;
    let result = await this.#attempt(pool, request, ended);
    // No connection was made meanwhile, so it was one that had been kept: the server may have closed it as we wrote.
    const reused = this.#connections === connections;
    if ('code' in result && reused && STALE_CODES.has(result.code) && !attempt.signal.aborted) {
      result = await this.#attempt(pool, request, ended);
    }
    const aborted = !this.#active.delete(attempt);
    attempt.abort();
    if (!('code' in result)) return { kind: 'answer', answer: result };
    return { kind: 'failure', reason: result.code, phase: aborted ? 'aborted' : phaseOf(result.code) };
  }

  /** Ends every request under way; their outcome is a failure of phase `aborted`. */
  abort(): void {
    const active = [...this.#active];
    this.#active.clear();
    for (const attempt of active) attempt.abort();
  }

  async close(): Promise<void> {
    this.abort();
    try {
      await (await this.#pool)?.destroy();
    } catch {
      // Nothing is left to be done for a pool that cannot be destroyed.
    }
  }

  async #open(): Promise<Pool> {
    const pool = await openPool(this.#options);
    pool.on('connect', () => {
      this.#connections += 1;
    });
    return pool;
  }

  #attempt(pool: Pool, request: HttpRequest, ended: Promise<void>): Promise<HttpAnswer | Failed> {
    return new Promise((resolve) => {
      const handler = new AnswerHandler(resolve);
      void ended.then(() => {
        resolve({ code: 'TIMEOUT' });
        handler.abort();
      });
      try {
        context.with(suppressTracing(ROOT_CONTEXT), () =>
          pool.dispatch(
            { method: 'POST', path: request.path, headers: { ...request.headers }, body: request.body },
            handler,
          ),
        );
      } catch (error) {
        resolve(failedBy(error));
      }
    });
  }
}

function phaseOf(code: string): 'connect' | 'tls' | 'request' {
  if (CONNECT_CODES.has(code)) return 'connect';
  return TLS_CODES.test(code) ? 'tls' : 'request';
}

/**
 * undici is loaded with the first request, and only after Node has installed its own global dispatcher (reading
 * `Headers` makes it do so): loading undici first would put undici's in that place and re-route the application's
 * `fetch`. Measured on Node 20, 22, 24 and 26.
 */
async function openPool(options: TransportOptions): Promise<Pool> {
  void globalThis.Headers;
  const { Pool: UndiciPool } = await import('undici');
  return new UndiciPool(options.origin, {
    connections: options.maxConnections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    keepAliveMaxTimeout: KEEP_ALIVE_MILLIS,
    connect: { timeout: options.connectTimeoutMillis },
    // One deadline over everything is kept in `send`; idle timeouts would add nothing.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
