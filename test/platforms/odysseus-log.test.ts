import { describe, expect, test } from 'vitest';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { OdysseusEntryOptions } from '../../src/platforms/odysseus-settings.ts';
import type { RecordParts } from '../support/records.ts';
import { record, SPAN, SPAN_CONTEXT } from '../support/records.ts';

const SESSION = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const HEX = '3f2504e04f8941d39a0c0305e82c3301';

type Entry = Record<string, unknown> & { context?: Record<string, unknown> };

function encode(parts: RecordParts, options: OdysseusEntryOptions = {}): Entry {
  const platform = odysseus({ appId: 'app_demo', appKey: 'key_demo', session: SESSION, ...options });
  return JSON.parse(platform.logs.codec.encode(record(parts)));
}

test('a record with nothing set has the four fields that are always present', () => {
  const platform = odysseus({ appId: 'app_demo', appKey: 'key_demo', session: SESSION });
  expect(platform.logs.codec.encode(record({ body: 'nothing optional' }))).toBe(
    `{"session_id":"${HEX}","message":"nothing optional","severity":2,"timestamp":"2026-01-02T03:04:05.678901Z"}`,
  );
});

test('a record with everything set fills every field, and the context keeps the rest', () => {
  const entry = encode({
    body: 'everything set',
    severityNumber: 18,
    severityText: 'ERROR2',
    spanContext: SPAN_CONTEXT,
    observed: [1_767_323_046, 1_000],
    dropped: 2,
    resource: { 'service.name': 'shop', 'host.name': 'h1' },
    scope: { name: 'billing.core', version: '1.2.0' },
    attributes: {
      'session.id': '11111111-2222-4333-8444-555555555555',
      'odysseus.tag': 'billing',
      'odysseus.platform': 7,
      'code.file.path': '/srv/app/src/pay.ts',
      'code.function.name': 'charge',
      'code.line.number': 118,
      'code.column.number': 9,
      'thread.id': 12,
      'thread.name': 'worker-1',
      'user.id': 'user-42',
      order: 17,
      nested: { deep: { x: 1 } },
    },
  });
  expect(entry).toEqual({
    session_id: '11111111222243338444555555555555',
    message: 'everything set',
    severity: 5,
    timestamp: '2026-01-02T03:04:05.678901Z',
    tag: 'billing',
    platform: 7,
    file: 'pay.ts',
    method: 'charge',
    line: 118,
    thread: 12,
    thread_name: 'worker-1',
    user: 'user-42',
    context: {
      'code.column.number': 9,
      order: 17,
      nested: { deep: { x: 1 } },
      trace_id: SPAN_CONTEXT.traceId,
      span_id: SPAN_CONTEXT.spanId,
      trace_flags: 1,
      resource: { 'service.name': 'shop', 'host.name': 'h1' },
      scope: { name: 'billing.core', version: '1.2.0' },
      severity_number: 18,
      severity_text: 'ERROR2',
      observed_time: '2026-01-02T03:04:06.000001Z',
      dropped_attributes: 2,
    },
  });
});

describe('message', () => {
  const withException = { 'exception.type': 'RangeError', 'exception.message': 'out of range' };
  test.each<[string, RecordParts, string]>([
    ['string body', { body: 'text', attributes: withException }, 'text'],
    ['number body', { body: 42 }, '42'],
    ['structured body', { body: { b: 1, a: [true, null] } }, '{"b":1,"a":[true,null]}'],
    ['no body, exception', { attributes: withException, eventName: 'e' }, 'out of range'],
    ['empty body, exception', { body: '', attributes: withException }, 'out of range'],
    ['no body, event name', { eventName: 'order.placed' }, 'order.placed'],
    ['no body, older event name', { attributes: { 'event.name': 'order.placed' } }, 'order.placed'],
    ['no body, exception type alone', { attributes: { 'exception.type': 'RangeError' } }, 'RangeError'],
    ['nothing at all', {}, ''],
  ])('%s', (_, parts, message) => {
    expect(encode(parts).message).toBe(message);
  });

  test('a structured body keeps its structure in the context', () => {
    expect(encode({ body: { order: 17 } }).context).toEqual({ body: { order: 17 } });
    expect(encode({ body: 'text' }).context).toBeUndefined();
  });
});

describe('timestamp', () => {
  test.each([
    ['nanoseconds are cut, not rounded', [1_767_323_045, 999_999_999], '2026-01-02T03:04:05.999999Z'],
    ['whole second', [1_767_323_045, 0], '2026-01-02T03:04:05.000000Z'],
    ['year 1', [-62_135_596_800, 0], '0001-01-01T00:00:00.000000Z'],
  ] as const)('%s', (_, time, expected) => {
    expect(encode({ time: [...time] }).timestamp).toBe(expected);
  });

  test('without a time, the observed one', () => {
    const entry = encode({ time: [0, 0], observed: [1_767_323_045, 5_000] });
    expect(entry.timestamp).toBe('2026-01-02T03:04:05.000005Z');
    expect(entry.context).toBeUndefined();
  });
});

describe('session', () => {
  const instance = '627cc493-f310-47de-96bd-71410b7dec09';
  test('a session.id that is a uuid, in either spelling, and the option for dashes', () => {
    const dashed = '11111111-2222-4333-8444-555555555555';
    const upper = 'AAAAAAAA22224333844455555555AAAA';
    expect(encode({ attributes: { 'session.id': dashed } }).session_id).toBe('11111111222243338444555555555555');
    expect(encode({ attributes: { 'session.id': upper } }, { uuidFormat: 'dashed' }).session_id).toBe(
      'aaaaaaaa-2222-4333-8444-55555555aaaa',
    );
    expect(encode({}, { uuidFormat: 'dashed' }).session_id).toBe(SESSION);
  });

  test('another session.id becomes a name-based uuid and stays in the context', () => {
    const first = encode({ attributes: { 'session.id': 'web-1' } });
    expect(first.session_id).toMatch(/^[0-9a-f]{12}5[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(first.context).toEqual({ 'session.id': 'web-1' });
    expect(encode({ attributes: { 'session.id': 'web-1' } }).session_id).toBe(first.session_id);
    expect(encode({ attributes: { 'session.id': 'web-2' } }).session_id).not.toBe(first.session_id);
  });

  test('service.instance.id only when asked for, only when a uuid, and after session.id', () => {
    const resource = { 'service.instance.id': instance };
    expect(encode({ resource }).session_id).toBe(HEX);
    expect(encode({ resource }, { sessionFromInstance: true }).session_id).toBe(instance.replaceAll('-', ''));
    expect(encode({ resource: { 'service.instance.id': 'pod-1' } }, { sessionFromInstance: true }).session_id).toBe(
      HEX,
    );
    const both = encode({ resource, attributes: { 'session.id': SESSION } }, { sessionFromInstance: true });
    expect(both.session_id).toBe(HEX);
  });

  test('by default one random uuid, the same for all records of a platform', () => {
    const session = (): [unknown, unknown] => {
      const { codec } = odysseus({ appId: 'a', appKey: 'k' }).logs;
      return [JSON.parse(codec.encode(record())).session_id, JSON.parse(codec.encode(record())).session_id];
    };
    const [first, second] = session();
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).toBe(first);
    expect(session()[0]).not.toBe(first);
  });
});

describe('tag', () => {
  const scope = { name: 'scope' };
  test.each<[string, Record<string, unknown>, unknown]>([
    ['odysseus.tag', { 'odysseus.tag': 'a', 'log.logger': 'b' }, 'a'],
    ['log.logger', { 'log.logger': 'b', 'logger.name': 'c' }, 'b'],
    ['logger.name', { 'logger.name': 'c' }, 'c'],
    ['scope name', { 'odysseus.tag': '' }, 'scope'],
  ])('%s', (_, attributes, tag) => {
    expect(encode({ attributes, scope }).tag).toBe(tag);
  });

  test('an attribute that lost stays in the context', () => {
    const { context } = encode({ attributes: { 'log.logger': 'b', 'odysseus.tag': 'a' } });
    expect(context).toEqual({ 'log.logger': 'b' });
  });
});

describe('platform and user', () => {
  test('attribute before option; what is no 16-bit integer stays in the context', () => {
    expect(encode({}, { platform: 5 }).platform).toBe(5);
    expect(encode({ attributes: { 'odysseus.platform': '7' } }, { platform: 5 }).platform).toBe(7);
    expect(encode({}).platform).toBeUndefined();
    const odd = encode({ attributes: { 'odysseus.platform': 70_000 } }, { platform: 5 });
    expect(odd.platform).toBe(5);
    expect(odd.context).toEqual({ 'odysseus.platform': 70_000 });
  });

  test('user.id, enduser.id, getUser, user', () => {
    const options = { getUser: () => 'asked', user: 'fixed' };
    const attributes = { 'enduser.id': 'e', 'user.id': 'u' };
    expect(encode({ attributes }, options)).toMatchObject({ user: 'u', context: { 'enduser.id': 'e' } });
    expect(encode({ attributes: { 'enduser.id': 'e' } }, options).user).toBe('e');
    expect(encode({}, options).user).toBe('asked');
    expect(encode({}, { ...options, getUser: () => undefined }).user).toBe('fixed');
    const throwing = { ...options, getUser: () => JSON.parse('{') as string };
    expect(encode({}, throwing).user).toBe('fixed');
    expect(encode({}).user).toBeUndefined();
  });
});

describe('file, method, line', () => {
  const code = { 'code.file.path': '/srv/app/src/pay.ts', 'code.function.name': 'charge', 'code.line.number': 118 };
  test.each<[string, OdysseusEntryOptions['stripFileName'], string, string]>([
    ['base name by default', undefined, '/srv/app/src/pay.ts', 'pay.ts'],
    ['base name, Windows', true, 'C:\\app\\pay.ts', 'pay.ts'],
    ['whole path', false, '/srv/app/src/pay.ts', '/srv/app/src/pay.ts'],
    ['behind a prefix', 'app/', '/srv/app/src/pay.ts', 'src/pay.ts'],
    ['prefix not found', 'lib/', '/srv/app/src/pay.ts', '/srv/app/src/pay.ts'],
    ['a path that ends in a slash', true, '/srv/app/', '/srv/app/'],
  ])('%s', (_, stripFileName, path, file) => {
    const options = stripFileName === undefined ? {} : { stripFileName };
    expect(encode({ attributes: { 'code.file.path': path } }, options)).toMatchObject({ file });
  });

  test('the older names are read too; the newer ones win', () => {
    const older = { 'code.filepath': '/x/old.ts', 'code.function': 'f', 'code.lineno': 3 };
    expect(encode({ attributes: older })).toMatchObject({ file: 'old.ts', method: 'f', line: 3 });
    const both = encode({ attributes: { ...older, ...code } });
    expect(both).toMatchObject({ file: 'pay.ts', method: 'charge', line: 118, context: older });
  });

  test('the top frame of the exception only on request, and only when nothing else is known', () => {
    const stack =
      'Error: x\n    at <anonymous>\n    at Shop.pay (file:///srv/shop.ts:10:5)\n    at main (/srv/main.ts:2:1)';
    const attributes = { 'exception.type': 'Error', 'exception.message': 'x', 'exception.stacktrace': stack };
    expect(encode({ attributes }).file).toBeUndefined();
    const options = { callerFromException: true };
    expect(encode({ attributes }, options)).toMatchObject({ file: 'shop.ts', method: 'Shop.pay', line: 10 });
    const partly = encode({ attributes: { ...attributes, 'code.function.name': 'known' } }, options);
    expect(partly).toMatchObject({ method: 'known' });
    expect(partly.file).toBeUndefined();
    expect(encode({ body: 'x' }, options).line).toBeUndefined();
  });
});

test('a thread id that is no 32-bit number stays in the context; the main thread has none', () => {
  expect(encode({ attributes: { 'thread.id': 'main' } })).toMatchObject({ context: { 'thread.id': 'main' } });
  expect(encode({ attributes: { 'thread.id': 0, 'thread.name': '' } })).toMatchObject({ thread: 0 });
});

describe('context', () => {
  test('an exception has the shape of the official wrap, causes inside', () => {
    const stack = 'TypeError: outer\n    at a (/a.js:1:1) {\n  [cause]: RangeError: inner\n      at b (/b.js:2:2)\n}';
    const { context } = encode({
      attributes: {
        'exception.type': 'TypeError',
        'exception.message': 'outer',
        'exception.stacktrace': stack,
        'exception.escaped': true,
      },
    });
    expect(context).toEqual({
      'exception.escaped': true,
      exception: {
        type: 'TypeError',
        message: 'outer',
        stack: 'TypeError: outer\n    at a (/a.js:1:1)',
        inner: { type: 'RangeError', message: 'inner', stack: 'RangeError: inner\n      at b (/b.js:2:2)' },
      },
    });
  });

  test('an Error as body, with its own properties and members', () => {
    const error = Object.assign(new AggregateError([new RangeError('one')], 'all failed'), { code: 'E_ALL' });
    const { message, context } = encode({ body: error });
    expect(message).toBe('all failed');
    expect(context?.exception).toMatchObject({
      type: 'AggregateError',
      errors: [{ type: 'RangeError', message: 'one' }],
      properties: { code: 'E_ALL' },
    });
  });

  test('event name, span facts, scope attributes', () => {
    const { context } = encode({
      eventName: 'order.placed',
      span: SPAN,
      scope: { name: 's', attributes: { 'library.language': 'js' } },
    });
    expect(context).toEqual({
      event_name: 'order.placed',
      span: { name: 'GET /orders', kind: 'SERVER', status: 'UNSET', duration_ms: 25, offset_ms: 5 },
      scope: { name: 's', attributes: { 'library.language': 'js' } },
    });
  });

  test('invalid and all-zero ids are no context', () => {
    expect(encode({ spanContext: { ...SPAN_CONTEXT, traceId: '0'.repeat(32) } }).context).toBeUndefined();
    expect(encode({ spanContext: { ...SPAN_CONTEXT, spanId: 'xyz' } }).context).toBeUndefined();
    const upper = encode({ spanContext: { ...SPAN_CONTEXT, traceId: SPAN_CONTEXT.traceId.toUpperCase() } });
    expect(upper.context?.trace_id).toBe(SPAN_CONTEXT.traceId);
  });

  test('picked resource keys', () => {
    const resource = { 'service.name': 'shop', 'host.name': 'h1' };
    const { context } = encode({ resource }, { resourceKeys: ['host.name', 'absent'] });
    expect(context).toEqual({ resource: { 'host.name': 'h1' } });
  });

  test('an attribute with the name of one of our keys keeps it; ours is kept beside it', () => {
    const platform = odysseus({ appId: 'a', appKey: 'k' });
    const text = platform.logs.codec.encode(
      record({
        spanContext: SPAN_CONTEXT,
        resource: { 'service.name': 'shop' },
        attributes: { resource: 'mine', trace_id: 'my trace', 'otel.trace_id': 'also mine', plain: 1 },
      }),
    );
    expect(JSON.parse(text).context).toEqual({
      resource: 'mine',
      trace_id: 'my trace',
      'otel.trace_id': 'also mine',
      plain: 1,
      'otel.otel.trace_id': SPAN_CONTEXT.traceId,
      span_id: SPAN_CONTEXT.spanId,
      trace_flags: 1,
      'otel.resource': { 'service.name': 'shop' },
    });
    expect(text.match(/"trace_id":/g)).toHaveLength(1);
  });

  test('the next record is not touched by what the last one collided with', () => {
    const { codec } = odysseus({ appId: 'a', appKey: 'k' }).logs;
    codec.encode(record({ attributes: { trace_id: 'mine', 'user.id': 'u', 'odysseus.severity': 6 } }));
    const next = JSON.parse(codec.encode(record({ spanContext: SPAN_CONTEXT })));
    expect(next).toMatchObject({ severity: 2, context: { trace_id: SPAN_CONTEXT.traceId } });
    expect(next.user).toBeUndefined();
  });

  test('log.record.uid stays as it is, and is made on request', () => {
    const given = { 'log.record.uid': '01HZ' };
    expect(encode({ attributes: given }).context).toEqual(given);
    expect(encode({ attributes: given }, { recordUid: true }).context).toEqual(given);
    expect(encode({}, { recordUid: true }).context?.['log.record.uid']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test('fields are found even where the limits leave most attributes out', () => {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`k${index}`, 'x'.repeat(2_000)]));
  const entry = encode({ body: 'large', attributes: { ...many, 'user.id': 'last' } });
  expect(entry.user).toBe('last');
  expect(Object.keys(entry.context ?? {}).length).toBeLessThan(100);
});
