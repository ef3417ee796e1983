import type { Readable } from 'node:stream';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Dispatcher, Pool } from 'undici';
import { failedBy } from '../delivery/answer-handler.ts';
import type { ClientSettings } from './client-options.ts';
import { LogTideConnectionError } from './errors.ts';

interface Head {
  readonly status: number;
  /** Lower-case names; of a repeated header the first. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A whole answer. */
export interface TextAnswer extends Head {
  readonly body: string;
}

/** The head of an answer, and its body still on the way. */
interface OpenAnswer extends Head {
  readonly body: Readable;
}

/** A page of 1,000 large rows fits; what is above is no answer that a program could use. */
const MAX_ANSWER_BYTES = 134_217_728;
/** Shorter than the 72 s that servers advertise, so that we do not write into a closing connection. */
const KEEP_ALIVE_MILLIS = 30_000;

/** Reading logs must not make spans that end up in logs. */
const SUPPRESSED = suppressTracing(ROOT_CONTEXT);

/**
 * GET requests to one server over connections of their own: never through the application's global dispatcher, never
 * following redirects, never leaving a span behind.
 */
export class ClientHttp {
  readonly #settings: ClientSettings;
  #pool: Promise<Pool> | undefined;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /**
   * A whole answer as text. Throws a `LogTideConnectionError` when none came in time, the reason of `signal` when that
   * was faster.
   */
  get(path: string, signal?: AbortSignal): Promise<TextAnswer> {
    return this.#timed(path, signal, async (end) => {
      const { status, headers, body } = await this.#request(path, 'application/json', end);
      return { status, headers, body: await textOf(path, body) };
    });
  }

  /**
   * A live stream, or the whole answer when it is not 200. The time limit holds until the stream begins, `signal` also
   * for what follows. Throws like `get`.
   */
  open(path: string, signal: AbortSignal): Promise<OpenAnswer | TextAnswer> {
    return this.#timed(path, signal, async (end) => {
      const answer = await this.#request(path, 'text/event-stream', end);
      if (answer.status !== 200) return { ...answer, body: await textOf(path, answer.body) };
      const abort = (): void => {
        answer.body.destroy();
      };
      signal.addEventListener('abort', abort, { once: true });
      answer.body.once('close', () => signal.removeEventListener('abort', abort));
      return answer;
    });
  }

  /** Closes all connections; requests under way fail. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await (await pool)?.destroy();
  }

  async #timed<T>(path: string, signal: AbortSignal | undefined, work: (end: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const { clock, timeoutMillis } = this.#settings;
    const end = new AbortController();
    const abort = (): void => end.abort();
    let late = false;
    const cancel = clock.after(timeoutMillis, () => {
      late = true;
      abort();
    });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await work(end.signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LogTideConnectionError) throw error;
      const code = late ? 'TIMEOUT' : failedBy(error).code;
      throw new LogTideConnectionError(`GET ${shown(path)}: no answer (${code})`, code);
    } finally {
      cancel();
      signal?.removeEventListener('abort', abort);
    }
  }

  async #request(path: string, accept: string, signal: AbortSignal): Promise<OpenAnswer> {
    const { address } = this.#settings;
    this.#pool ??= openPool(this.#settings);
    const pool = await this.#pool;
    const { path: fullPath, key } = address.request(path);
    const { statusCode, headers, body } = await context.with(SUPPRESSED, () =>
      pool.request({ method: 'GET', path: fullPath, headers: { accept, 'x-api-key': key }, signal }),
    );
    return { status: statusCode, headers: firstOf(headers), body };
  }
}

/** A path for messages: what was asked for is nobody's business but the caller's. */
export function shown(path: string): string {
  return path.split('?')[0] ?? path;
}

function firstOf(headers: Dispatcher.ResponseData['headers']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

async function textOf(path: string, body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new LogTideConnectionError(`GET ${shown(path)}: more than 128 MiB; ask with a smaller limit`, 'TOO_LARGE');
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Loaded with the first request, and after Node's own dispatcher is in place: see `delivery/http.ts`. */
async function openPool({ address, connectTimeoutMillis }: ClientSettings): Promise<Pool> {
  void globalThis.Headers;
  const { Pool: UndiciPool } = await import('undici');
  return new UndiciPool(address.origin, {
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    keepAliveMaxTimeout: KEEP_ALIVE_MILLIS,
    connect: { timeout: connectTimeoutMillis },
    // Limits are kept here, by our own clock.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
