import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogTideClient } from '../../src/client/logtide.ts';
import { FakeClock } from '../support/fake-clock.ts';

const CAPTURES = new URL('../../../shared/captures/logtide/', import.meta.url);
const present = existsSync(CAPTURES);
if (!present) console.info('skipped: the recorded answers of LogTide servers are not here');

interface Capture {
  readonly request: { readonly path: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Readonly<Record<string, unknown>>;
    /** Seconds since the request, and a line. */
    readonly events?: readonly (readonly [number, string])[];
  };
}

interface CapturedRow {
  readonly id: string;
  readonly message: string;
  readonly [name: string]: unknown;
}

function capture(name: string): Capture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, CAPTURES), 'utf8')) as Capture;
}

/** A client, and a server that answers everything with what was recorded. */
async function replay(name: string) {
  const { response } = capture(name);
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, answer) => {
    asked.push(request.url ?? '');
    const { 'content-type': type = 'application/json', 'retry-after': retryAfter } = response.headers;
    answer.writeHead(response.status, { 'content-type': type, ...(retryAfter && { 'retry-after': retryAfter }) });
    if (response.events && response.status === 200) for (const [, line] of response.events) answer.write(line);
    else answer.end(JSON.stringify(response.body));
  });
  const client = await clientOf(server);
  return { client, asked };
}

async function clientOf(server: Server): Promise<LogTideClient> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new LogTideClient(
    { url, apiKey: 'lp_test_key', retry: { maxAttempts: 1 } },
    { clock: new FakeClock() },
  );
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

/** Parameters of a path, in an order of their own, moments in one form. */
function parametersOf(path: string): readonly (readonly [string, string])[] {
  const { searchParams } = new URL(path, 'http://localhost');
  const isTime = (name: string): boolean => name === 'from' || name === 'to';
  return [...searchParams]
    .map(([name, value]) => [name, isTime(name) ? new Date(value).toISOString() : value] as const)
    .toSorted(([a], [b]) => a.localeCompare(b));
}

function rowsOf(name: string, member = 'logs'): readonly CapturedRow[] {
  return capture(name).response.body[member] as CapturedRow[];
}

/** A stored row as the client gives it: no members without a value. */
const given = (row: CapturedRow): object => ({
  ...Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  metadata: row.metadata ?? {},
});

const PERIOD = { from: '2026-11-20T19:15:56.000Z', to: '2026-11-20T19:20:56.000Z' };

describe.skipIf(!present)('the LogTide client against recorded answers', () => {
  it.each([
    ['server-query-default', {}],
    ['server-query-limit-2', { limit: 2 }],
    ['server-query-limit-5-page2-cursor', { limit: 5, cursor: 'from the capture' }],
    ['server-query-from-to', PERIOD],
    ['server-query-from-offset', { from: '2026-11-20T19:15:56+00:00', to: '2026-11-20T20:20:56+01:00' }],
    ['server-query-multi-service', { service: ['api', 'web'] }],
    ['server-query-q-fulltext', { q: 'requests timeouts' }],
    ['server-query-q-substring', { q: 'imeou', searchMode: 'substring' as const }],
    ['server-query-traceId', { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }],
  ])('%s: the request and every log', async (name, query) => {
    const { request, response } = capture(name);
    const { client, asked } = await replay(name);
    const cursor = new URL(request.path, 'http://localhost').searchParams.get('cursor');
    const page = await client.query({ ...query, ...(cursor !== null && { cursor }) });
    const wanted = parametersOf(request.path);
    const limit = wanted.some(([parameter]) => parameter === 'limit') ? [] : [['limit', '100']];
    expect(parametersOf(asked[0] ?? '')).toEqual(
      [...wanted, ...limit].toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    );
    const rows = rowsOf(name);
    expect(rows.length).toBeGreaterThan(0);
    expect(page.logs).toEqual(rows.map(given));
    expect(page.total).toBe(response.body.total);
    expect(page.hasMore).toBe('nextCursor' in response.body);
    expect(page.nextCursor).toBe(response.body.nextCursor);
  });

  it('server1-query-session: line B says hasMore, and has session ids', async () => {
    const { client } = await replay('server1-query-session');
    const { logs, hasMore } = await client.query();
    expect(logs).toEqual(rowsOf('server1-query-session').map(given));
    expect([hasMore, logs[0]?.sessionId]).toEqual([false, '550e8400-e29b-41d4-a716-446655440000']);
  });

  it.each([
    ['server-query-bad-level', 400, 'FST_ERR_VALIDATION', /must be equal to one of the allowed values/],
    ['server-query-limit-nan', 400, 'FST_ERR_VALIDATION', /limit must be number/],
    ['server-query-no-key', 401, undefined, /Missing X-API-Key/],
    ['server1-query-bad-limit', 400, 'FST_ERR_VALIDATION', /limit must be >= 1/],
    ['server1-query-other-project', 403, undefined, /forbidden/],
    ['server1-query-write-key', 403, undefined, /write-only access/],
    ['server-rate-limit', 429, undefined, /Rate limit exceeded/],
    ['server1-rate-limit', 429, undefined, /Rate limit exceeded/],
    ['server-log-by-id-404', 404, undefined, /Log not found/],
    ['server-aggregated-missing-from', 400, 'FST_ERR_VALIDATION', /required property 'from'/],
  ])('%s: status, code and the reason', async (name, status, code, reason) => {
    const { client } = await replay(name);
    const error: unknown = await client.query().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'LogTideApiError', status, code, message: expect.stringMatching(reason) });
    if (status === 429) expect((error as { retryAfterMillis?: number }).retryAfterMillis).toBeGreaterThan(0);
  });

  it('statistics, services, context and single logs', async () => {
    const aggregated = await replay('server-aggregated');
    const query = { from: '2026-11-20T18:20:56.000Z', to: '2026-11-20T19:20:56.000Z', interval: '1h' as const };
    expect(await aggregated.client.aggregated(query)).toEqual([
      {
        bucket: '2026-11-20T19:00:00.000Z',
        total: 12,
        byLevel: { critical: 2, debug: 3, error: 2, info: 3, warn: 2 },
      },
    ]);
    expect(parametersOf(aggregated.asked[0] ?? '')).toEqual(parametersOf(capture('server-aggregated').request.path));
    expect(await (await replay('server-top-services')).client.topServices()).toEqual([
      { service: 'api', count: 6 },
      { service: 'web', count: 6 },
    ]);
    const errors = await (await replay('server-top-errors')).client.topErrors();
    expect(errors.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
    const context = await (await replay('server-context')).client.context({ time: '2026-11-20T19:14:56.000Z' });
    expect(context.before).toEqual(rowsOf('server-context', 'before').map(given));
    expect(context.after).toEqual(rowsOf('server-context', 'after').map(given));
    expect(context.current?.message).toBe('request number 6 timeout at /v1/items');
    const id = '7f9abad7-d79d-427d-bbb8-a4fc2f1f574f';
    expect(await (await replay('server-log-by-id')).client.getLog(id)).toMatchObject({ id, service: 'api' });
    expect(await (await replay('server-log-by-id-404')).client.getLog(id)).toBeUndefined();
    expect(await (await replay('server-trace-logs-none')).client.getByTraceId('nope')).toEqual([]);
  });

  it.each([
    ['server-sse-basic', 2],
    ['server-sse-filter', 1],
    ['server1-sse-filter', 1],
    ['server-sse-session', 0],
  ])('%s: each log of the recorded stream once', async (name, count) => {
    const lines = (capture(name).response.events ?? []).map(([, line]) => line);
    const sent = lines.flatMap((line) =>
      line.startsWith('data: {"type":"log"') ? [JSON.parse(line.slice(6)).data] : [],
    );
    const distinct = [...new Map(sent.map((row: CapturedRow) => [row.id, row])).values()];
    expect(distinct.length).toBe(count);
    const { client } = await replay(name);
    const end = new AbortController();
    const logs: object[] = [];
    const tail = client.tail({ signal: end.signal });
    while (logs.length < count) logs.push((await tail.next()).value as object);
    expect(logs).toEqual(distinct.toSorted((a, b) => String(a.time).localeCompare(String(b.time))).map(given));
    // Whatever else was sent is no log that was not there before.
    const more = tail.next();
    for (let turns = 0; turns < 50; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    end.abort();
    expect(await more).toEqual({ done: true, value: undefined });
  });

  it.each([
    ['server1-sse-no-auth', 401],
    ['server-sse-token-apikey', 401],
    ['server1-sse-session-no-project', 400],
  ])('%s ends a live tail', async (name, status) => {
    const { client } = await replay(name);
    await expect(client.tail().next()).rejects.toMatchObject({ name: 'LogTideApiError', status });
  });

  it('asks what the official clients ask, but the key stays in the header', async () => {
    const { client, asked } = await replay('server-query-default');
    const query = { service: 'api gateway', level: 'error', limit: 50, offset: 10 } as const;
    await client.query({ ...query, q: 'a b&c', from: new Date('2026-01-01T00:00:00Z'), to: '2026-01-02T00:00:00Z' });
    expect(parametersOf(asked.at(-1) ?? '')).toEqual(parametersOf(capture('js-node-query').request.path));
    const python = { ...query, service: 'api-gateway', q: 'time out & more', from: '2026-01-01T00:00:00+00:00' };
    await client.query({ ...python, to: '2026-01-02T03:04:05.000678+00:00' });
    expect(parametersOf(asked.at(-1) ?? '')).toEqual(parametersOf(capture('py-query').request.path));
    for (const name of ['js-node-aggregated', 'py-aggregated']) {
      const other = await replay('server-aggregated');
      const period = { from: '2026-01-01T00:00:00Z', to: '2026-01-08T00:00:00Z' };
      await other.client.aggregated({ ...period, interval: '1h', service: 'api' });
      expect(parametersOf(other.asked[0] ?? '')).toEqual(parametersOf(capture(name).request.path));
    }
    const stream = await replay('server1-sse-no-auth');
    await expect(stream.client.tail({ service: 'api', level: 'error' }).next()).rejects.toThrow();
    for (const name of ['js-node-stream-polyfilled', 'py-stream']) {
      const theirs = parametersOf(capture(name).request.path).filter(([parameter]) => parameter !== 'token');
      expect(parametersOf(stream.asked[0] ?? '')).toEqual(theirs);
    }
  });
});
