import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CheckContext, Checker, CheckResult } from '../../src/sink/check.ts';
import { checkLoggier } from '../../src/sink/check-loggier.ts';
import { checkLogtide } from '../../src/sink/check-logtide.ts';
import { checkOdysseus } from '../../src/sink/check-odysseus.ts';
import { checkRedarch } from '../../src/sink/check-redarch.ts';
import { checkTrakerr } from '../../src/sink/check-trakerr.ts';
import { defaultCredentials as keys } from '../../src/sink/credentials.ts';
import { json } from './http.ts';

// Rules that no capture shows, checked on the pure functions.

const nowSeconds = 1_800_000_000;
const context = (logtideServer: 'A' | 'B' = 'B'): CheckContext => ({
  credentials: keys,
  logtideServer,
  nowMillis: nowSeconds * 1000,
  sequence: 0,
});

interface Given {
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly channel?: 'logs' | 'events';
  readonly server?: 'A' | 'B';
}

const check = (checker: Checker, { path, body, headers = {}, channel = 'logs', server }: Given): CheckResult =>
  checker(
    {
      channel,
      path,
      query: '',
      headers: { ...json, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
    context(server),
  );

/** Status and reason; `[200, undefined]` is full acceptance. */
const verdict = ({ answer }: CheckResult): [number, string | undefined] => [answer.status, answer.reason];
const accepted = [200, undefined];

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

describe('RedArch', () => {
  const good = {
    level: 'WARN',
    service: 'shop',
    logger_name: 'cart',
    message: 'm',
    user_id: null,
    tenant_id: 't',
    request_id: 'r',
    context: {},
    client_log_datetime: '2026-01-02T03:04:05.678901+00:00',
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (claims: object, secret = keys.redarchApiKey, header: object = { alg: 'HS256', typ: 'JWT' }): string => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const claims = { sub: 'shop', iat: nowSeconds, exp: nowSeconds + 3600 };
  const log = (body: unknown, token: string): [number, string | undefined] =>
    verdict(check(checkRedarch, { path: '/log', headers: { authorization: `Bearer ${token}` }, body }));

  it('takes a record with a token of its own service', () => {
    expect(log(good, sign(claims))).toEqual(accepted);
    expect(log({ ...good, retry_count: 0, level: 'CRITICAL' }, sign(claims))).toEqual(accepted);
  });

  it.each([
    ['expired this second', sign({ ...claims, exp: nowSeconds }), 'expired'],
    ['issued in the future', sign({ ...claims, iat: nowSeconds + 61 }), 'future'],
    ['signed with another key', sign(claims, 'another'), 'signature'],
    ['for another service', sign({ ...claims, sub: 'cart' }), "record's service"],
    ['without a subject', sign({ iat: claims.iat, exp: claims.exp }), 'sub'],
    ['with fractional times', sign({ ...claims, iat: nowSeconds - 0.5 }), 'whole seconds'],
    ['without an expiry', sign({ sub: 'shop', iat: claims.iat }), 'whole seconds'],
    ['unsigned', `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`, 'alg'],
    ['of another algorithm', sign(claims, keys.redarchApiKey, { alg: 'HS512' }), 'alg'],
    [
      'with other claims under the old signature',
      `${sign(claims).split('.')[0]}.${part({ ...claims, exp: nowSeconds + 7200 })}.${sign(claims).split('.')[2]}`,
      'signature',
    ],
    ['in two parts', 'a.b', 'three parts'],
  ])('refuses a token %s', (_what, token, reason) => {
    expect(log(good, token)).toEqual([401, expect.stringContaining(reason)]);
  });

  it('takes a token in its last second and one issued by a clock a minute ahead', () => {
    expect(log(good, sign({ ...claims, exp: nowSeconds + 1 }))).toEqual(accepted);
    expect(log(good, sign({ ...claims, iat: nowSeconds + 60 }))).toEqual(accepted);
  });

  it('needs the Bearer scheme', () => {
    expect(verdict(check(checkRedarch, { path: '/log', body: good }))[0]).toBe(401);
    const headers = { authorization: `Basic ${sign(claims)}` };
    expect(verdict(check(checkRedarch, { path: '/log', headers, body: good }))[0]).toBe(401);
  });

  it.each(Object.keys(good).filter((key) => key !== 'service'))('needs the key %s', (key) => {
    const { [key]: _gone, ...rest } = good as Record<string, unknown>;
    expect(log(rest, sign(claims))).toEqual([400, `${key}: is missing`]);
  });

  it.each([
    ['level', 'info'],
    ['message', 7],
    ['user_id', 7],
    ['request_id', ''],
    ['context', []],
    ['client_log_datetime', '2026-01-02T03:04:05'],
  ])('refuses %s %j', (field, value) => {
    expect(log({ ...good, [field]: value }, sign(claims))).toEqual([400, expect.stringMatching(`^${field}: must`)]);
  });

  it('takes one record, not an array', () => {
    expect(log([good], sign(claims))).toEqual([400, 'body: must be one JSON object']);
  });
});

describe('Odysseus', () => {
  const log = {
    session_id: '3f2504e04f8941d39a0c0305e82c3301',
    message: '',
    severity: 6,
    timestamp: '2026-01-02T03:04:05.1234567Z',
  };
  const event = {
    id: '00112233-4455-4677-8899-aabbccddeeff',
    name: 'n',
    session_id: log.session_id,
    type: 0,
    timestamp: log.timestamp,
    position: 0,
  };
  const path = (channel: string): string => `/api/${channel}/${keys.odysseusAppId}/${keys.odysseusAppKey}`;
  const post = (channel: 'logs' | 'events', body: unknown): [number, string | undefined] =>
    verdict(check(checkOdysseus, { path: path(channel), channel, body }));

  it.each([
    ['logs', {}],
    ['logs', { platform: null, context: null, line: 2_147_483_647 }],
    ['events', {}],
    ['events', { position: 2_147_483_647, stream_id: '4bf92f3577b34da6a3ce929d0e0e4736', data: {} }],
    ['events', { position: null, stream_id: null }],
  ] as const)('takes %s with %j', (channel, more) => {
    expect(post(channel, [{ ...(channel === 'logs' ? log : event), ...more }])).toEqual(accepted);
  });

  it.each([
    ['logs', 'severity', 7],
    ['logs', 'severity', 2.5],
    ['logs', 'severity', '2'],
    ['logs', 'severity', undefined],
    ['logs', 'session_id', 'session'],
    ['logs', 'session_id', '3f2504e0-4f8941d39a0c0305e82c3301'],
    ['logs', 'message', null],
    ['logs', 'timestamp', '2026-01-02T03:04:05.12345678Z'],
    ['logs', 'timestamp', 1_767_323_045],
    ['logs', 'context', 'text'],
    ['logs', 'line', 2_147_483_648],
    ['logs', 'platform', 40_000],
    ['events', 'id', undefined],
    ['events', 'name', ''],
    ['events', 'position', 2_147_483_648],
    ['events', 'position', -1],
    ['events', 'stream_id', '123'],
    ['events', 'data', []],
  ] as const)('refuses %s with %s %j, naming entry and field', (channel, field, value) => {
    const good = channel === 'logs' ? log : event;
    expect(post(channel, [good, { ...good, [field]: value }])).toEqual([
      400,
      expect.stringMatching(new RegExp(`^\\[1\\]\\.${field}: `)),
    ]);
  });

  it('takes arrays only, and not empty ones', () => {
    for (const body of [log, [], '', 'nonsense']) expect(post('logs', body)[0]).toBe(400);
    expect(post('logs', [null])).toEqual([400, '[0]: must be an object']);
  });

  it('knows its app and key, percent-encoded or not', () => {
    const at = (id: string, key: string): number =>
      check(checkOdysseus, { path: `/api/logs/${id}/${key}`, body: [log] }).answer.status;
    const { odysseusAppId: id, odysseusAppKey: key } = keys;
    expect([at(id, key), at(id, key.replace('-', '%2D'))]).toEqual([200, 200]);
    expect([at('other', key), at(id, 'other'), at(id, '')]).toEqual([401, 401, 401]);
    expect([at(id, `${key}/x`), at(id, '%zz')]).toEqual([404, 404]);
  });

  it('takes nesting that clients are known to send, not more than it can show', () => {
    const at = (depth: number): number =>
      check(checkOdysseus, {
        path: path('logs'),
        body: `[{${JSON.stringify(log).slice(1, -1)},"context":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}]`,
      }).answer.status;
    expect([at(496), at(998), at(999), at(50_000)]).toEqual([200, 200, 400, 400]);
  });

  it('takes JSON only', () => {
    const headers = { 'content-type': 'text/plain' };
    expect(verdict(check(checkOdysseus, { path: path('logs'), headers, body: [log] }))[0]).toBe(415);
    const gzip = { 'content-encoding': 'gzip' };
    expect(verdict(check(checkOdysseus, { path: path('logs'), headers: gzip, body: [log] }))[0]).toBe(415);
  });
});

describe('Loggier', () => {
  const good = {
    message: 'm',
    level: 'NOTICE',
    environment: 'e',
    timestamp: '2026-01-02T03:04:05.678901Z',
    runtime_context: {},
  };
  const key = keys.loggierApiKey;
  const post = (path: string, body: unknown, header: string | undefined = key): [number, string | undefined] =>
    verdict(check(checkLoggier, { path, body, headers: header === undefined ? {} : { 'x-loggier-key': header } }));

  it('takes one object or a batch', () => {
    expect(post(`/api/ingest/${key}`, good)).toEqual(accepted);
    expect(post(`/api/ingest/${key}/batch`, [good, { ...good, tags: ['a', 7, null] }])).toEqual(accepted);
  });

  it('refuses the wrong shape for the path', () => {
    expect(post(`/api/ingest/${key}`, [good])[0]).toBe(400);
    expect(post(`/api/ingest/${key}/batch`, good)[0]).toBe(400);
    expect(post(`/api/ingest/${key}/batch`, [])[0]).toBe(400);
    expect(post(`/api/ingest/${key}/other`, good)[0]).toBe(404);
  });

  it('needs the same good key in path and header', () => {
    expect(post('/api/ingest/other', good, 'other')[0]).toBe(401);
    expect(post(`/api/ingest/${key}`, good, 'other')[0]).toBe(401);
    expect(post('/api/ingest/other', good, key)[0]).toBe(401);
    expect(verdict(check(checkLoggier, { path: `/api/ingest/${key}`, body: good }))).toEqual([
      401,
      'x-loggier-key: is missing',
    ]);
  });

  it.each([
    ['message', undefined],
    ['level', ''],
    ['environment', undefined],
    ['timestamp', '2026-01-02T03:04:05+00:00'],
    ['runtime_context', undefined],
    ['context', []],
    ['tags', 'a'],
    ['exception', 'Error'],
  ])('refuses %s %j', (field, value) => {
    expect(post(`/api/ingest/${key}/batch`, [good, { ...good, [field]: value }])).toEqual([
      400,
      expect.stringMatching(new RegExp(`^\\[1\\]\\.${field}: `)),
    ]);
  });
});

describe('Trakerr', () => {
  const good = { apiKey: keys.trakerrApiKey, classification: 'log', eventType: 'T', eventMessage: '' };
  const post = (body: unknown): CheckResult => check(checkTrakerr, { path: '/api/v1/events', body });

  it('answers {} and forgets the key', () => {
    const { answer, records } = post(good);
    expect(answer).toEqual({ status: 200, body: {} });
    expect(records).toEqual([{ ...good, apiKey: '[REDACTED]' }]);
  });

  it.each([
    [undefined, 'is missing'],
    ['other', 'is wrong'],
    [7, 'is wrong'],
  ])('refuses the key %j', (apiKey, message) => {
    expect(post({ ...good, apiKey }).answer).toMatchObject({
      status: 401,
      body: { code: 401, message, fields: 'apiKey' },
    });
  });

  it.each([
    ['logLevel', 'warn'],
    ['classification', null],
    ['eventTime', 1.5],
    ['eventTime', '1795203156078'],
    ['eventUser', 7],
    ['contextTags', ['a', 7]],
    ['contextCpuPercentage', 101],
    ['contextAppSKU', 'x'],
    ['customString', 'x'],
    ['customProperties', { stringData: { customData11: 'x' } }],
    ['customProperties', { stringData: { customData1: 7 } }],
    ['customProperties', { doubleData: { customData10: '7' } }],
    ['customSegments', { other: {} }],
    ['eventStacktrace', {}],
    ['eventStacktrace', [{ traceLines: [{ line: '21:28' }] }]],
    ['eventStacktrace', [{ traceLines: [{ column: 1 }] }]],
  ])('refuses %s %j in its error model', (field, value) => {
    expect(post({ ...good, [field]: value }).answer).toMatchObject({
      status: 400,
      body: { code: 400, message: expect.any(String), fields: field },
    });
  });

  it('takes all twenty slots, and null for what is optional', () => {
    const slots = (value: unknown): object =>
      Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`customData${index + 1}`, value]));
    const custom = { stringData: slots('x'), doubleData: slots(-1.5) };
    expect(verdict(post({ ...good, customProperties: custom, customSegments: custom }))).toEqual(accepted);
    expect(verdict(post({ ...good, contextEnvVersion: null, eventStacktrace: null }))).toEqual(accepted);
  });

  it('takes one event, not an array', () => {
    expect(verdict(post([good]))[0]).toBe(400);
  });
});
