import { describe, expect, it } from 'vitest';
import { sinkProjectId } from '../../src/sink/read-answers.ts';
import type { Sink, SinkOptions } from '../../src/sink/sink.ts';
import { call, json } from './http.ts';
import { type Log, messages, page, read, series, store } from './reading.ts';
import { start } from './sinks.ts';

const noon = '2026-11-20T12:00:00.000Z';
const at = (millis: number): string => new Date(Date.parse(noon) + millis).toISOString();
const hour = 3_600_000;

/** A sink whose clock stands at one hour past noon, with the given entries. */
async function sinkWith(entries: readonly object[], options: SinkOptions = {}): Promise<Sink> {
  const sink = await start({ now: () => Date.parse(noon) + hour, ...options });
  if (entries.length > 0) await store(sink, entries);
  return sink;
}

const body = async (sink: Sink, path: string): Promise<Record<string, unknown>> => {
  const reply = await read(sink, path);
  expect([path, reply.status]).toEqual([path, 200]);
  return reply.json() as Record<string, unknown>;
};

const levels = ['debug', 'info', 'warn', 'error', 'critical'];
const mixed = levels.flatMap((level, n) => [
  { time: at(n * 60_000), service: 'api', level, message: `${level} in api`, trace_id: 't' },
  { time: at(n * 60_000 + 1), service: 'web', level, message: 'same', metadata: { hostname: `h${n}` } },
]);

describe.each(['A', 'B'] as const)('GET /api/v1/logs of server %s', (logtideServer) => {
  it('shows entries as that server does', async () => {
    const entry = {
      time: '2026-11-20T12:00:00.123456Z',
      service: 'api',
      level: 'info',
      message: 'm\ud800',
      metadata: { host: 'h9', n: 1 },
      trace_id: 'req-1',
      span_id: '00f067aa0ba902b7',
      session_id: '550E8400-e29b-41d4-a716-446655440000',
      environment: 'dropped',
    };
    const sink = await sinkWith([entry, { time: at(0), service: 's', level: 'info', message: 'bare' }], {
      logtideServer,
    });
    const { logs } = await page(sink);
    const isB = logtideServer === 'B';
    expect(logs).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        time: '2026-11-20T12:00:00.123Z',
        projectId: sinkProjectId,
        service: 'api',
        level: 'info',
        message: 'm\ufffd',
        metadata: isB ? { host: 'h9', n: 1, hostname: 'h9' } : { host: 'h9', n: 1 },
        traceId: 'req-1',
        ...(isB && { sessionId: '550e8400-e29b-41d4-a716-446655440000' }),
      },
      expect.objectContaining({ message: 'bare', metadata: null, traceId: null, ...(isB && { sessionId: null }) }),
    ]);
  });

  it.each([
    [{}, {}, null],
    [{ host: 'a' }, { host: 'a' }, { host: 'a', hostname: 'a' }],
    [
      { host: 'a', hostname: 'b' },
      { host: 'a', hostname: 'b' },
      { host: 'a', hostname: 'b' },
    ],
    [{ host: 1 }, { host: 1 }, { host: 1 }],
  ])('stores the metadata %j', async (metadata, storedByA, storedByB) => {
    const sink = await sinkWith([{ time: at(0), service: 's', level: 'info', message: 'm', metadata }], {
      logtideServer,
    });
    expect((await page(sink)).logs[0]?.metadata).toEqual(logtideServer === 'A' ? storedByA : storedByB);
  });

  it('pages by offset and by cursor to the end', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `m${n}`);
    // Three of them in the same millisecond, so that ids decide.
    const entries = series(noon, names).map((entry, n) => (n >= 3 && n <= 5 ? { ...entry, time: at(3000) } : entry));
    const sink = await sinkWith(entries, { logtideServer });
    const all = await messages(sink);
    expect(all).toHaveLength(7);
    const byOffset = [0, 3, 6].map(async (offset) => messages(sink, `?limit=3&offset=${offset}`));
    expect((await Promise.all(byOffset)).flat()).toEqual(all);
    const byCursor: string[] = [];
    const totals: number[] = [];
    let cursor: string | undefined;
    do {
      const next = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { logs, nextCursor, total, hasMore } = await page(sink, `?limit=2${next}`);
      expect(hasMore).toBe(logtideServer === 'A' ? undefined : nextCursor !== undefined);
      byCursor.push(...logs.map(({ message }) => message));
      totals.push(total);
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(byCursor).toEqual(all);
    expect(totals).toEqual(logtideServer === 'A' ? [7, 5, 3, 1] : [7, 7, 7, 7]);
  });

  it.each([
    ['?service=api', 5],
    ['?service=api&service=web', 10],
    ['?service=none', 0],
    ['?level=error&level=warn', 4],
    ['?traceId=t&level=info', 1],
    ['?q=sames', 5],
    ['?q=sames&searchMode=substring', 0],
    ['?q=', 10],
    [`?from=${at(60_000)}`, 8],
    [`?from=${at(60_001)}&to=${at(120_000)}`, 2],
    [`?from=${encodeURIComponent('2026-11-20T13:01:00+01:00')}`, 8],
    [`?projectId=${sinkProjectId}`, 10],
    ['?projectId=', 10],
  ])('filters by %s', async (query, total) => {
    const sink = await sinkWith(mixed, { logtideServer });
    const found = await page(sink, query);
    expect([found.total, found.logs.length]).toEqual([total, total]);
  });

  it('says what a broken cursor leads to', async () => {
    const sink = await sinkWith(mixed, { logtideServer });
    const cursor = (text: string): string => `/api/v1/logs?cursor=${encodeURIComponent(btoa(text))}`;
    const statuses = ['garbage', 'x,y', '', `${at(0)},no-uuid`, at(0)].map(
      async (text) => (await read(sink, cursor(text))).status,
    );
    expect(await Promise.all(statuses)).toEqual(
      logtideServer === 'A' ? [500, 500, 200, 500, 500] : [200, 200, 200, 500, 200],
    );
  });

  it('takes either key of its own, no other, and no token', async () => {
    const sink = await sinkWith(mixed, { logtideServer });
    const { logtideApiKey, logtideWriteKey } = sink.credentials;
    const status = async (headers: Record<string, string>, query = ''): Promise<number> =>
      (await read(sink, `/api/v1/logs${query}`, headers)).status;
    expect(await status({ 'x-api-key': logtideApiKey })).toBe(200);
    expect(await status({ 'x-api-key': logtideWriteKey })).toBe(logtideServer === 'A' ? 200 : 403);
    expect(await status({ 'x-api-key': `${logtideApiKey}0` })).toBe(401);
    expect(await status({ authorization: `Bearer ${logtideApiKey}` })).toBe(401);
    expect(await status({ 'x-api-key': logtideApiKey }, '?token=x')).toBe(401);
    const ingest = await call(sink.port, {
      path: '/api/v1/ingest',
      headers: { ...json, 'x-api-key': logtideWriteKey },
      body: JSON.stringify({ logs: [mixed[0]] }),
    });
    expect(ingest.status).toBe(200);
  });
});

describe('what only line B does', () => {
  it('filters by host name and session', async () => {
    const session = '550e8400-e29b-41d4-a716-446655440000';
    const own = { time: at(5), service: 's', level: 'info', message: 'own', session_id: session };
    const sink = await sinkWith([...mixed, own]);
    expect((await page(sink, '?hostname=h1&hostname=h3')).total).toBe(2);
    const found = await page(sink, `?sessionId=${session}`);
    // Its total does not look at sessions.
    expect([found.logs.map(({ message }) => message), found.total]).toEqual([['own'], 11]);
    const hostnames = async (query = ''): Promise<unknown> =>
      (await body(sink, `/api/v1/logs/hostnames${query}`)).hostnames;
    expect(await hostnames()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4']);
    expect(await hostnames(`?from=${at(180_000)}`)).toEqual(['h3', 'h4']);
    // Six hours at most.
    await store(sink, [
      { time: at(-5 * hour - 1), service: 's', level: 'info', message: 'm', metadata: { host: 'old' } },
    ]);
    await store(sink, [{ time: at(-5 * hour), service: 's', level: 'info', message: 'm', metadata: { host: 'ok' } }]);
    expect(await hostnames(`?from=${at(-6 * hour)}`)).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'ok']);
    const a = await sinkWith(mixed, { logtideServer: 'A' });
    expect((await page(a, '?hostname=h1')).total).toBe(10);
    expect((await read(a, '/api/v1/logs/hostnames')).status).toBe(400);
  });

  it('looks back one day, for services seven, and never ahead, unless asked to', async () => {
    const day = 24 * hour;
    const times = [hour + 1, hour, hour - day, hour - day - 1, hour - 7 * day, hour - 7 * day - 1];
    const entries = times.map((millis, n) => ({
      time: at(millis),
      service: `s${n}`,
      level: 'error',
      message: `m${n}`,
      trace_id: 't',
    }));
    const ask = async (sink: Sink): Promise<readonly (readonly unknown[])[]> => {
      const services = (await body(sink, '/api/v1/logs/services')).services as string[];
      const top = (await body(sink, '/api/v1/logs/top-services?limit=50')).services as { service: string }[];
      const errors = (await body(sink, '/api/v1/logs/top-errors')).errors as { message: string }[];
      const trace = (await body(sink, '/api/v1/logs/trace/t')).logs as Log[];
      return [
        await messages(sink),
        services,
        top.map(({ service }) => service),
        errors.map(({ message }) => message),
        trace.map(({ message }) => message),
      ];
    };
    const [m, s] = [times.map((_, n) => `m${n}`), times.map((_, n) => `s${n}`)];
    expect(await ask(await sinkWith(entries))).toEqual([
      ['m1', 'm2'],
      s.slice(1, 5),
      s.slice(1, 5),
      ['m1', 'm2'],
      m.slice(1).toReversed(),
    ]);
    expect(await ask(await sinkWith(entries, { logtideServer: 'A' }))).toEqual([m, s, s, m, m.toReversed()]);
    const wide = '?from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z';
    expect(await messages(await sinkWith(entries), wide)).toEqual(m);
  });

  it('answers 403 to a foreign project, where line A shows what is in it', async () => {
    const foreign = '/api/v1/logs?projectId=00000000-0000-4000-8000-000000000000';
    expect((await read(await sinkWith(mixed), foreign)).status).toBe(403);
    const a = await sinkWith(mixed, { logtideServer: 'A' });
    expect((await body(a, foreign)).total).toBe(0);
    expect((await body(a, `${foreign}&projectId=${sinkProjectId}`)).total).toBe(10);
  });

  it('strips NUL, and takes the time of its own clock', async () => {
    const nul = {
      service: 'a\0b',
      level: 'info',
      message: 'm\0n',
      metadata: { k: ['\0', { x: 'y\0' }] },
      trace_id: '',
    };
    const [log] = (await page(await sinkWith([nul]))).logs;
    expect(log).toMatchObject({
      time: at(hour),
      service: 'ab',
      message: 'mn',
      metadata: { k: ['', { x: 'y' }] },
      traceId: null,
    });
  });
});

describe.each(['A', 'B'] as const)('other endpoints of server %s', (logtideServer) => {
  it('give one entry, the entries of a trace, and the neighbours of a time', async () => {
    const odd = { time: at(999), service: 's', level: 'info', message: 'odd', trace_id: 'a b/c?d' };
    const sink = await sinkWith([...mixed, odd], { logtideServer });
    const trace = (await body(sink, '/api/v1/logs/trace/t')).logs as Log[];
    expect(trace.map(({ message }) => message)).toEqual(levels.map((level) => `${level} in api`));
    expect(trace[0]).not.toHaveProperty('sessionId');
    const found = (await body(sink, '/api/v1/logs/trace/a%20b%2Fc%3Fd')).logs as Log[];
    expect(found.map(({ message }) => message)).toEqual(['odd']);
    const { id } = found[0] as Log;
    for (const form of [id, id.toUpperCase(), `urn:uuid:${id}`]) {
      expect(await body(sink, `/api/v1/logs/${form}`)).toEqual({ log: found[0] });
    }
    const around = async (time: string, query = ''): Promise<unknown[]> => {
      const { before, current, after } = await body(sink, `/api/v1/logs/context?time=${time}${query}`);
      const texts = (logs: unknown): string[] => (logs as Log[]).map(({ message }) => message);
      return [texts(before), (current as Log | null)?.message ?? null, texts(after)];
    };
    expect(await around(at(999), '&before=1&after=2')).toEqual([['same'], 'odd', ['info in api', 'same']]);
    expect(await around(at(-1))).toEqual([[], null, expect.objectContaining({ length: 10 })]);
  });

  it('count by time and level', async () => {
    const sink = await sinkWith(mixed, { logtideServer });
    const span = `from=${at(0)}&to=${at(hour)}`;
    const ask = async (query: string): Promise<unknown> =>
      (await body(sink, `/api/v1/logs/aggregated?${span}${query}`)).timeseries;
    const all = { critical: 2, debug: 2, error: 2, info: 2, warn: 2 };
    expect(await ask('')).toEqual([{ bucket: noon, total: 10, by_level: all }]);
    expect(await ask('&interval=1m&service=web')).toEqual(
      levels.map((level, n) => ({ bucket: at(n * 60_000), total: 1, by_level: { [level]: 1 } })),
    );
    expect(await ask('&interval=5m')).toHaveLength(1);
    expect(await ask('&interval=1d')).toEqual([{ bucket: '2026-11-20T00:00:00.000Z', total: 10, by_level: all }]);
    expect(await body(sink, '/api/v1/stats')).toEqual({ total: 10, by_level: all });
    const later = await body(sink, `/api/v1/stats?from=${at(120_000)}`);
    expect(later.total).toBe(logtideServer === 'A' ? 10 : 6);
  });

  it('give the most frequent ones', async () => {
    const sink = await sinkWith([...mixed, ...mixed.slice(0, 1)], { logtideServer });
    const count = (n: number): unknown => (logtideServer === 'A' ? String(n) : n);
    expect(await body(sink, '/api/v1/logs/top-services')).toEqual({
      services: [
        { service: 'api', count: count(6) },
        { service: 'web', count: count(5) },
      ],
    });
    expect(await body(sink, '/api/v1/logs/top-services?limit=1')).toEqual({
      services: [{ service: 'api', count: count(6) }],
    });
    expect(await body(sink, '/api/v1/logs/top-errors')).toEqual({
      errors: [
        { message: 'same', count: count(2) },
        { message: 'critical in api', count: count(1) },
        { message: 'error in api', count: count(1) },
      ],
    });
    expect(await body(sink, '/api/v1/logs/services')).toEqual({ services: ['api', 'web'] });
  });
});

describe('reading', () => {
  it('sees the newest entries only, when few are kept, and none after clear()', async () => {
    const sink = await sinkWith(series(noon, ['m0', 'm1', 'm2', 'm3']), { keepRecords: 2 });
    expect(await messages(sink)).toEqual(['m3', 'm2']);
    await call(sink.port, { path: '/_sink/clear' });
    expect(await messages(sink)).toEqual([]);
  });

  it('sees nothing of other platforms, of refused batches, and of faults', async () => {
    const sink = await sinkWith([]);
    sink.setFaults({ status: 503 });
    await expect(store(sink, mixed)).rejects.toThrow('503');
    sink.setFaults({});
    await expect(store(sink, [...mixed, { level: 'fatal' }])).rejects.toThrow('400');
    expect((await page(sink)).total).toBe(0);
  });

  it('does not count as ingest', async () => {
    const sink = await sinkWith(mixed);
    await read(sink, '/api/v1/logs?level=fatal');
    await page(sink);
    expect(sink.counts().logtide).toEqual({ requests: 1, accepted: 10, refused: 0, faulted: 0 });
  });
});
