import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the test server saw it. */
export interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The records of the body, by their `id`. */
  readonly ids: readonly string[];
  /** When it arrived, by the clock the server was given. */
  readonly at: number;
  /** Number of the connection it came over, from 1. */
  readonly connection: number;
}

/** A status; more of an answer; or no answer: silence, a cut connection, or whatever the function does with it. */
export type Answer =
  | number
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang'
  | 'reset'
  | ((response: ServerResponse) => void);

function idsOf(body: string): readonly string[] {
  const value: unknown = JSON.parse(body);
  const list = Array.isArray(value) ? value : ((value as { logs?: unknown[] }).logs ?? [value]);
  return list.map((item: unknown) => {
    const { id, message } = item as { id?: unknown; message?: unknown };
    return String(id ?? message);
  });
}

/** An HTTP server on 127.0.0.1 that keeps every request and answers as it is told, `answer` may be replaced any time. */
export class TestServer {
  readonly seen: Seen[] = [];
  /** Ids of requests that were answered 2xx, in order, as often as they were stored. */
  readonly stored: string[] = [];
  /** The number of a request, from 1, and what was seen so far (this one included) decide the answer. */
  answer: (seen: Seen, number: number) => Answer = () => 200;
  connections = 0;
  /** Numbers of the connections that were closed. */
  readonly closed = new Set<number>();
  /** Asked when the head of a request is there; true when it has dealt with the request in its own way. */
  early: ((request: IncomingMessage, connection: number) => boolean) | undefined;
  readonly #now: () => number;
  readonly #server: Server;
  readonly #numbers = new WeakMap<Socket, number>();
  #port = 0;

  constructor(now: () => number = () => 0) {
    this.#now = now;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      if (this.early?.(request, this.#numbers.get(request.socket) ?? 0)) return;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => {});
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const seen: Seen = {
          path: request.url ?? '',
          headers: request.headers,
          body,
          ids: idsOf(body),
          at: this.#now(),
          connection: this.#numbers.get(request.socket) ?? 0,
        };
        this.seen.push(seen);
        this.#respond(response, this.answer(seen, this.seen.length), seen);
      });
    });
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      const number = this.connections;
      this.#numbers.set(socket, number);
      socket.on('close', () => this.closed.add(number));
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts to listen; after `pause()` on the same port again. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** Refuses connections and cuts those there are. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  close(): Promise<void> {
    return this.#server.listening ? this.pause() : Promise.resolve();
  }

  #respond(response: ServerResponse, answer: Answer, seen: Seen): void {
    if (answer === 'hang') return;
    if (answer === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    if (typeof answer === 'function') {
      answer(response);
      return;
    }
    const { status, headers = {}, body = '' } = typeof answer === 'number' ? { status: answer } : answer;
    if (status >= 200 && status < 300) this.stored.push(...seen.ids);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
  }
}

/** A test server that listens. */
export async function testServer(now?: () => number): Promise<TestServer> {
  const server = new TestServer(now);
  await server.open();
  return server;
}
