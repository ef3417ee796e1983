import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getRequestListener } from '@hono/node-server';
// @ts-expect-error It brings no types.
import untypedExpress from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
// @ts-expect-error It brings no types.
import UntypedKoa from 'koa';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type CaptureOptions,
  type ConnectMiddleware,
  fastifyRequestLogs,
  honoRequestLogs,
  koaRequestLogs,
  loggedHandler,
  logRequestErrors,
  logRequests,
  trackEndpoint,
} from '../../../src/instrument/http/middleware.ts';
import { until } from '../../support/delivery-rig.ts';

interface Answer extends ServerResponse {
  json(value: unknown): void;
  type(name: string): { send(body: unknown): void };
}
type Handler = (request: IncomingMessage & { body: unknown }, response: Answer) => void;
interface ExpressApp {
  use(...handlers: readonly unknown[]): void;
  get(path: string, handler: Handler): void;
  get(path: string, middleware: ConnectMiddleware, handler: Handler): void;
  post(path: string, ...handlers: readonly Handler[]): void;
}
const express = untypedExpress as unknown as { (): ExpressApp; text(): unknown };

interface KoaContext {
  readonly path: string;
  readonly method: string;
  readonly req: IncomingMessage;
  type: string;
  body: unknown;
}
interface KoaApp {
  silent: boolean;
  use(middleware: (context: KoaContext) => Promise<void>): void;
  callback(): RequestListener;
}
const Koa = UntypedKoa as unknown as new () => KoaApp;

interface Logged {
  readonly body: string;
  readonly severityText: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

class Book {
  readonly records: Logged[] = [];
  readonly emit = (record: never): void => void this.records.push(record as Logged);

  async one(): Promise<Logged> {
    await until(() => this.records.length > 0, 'a record');
    expect(this.records).toHaveLength(1);
    return this.records[0] as Logged;
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Framework = (options: CaptureOptions) => Promise<RequestListener>;

const ORDER = { id: 17, note: 'grün' };

/** The same small service on each: an order, an echo of what was posted, and a route that throws. */
const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  'node:http': async (options) =>
    loggedHandler((request: IncomingMessage, response: ServerResponse) => {
      if (request.url?.startsWith('/boom')) {
        response.writeHead(500).end();
        throw new RangeError('kaput');
      }
      if (request.method === 'POST') return void pipeline(request, response.setHeader('content-type', 'text/plain'));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(ORDER));
    }, options),
  express: async (options) => {
    const app = express();
    app.use(logRequests(options));
    app.use(express.text());
    app.get('/orders/:id', (_request, response) => void response.json(ORDER));
    app.post('/echo', (request, response) => void response.type('text/plain').send(request.body));
    app.get('/boom', () => {
      throw new RangeError('kaput');
    });
    app.use(logRequestErrors());
    app.use((_error: unknown, _: unknown, response: ServerResponse, _next: unknown) => {
      response.statusCode = 500;
      response.end();
    });
    return app as unknown as RequestListener;
  },
  fastify: async (options) => {
    let listener: RequestListener = () => {};
    const app = fastify({
      serverFactory: (handler) => {
        listener = handler as RequestListener;
        return createServer(handler);
      },
    });
    await app.register(fastifyRequestLogs as never, options);
    app.get('/orders/:id', async () => ORDER);
    app.post('/echo', async (request, reply) => reply.type('text/plain').send(request.body));
    app.get('/boom', async () => {
      throw new RangeError('kaput');
    });
    await app.ready();
    return listener;
  },
  koa: async (options) => {
    const app = new Koa();
    app.silent = true;
    app.use(koaRequestLogs(options) as never);
    app.use(async (context) => {
      if (context.path === '/boom') throw new RangeError('kaput');
      if (context.method !== 'POST') context.body = ORDER;
      else {
        context.type = 'text/plain';
        context.body = context.req;
      }
    });
    return app.callback();
  },
  hono: async (options) => {
    const app = new Hono();
    app.use(honoRequestLogs(options) as never);
    app.get('/orders/:id', (context) => context.json(ORDER));
    app.post('/echo', async (context) => context.text(await context.req.text()));
    app.get('/boom', () => {
      throw new RangeError('kaput');
    });
    app.onError((_error, context) => context.text('', 500));
    return getRequestListener(app.fetch) as RequestListener;
  },
};

describe.each(Object.entries(FRAMEWORKS))('%s', (name, framework) => {
  async function start(options: CaptureOptions = {}) {
    const book = new Book();
    const server = createServer(await framework({ logger: book, ...options }));
    if (name === 'node:http') {
      // What the handler throws goes to whoever calls it.
      const [listener] = server.listeners('request') as RequestListener[];
      server.removeAllListeners('request').on('request', (request, response) => {
        try {
          listener?.(request, response);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      });
    }
    return { book, url: await listening(server) };
  }

  it('logs a request with what it was answered', async () => {
    const { book, url } = await start({ responseBody: true });
    const answer = await fetch(`${url}/orders/17?full=1`);
    expect(await answer.json()).toEqual(ORDER);
    const { body, severityText, attributes } = await book.one();
    expect(body).toMatch(/^GET \/orders\/17 200 \(\d+ms\)$/);
    expect(severityText).toBe('INFO');
    expect(attributes).toMatchObject({
      'http.request.method': 'GET',
      'url.path': '/orders/17',
      'url.query': 'full=1',
      'http.response.status_code': 200,
      'http.response.body.content': ORDER,
      'client.address': expect.stringContaining('127.0.0.1'),
    });
    if (['express', 'fastify', 'hono'].includes(name)) expect(attributes['http.route']).toBe('/orders/:id');
  });

  it('keeps request and response bodies only when asked', async () => {
    const send = (url: string) =>
      fetch(`${url}/echo`, { method: 'POST', body: 'höllo', headers: { 'content-type': 'text/plain' } });
    const silent = await start();
    expect(await (await send(silent.url)).text()).toBe('höllo');
    expect(Object.keys((await silent.book.one()).attributes).filter((key) => key.includes('content'))).toEqual([]);
    const asked = await start({ requestBody: true, responseBody: true });
    expect(await (await send(asked.url)).text()).toBe('höllo');
    expect((await asked.book.one()).attributes).toMatchObject({
      'http.request.body.content': 'höllo',
      'http.response.body.content': 'höllo',
    });
  });

  it('passes a large body on byte for byte and keeps its beginning', async () => {
    const { book, url } = await start({ requestBody: true, responseBody: true, maxBodyBytes: 100 });
    const text = randomBytes(45_000).toString('base64');
    const answer = await fetch(`${url}/echo`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'text/plain' },
    });
    expect((await answer.text()) === text).toBe(true);
    const kept = `${text.slice(0, 100)}…[+59900 bytes]`;
    expect((await book.one()).attributes).toMatchObject({
      'http.request.body.content': kept,
      'http.response.body.content': kept,
    });
  });

  it('hands on what is thrown, and shows it', async () => {
    const { book, url } = await start();
    expect((await fetch(`${url}/boom`)).status).toBe(500);
    const { body, severityText, attributes } = await book.one();
    expect(body).toMatch(/^GET \/boom 500 /);
    expect(severityText).toBe('ERROR');
    expect(attributes).toMatchObject({ 'exception.type': 'RangeError', 'exception.message': 'kaput' });
  });

  it('keeps headers by name, the user and the tags', async () => {
    const { book, url } = await start({
      headers: ['X-Request-Id', 'content-type'],
      tags: ['api'],
      user: ({ headers }) => ({ 'user.id': headers['x-user'] }),
    });
    await (await fetch(`${url}/orders/1`, { headers: { 'x-request-id': 'r-1', 'x-user': 'u-1' } })).text();
    const { attributes } = await book.one();
    expect(attributes).toMatchObject({ 'http.request.header.x-request-id': ['r-1'], 'user.id': 'u-1', tags: ['api'] });
    expect(attributes).toHaveProperty(['http.response.header.content-type']);
    expect(attributes).not.toHaveProperty(['http.request.header.x-user']);
  });

  it('leaves skipped paths and untracked statuses alone', async () => {
    const { book, url } = await start({ skipPaths: ['/orders/9*'], statuses: ['5xx', 404] });
    for (const path of ['/orders/99', '/orders/1', '/boom']) await (await fetch(url + path)).text();
    expect((await book.one()).body).toContain('/boom');
  });
});

describe('node:http', () => {
  async function serve(
    handler: (request: IncomingMessage, response: ServerResponse) => unknown,
    options: CaptureOptions,
  ) {
    const book = new Book();
    const server = createServer(loggedHandler(handler, { logger: book, ...options }));
    return { book, server, url: await listening(server) };
  }

  it.each<[string, (request: IncomingMessage) => Promise<Buffer>]>([
    [
      'data events',
      (request) =>
        new Promise((resolve) => {
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
        }),
    ],
    ['an iterator', async (request) => Buffer.concat(await request.toArray())],
    [
      'read()',
      (request) =>
        new Promise((resolve) => {
          const chunks: Buffer[] = [];
          request.on('readable', () => {
            for (let chunk = request.read() as Buffer | null; chunk !== null; chunk = request.read())
              chunks.push(chunk);
          });
          request.on('end', () => resolve(Buffer.concat(chunks)));
        }),
    ],
    [
      'a web stream',
      async (request) => Buffer.from(await new Response(Readable.toWeb(request) as never).arrayBuffer()),
    ],
  ])('sees a body that is read by %s', async (_, read) => {
    const sent = randomBytes(300_000).toString('hex');
    const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
    const { book, url } = await serve(async (request, response) => response.end(hash(await read(request))), {
      requestBody: true,
      maxBodyBytes: 10,
    });
    const answer = await fetch(url, { method: 'POST', body: sent, headers: { 'content-type': 'text/plain' } });
    expect(await answer.text()).toBe(hash(sent));
    expect((await book.one()).attributes['http.request.body.content']).toBe(`${sent.slice(0, 10)}…[+599990 bytes]`);
  });

  it('does not make a body flow that nobody reads', async () => {
    const { book, url } = await serve(
      (request, response) => {
        expect(request.readableFlowing).toBe(null);
        response.end();
      },
      { requestBody: true },
    );
    await fetch(url, { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } });
    // Node itself throws the rest away once the answer is out.
    await book.one();
  });

  it('does not hold back what is streamed', async () => {
    let next = (): void => {};
    const { book, url } = await serve(
      (_, response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.write('data: 1\n\n');
        next = () => response.end('data: 2\n\n');
      },
      { responseBody: true },
    );
    const answer = await fetch(url);
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? '').toString()).toBe('data: 1\n\n');
    expect(book.records).toEqual([]);
    next();
    expect(Buffer.from((await reader?.read())?.value ?? '').toString()).toBe('data: 2\n\n');
    expect((await book.one()).attributes['http.response.body.content']).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('write() and end() keep their arguments, callbacks and results', async () => {
    const seen: unknown[] = [];
    const { book, url } = await serve(
      (_, response) => {
        response.setHeader('content-type', 'text/plain');
        seen.push(response.write('c3bc', 'hex', () => seen.push('written')));
        seen.push(response.end(() => seen.push('ended')) === response);
      },
      { responseBody: true },
    );
    expect(await (await fetch(url)).text()).toBe('ü');
    expect((await book.one()).attributes['http.response.body.content']).toBe('ü');
    expect(seen).toEqual([true, true, 'written', 'ended']);
  });

  it.each([
    ['image/png', undefined, '[image/png, 3 bytes]'],
    ['application/json', 'gzip', '[gzip application/json, 3 bytes]'],
    [undefined, undefined, '[unknown type, 3 bytes]'],
    ['application/problem+json; charset=utf-8', undefined, 'abc'],
  ])('a body of %s (%s) is kept as it is told', async (type, coding, expected) => {
    const { book, url } = await serve(
      (_, response) => {
        if (type !== undefined) response.setHeader('content-type', type);
        if (coding !== undefined) response.setHeader('content-encoding', coding);
        response.end('abc');
      },
      { responseBody: true },
    );
    await fetch(url)
      .then((answer) => answer.arrayBuffer())
      .catch(() => undefined);
    expect((await book.one()).attributes['http.response.body.content']).toBe(expected);
  });

  it('a form is kept by its fields', async () => {
    const { book, url } = await serve((request, response) => request.resume().on('end', () => response.end()), {
      requestBody: true,
    });
    await fetch(url, { method: 'POST', body: new URLSearchParams({ name: 'Ada', city: 'Köln' }) });
    expect((await book.one()).attributes['http.request.body.content']).toEqual({ name: 'Ada', city: 'Köln' });
  });

  it('a request that is aborted is logged as such, once', async () => {
    const { book, url } = await serve((_, response) => response.write('begun'), { responseBody: true });
    const client = httpRequest(url);
    client.on('error', () => {});
    client.end();
    await new Promise((resolve) => client.once('response', resolve));
    client.destroy();
    const { body, severityText } = await book.one();
    expect(body).toMatch(/^GET \/ aborted \(\d+ms\)$/);
    expect(severityText).toBe('WARN');
  });

  it('leaves upgraded connections alone', async () => {
    const { book, server, url } = await serve((_, response) => response.end('plain'), { responseBody: true });
    server.on('upgrade', (_request, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nping');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    await until(() => text.endsWith('ping'), 'the echo');
    expect(await (await fetch(url)).text()).toBe('plain');
    expect((await book.one()).body).toContain('GET / 200');
  });

  it('what a user function or a logger throws reaches nobody', async () => {
    const fail = () => {
      throw new Error('from the application');
    };
    const { book, url } = await serve((_, response) => response.end('fine'), { user: fail });
    expect(await (await fetch(url)).text()).toBe('fine');
    await book.one();
    const broken = await serve((_, response) => response.end('fine'), { logger: { emit: fail } });
    expect(await (await fetch(broken.url)).text()).toBe('fine');
    expect(await (await fetch(broken.url)).text()).toBe('fine');
  });

  it('a promise of the handler is the one that comes back, rejected as it was', async () => {
    const error = new Error('kaput');
    const handler = async () => {
      throw error;
    };
    const book = new Book();
    const logged = loggedHandler(handler, { logger: book });
    const outcomes: unknown[] = [];
    const server = createServer((request, response) => {
      void logged(request, response).catch((thrown: unknown) => {
        outcomes.push(thrown);
        response.writeHead(500).end();
      });
    });
    await fetch(await listening(server));
    expect(outcomes).toEqual([error]);
    expect((await book.one()).attributes['exception.message']).toBe('kaput');
  });
});

describe('trackEndpoint', () => {
  it('adds to what was set up for all', async () => {
    const book = new Book();
    const app = express();
    app.use(logRequests({ logger: book, statuses: ['5xx'], tags: ['api'], user: () => ({ 'user.id': 'u-1' }) }));
    app.get('/watched', trackEndpoint({ statuses: [200], tags: ['watched'], responseBody: true }), (_, response) => {
      response.json(ORDER);
    });
    app.get('/other', (_, response) => void response.json(ORDER));
    const url = await listening(createServer(app as unknown as RequestListener));
    await (await fetch(`${url}/other`)).text();
    await (await fetch(`${url}/watched`)).text();
    const { body, attributes } = await book.one();
    expect(body).toContain('/watched');
    expect(attributes).toMatchObject({
      tags: ['api', 'watched'],
      'user.id': 'u-1',
      'http.response.body.content': ORDER,
    });
  });

  it('is a route option in Fastify, checked when the route is made', async () => {
    const book = new Book();
    const app = fastify();
    onTestFinished(() => app.close());
    await app.register(fastifyRequestLogs as never, { logger: book });
    app.get('/watched', { config: { logferry: { responseBody: true } } } as never, async () => ORDER);
    expect(() =>
      app.get('/bad', { config: { logferry: { responseBody: 'yes' } } } as never, async () => ORDER),
    ).toThrow('responseBody must be true or false, got string');
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    await (await fetch(`${url}/watched`)).text();
    expect((await book.one()).attributes['http.response.body.content']).toEqual(ORDER);
  });
});

describe('options', () => {
  it.each<[object, string]>([
    [{ requestBody: 'yes' }, 'requestBody must be true or false, got string'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes must be a whole number of at least 1, got 0'],
    [{ contentTypes: 'text/plain' }, 'contentTypes must be a list of non-empty strings'],
    [{ headers: 'all' }, 'headers must be a list of non-empty strings'],
    [{ user: 'me' }, 'user must be a function, got string'],
    [{ statuses: ['6x'] }, 'statuses has "6x"; use 500, 4xx or 400-499'],
    [{ slowMillis: -1 }, 'slowMillis must be a number of at least 0, got -1'],
    [{ skipPaths: [''] }, 'skipPaths must be a list of non-empty strings'],
    [{ logger: {} }, 'logger must be an OpenTelemetry logger'],
    [{ bodies: true }, 'unknown option bodies'],
  ])('%j is refused', (options, message) => {
    expect(() => logRequests(options as CaptureOptions)).toThrow(message);
  });
});
