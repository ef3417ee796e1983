import { describe, expect, it, onTestFinished } from 'vitest';
import type { TailEvent } from '../../src/client/logtide.ts';
import { LogTideClient } from '../../src/client/logtide.ts';
import { startSink } from '../../src/sink/sink.ts';

async function rig(logtideServer: 'A' | 'B') {
  const sink = await startSink({ logtideServer });
  const client = new LogTideClient({ url: sink.url, apiKey: sink.credentials.logtideApiKey });
  onTestFinished(async () => {
    await client.close();
    await sink.close();
  });
  const send = async (entries: readonly object[]): Promise<void> => {
    const answer = await fetch(`${sink.url}/api/v1/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': sink.credentials.logtideApiKey },
      body: JSON.stringify({ logs: entries }),
    });
    expect(answer.status).toBe(200);
  };
  return { sink, client, send };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const entry = (number: number, millis: number, more: object = {}) => ({
  time: new Date(millis).toISOString(),
  service: 'api',
  level: 'info',
  message: `order ${number} shipped`,
  ...more,
});

describe.each(['A', 'B'] as const)('the LogTide client and the sink as server line %s', (line) => {
  it('reads back what was sent: filters, pages, trace, context, statistics', async () => {
    const { client, send } = await rig(line);
    const start = Date.now() - 60_000;
    await send(
      range(25).map((number) =>
        entry(number, start + number * 1_000, {
          service: number % 2 ? 'api' : 'web',
          level: number % 5 ? 'info' : 'error',
          ...(number < 3 && { trace_id: 'trace/one two' }),
          metadata: { number },
        }),
      ),
    );
    const all: number[] = [];
    for await (const { metadata } of client.logs({ limit: 10 })) all.push(metadata.number as number);
    expect(all).toEqual(range(25).toReversed());
    const page = await client.query({ service: 'web', level: 'error', from: new Date(start) });
    expect(page.logs.map(({ metadata }) => metadata.number)).toEqual([20, 10, 0]);
    expect((await client.query({ q: 'ordered 7' })).logs.map(({ message }) => message)).toEqual(['order 7 shipped']);
    expect((await client.query({ q: 'R 7 SHIP', searchMode: 'substring' })).logs.length).toBe(1);
    const trace = await client.getByTraceId('trace/one two');
    expect(trace.map(({ metadata }) => metadata.number)).toEqual([0, 1, 2]);
    const [first] = trace;
    expect(await client.getLog(first?.id ?? '')).toEqual(first);
    expect(await client.getLog('00000000-0000-4000-8000-000000000000')).toBeUndefined();
    const context = await client.context({ time: new Date(start + 5_000), before: 2, after: 1 });
    expect([...context.before, context.current, ...context.after].map((log) => log?.metadata.number)).toEqual([
      3, 4, 5, 6,
    ]);
    const buckets = await client.aggregated({ from: new Date(start), to: new Date(), interval: '1m' });
    expect(buckets.reduce((sum, { total }) => sum + total, 0)).toBe(25);
    expect(buckets.reduce((sum, { byLevel }) => sum + (byLevel.error ?? 0), 0)).toBe(5);
    expect(await client.topServices()).toEqual([
      { service: 'web', count: 13 },
      { service: 'api', count: 12 },
    ]);
    expect((await client.topErrors({ limit: 50 })).reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect((await client.services()).toSorted()).toEqual(['api', 'web']);
    expect(await client.serverVersion()).toMatch(line === 'A' ? /^0\.5\./ : /^1\.0\./);
  });

  it('follows across a restart and a burst: every log once', async () => {
    const { sink, client, send } = await rig(line);
    const events: TailEvent[] = [];
    const seen: string[] = [];
    const end = new AbortController();
    let changed = (): void => {};
    const next = (): Promise<void> =>
      new Promise((resolve) => {
        changed = resolve;
      });
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await next();
    };
    const tail = (async () => {
      const onEvent = (event: TailEvent): void => {
        events.push(event);
        changed();
      };
      for await (const { message } of client.tail({ signal: end.signal, lateMillis: 3_000, onEvent })) {
        seen.push(message);
        changed();
      }
    })();
    const live = () => events.filter(({ kind }) => kind === 'connected').length;
    await until(() => live() === 1);
    await send([entry(0, Date.now() + 1)]);
    await until(() => seen.length === 1);
    await send([entry(1, Date.now())]);
    await sink.pause();
    await sink.resume();
    await send([entry(2, Date.now())]);
    await until(() => seen.length === 3 && live() === 2);
    const now = Date.now();
    await send(range(300).map((number) => entry(3 + number, now + number)));
    await until(() => seen.length === 303);
    await send([entry(303, Date.now() + 400)]);
    await until(() => seen.includes('order 303 shipped'));
    end.abort();
    await tail;
    expect(seen.length).toBe(304);
    expect(new Set(seen).size).toBe(304);
  });
});
