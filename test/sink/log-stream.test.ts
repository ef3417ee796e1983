import { describe, expect, it } from 'vitest';
import { sinkProjectId } from '../../src/sink/read-answers.ts';
import { captures, haveCaptures } from './captures.ts';
import { call } from './http.ts';
import { type Log, page, read, series, store } from './reading.ts';
import { start } from './sinks.ts';
import { tail, tailed, ticking } from './streaming.ts';

const begin = '2026-11-20T19:20:00.000Z';
const entry = (message: string, time: number): object => ({
  time: new Date(time).toISOString(),
  service: 'api',
  level: 'info',
  message,
});

type StreamLine = readonly [seconds: number, line: string];

describe.skipIf(!haveCaptures)('captured streams', () => {
  it.each(['server-sse-basic', 'server-sse-filter', 'server1-sse-filter'])('%s', async (name) => {
    const [capture] = captures('logtide', new RegExp(`^${name}\\.json$`));
    const answer = capture?.response as unknown as { events: readonly StreamLine[]; headers: Record<string, string> };
    const text = answer.events.map(([, line]) => line).join('');
    const parsed = text
      .split('\n\n')
      .filter((part) => part.startsWith('data: '))
      .map((part) => JSON.parse(part.slice(6)) as { timestamp?: string; data?: Log });
    const logs = new Map(parsed.flatMap(({ data }) => (data ? [[data.id, data] as const] : [])));
    const logtideServer = name.startsWith('server1') ? 'B' : 'A';
    const rig = await ticking(parsed[0]?.timestamp ?? '', { logtideServer });
    const path = capture?.requests[0]?.path ?? '';
    const stream = await tail(rig.sink, path.slice('/api/v1/logs/stream'.length));
    for (const [header, value] of Object.entries(answer.headers)) {
      expect([header, stream.headers[header]]).toEqual([header, value]);
    }
    // What the captures say of rows outside the filter and before the connection: they never come.
    await store(rig.sink, [entry('too old', rig.now() - 10_000)]);
    const waiting = [...logs.values()];
    const heartbeats = text.split(': heartbeat').length - 1;
    for (let n = 0; n < heartbeats; n += 1) {
      const due = waiting.filter(({ time }) => Date.parse(time) <= rig.now() + 1000);
      for (const log of due) {
        waiting.splice(waiting.indexOf(log), 1);
        const { time, service, level, message } = log;
        await store(rig.sink, [{ time, service, level, message }]);
      }
      rig.tick();
    }
    const { logs: own } = await page(rig.sink, '?limit=1000');
    let expected = text;
    for (const log of logs.values()) {
      const id = own.find(({ message }) => message === log.message)?.id ?? 'missing';
      expected = expected.replaceAll(log.id, id).replaceAll(log.projectId, sinkProjectId);
    }
    expect(logs.size).toBeGreaterThan(0);
    expect(await stream.until(heartbeats)).toBe(expected);
  });
});

describe.each(['A', 'B'] as const)('a live tail of server %s', (logtideServer) => {
  it('shows what is timed between connecting and now, newest first', async () => {
    const rig = await ticking(begin, { logtideServer });
    await store(rig.sink, [entry('before', rig.now() - 1)]);
    const stream = await tail(rig.sink);
    await store(rig.sink, [
      entry('late', rig.now() - 1),
      entry('first', rig.now()),
      entry('second', rig.now() + 1000),
      entry('ahead', rig.now() + 1001),
    ]);
    rig.tick();
    expect(tailed(await stream.until(1))).toEqual(['second', 'first']);
    rig.tick();
    expect(tailed(await stream.until(2)).slice(2)).toEqual(
      logtideServer === 'A' ? ['ahead', 'second', 'first'] : ['ahead'],
    );
  });

  it('shows the newest 100 of a burst', async () => {
    const rig = await ticking(begin, { logtideServer });
    const stream = await tail(rig.sink);
    const burst = Array.from({ length: 300 }, (_, n) => entry(`row ${n}`, rig.now() + n));
    await store(rig.sink, burst);
    rig.tick();
    const newest = Array.from({ length: 100 }, (_, n) => `row ${299 - n}`);
    expect(tailed(await stream.until(1))).toEqual(newest);
    rig.tick();
    expect(tailed(await stream.until(2))).toEqual(logtideServer === 'A' ? [...newest, ...newest] : newest);
  });

  it('ends with its client, and with the sink', async () => {
    const rig = await ticking(begin, { logtideServer });
    const [leaving, staying] = [await tail(rig.sink), await tail(rig.sink)];
    expect(rig.waiting()).toBe(2);
    leaving.leave();
    await expect.poll(() => rig.waiting()).toBe(1);
    await rig.sink.close();
    await staying.ended;
    expect(rig.waiting()).toBe(0);
  });

  it('ends when the sink pauses', async () => {
    const rig = await ticking(begin, { logtideServer });
    const stream = await tail(rig.sink);
    await rig.sink.pause();
    await stream.ended;
    expect(rig.waiting()).toBe(0);
    await rig.sink.resume();
    expect((await tail(rig.sink)).status).toBe(200);
  });

  it.each([
    ['?level=fatal', 400, /querystring\/level must be equal to one of the allowed values/],
    ['?service=a&service=b', 400, /querystring\/service must be string/],
    ['?token=anything', 401, /Invalid or expired session token/],
  ])('refuses %s', async (query, status, message) => {
    const rig = await ticking(begin, { logtideServer });
    const reply = await read(rig.sink, `/api/v1/logs/stream${query}`);
    expect([reply.status, rig.waiting()]).toEqual([status, 0]);
    expect(reply.text).toMatch(message);
  });
});

describe('a live tail', () => {
  it('of line B sends rows of the same millisecond once, in whatever second they come', async () => {
    const rig = await ticking(begin);
    const stream = await tail(rig.sink);
    const at = rig.now() + 500;
    await store(rig.sink, [entry('one', at)]);
    rig.tick();
    await store(rig.sink, [entry('two', at)]);
    rig.tick();
    rig.tick();
    expect(tailed(await stream.until(3))).toEqual(['one', 'two']);
  });

  it('filters by service and level', async () => {
    const rig = await ticking(begin);
    const stream = await tail(rig.sink, '?service=web&level=error');
    const rows = [
      { service: 'web', level: 'error' },
      { service: 'web', level: 'info' },
      { service: 'api', level: 'error' },
    ].map((fields) => ({ ...entry(`${fields.service} ${fields.level}`, rig.now()), ...fields }));
    await store(rig.sink, rows);
    rig.tick();
    expect(tailed(await stream.until(1))).toEqual(['web error']);
  });

  it('polls every second by itself', async () => {
    const sink = await start();
    const stream = await tail(sink);
    await store(sink, [entry('now', Date.now())]);
    expect(tailed(await stream.until(2))).toEqual(['now']);
  });

  it('cuts off a client that does not read', async () => {
    const rig = await ticking(begin);
    const stream = await tail(rig.sink);
    stream.pause();
    await store(
      rig.sink,
      Array.from({ length: 100 }, (_, n) => ({ ...entry('x'.repeat(400_000), rig.now() + n) })),
    );
    rig.tick();
    await expect.poll(() => rig.waiting()).toBe(0);
  });

  it('does not keep a sink from closing that it began after', async () => {
    const rig = await ticking(begin, { faults: { latencyMillis: 1 } });
    const stream = await tail(rig.sink);
    rig.tick();
    await stream.until(1);
    await rig.sink.close();
    await stream.ended;
    expect(rig.waiting()).toBe(0);
  });
});

describe('faults of reading', () => {
  it('are those of ingest', async () => {
    const told: string[] = [];
    const sink = await start({
      faults: { status: 503, retryAfterSeconds: 7 },
      onRequest: ({ method, path }, { status, reason }) => told.push(`${method} ${path} ${status} ${reason}`),
    });
    const down = await read(sink, '/api/v1/logs?q=x');
    expect([down.status, down.headers['retry-after']]).toEqual([503, '7']);
    expect((await read(sink, '/api/v1/logs/stream')).status).toBe(503);
    expect((await call(sink.port, { method: 'GET', path: '/health' })).status).toBe(200);
    expect(told).toEqual([
      'GET /api/v1/logs?[REDACTED] 503 injected fault: status 503',
      'GET /api/v1/logs/stream 503 injected fault: status 503',
    ]);
    sink.setFaults({ reset: true });
    await expect(read(sink, '/api/v1/logs')).rejects.toMatchObject({ code: 'ECONNRESET' });
    // Another platform's faults are not LogTide's.
    sink.setFaults({});
    sink.setFaults({ status: 500 }, 'loggier');
    expect((await read(sink, '/api/v1/logs')).status).toBe(200);
    expect(sink.counts().logtide).toEqual({ requests: 0, accepted: 0, refused: 0, faulted: 0 });
  });

  it('may be scripted', async () => {
    const sink = await start({
      respond: ({ method }) => (method === 'GET' ? { status: 429, headers: { 'retry-after': '1' } } : undefined),
    });
    await store(sink, series(begin, ['kept']));
    expect((await read(sink, '/api/v1/logs')).status).toBe(429);
    expect(sink.records('logtide')).toHaveLength(1);
  });
});
