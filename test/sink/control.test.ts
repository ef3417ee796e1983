import { describe, expect, it } from 'vitest';
import type { Sink, SinkRequest } from '../../src/sink/sink.ts';
import { call, json, type Reply } from './http.ts';
import { entry, loggier, logtide, start, trakerr } from './sinks.ts';

describe('credentials', () => {
  it('never reach hooks or records', async () => {
    const seen: SinkRequest[] = [];
    const wrong = 'wrong-key-0123456789';
    const unrouted: string[] = [];
    const sink = await start({
      onRequest: (request) => seen.push(request),
      respond: (request) => {
        seen.push(request);
        return undefined;
      },
      onUnrouted: (_method, path) => unrouted.push(path),
    });
    await Promise.all([logtide(sink), loggier(sink), trakerr(sink)]);
    const { odysseusAppId, odysseusAppKey, loggierApiKey, logtideApiKey } = sink.credentials;
    await call(sink.port, { path: `/api/logs/${odysseusAppId}/${odysseusAppKey}`, headers: json, body: '[]' });
    await call(sink.port, { path: `/api/logs/${odysseusAppId}/${wrong}/${wrong}`, body: '[]' });
    await call(sink.port, { path: `/api/ingest/${wrong}/batch`, headers: { 'x-loggier-key': wrong }, body: '[]' });
    await call(sink.port, { path: `/api/v1/ingest?token=${logtideApiKey}`, body: '{}' });
    await call(sink.port, { path: '/log', headers: { authorization: `Bearer ${wrong}` }, body: '{}' });
    await call(sink.port, { path: '/api/v1/events', headers: json, body: `{ "apiKey" : "${wrong}" }` });
    const lost = await call(sink.port, { path: `/base/api/ingest/${loggierApiKey}?k=${wrong}`, body: '{}' });
    expect(seen).toHaveLength(18);
    const told = JSON.stringify([seen, sink.records(), unrouted, lost.text]);
    for (const secret of [odysseusAppKey, loggierApiKey, logtideApiKey, sink.credentials.trakerrApiKey, wrong]) {
      expect(told).not.toContain(secret);
    }
    expect(seen.find(({ platform }) => platform === 'redarch')?.headers.authorization).toBe('Bearer [REDACTED]');
    expect(seen.map(({ path }) => path)).toContain('/api/ingest/[REDACTED]/batch');
    expect(unrouted).toEqual(['/base/api/ingest/[REDACTED]?[REDACTED]']);
    expect(sink.records('trakerr')[0]?.record.apiKey).toBe('[REDACTED]');
  });

  it('leave the rest of a request readable', async () => {
    const seen: SinkRequest[] = [];
    const sink = await start({ onRequest: (request) => seen.push(request), now: () => 42 });
    await trakerr(sink);
    expect(seen).toEqual([
      {
        platform: 'trakerr',
        channel: 'logs',
        method: 'POST',
        path: '/api/v1/events',
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
        body: '{"apiKey":"[REDACTED]","classification":"log","eventType":"T","eventMessage":"M"}',
        bytes: expect.any(Number),
        atMillis: 42,
      },
    ]);
  });
});

describe('control endpoints', () => {
  const control = (sink: Sink, method: string, path: string, body?: string, headers = {}): Promise<Reply> =>
    call(sink.port, { method, path: `/_sink/${path}`, headers, body });

  it('tell counts and records', async () => {
    const sink = await start();
    await logtide(sink, [entry, { ...entry, message: 'second' }]);
    await loggier(sink);
    expect((await control(sink, 'GET', 'summary')).json()).toEqual(sink.counts());
    const messages = async (query: string): Promise<unknown[]> => {
      const reply = (await control(sink, 'GET', `records?${query}`)).json() as { records: { record: object }[] };
      return reply.records.map(({ record: kept }) => (kept as { message: string }).message);
    };
    expect(await messages('')).toEqual(['hello', 'second', 'hello']);
    expect(await messages('platform=logtide&limit=1')).toEqual(['second']);
    expect(await messages('channel=events')).toEqual([]);
    await control(sink, 'POST', 'clear');
    expect(await messages('')).toEqual([]);
  });

  it('set faults', async () => {
    const sink = await start();
    const set = await control(sink, 'POST', 'faults', '{"platform":"loggier","status":503}');
    expect(set.status).toBe(200);
    expect([(await loggier(sink)).status, (await logtide(sink)).status]).toEqual([503, 200]);
    await control(sink, 'POST', 'faults', '{"status":500}');
    expect([(await loggier(sink)).status, (await logtide(sink)).status]).toEqual([500, 500]);
    await control(sink, 'POST', 'faults', '{}');
    expect((await loggier(sink)).status).toBe(200);
  });

  it.each([
    ['POST', 'faults', '{"platform":"nowhere"}', /platform "nowhere" is unknown/],
    ['POST', 'faults', '{"status":"503"}', /faults\.status must be an integer/],
    ['POST', 'faults', '{"fail":{"status":503}}', /faults\.fail\.ratio/],
    ['POST', 'faults', 'nonsense', /must be JSON/],
    ['GET', 'records?limit=0', undefined, /limit/],
    ['GET', 'records?platform=x', undefined, /platform/],
  ])('explain what is wrong with %s %s %s', async (method, path, body, message) => {
    const sink = await start();
    const reply = await control(sink, method, path, body);
    expect([reply.status, (reply.json() as { error: string }).error]).toEqual([400, expect.stringMatching(message)]);
    expect((await loggier(sink)).status).toBe(200);
  });

  it('are closed to web pages', async () => {
    const sink = await start({ faults: { status: 503 } });
    const page = await control(sink, 'POST', 'faults', '{}', { origin: 'https://example.com' });
    const rebound = await control(sink, 'GET', 'summary', undefined, { host: 'example.com' });
    expect([page.status, rebound.status]).toEqual([403, 403]);
    expect((await loggier(sink)).status).toBe(503);
  });
});
