import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { buildConnector, Pool } from 'undici';
import type { Clock } from '../clock.ts';
import type { Failed } from './answer-handler.ts';
import { AnswerHandler, failedBy } from './answer-handler.ts';
import { Deadline, Deadlines } from './deadline.ts';
import type { HttpAnswer, HttpRequest } from './http-message.ts';

export type HttpOutcome =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  /** No answer. */
  | { readonly kind: 'failure'; readonly reason: string; readonly phase: FailurePhase };

/**
 * `connect`: no connection was made · `tls`: the certificate was refused · `request`: the connection broke · `timeout`:
 * no answer in time, although this process was awake · `aborted`: by `abort()`.
 */
export type FailurePhase = 'connect' | 'tls' | 'request' | 'timeout' | 'aborted';

export interface TransportOptions {
  readonly origin: string;
  readonly maxConnections: number;
  /** From handing over the request to the last byte of the answer. */
  readonly timeoutMillis: number;
  readonly connectTimeoutMillis: number;
  /** Whether a request under way keeps an otherwise finished process alive. */
  readonly holdsProcess: boolean;
  readonly clock: Clock;
}

const TIMEOUT = 'TIMEOUT';
/** A deadline that is this many times late was missed by our own process: it was stopped, or did something else. */
const OVERSLEPT = 1.5;
/** Shorter than the 72 s that servers commonly advertise, so that we do not write into a closing connection. */
const KEEP_ALIVE_MILLIS = 30_000;
const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);
const TLS_CODES =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|INVALID_CA|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)/;
/** What undici refuses to write, such as a line break in a header. */
const REFUSED_CODES = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);
const STALE_CODES = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Our own requests must not become spans. */
const SUPPRESSED = suppressTracing(ROOT_CONTEXT);

/**
 * Sends requests to one origin over kept-alive connections of its own. Never rejects, never follows redirects, never
 * touches the application's global dispatcher, and leaves no span behind.
 */
export class HttpTransport {
  readonly #options: TransportOptions;
  readonly #deadlines = new Deadlines();
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
    const deadline = new Deadline();
    this.#deadlines.add(deadline);
    const { clock, timeoutMillis } = this.#options;
    const latest = clock.now() + timeoutMillis * OVERSLEPT;
    const cancel = clock.after(timeoutMillis, () => deadline.end());
    const connections = this.#connections;
    let result = await this.#attempt(pool, request, deadline);
    // No connection was made meanwhile, so it was one that had been kept: the server may have closed it as we wrote.
    const reused = this.#connections === connections;
    if ('code' in result && reused && STALE_CODES.has(result.code) && !deadline.ended) {
      result = await this.#attempt(pool, request, deadline);
    }
    cancel();
    if ('code' in result && REFUSED_CODES.has(result.code)) this.#abandon(pool);
    const aborted = !this.#deadlines.remove(deadline);
    if (!('code' in result)) return { kind: 'answer', answer: result };
    const awake = clock.now() <= latest;
    return { kind: 'failure', reason: result.code, phase: aborted ? 'aborted' : phaseOf(result.code, awake) };
  }

  /** Ends every request under way; their outcome is a failure of phase `aborted`. */
  abort(): void {
    this.#deadlines.endAll();
  }

  async close(): Promise<void> {
    this.abort();
    try {
      await (await this.#pool)?.destroy();
    } catch {
      // Nothing is left to be done for a pool that cannot be destroyed.
    }
  }

  /** undici's pool waits for ever for a connection whose request it has refused; the next request gets a new pool. */
  #abandon(pool: Pool): void {
    this.#pool = undefined;
    pool.close().catch(() => {});
  }

  async #open(): Promise<Pool> {
    const pool = await openPool(this.#options);
    pool.on('connect', () => {
      this.#connections += 1;
    });
    return pool;
  }

  #attempt(pool: Pool, request: HttpRequest, deadline: Deadline): Promise<HttpAnswer | Failed> {
    return new Promise((resolve) => {
      const handler = new AnswerHandler(resolve);
      deadline.onEnd = () => {
        resolve({ code: TIMEOUT });
        handler.abort();
      };
      try {
        context.with(SUPPRESSED, () =>
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

function phaseOf(code: string, awake: boolean): FailurePhase {
  if (code === TIMEOUT && awake) return 'timeout';
  if (CONNECT_CODES.has(code) || code.startsWith('EAI_')) return 'connect';
  return TLS_CODES.test(code) ? 'tls' : 'request';
}

/** undici lets go of idle sockets and takes them back for each request; these stay let go of. */
function withoutHold(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      socket.unref();
      socket.ref = () => socket;
      callback(null, socket);
    });
}

/**
 * undici is loaded with the first request, and only after Node has installed its own global dispatcher (reading
 * `Headers` makes it do so): loading undici first would put undici's in that place and re-route the application's
 * `fetch`. Measured on Node 20, 22, 24 and 26.
 */
async function openPool(options: TransportOptions): Promise<Pool> {
  void globalThis.Headers;
  const { buildConnector, Pool: UndiciPool } = await import('undici');
  const connect = buildConnector({ timeout: options.connectTimeoutMillis });
  return new UndiciPool(options.origin, {
    connections: options.maxConnections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    keepAliveMaxTimeout: KEEP_ALIVE_MILLIS,
    connect: options.holdsProcess ? connect : withoutHold(connect),
    // One deadline over everything is kept in `send`; idle timeouts would add nothing.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
