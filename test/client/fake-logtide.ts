import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Row {
  readonly id: string;
  readonly time: string;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly traceId: string | null;
}

export interface Asked {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface Scripted {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

interface Stream {
  readonly response: ServerResponse;
  readonly parameters: URLSearchParams;
  cursor: number;
  sent: Set<string>;
}

const timeOf = (row: Row): number => Date.parse(row.time);

/**
 * LogTide's reading API as the contract has it, with a poll that happens when the test says so. Line `A` sends the rows
 * of its poll again and again, line `B` does not.
 */
export class FakeLogTide {
  readonly rows: Row[] = [];
  readonly asked: Asked[] = [];
  /** Answers instead of the real thing; undefined lets it through. */
  script: (asked: Asked) => Scripted | 'hang' | 'reset' | undefined = () => undefined;
  readonly #line: 'A' | 'B';
  readonly #now: () => number;
  readonly #server: Server;
  readonly #streams = new Set<Stream>();
  readonly #waiters = new Set<() => void>();
  #port = 0;

  constructor(line: 'A' | 'B', now: () => number) {
    this.#line = line;
    this.#now = now;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      this.#answer({ path: url.pathname, parameters: url.searchParams, headers: request.headers }, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Paths that were asked for, without their parameters. */
  get paths(): readonly string[] {
    return this.asked.map(({ path }) => path);
  }

  /** Live streams there are. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Bytes that streams were sent and nobody has taken. */
  get unsent(): number {
    return [...this.#streams].reduce((sum, { response }) => sum + response.writableLength, 0);
  }

  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Resolves as soon as the condition holds; it is looked at when something happens here. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }

  store(...rows: readonly Row[]): void {
    this.rows.push(...rows);
  }

  /** The poll that the server makes every second, for all streams. */
  tick({ heartbeat = true } = {}): void {
    for (const stream of this.#streams) {
      const to = this.#line === 'B' ? this.#now() : Number.POSITIVE_INFINITY;
      const rows = this.#select(stream.parameters, stream.cursor, to).slice(0, 100);
      const fresh = this.#line === 'A' ? rows : rows.filter(({ id }) => !stream.sent.has(id));
      const times = rows.map(timeOf);
      if (this.#line === 'A') stream.cursor = Math.min(...(times.length > 0 ? times : [stream.cursor]));
      else stream.cursor = Math.max(stream.cursor, ...times);
      stream.sent = new Set(rows.filter((row) => timeOf(row) === stream.cursor).map(({ id }) => id));
      for (const data of fresh) stream.response.write(`data: ${JSON.stringify({ type: 'log', data })}\n\n`);
      if (heartbeat) stream.response.write(': heartbeat\n\n');
    }
  }

  #answer(asked: Asked, response: ServerResponse): void {
    this.asked.push(asked);
    const scripted = this.script(asked);
    if (scripted === 'reset') response.socket?.resetAndDestroy();
    else if (scripted === undefined) this.#serve(asked, response);
    else if (scripted !== 'hang') json(response, scripted);
    this.#notify();
  }

  #notify(): void {
    for (const look of this.#waiters) look();
  }

  #serve({ path, parameters }: Asked, response: ServerResponse): void {
    if (path === '/api/v1/logs/stream') this.#stream(parameters, response);
    else if (path === '/api/v1/logs') json(response, { status: 200, body: this.#page(parameters) });
    else if (path === '/health') {
      json(response, { status: 200, body: { status: 'ok', version: this.#line === 'A' ? '0.5.0' : '1.0.2' } });
    } else json(response, { status: 404, body: { error: 'Not Found', message: `Route GET:${path} not found` } });
  }

  #stream(parameters: URLSearchParams, response: ServerResponse): void {
    const stream: Stream = { response, parameters, cursor: this.#now(), sent: new Set() };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: {"type":"connected","timestamp":"${new Date(this.#now()).toISOString()}"}\n\n`);
    this.#streams.add(stream);
    response.on('close', () => {
      this.#streams.delete(stream);
      this.#notify();
    });
  }

  #page(parameters: URLSearchParams): unknown {
    const limit = Number(parameters.get('limit') ?? 100);
    const from = parameters.get('from');
    const to = parameters.get('to');
    const all = this.#select(
      parameters,
      from === null ? 0 : Date.parse(from),
      to === null ? this.#now() : Date.parse(to),
    );
    const cursor = parameters.get('cursor');
    const at = cursor === null ? -1 : all.findIndex(({ id }) => id === atob(cursor));
    const logs = all.slice(at + 1, at + 1 + limit);
    const left = all.length - at - 1;
    const last = logs.at(-1);
    const isFull = this.#line === 'A' ? logs.length === limit : left > limit;
    const nextCursor = isFull && last !== undefined ? { nextCursor: btoa(last.id) } : {};
    return { logs, total: left, limit, offset: 0, ...(this.#line === 'B' && { hasMore: left > limit }), ...nextCursor };
  }

  /** Newest first, ties by id. */
  #select(parameters: URLSearchParams, from: number, to: number): readonly Row[] {
    const services = parameters.getAll('service');
    const levels = parameters.getAll('level');
    const traceId = parameters.get('traceId');
    const q = parameters.get('q');
    return this.rows
      .filter(
        (row) =>
          timeOf(row) >= from &&
          timeOf(row) <= to &&
          (services.length === 0 || services.includes(row.service)) &&
          (levels.length === 0 || levels.includes(row.level)) &&
          (traceId === null || row.traceId === traceId) &&
          (q === null || row.message.toLowerCase().includes(q.toLowerCase())),
      )
      .sort((a, b) => timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1));
  }
}

function json(response: ServerResponse, { status, headers = {}, body = {} }: Scripted): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A row at a time; its number makes id and message. */
export function row(number: number, atMillis: number, more: Partial<Row> = {}): Row {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const time = new Date(atMillis).toISOString();
  return { id, time, service: 'api', level: 'info', message: `message ${number}`, traceId: null, ...more };
}

/** A server that listens until the test ends. */
export async function fakeLogTide(line: 'A' | 'B', now: () => number): Promise<FakeLogTide> {
  const server = new FakeLogTide(line, now);
  await server.open();
  onTestFinished(() => server.close());
  return server;
}
