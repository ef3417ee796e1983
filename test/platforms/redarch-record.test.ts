import { describe, expect, test } from 'vitest';
import { redarch } from '../../src/platforms/redarch.ts';
import type { RedArchRecordOptions } from '../../src/platforms/redarch-settings.ts';
import type { RecordParts } from '../support/records.ts';
import { record, SPAN, SPAN_CONTEXT } from '../support/records.ts';

const BASE = { url: 'http://localhost:8080/log', apiKey: 'secret' };

type Entry = Record<string, unknown> & { context: Record<string, unknown> };

function encodeText(parts: RecordParts, options: RedArchRecordOptions = {}): string {
  return redarch({ ...BASE, recordId: false, ...options }).logs.codec.encode(record(parts));
}

function encode(parts: RecordParts, options: RedArchRecordOptions = {}): Entry {
  return JSON.parse(encodeText(parts, options));
}

test('nine keys, always all of them, in the order of the official client', () => {
  expect(encodeText({ body: 'nothing optional', attributes: { 'request.id': 'r' } })).toBe(
    '{"level":"INFO","service":"unspecified-service","logger_name":"unspecified-service","message":"nothing optional",' +
      '"user_id":null,"tenant_id":null,"request_id":"r","context":{},' +
      '"client_log_datetime":"2026-01-02T03:04:05.678901+00:00"}',
  );
});

test('a record with everything set', () => {
  expect(
    encode({
      body: 'everything set',
      severityNumber: 18,
      severityText: 'ERROR2',
      spanContext: SPAN_CONTEXT,
      eventName: 'payment.failed',
      observed: [1_767_323_046, 1_000],
      dropped: 2,
      resource: { 'service.name': 'shop', 'host.name': 'h1' },
      scope: { name: 'billing.core', version: '1.2.0' },
      span: SPAN,
      attributes: {
        'user.id': 'user_123',
        'tenant.id': 'tenant_abc',
        'request.id': 'req_456',
        'code.file.path': '/srv/app/src/pay.ts',
        'code.function.name': 'charge',
        'code.line.number': 118,
        'log.record.uid': 'uid-1',
        'order.id': 17,
      },
    }),
  ).toEqual({
    level: 'ERROR',
    service: 'shop',
    logger_name: 'billing.core',
    message: 'everything set',
    user_id: 'user_123',
    tenant_id: 'tenant_abc',
    request_id: 'req_456',
    context: {
      'order.id': 17,
      trace_id: SPAN_CONTEXT.traceId,
      span_id: SPAN_CONTEXT.spanId,
      trace_flags: 1,
      span: { name: 'GET /orders', kind: 'SERVER', status: 'UNSET', duration_ms: 25, offset_ms: 5 },
      resource: { 'service.name': 'shop', 'host.name': 'h1' },
      scope: { name: 'billing.core', version: '1.2.0' },
      observed_time: '2026-01-02T03:04:06.000001+00:00',
      dropped_attributes: 2,
      severity_number: 18,
      severity_text: 'ERROR2',
      event_name: 'payment.failed',
      code: { file: '/srv/app/src/pay.ts', function: 'charge', line: 118 },
      record_id: 'uid-1',
    },
    client_log_datetime: '2026-01-02T03:04:05.678901+00:00',
  });
});

describe('level', () => {
  const CANONICAL = ['DEBUG', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const STDLIB = ['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];
  test.each(Array.from({ length: 24 }, (_, index) => index + 1))('number %i in both vocabularies', (severityNumber) => {
    const band = Math.floor((severityNumber - 1) / 4);
    expect(encode({ severityNumber }).level).toBe(CANONICAL[band]);
    expect(encode({ severityNumber }, { levelNames: 'stdlib' }).level).toBe(STDLIB[band]);
  });

  test.each([
    ['trace', 'DEBUG'],
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['notice', 'INFO'],
    ['success', 'INFO'],
    ['warn', 'WARN'],
    ['warning', 'WARN'],
    ['error', 'ERROR'],
    ['fatal', 'FATAL'],
    ['critical', 'FATAL'],
    ['alert', 'FATAL'],
    ['emerg', 'FATAL'],
    ['whatever', 'INFO'],
  ])('without a number, the text "%s" is %s', (severityText, level) => {
    expect(encode({ severityText })).toMatchObject({ level, context: { severity_text: severityText } });
    expect(encode({ severityText: severityText.toUpperCase(), severityNumber: 0 }).level).toBe(level);
  });

  test('unset is INFO and leaves no trace; a span event named exception is ERROR', () => {
    expect(encode({})).toMatchObject({ level: 'INFO', context: {} });
    expect(encode({ eventName: 'exception', span: SPAN }).level).toBe('ERROR');
    expect(encode({ eventName: 'cache.miss', span: SPAN }).level).toBe('INFO');
    expect(encode({ eventName: 'exception', span: SPAN, severityNumber: 13 }).level).toBe('WARN');
    expect(encode({ eventName: 'exception' }).level).toBe('INFO');
  });
});

describe('service', () => {
  const named = { 'service.name': 'shop', 'service.namespace': 'eu' };
  test.each<[string, RecordParts, RedArchRecordOptions, string]>([
    ['attribute', { attributes: { 'redarch.service': 'own' }, resource: named }, { service: 'option' }, 'own'],
    ['option before resource', { resource: named }, { service: 'option', serviceNamespace: true }, 'option'],
    ['resource', { resource: named }, {}, 'shop'],
    ['resource with namespace', { resource: named }, { serviceNamespace: true }, 'eu/shop'],
    ['no namespace', { resource: { 'service.name': 'shop' } }, { serviceNamespace: true }, 'shop'],
    ['placeholder, option', { resource: { 'service.name': 'unknown_service:node' } }, { service: 'option' }, 'option'],
    ['option', {}, { service: 'option', serviceNamespace: true }, 'option'],
    ['nothing', { attributes: { 'redarch.service': '' } }, {}, 'unspecified-service'],
    ['long', { attributes: { 'redarch.service': 's'.repeat(300) } }, {}, 's'.repeat(255)],
  ])('%s', (_, parts, options, service) => {
    const entry = encode(parts, options);
    expect(entry.service).toBe(service);
    expect(entry.logger_name).toBe(service);
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ['redarch.logger_name', { 'redarch.logger_name': 'a', 'log.logger': 'b' }, 'a'],
  ['log.logger', { 'log.logger': 'b', 'logger.name': 'c' }, 'b'],
  ['logger.name', { 'logger.name': 'c' }, 'c'],
  ['scope name', {}, 'scope'],
])('logger_name from %s', (_, attributes, expected) => {
  expect(encode({ attributes, scope: { name: 'scope' } }).logger_name).toBe(expected);
});

describe('message', () => {
  const stack = 'RangeError: out\n    at f (/a.js:1:1)';
  const exception = {
    'exception.type': 'RangeError',
    'exception.message': 'out',
    'exception.stacktrace': stack,
  };
  test.each<[string, RecordParts, RedArchRecordOptions, string]>([
    ['text', { body: 'text', attributes: exception }, {}, 'text'],
    ['structure', { body: { b: 1, a: [null] } }, {}, '{"b":1,"a":[null]}'],
    ['exception', { attributes: exception, eventName: 'e' }, {}, 'out'],
    ['event name', { eventName: 'order.placed', span: SPAN }, {}, 'order.placed'],
    ['nothing', {}, {}, ''],
    ['with stack', { body: 'text', attributes: exception }, { appendStack: true }, `text\n${stack}`],
    ['stack of an absent exception', { body: 'text' }, { appendStack: true }, 'text'],
  ])('%s', (_, parts, options, message) => {
    expect(encode(parts, options).message).toBe(message);
  });

  test('an Error as body: message, and its stack on request', () => {
    const body = new RangeError('out');
    expect(encode({ body }).message).toBe('out');
    expect(encode({ body }, { appendStack: true }).message).toBe(`out\n${body.stack}`);
  });
});

describe('user_id and tenant_id', () => {
  const options = { userId: 'u0', tenantId: 't0' };
  test.each<[Record<string, unknown>, unknown, unknown]>([
    [{}, 'u0', 't0'],
    [{ 'enduser.id': 'u3', tenant_id: 't3' }, 'u3', 't3'],
    [{ 'user.id': 'u2', 'enduser.id': 'u3', 'tenant.id': 't2', tenant_id: 't3' }, 'u2', 't2'],
    [{ 'redarch.user_id': 'u1', 'user.id': 'u2', 'redarch.tenant_id': 't1', 'tenant.id': 't2' }, 'u1', 't1'],
    [{ 'user.id': '', 'tenant.id': '' }, '', ''],
    [{ 'user.id': 42, 'tenant.id': 7 }, '42', '7'],
    [{ 'user.id': null, 'tenant.id': {} }, 'u0', 't0'],
  ])('%j', (attributes, user, tenant) => {
    expect(encode({ attributes }, options)).toMatchObject({ user_id: user, tenant_id: tenant });
  });

  test('attributes that lost stay in the context', () => {
    expect(encode({ attributes: { 'user.id': 'a', 'enduser.id': 'b' } }).context).toEqual({ 'enduser.id': 'b' });
  });
});

describe('request_id', () => {
  const SOURCES = [
    'redarch.request_id',
    'request.id',
    'http.request.header.x-request-id',
    'aws.request_id',
    'faas.invocation_id',
  ];
  test.each(SOURCES.map((_, index) => SOURCES.slice(index)))('%s first', (...sources) => {
    const attributes = Object.fromEntries(sources.map((key) => [key, `from ${key}`]).reverse());
    const { request_id, context } = encode({ attributes, spanContext: SPAN_CONTEXT });
    expect(request_id).toBe(`from ${sources[0]}`);
    expect(context).toMatchObject({ trace_id: SPAN_CONTEXT.traceId });
    expect(Object.keys(context)).toEqual(expect.arrayContaining(sources.slice(1)));
    expect(context).not.toHaveProperty([String(sources[0])]);
  });

  test('a header is a list: its first element, and the whole list when there are more', () => {
    const header = 'http.request.header.x-request-id';
    expect(encode({ attributes: { [header]: ['one'] } })).toMatchObject({ request_id: 'one', context: {} });
    const two = encode({ attributes: { [header]: ['one', 'two'] } });
    expect(two).toMatchObject({ request_id: 'one', context: { [header]: ['one', 'two'] } });
    expect(encode({ attributes: { [header]: [] }, spanContext: SPAN_CONTEXT }).request_id).toBe(SPAN_CONTEXT.traceId);
  });

  test('the trace id, in either spelling; an empty request id counts as absent', () => {
    const parts = { spanContext: SPAN_CONTEXT, attributes: { 'request.id': '' } };
    expect(encode(parts).request_id).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(encode(parts, { requestId: 'trace-id-dashed' }).request_id).toBe('4bf92f35-77b3-4da6-a3ce-929d0e0e4736');
  });

  test('without a trace a new uuid for every record', () => {
    const { codec } = redarch(BASE).logs;
    const ids = [1, 2, 3].map(() => JSON.parse(codec.encode(record())).request_id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

test.each([
  ['cut, never rounded up', [1_767_323_045, 999_999_999], undefined, '2026-01-02T03:04:05.999999+00:00'],
  ['whole second', [1_767_323_045, 0], '+00:00', '2026-01-02T03:04:05.000000+00:00'],
  ['Z', [1_767_323_045, 1_000], 'Z', '2026-01-02T03:04:05.000001Z'],
] as const)('client_log_datetime: %s', (_, time, timestampZone, expected) => {
  const options = timestampZone === undefined ? {} : { timestampZone };
  const entry = encode({ time: [...time], observed: [1_767_323_050, 0] }, options);
  expect(entry.client_log_datetime).toBe(expected);
  expect(entry.context.observed_time).toBe(`2026-01-02T03:04:10.000000${timestampZone ?? '+00:00'}`);
});

test('without a time, the observed one', () => {
  const entry = encode({ time: [0, 0], observed: [1_767_323_045, 0] });
  expect(entry).toMatchObject({ client_log_datetime: '2026-01-02T03:04:05.000000+00:00', context: {} });
});

describe('context', () => {
  test('exception with its causes', () => {
    const stack = 'TypeError: outer\n    at a (/a.js:1:1) {\n  [cause]: RangeError: inner\n      at b (/b.js:2:2)\n}';
    const attributes = {
      'exception.type': 'TypeError',
      'exception.message': 'outer',
      'exception.stacktrace': stack,
      'exception.escaped': true,
    };
    expect(encode({ attributes }).context).toEqual({
      'exception.escaped': true,
      exception: {
        type: 'TypeError',
        message: 'outer',
        stacktrace: 'TypeError: outer\n    at a (/a.js:1:1)',
        cause: { type: 'RangeError', message: 'inner', stacktrace: 'RangeError: inner\n      at b (/b.js:2:2)' },
      },
    });
  });

  test('older code attributes', () => {
    const attributes = { 'code.filepath': '/a.ts', 'code.function': 'f', 'code.lineno': 3 };
    expect(encode({ attributes }).context).toEqual({ code: { file: '/a.ts', function: 'f', line: 3 } });
  });

  test('picked resource keys', () => {
    const resource = { 'service.name': 'shop', 'host.name': 'h1' };
    expect(encode({ resource }, { resourceKeys: ['host.name'] }).context).toEqual({ resource: { 'host.name': 'h1' } });
  });

  test('an attribute with the name of one of our keys keeps it; ours is kept beside it', () => {
    const attributes = { trace_id: 'mine', code: 'mine', 'code.function.name': 'f' };
    expect(encode({ attributes, spanContext: SPAN_CONTEXT }).context).toEqual({
      trace_id: 'mine',
      code: 'mine',
      'otel.trace_id': SPAN_CONTEXT.traceId,
      span_id: SPAN_CONTEXT.spanId,
      trace_flags: 1,
      'otel.code': { function: 'f' },
    });
  });

  test('nested attribute names, without losing any', () => {
    const attributes = {
      'http.route': '/',
      'http.request.method': 'GET',
      a: 1,
      'a.b': 2,
      'c.d': 3,
      c: 4,
      'resource.x': 5,
      '__proto__.polluted': 6,
      'user.id': 'u',
      'one.two.three.four.five.six.seven.eight.nine': 7,
    };
    const text = encodeText({ attributes, resource: { r: 1 } }, { attributeKeys: 'nested' });
    expect(text).toContain('"__proto__":{"polluted":6}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(JSON.parse(text.replace('"__proto__":{"polluted":6},', '')).context).toEqual({
      http: { route: '/', request: { method: 'GET' } },
      a: 1,
      'a.b': 2,
      c: { d: 3 },
      'otel.c': 4,
      resource: { x: 5 },
      'one.two.three.four.five.six.seven.eight.nine': 7,
      'otel.resource': { r: 1 },
    });
  });

  test('a record id of its own for every record, by default', () => {
    const { codec } = redarch(BASE).logs;
    const ids = [1, 2].map(() => JSON.parse(codec.encode(record())).context.record_id);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids[1]).not.toBe(ids[0]);
  });
});

test('fields are found even where the limits leave most attributes out', () => {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`k${index}`, 'x'.repeat(2_000)]));
  const entry = encode({ body: 'large', attributes: { ...many, 'user.id': 'last' } });
  expect(entry.user_id).toBe('last');
  expect(Object.keys(entry.context).length).toBeLessThan(100);
});
