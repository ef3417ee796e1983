import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ControlParts } from './control.ts';
import { control, controlPrefix } from './control.ts';
import type { Ingest } from './ingest.ts';
import type { LogStream } from './log-stream.ts';
import { readBody } from './read-body.ts';
import type { Reader, ReadFate } from './reader.ts';
import { redactPath } from './redact.ts';
import { routeOf } from './route.ts';
import type { SinkAnswer, SinkOptions } from './types.ts';

/** LogTide's servers advertise this; clients have to drop idle sockets earlier (LogTide's wire contract §1.1). */
const keepAliveMillis = 72_000;
/** What a live tail may hold for a client that does not read. */
const maxUnreadBytes = 16 * 1024 * 1024;
/** For `GET /health`; the version is the way to tell the two LogTide lines apart. */
const versions = { A: '0.5.0', B: '1.0.2' };

export interface ListenerParts extends ControlParts {
  readonly options: SinkOptions;
  readonly ingest: Ingest;
  readonly reader: Reader;
}

function send(response: ServerResponse, answer: SinkAnswer): void {
  if (response.destroyed || response.writableEnded) return;
  const { body } = answer;
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(answer.status, {
    'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

/** Runs a live tail until its client leaves or the sink cuts the connection. */
function run(response: ServerResponse, stream: LogStream, running: Set<() => void>): void {
  if (response.destroyed) return;
  response.writeHead(200, stream.headers);
  const write = (text: string): void => {
    response.write(text);
    // A client that does not read must not fill the memory.
    if (response.writableLength > maxUnreadBytes) response.destroy();
  };
  const stop = stream.start(write, () => response.end());
  running.add(stop);
  response.on('close', () => {
    running.delete(stop);
    stop();
  });
}

function enact(response: ServerResponse, { effect, delayMillis }: ReadFate, running: Set<() => void>): void {
  if (effect === 'hang') return;
  if (effect === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const act = (): void => ('start' in effect ? run(response, effect, running) : send(response, effect));
  // Unref'd: a sink that has been closed must not be kept alive by answers nobody waits for.
  if (delayMillis > 0) setTimeout(act, delayMillis).unref();
  else act();
}

function health(parts: ListenerParts): SinkAnswer {
  const { now = Date.now, logtideServer = 'B' } = parts.options;
  const body = { status: 'ok', timestamp: new Date(now()).toISOString(), version: versions[logtideServer] };
  return { status: 200, body };
}

/** An HTTP server that reads, dispatches and answers; nothing more. Not yet listening. */
function makeServer(parts: ListenerParts, running: Set<() => void>): Server {
  return createServer({ keepAliveTimeout: keepAliveMillis }, (request, response) => {
    const { method = 'GET', url: target = '/', headers } = request;
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const route = routeOf(method, path);
    readBody(request, (body) => {
      if (body === 'aborted') return;
      if (route !== undefined) {
        enact(response, parts.ingest.handle(route, { method, target, headers, body }), running);
        return;
      }
      const read = parts.reader.handle(method, target, headers);
      if (read !== undefined) {
        enact(response, read, running);
      } else if (method === 'GET' && path === '/health') {
        send(response, health(parts));
      } else if (path.startsWith(controlPrefix)) {
        const url = new URL(target, 'http://127.0.0.1');
        const text = typeof body === 'string' ? '' : body.toString('utf8');
        send(response, control({ method, url, headers, body: text }, parts));
      } else {
        const shown = redactPath(target);
        parts.options.onUnrouted?.(method, shown);
        // LogTide's wording on both lines; the other platforms' is not known.
        const message = `Route ${method}:${shown} not found`;
        send(response, { status: 404, body: { message, error: 'Not Found', statusCode: 404 } });
      }
    });
  });
}

/** A port that is up or down. Opening after closing takes the same port again. */
export class Listener {
  readonly #parts: ListenerParts;
  /** What stops each live tail. */
  readonly #running = new Set<() => void>();
  #server: Server | undefined;
  #port: number;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#port = parts.options.port ?? 0;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens on 127.0.0.1. Rejects as `server.listen` does, for example with `EADDRINUSE`. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = makeServer(this.#parts, this.#running);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and cuts every connection, idle or busy. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    // Not left to the sockets' events, which come later than the end of this.
    for (const stop of this.#running) stop();
    this.#running.clear();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
