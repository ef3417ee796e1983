import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LogQuery, LogTideClientOptions } from '../../src/client/logtide.ts';
import { LogTideApiError, LogTideClient, LogTideConnectionError } from '../../src/client/logtide.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';
import type { FakeLogTide, Scripted } from './fake-logtide.ts';
import { fakeLogTide, row } from './fake-logtide.ts';

const KEY = `lp_${'5ec'.repeat(21)}5`;

async function rig(line: 'A' | 'B' = 'B', options: Partial<LogTideClientOptions> = {}) {
  const clock = new FakeClock();
  const server = await fakeLogTide(line, () => clock.wallNow());
  const client = new LogTideClient({ url: server.url, apiKey: KEY, ...options }, { clock });
  onTestFinished(() => client.close());
  return { clock, server, client };
}

/** Answers the requests of one path, the others as usual. */
function answer(server: FakeLogTide, path: string, scripted: Scripted): void {
  server.script = (asked) => (asked.path === path ? scripted : undefined);
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('query()', () => {
  it('sends every parameter as the server wants it, the key as a header only', async () => {
    const { server, client } = await rig();
    await client.query({
      service: ['api gateway', 'web'],
      level: ['error', 'critical'],
      hostname: 'h1',
      traceId: 'a b/c?d',
      sessionId: '550e8400-e29b-41d4-a716-446655440000',
      metadata: [{ key: 'i', op: 'in', value: [1, 2] }],
      from: new Date('2026-01-01T00:00:00.123Z'),
      to: '2026-01-02T02:00:00.123456+02:00',
      q: 'a b&c',
      searchMode: 'substring',
      limit: 50,
      offset: 10,
    });
    const { path, parameters, headers } = server.asked.at(-1) as (typeof server.asked)[0];
    expect([path, [...parameters]]).toEqual([
      '/api/v1/logs',
      [
        ['service', 'api gateway'],
        ['service', 'web'],
        ['level', 'error'],
        ['level', 'critical'],
        ['hostname', 'h1'],
        ['traceId', 'a b/c?d'],
        ['sessionId', '550e8400-e29b-41d4-a716-446655440000'],
        ['metadata_filters', '[{"key":"i","op":"in","value":[1,2]}]'],
        ['from', '2026-01-01T00:00:00.123Z'],
        ['to', '2026-01-02T00:00:00.123Z'],
        ['q', 'a b&c'],
        ['searchMode', 'substring'],
        ['limit', '50'],
        ['offset', '10'],
      ],
    ]);
    expect(headers['x-api-key']).toBe(KEY);
    expect(headers.authorization).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [{ from: '2026-01-02T03:04:05' }, 'from has no time zone'],
    [{ to: '2026-01-02' }, 'to must be a Date or ISO 8601 text'],
    [{ from: 1_767_323_045_000 }, 'from must be a Date or ISO 8601 text, got number'],
    [{ from: '2026-02-30T00:00:00Z' }, 'from does not exist'],
    [{ from: '2026-01-01T25:00:00Z' }, 'from does not exist'],
    [{ from: new Date(Number.NaN) }, 'from is an invalid Date'],
    [{ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'from must not be later than to'],
    [{ level: 'fatal' }, 'level must be "debug" or "info" or "warn" or "error" or "critical", got fatal'],
    [{ level: [] }, 'level must be a non-empty string or a list'],
    [{ service: [''] }, 'service must be'],
    [{ traceId: '' }, 'traceId must be'],
    [{ q: '' }, 'q must be'],
    [{ searchMode: 'regex' }, 'searchMode must be'],
    [{ sessionId: 'abc' }, 'sessionId must be a UUID'],
    [{ limit: 0 }, 'limit must be'],
    [{ limit: 1_001 }, 'limit must be at most 1000'],
    [{ limit: 1.5 }, 'limit must be a whole number'],
    [{ offset: -1 }, 'offset must be'],
    [{ cursor: 'not base64!' }, 'cursor is not'],
    [{ cursor: 'abc', offset: 1 }, 'cursor and offset exclude'],
    [{ metadata: [{ key: 'a', op: 'like', value: 1 }] }, 'metadata.op must be'],
    [{ metadata: [{ key: 'a', op: 'in', value: 1 }] }, 'metadata: in takes a list'],
    [{ metadata: [{ key: 'a', op: 'exists', value: 1 }] }, 'metadata: exists takes no value'],
    [{ metadata: [{ op: 'exists' }] }, 'metadata.key is missing'],
    [{ projectId: 'p' }, 'projectId cannot be given'],
    [{ services: 'api' }, 'unknown option services'],
  ])('refuses %j before anything is sent', async (query, text) => {
    const { server, client } = await rig();
    expect(await failure(client.query(query as LogQuery))).toMatchObject({ message: expect.stringContaining(text) });
    expect(server.asked).toEqual([]);
  });

  it.each(['A', 'B'] as const)('reads all pages of line %s by cursor, each log once, newest first', async (line) => {
    const { server, client, clock } = await rig(line);
    server.store(...range(10).map((number) => row(number, clock.wallNow() - number * 1_000)));
    const pages = await collect(client.pages({ limit: 5 }));
    expect(pages.flatMap(({ logs }) => logs.map(({ message }) => message))).toEqual(
      range(10).map((number) => `message ${number}`),
    );
    expect(pages[0]).toMatchObject({ total: 10, limit: 5, hasMore: true, nextCursor: expect.any(String) });
    expect(pages.at(-1)).toMatchObject({ hasMore: false });
    expect(pages.at(-1)).not.toHaveProperty('nextCursor');
    const logs = await collect(client.logs({ limit: 3, level: 'info' }));
    expect(new Set(logs.map(({ id }) => id)).size).toBe(10);
  });

  it('reads a page only when it is asked for', async () => {
    const { server, client, clock } = await rig();
    server.store(...range(10).map((number) => row(number, clock.wallNow() - number)));
    for await (const _ of client.pages({ limit: 2 })) if (server.asked.length === 2) break;
    expect(server.asked.length).toBe(2);
  });

  it.each(['sessionId', 'hostname', 'metadata'] as const)(
    'an old server, which ignores %s, is not asked',
    async (name) => {
      const query: LogQuery = {
        sessionId: { sessionId: '550e8400-e29b-41d4-a716-446655440000' },
        hostname: { hostname: 'h' },
        metadata: { metadata: [{ key: 'k', op: 'exists' as const }] },
      }[name];
      const old = await rig('A');
      expect(await failure(old.client.query(query))).toMatchObject({ name: 'LogTideApiError', code: 'UNSUPPORTED' });
      expect(old.server.paths).toEqual(['/health']);
      const current = await rig('B');
      await current.client.query(query);
      await current.client.query(query);
      expect(current.server.paths).toEqual(['/health', '/api/v1/logs', '/api/v1/logs']);
    },
  );

  it('compares versions by number, and asks a server that tells none', async () => {
    const { server, client } = await rig();
    answer(server, '/health', { status: 200, body: { status: 'ok' } });
    await client.query({ hostname: 'h' });
    answer(server, '/health', { status: 200, body: { status: 'ok', version: 'v0.10.1-beta' } });
    await client.query({ metadata: [{ key: 'k', op: 'exists' }] });
    expect(server.paths).toEqual(['/health', '/api/v1/logs', '/health', '/api/v1/logs']);
  });

  it('a version that knows one parameter need not know another', async () => {
    const { server, client } = await rig();
    answer(server, '/health', { status: 200, body: { status: 'ok', version: '0.8.5' } });
    await client.query({ hostname: 'h' });
    const query: LogQuery = { metadata: [{ key: 'k', op: 'exists' }] };
    expect(await failure(client.query(query))).toMatchObject({
      message: 'metadata needs server 0.9.2, this one is 0.8.5',
    });
  });
});

describe('answers', () => {
  it('hides what server lines send differently: counts as text, null, no hasMore', async () => {
    const { server, client } = await rig();
    answer(server, '/api/v1/logs', {
      status: 200,
      body: { logs: [{ ...row(1, 0), metadata: null, sessionId: null }], total: '12', limit: 1, offset: 0 },
    });
    expect(await client.query()).toEqual({
      logs: [
        {
          id: row(1, 0).id,
          time: '1970-01-01T00:00:00.000Z',
          service: 'api',
          level: 'info',
          message: 'message 1',
          metadata: {},
        },
      ],
      total: 12,
      limit: 1,
      offset: 0,
      hasMore: false,
    });
  });

  it.each([
    ['an empty page after a full one', { logs: [], total: 0, nextCursor: 'abc' }],
    ['a server that says so', { logs: [row(1, 0)], total: 1, hasMore: false, nextCursor: 'abc' }],
  ])('ends at %s', async (_, body) => {
    const { server, client } = await rig();
    answer(server, '/api/v1/logs', { status: 200, body });
    const page = await client.query();
    expect(page.hasMore).toBe(false);
    expect(page).not.toHaveProperty('nextCursor');
  });

  it.each([
    ['no list', { total: 1 }],
    ['a log without time', { logs: [{ id: 'x' }] }],
    ['text', '<html>welcome</html>'],
  ])('%s is not taken for an answer of LogTide', async (_, body) => {
    const { server, client } = await rig();
    answer(server, '/api/v1/logs', { status: 200, body });
    expect(await failure(client.query())).toMatchObject({ status: 200, code: 'UNEXPECTED_ANSWER' });
  });

  it('a log that does not exist is undefined, a route that does not exist is an error', async () => {
    const { server, client } = await rig();
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await failure(client.getLog(id))).toMatchObject({ status: 404 });
    answer(server, `/api/v1/logs/${id}`, { status: 404, body: { error: 'Log not found' } });
    expect(await client.getLog(id)).toBeUndefined();
    expect(await failure(client.getLog('7'))).toMatchObject({ message: 'id must be a UUID' });
  });

  it('encodes a trace id, which may be any text', async () => {
    const { server, client } = await rig();
    const path = '/api/v1/logs/trace/a%20b%2Fc%3Fd';
    answer(server, path, { status: 200, body: { logs: [row(1, 0)] } });
    expect(await client.getByTraceId('a b/c?d')).toMatchObject([{ message: 'message 1' }]);
    expect(server.paths).toEqual([path]);
    expect(await client.getByTraceId('..')).toEqual([]);
    expect(await failure(client.getByTraceId(''))).toBeInstanceOf(TypeError);
    expect(server.asked.length).toBe(1);
  });

  it('statistics: numbers from text, buckets in the order of time, parameters checked', async () => {
    const { server, client } = await rig();
    const bodies: Record<string, unknown> = {
      aggregated: {
        timeseries: [
          { bucket: '2026-01-01T01:00:00Z', total: 3, by_level: { info: '3' } },
          { bucket: '2026-01-01T00:00:00Z', total: '2', by_level: { error: 2 } },
        ],
      },
      'top-services': { services: [{ service: 'api', count: '6' }] },
      'top-errors': { errors: [{ message: 'boom', count: 4 }] },
      services: { services: ['api', 'web'] },
      context: { before: [row(1, 0)], current: null, after: [row(2, 1)] },
    };
    server.script = ({ path }) => ({ status: 200, body: bodies[path.split('/').at(-1) ?? ''] });
    const period = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
    expect(await client.aggregated({ ...period, interval: '5m', service: 'api' })).toEqual([
      { bucket: '2026-01-01T00:00:00.000Z', total: 2, byLevel: { error: 2 } },
      { bucket: '2026-01-01T01:00:00.000Z', total: 3, byLevel: { info: 3 } },
    ]);
    expect(await client.topServices({ limit: 7 })).toEqual([{ service: 'api', count: 6 }]);
    expect(await client.topErrors({ from: period.from })).toEqual([{ message: 'boom', count: 4 }]);
    expect(await client.services(period)).toEqual(['api', 'web']);
    const context = await client.context({ time: period.from, before: 3 });
    expect(context).toMatchObject({ before: [{ message: 'message 1' }], after: [{ message: 'message 2' }] });
    expect(context).not.toHaveProperty('current');
    expect(server.asked.map(({ parameters }) => String(parameters))).toEqual([
      'from=2026-01-01T00%3A00%3A00.000Z&to=2026-01-02T00%3A00%3A00.000Z&interval=5m&service=api',
      'limit=7',
      'from=2026-01-01T00%3A00%3A00.000Z',
      'from=2026-01-01T00%3A00%3A00.000Z&to=2026-01-02T00%3A00%3A00.000Z',
      'time=2026-01-01T00%3A00%3A00.000Z&before=3&after=10',
    ]);
    const wrong = [
      () => client.aggregated({ from: period.from } as never),
      () => client.aggregated({ ...period, interval: '2h' } as never),
      () => client.topErrors({ limit: 51 }),
      () => client.topServices({ from: '2026-01-01T00:00:00' }),
      () => client.context({ time: '2026-01-01T00:00:00' }),
      () => client.context({ time: period.from, after: 0 }),
    ];
    for (const call of wrong) expect(await failure(call())).toBeInstanceOf(Error);
    expect(server.asked.length).toBe(5);
  });
});

describe('trouble', () => {
  it('repeats after 429, 5xx and lost connections, and waits as long as Retry-After asks', async () => {
    const { server, client, clock } = await rig('B', { retry: { maxAttempts: 4 } });
    const answers = [
      { status: 503 },
      { status: 429, headers: { 'retry-after': '7' }, body: { error: 'Rate limit exceeded' } },
      'reset' as const,
    ];
    server.script = () => answers.shift();
    const page = client.query();
    for (const millis of [375, 7_000, 1_500]) {
      while (clock.sleeping(millis) === 0) await turn();
      await clock.advance(millis);
    }
    expect(await page).toMatchObject({ logs: [] });
    expect(server.asked.length).toBe(4);
  });

  it.each<[string, Scripted, object]>([
    ['a refused key', { status: 401, body: { error: 'Unauthorized', message: 'Invalid API key' } }, { status: 401 }],
    [
      'a write key',
      { status: 403, body: { error: 'Forbidden', message: 'This API key has write-only access.' } },
      { message: 'GET /api/v1/logs: 403: This API key has write-only access.' },
    ],
    ['a usage quota', { status: 429, body: { code: 'query_quota', error: 'quota' } }, { code: 'query_quota' }],
    [
      'a Retry-After that is too long',
      { status: 503, headers: { 'retry-after': '3600' } },
      { retryAfterMillis: 3_600_000 },
    ],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/' } }, { status: 302 }],
  ])('%s is told at once', async (_, scripted, wanted) => {
    const { server, client } = await rig();
    server.script = () => scripted;
    const error = await failure(client.query({ q: 'what was asked' }));
    expect(error).toBeInstanceOf(LogTideApiError);
    expect(error).toMatchObject(wanted);
    expect(String(error)).not.toContain('what was asked');
    expect(server.asked.length).toBe(1);
  });

  it('gives up after its tries, with the last answer', async () => {
    const { server, client, clock } = await rig();
    server.script = () => ({ status: 500, body: { error: `bad ${KEY} and lp_${'ab'.repeat(32)}\u001b[31m` } });
    const error = failure(client.query());
    for (const millis of [375, 750]) {
      while (clock.sleeping(millis) === 0) await turn();
      await clock.advance(millis);
    }
    expect(await error).toMatchObject({ status: 500, message: 'GET /api/v1/logs: 500: bad **** and **** [31m' });
    expect(server.asked.length).toBe(3);
  });

  it('shows no key of any form', async () => {
    const { server, client } = await rig('B', { apiKey: 'a-key-of-another-form' });
    server.script = () => ({ status: 401, body: { error: 'unknown: a-key-of-another-form' } });
    expect(await failure(client.query())).toMatchObject({ message: 'GET /api/v1/logs: 401: unknown: ****' });
  });

  it('a request that hangs times out, and is not repeated', async () => {
    const { server, client, clock } = await rig('B', { timeoutMillis: 2_000 });
    server.script = () => 'hang';
    const error = failure(client.query());
    await server.until(() => server.asked.length === 1);
    await clock.advance(2_000);
    expect(await error).toBeInstanceOf(LogTideConnectionError);
    expect(await error).toMatchObject({ code: 'TIMEOUT', message: 'GET /api/v1/logs: no answer (TIMEOUT)' });
    expect(server.asked.length).toBe(1);
  });

  it('a signal ends a request, and a pause before the next try', async () => {
    const { server, client, clock } = await rig();
    server.script = () => 'hang';
    const first = new AbortController();
    const hanging = failure(client.query({}, { signal: first.signal }));
    await server.until(() => server.asked.length === 1);
    first.abort(new Error('enough'));
    expect(await hanging).toMatchObject({ message: 'enough' });
    server.script = () => ({ status: 503 });
    const second = new AbortController();
    const pausing = failure(client.query({}, { signal: second.signal }));
    while (clock.sleeping(375) === 0) await turn();
    second.abort(new Error('enough too'));
    expect(await pausing).toMatchObject({ message: 'enough too' });
    expect(await failure(client.query({}, { signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' });
    expect(server.asked.length).toBe(2);
  });

  it('a certificate that is not trusted is told at once', async () => {
    const server = createServer(SELF_SIGNED, (_request, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = new FakeClock();
    const client = new LogTideClient({ url, apiKey: KEY }, { clock });
    onTestFinished(() => client.close());
    const error = (await failure(client.health())) as LogTideConnectionError;
    expect(error).toBeInstanceOf(LogTideConnectionError);
    expect(error.code).toMatch(/SELF_SIGNED|UNABLE_TO/);
    expect(clock.sleeping()).toBe(0);
  });
});

describe('the address', () => {
  it('may be a DSN with a base path; a key function is asked for each request', async () => {
    const { server } = await rig();
    server.script = () => ({ status: 200, body: { status: 'ok', version: '1.2.3' } });
    const keys = ['lp_one', 'lp_two'];
    const { host } = new URL(server.url);
    const byDsn = new LogTideClient({ dsn: `http://lp_dsn@${host}/base/` });
    const byFunction = new LogTideClient({ url: server.url, apiKey: () => keys.shift() ?? 'lp_none' });
    onTestFinished(async () => void (await Promise.all([byDsn.close(), byFunction.close()])));
    expect(await byDsn.serverVersion()).toBe('1.2.3');
    await byFunction.health();
    await byFunction.health();
    expect(server.asked.map(({ path, headers }) => [path, headers['x-api-key']])).toEqual([
      ['/base/health', 'lp_dsn'],
      ['/health', 'lp_one'],
      ['/health', 'lp_two'],
    ]);
  });

  it.each<[object, string]>([
    [{}, 'logtide: apiKey is missing (or give dsn)'],
    [{ apiKey: KEY }, 'logtide: url is missing'],
    [{ url: 'logs.example.com', apiKey: KEY }, 'logtide: url is not a valid URL'],
    [{ url: 'http://logs.example.com', apiKey: KEY }, 'would show the key to everybody on the way'],
    [{ url: 'https://logs.example.com', apiKey: `${KEY} ` }, 'logtide: apiKey has blanks'],
    [{ url: 'https://logs.example.com', apiKey: KEY, timeout: 1 }, 'unknown option timeout'],
    [{ url: 'https://logs.example.com', apiKey: KEY, retry: { maxAttempts: 0 } }, 'retry.maxAttempts must be'],
    [{ url: 'https://logs.example.com', apiKey: KEY, timeoutMillis: 0 }, 'timeoutMillis must be'],
  ])('refuses %j', (options, text) => {
    const make = () => new LogTideClient(options);
    expect(make).toThrow(text);
    expect(make).not.toThrow(KEY);
  });

  it('http:// to another machine when that is allowed', () => {
    expect(
      () => new LogTideClient({ url: 'http://logs.example.com', apiKey: KEY, http: { allowInsecure: true } }),
    ).not.toThrow();
  });
});
