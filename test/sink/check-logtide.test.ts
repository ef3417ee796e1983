import { describe, expect, it } from 'vitest';
import { checkLogtide } from '../../src/sink/check-logtide.ts';
import { accepted, check, keys, verdict } from './checking.ts';

describe('LogTide entries', () => {
  const good = { time: '2026-01-02T03:04:05.678Z', service: 'api', level: 'info', message: 'm' };
  const ingest = (entry: unknown, server: 'A' | 'B' = 'B'): [number, string | undefined] =>
    verdict(
      check(checkLogtide, {
        path: '/api/v1/ingest',
        headers: { 'x-api-key': keys.logtideApiKey },
        body: { logs: [entry] },
        server,
      }),
    );

  it.each([
    ['time', '2026-01-02T03:04Z'],
    ['time', '2024-02-29T00:00:00.123456789Z'],
    ['time', '0001-01-01T00:00:00Z'],
    ['service', 'é'.repeat(100)],
    ['service', ' '],
    ['message', ' '],
    ['span_id', '00F067AA0BA902b7'],
    ['span_id', '0000000000000000'],
    ['trace_id', 'request-123'],
    ['session_id', '550E8400-e29b-41d4-a716-446655440000'],
    ['metadata', {}],
    ['hostname', null],
    // PostgreSQL compresses it; random text of the same length is a capture.
    ['trace_id', 'x'.repeat(5000)],
    ['metadata', { pair: '\ud83d\ude00' }],
  ])('take %s %j', (field, value) => {
    expect(ingest({ ...good, [field]: value })).toEqual(accepted);
    expect(ingest({ ...good, [field]: value }, 'A')).toEqual(accepted);
  });

  it.each([
    ['time', '2026-01-02T03:04:05+02:00'],
    ['time', '2026-01-02T03:04:05z'],
    ['time', '2026-01-02 03:04:05Z'],
    ['time', '2026-01-02'],
    ['time', '2026-02-30T00:00:00Z'],
    ['time', '2025-02-29T00:00:00Z'],
    ['time', '2026-12-31T23:59:60Z'],
    ['time', '2026-01-02T24:00:00Z'],
    ['time', '+010000-01-01T00:00:00Z'],
    ['time', null],
    ['service', '😀'.repeat(51)],
    ['service', 7],
    ['level', 'warning'],
    ['level', ''],
    ['level', null],
    ['message', ''],
    ['message', null],
    ['metadata', []],
    ['metadata', 'x'],
    ['trace_id', null],
    ['span_id', ''],
    ['span_id', null],
    ['span_id', '00f067aa0ba902b'],
    ['span_id', '00f067aa0ba902bg'],
  ])('refuse %s %j', (field, value) => {
    const refusal = [400, expect.stringMatching(new RegExp(`^logs\\[0\\]\\.${field}: `))];
    expect(ingest({ ...good, [field]: value })).toEqual(refusal);
    expect(ingest({ ...good, [field]: value }, 'A')).toEqual(refusal);
  });

  it('know session_id on line B only, and need time on line A only', () => {
    for (const session of ['', null, 'abc', '550e8400e29b41d4a716446655440000']) {
      expect(ingest({ ...good, session_id: session })[0]).toBe(400);
      expect(ingest({ ...good, session_id: session }, 'A')).toEqual(accepted);
    }
    const { time: _time, ...timeless } = good;
    expect(ingest(timeless)).toEqual(accepted);
    expect(ingest(timeless, 'A')).toEqual([400, 'logs[0].time: Required']);
  });

  it.each([
    ['message', 'a\0b', '22021'],
    ['service', 'a\0b', '22021'],
    ['metadata', { deep: [{ a: 'x\0' }] }, '22P05'],
  ])('with NUL in %s are an error on A and stripped on B', (field, value, code) => {
    expect(ingest({ ...good, [field]: value }, 'A')).toEqual([500, expect.stringContaining(code)]);
    expect(ingest({ ...good, [field]: value })).toEqual(accepted);
  });

  it.each([
    ['metadata', { a: 'x\0', b: '\udc00' }],
    ['metadata', { '\ud800': 1 }],
    ['metadata', { deep: [{ 'k\0': 1 }] }],
  ])('with %s %j are lost by B as a whole', (field, value) => {
    expect(ingest({ ...good, [field]: value })).toEqual([200, expect.stringContaining('received 0')]);
    expect(ingest({ ...good, [field]: value }, 'A')[0]).toBe(500);
  });

  it('break neither line when only 1000 levels deep, and both at 5000', () => {
    const at = (depth: number, server: 'A' | 'B', field: string): number => {
      const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
      const rest = JSON.stringify(good).slice(1, -1);
      const body = `{"logs":[{${rest},"${field}":${deep}}]}`;
      const headers = { 'x-api-key': keys.logtideApiKey };
      return check(checkLogtide, { path: '/api/v1/ingest', headers, body, server }).answer.status;
    };
    expect([at(1000, 'A', 'metadata'), at(1000, 'B', 'metadata')]).toEqual([200, 200]);
    expect([at(5000, 'A', 'metadata'), at(5000, 'B', 'metadata')]).toEqual([500, 500]);
    expect(at(50_000, 'B', 'unknown')).toBe(500);
  });

  it('with very many distinct words are too much for the index, with few they are not', () => {
    const words = (bytes: number): string =>
      Array.from({ length: bytes / 9 }, (_, n) => String(10_000_000 + n)).join(' ');
    expect(ingest({ ...good, message: words(700 * 1024) })).toEqual(accepted);
    expect(ingest({ ...good, message: words(900 * 1024) })[1]).toContain('tsvector');
    expect(ingest({ ...good, message: words(900 * 1024) }, 'A')).toEqual([500, expect.stringContaining('54000')]);
    expect(ingest({ ...good, message: 'one word '.repeat(120_000) })).toEqual(accepted);
  });

  it('with forbidden keys are refused by A only', () => {
    for (const text of ['{"__proto__":1}', '{"a":[{"constructor":{"prototype":1}}]}', '{"\\u005f_proto__":1}']) {
      const body = `{"logs":[{"time":"${good.time}","service":"s","level":"info","message":"m","metadata":${text}}]}`;
      const given = { path: '/api/v1/ingest', headers: { 'x-api-key': keys.logtideApiKey }, body };
      expect(verdict(check(checkLogtide, { ...given, server: 'A' }))).toEqual([
        400,
        expect.stringContaining('forbidden prototype'),
      ]);
      expect(verdict(check(checkLogtide, { ...given, server: 'B' }))).toEqual(accepted);
    }
    expect(ingest({ ...good, metadata: { constructor: 'text' } }, 'A')).toEqual(accepted);
  });

  it('in a bare array lose their ids on B', () => {
    const { records } = check(checkLogtide, {
      path: '/api/v1/ingest',
      headers: { 'x-api-key': keys.logtideApiKey },
      body: [{ ...good, level: 'fatal', trace_id: 't', span_id: 's', session_id: 'x' }],
    });
    expect(records).toEqual([{ ...good, level: 'critical' }]);
  });

  it.each([
    [{ authorization: `Bearer ${keys.logtideApiKey}` }, 'Invalid or expired session token'],
    [{}, 'Missing X-API-Key header or Authorization token'],
    [{ 'x-api-key': `${keys.logtideApiKey} ` }, 'Invalid API key'],
  ])('need the key in its header (%#)', (headers, message) => {
    const given = { path: '/api/v1/ingest', headers: headers as Record<string, string>, body: { logs: [good] } };
    expect(check(checkLogtide, { ...given, server: 'A' }).answer).toMatchObject({
      status: 401,
      body: { error: 'Unauthorized', message },
    });
    expect(check(checkLogtide, given).answer.body).toEqual({ error: 'Unauthorized' });
  });
});
