import fastify, { type FastifyInstance, type FastifySchema } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, series, store } from './reading.ts';
import { start } from './sinks.ts';

// What LogTide's servers refuse before they look for entries. Line B runs on Fastify 5, so here Fastify itself, with the
// schemas of the reading endpoints, says what is refused and in which words.

const many = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const level = { type: 'string', enum: ['debug', 'info', 'warn', 'error', 'critical'] };
const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
const number = (minimum: number, maximum?: number): object => ({
  type: 'number',
  minimum,
  ...(maximum !== undefined && { maximum }),
});
const span = { from: time, to: time };

const schemas: Readonly<Record<string, FastifySchema>> = {
  '/api/v1/logs': {
    querystring: {
      type: 'object',
      properties: {
        projectId: many,
        service: many,
        level: { anyOf: [level, { type: 'array', items: level }] },
        hostname: many,
        traceId: text,
        sessionId: text,
        ...span,
        q: text,
        searchMode: { type: 'string', enum: ['fulltext', 'substring'] },
        limit: number(1, 1000),
        offset: number(0),
        cursor: text,
        metadata_filters: text,
      },
    },
  },
  '/api/v1/logs/trace/:traceId': { querystring: { type: 'object', properties: { projectId: text } } },
  '/api/v1/logs/:logId': {
    params: { type: 'object', properties: { logId: { type: 'string', format: 'uuid' } }, required: ['logId'] },
  },
  '/api/v1/logs/context': {
    querystring: {
      type: 'object',
      properties: { projectId: text, time, before: number(1, 50), after: number(1, 50) },
      required: ['time'],
    },
  },
  '/api/v1/logs/aggregated': {
    querystring: {
      type: 'object',
      properties: {
        projectId: text,
        service: text,
        ...span,
        interval: { type: 'string', enum: ['1m', '5m', '1h', '1d'] },
      },
      required: ['from', 'to'],
    },
  },
  '/api/v1/logs/top-services': {
    querystring: { type: 'object', properties: { projectId: text, limit: number(1, 50), ...span } },
  },
  '/api/v1/logs/top-errors': {
    querystring: { type: 'object', properties: { projectId: text, limit: number(1, 50), ...span } },
  },
  '/api/v1/logs/services': { querystring: { type: 'object', properties: { projectId: many, ...span } } },
  '/api/v1/logs/hostnames': { querystring: { type: 'object', properties: { projectId: many, ...span } } },
  '/api/v1/logs/stream': { querystring: { type: 'object', properties: { projectId: text, service: text, level } } },
  '/api/v1/stats': { querystring: { type: 'object', properties: span } },
};

const t = '2026-11-20T12:00:00';
const uuid = '7F9ABAD7-d79d-427d-bbb8-a4fc2f1f574f';

/** Requests that are refused, as path and query. */
const refused = [
  ...['level=fatal', 'level=', 'level=error&level=fatal', 'level=fatal&level=error', 'level=INFO'],
  ...['limit=abc', 'limit=', 'limit=0', 'limit=1001', 'limit=-1', 'limit=true', 'limit=null', 'limit=1&limit=2'],
  ...['offset=-1', 'offset=x', 'limit=abc&level=fatal', 'offset=-1&limit=0', 'limit=1e9', 'limit=-Infinityx'],
  ...['traceId=a&traceId=b', 'sessionId=a&sessionId=b', 'q=a&q=b', 'cursor=a&cursor=b', 'from=x&from=y'],
  ...['searchMode=x', 'searchMode=', 'searchMode=fulltext&searchMode=x', 'metadata_filters=a&metadata_filters=b'],
  ...['2026-11-20', '', t, `${t}.123456`, '2026-11-20T12:00Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z'].map(
    (value) => `from=${value}`,
  ),
  ...['2026-11-20T24:00:00Z', `${t}+1:00`, `${t}Z Z`, 'now', '1795176000', '2025-02-29T00:00:00Z'].map(
    (value) => `to=${encodeURIComponent(value)}`,
  ),
].map((query) => `/api/v1/logs?${query}`);

const refusedElsewhere = [
  '/api/v1/logs/x',
  '/api/v1/logs/trace',
  `/api/v1/logs/${uuid}0`,
  '/api/v1/logs/a%20b',
  '/api/v1/logs/',
  '/api/v1/logs/trace/x?projectId=a&projectId=b',
  '/api/v1/logs/context',
  `/api/v1/logs/context?time=${t}`,
  `/api/v1/logs/context?time=${t}Z&before=0`,
  `/api/v1/logs/context?time=${t}Z&after=51`,
  '/api/v1/logs/aggregated',
  `/api/v1/logs/aggregated?from=${t}Z`,
  `/api/v1/logs/aggregated?from=${t}Z&to=x&interval=2h`,
  `/api/v1/logs/aggregated?from=${t}Z&to=${t}Z&interval=2h`,
  `/api/v1/logs/aggregated?from=${t}Z&to=${t}Z&service=a&service=b`,
  '/api/v1/logs/top-services?limit=51',
  '/api/v1/logs/top-errors?limit=0',
  '/api/v1/logs/top-errors?from=x',
  '/api/v1/logs/services?to=x',
  '/api/v1/logs/hostnames?to=x',
  '/api/v1/logs/stream?level=x',
  '/api/v1/logs/stream?level=error&level=info',
  '/api/v1/stats?from=x',
  '/api/v1/logs/trace/%zz',
  '/api/v1/logs/%ff',
];

/** Requests that the schema lets pass, whatever comes of them. */
const passed = [
  ...['limit=%205', 'limit=1e2', 'limit=0x10', 'limit=1.5', 'limit=Infinity', 'offset=1e300', 'service=', 'x=1&x=2'],
  ...['level=error&level=info', 'service=a&service=b', '__proto__=1&constructor=2', 'q=%zz&service=%ff', '&&=&=x'],
  ...[`${t}z`, `${t.replace('T', ' ')}Z`, `${t.replace('T', 't')}Z`, `${t}+02`, `${t}+0200`, `${t}-23:59`].map(
    (value) => `from=${encodeURIComponent(value)}`,
  ),
  ...['2026-11-20T23:59:60Z', `${t}.1Z`, `${t}.123456789Z`, '2024-02-29T00:00:00Z'].map((value) => `to=${value}`),
].map((query) => `/api/v1/logs?${query}`);

describe('requests that line B refuses', () => {
  let judge: FastifyInstance;
  beforeAll(() => {
    judge = fastify();
    judge.setErrorHandler((error: { statusCode?: number; message: string; validation?: unknown }, _request, reply) =>
      reply
        .code(error.statusCode ?? 500)
        .send({ statusCode: 400, error: error.message, details: error.validation, code: 'FST_ERR_VALIDATION' }),
    );
    for (const [path, schema] of Object.entries(schemas)) judge.get(path, { schema }, () => 'passed');
  });
  afterAll(() => judge.close());

  it.each([...refused, ...refusedElsewhere])('%s', async (path) => {
    const expected = await judge.inject(path);
    const reply = await read(await start(), path);
    expect(expected.statusCode).toBe(400);
    expect([reply.status, reply.text]).toEqual([400, expected.body]);
  });

  it.each([...passed, `/api/v1/logs/urn:uuid:${uuid}`, `/api/v1/logs/${uuid}`])('but not %s', async (path) => {
    expect((await judge.inject(path)).body).toBe('passed');
    expect((await read(await start(), path)).status).not.toBe(400);
  });
});

describe('line A', () => {
  it.each([
    ['level=error&level=fatal', 'level must be string, querystring/level must be equal to one of the allowed values'],
    ['limit=1001', 'limit must be <= 1000'],
    ['from=2026-11-20', 'from must match format "date-time"'],
  ])('says of %s only what is wrong', async (query, message) => {
    const reply = await read(await start({ logtideServer: 'A' }), `/api/v1/logs?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.json()).toEqual({
      statusCode: 400,
      code: 'FST_ERR_VALIDATION',
      error: 'Bad Request',
      message: expect.stringContaining(`querystring/${message}`),
    });
  });

  it('does not look at what only line B knows', async () => {
    const query = 'hostname=a&sessionId=b&sessionId=c&metadata_filters=d&metadata_filters=e';
    expect((await read(await start({ logtideServer: 'A' }), `/api/v1/logs?${query}`)).status).toBe(200);
  });

  it('takes times without a zone, as local ones', async () => {
    const sink = await start({ logtideServer: 'A' });
    await store(sink, series('2026-11-20T12:00:00.000Z', ['noon']));
    const offset = new Date('2026-11-20T12:00:00').getTime() - Date.parse('2026-11-20T12:00:00Z');
    const local = new Date(Date.parse('2026-11-20T12:00:00Z') - offset).toISOString().slice(0, -1);
    const at = async (from: string): Promise<number> => {
      const reply = await read(sink, `/api/v1/logs?from=${from}`);
      return (reply.json() as { total: number }).total;
    };
    expect([await at(local), await at(local.replace('.000', '.001'))]).toEqual([1, 0]);
  });
});

describe.each(['A', 'B'] as const)('server %s', (logtideServer) => {
  it.each([
    ['limit=1.5', /22P02|Internal/],
    ['limit=Infinity', /22P02|Internal/],
    ['offset=1e300', /22P02|Internal/],
    ['from=2026-11-20T23:59:60Z', /Internal/],
  ])('fails on %s, as its database would', async (query, message) => {
    const reply = await read(await start({ logtideServer }), `/api/v1/logs?${query}`);
    expect([reply.status, reply.text]).toEqual([500, expect.stringMatching(message)]);
  });

  it.each(['/api/v1/logs/stream/', '/api/v1/logs/a/b', '/API/v1/logs', '/api/v1/logs;x', '/api/v1/stats/', '/api/v1'])(
    'does not know %s',
    async (path) => {
      const reply = await read(await start({ logtideServer }), path);
      expect([reply.status, reply.json()]).toEqual([
        404,
        { message: `Route GET:${path} not found`, error: 'Not Found', statusCode: 404 },
      ]);
    },
  );

  it('survives anything in a target', async () => {
    const sink = await start({ logtideServer });
    const odd = [
      `?q=${'a+'.repeat(3000)}`,
      `?${'service=a&'.repeat(700)}`,
      `?cursor=${encodeURIComponent(Buffer.from('2026-11-20T12:00:00Z,x').toString('base64'))}`,
      '?cursor=%00%ff',
      '?offset=9007199254740991',
      '?limit=1000&offset=999999999',
      '?metadata_filters=%5B%5B%5B%5B',
      '?projectId=x&projectId=y',
      '?q=%F0%9F%98%80%ED%A0%80',
      '?__proto__=x&toString=y&constructor=z',
    ];
    for (const query of odd) {
      expect((await read(sink, `/api/v1/logs${query}`)).status).toBeGreaterThanOrEqual(200);
    }
    expect((await read(sink, `/api/v1/logs/trace/${'a'.repeat(101)}`)).status).toBe(404);
    // Node's own limit for a request's head.
    expect((await read(sink, `/api/v1/logs?q=${'a'.repeat(20_000)}`)).status).toBe(431);
    expect((await read(sink, '/api/v1/logs')).status).toBe(200);
  });
});
