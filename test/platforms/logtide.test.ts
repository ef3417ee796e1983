import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logtide } from '../../src/platforms/logtide.ts';
import type { LogTideEntryOptions } from '../../src/platforms/logtide-entry.ts';
import type { EmittedRecord } from '../../src/record/record.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const KEY = `lp_${'0123456789abcdef'.repeat(4)}`;
const RESOURCE = { 'service.name': 'checkout', 'service.version': '1.2.3', 'host.name': 'web-1' };

type Parts = { readonly [Name in keyof EmittedRecord]?: unknown };

function record({ resource = { attributes: RESOURCE }, ...parts }: Parts = {}): EmittedRecord {
  return {
    hrTime: [1_767_323_045, 678_000_000],
    hrTimeObserved: [1_767_323_045, 678_000_000],
    severityNumber: 9,
    severityText: 'INFO',
    body: 'hello',
    attributes: {},
    droppedAttributesCount: 0,
    instrumentationScope: { name: 'orders', version: '2.0.0' },
    resource,
    ...parts,
  } as EmittedRecord;
}

interface Entry {
  readonly [key: string]: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

function encode(parts: Parts = {}, options: LogTideEntryOptions = {}): Entry {
  const { codec } = logtide({ url: 'https://logs.example.com', apiKey: KEY, ...options }).logs;
  return JSON.parse(codec.encode(record(parts))) as Entry;
}

describe('LogTide entry: golden payloads', () => {
  it('writes a plain record', () => {
    const { event_id: eventId, ...metadata } = encode().metadata;
    expect({ ...encode(), metadata }).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      service: 'checkout',
      level: 'info',
      message: 'hello',
      metadata: {
        'otel.severity_number': 9,
        'otel.severity_text': 'INFO',
        'otel.scope.name': 'orders',
        'otel.scope.version': '2.0.0',
        resource: RESOURCE,
        hostname: 'web-1',
        release: '1.2.3',
        sdk: { name: 'logferry', version: '0.1.0' },
      },
    });
    expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it.each([
    [1, undefined, 'debug'],
    [4, undefined, 'debug'],
    [5, undefined, 'debug'],
    [8, undefined, 'debug'],
    [9, undefined, 'info'],
    [12, undefined, 'info'],
    [13, undefined, 'warn'],
    [16, undefined, 'warn'],
    [17, undefined, 'error'],
    [20, undefined, 'error'],
    [21, undefined, 'critical'],
    [24, undefined, 'critical'],
    [25, undefined, 'critical'],
    [0, 'fatal', 'critical'],
    [undefined, 'Warning', 'warn'],
    [undefined, 'trace', 'debug'],
    [undefined, 'error budget information', 'info'],
    [undefined, undefined, 'info'],
    // The number wins; the server's own OTLP path does it the other way round.
    [17, 'info', 'error'],
  ])('maps severity %s %s to %s', (severityNumber, severityText, level) => {
    expect(encode({ severityNumber, severityText }).level).toBe(level);
  });

  it('takes the observed time when the record has none, and never writes an impossible one', () => {
    const hrTimeObserved = [1_767_323_046, 1_000_000];
    expect(encode({ hrTime: [0, 0], hrTimeObserved }).time).toBe('2026-01-02T03:04:06.001Z');
    expect(encode({ hrTime: [Number.NaN, Number.NaN], hrTimeObserved }).time).toBe('2026-01-02T03:04:06.001Z');
    expect(encode({ hrTime: [1e15, 0] }).time).toBe('9999-12-31T23:59:59.999Z');
    expect(encode({ hrTime: [-1e15, 0] }).time).toBe('0001-01-01T00:00:00.000Z');
  });

  it('keeps nanoseconds and a differing observed time as text', () => {
    const { metadata } = encode({ hrTime: [1_767_323_045, 678_901_234], hrTimeObserved: [1_767_323_046, 5] });
    expect(metadata['otel.time_unix_nano']).toBe('1767323045678901234');
    expect(metadata['otel.observed_time_unix_nano']).toBe('1767323046000000005');
  });

  it.each([
    ['a'.repeat(101), 'a'.repeat(100)],
    [`${'a'.repeat(99)}😀`, 'a'.repeat(99)],
    ['😀'.repeat(51), '😀'.repeat(50)],
    ['a\u0000b\nc', 'abc'],
    ['\u0001', 'unknown'],
  ])('cuts and cleans the service %j', (name, service) => {
    const entry = encode({ resource: { attributes: { 'service.name': name } } });
    expect(entry.service).toBe(service);
    expect(entry.metadata.resource).toBeDefined();
  });

  it('takes a trace id that is none of OpenTelemetry’s where the record has no trace', () => {
    const attributes = { 'trace.custom_id': 'request-456' };
    expect(encode({ attributes })).toMatchObject({ trace_id: 'request-456', metadata: attributes });
    expect(encode({ attributes: { 'trace.custom_id': 'x'.repeat(5_000) } }).trace_id).toBe('x'.repeat(256));
    const spanContext = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
    expect(encode({ attributes, spanContext }).trace_id).toBe(TRACE);
  });

  it('takes the service from the record, the option, the resource, the placeholder, in this order', () => {
    const placeholder = { attributes: { 'service.name': 'unknown_service:node' } };
    expect(encode({ attributes: { 'logtide.service': 'billing' } }).service).toBe('billing');
    expect(encode({}, { service: 'option' }).service).toBe('option');
    expect(encode({}).service).toBe('checkout');
    expect(encode({ resource: placeholder }, { service: 'option' }).service).toBe('option');
    expect(encode({ resource: placeholder }).service).toBe('unknown_service:node');
    expect(encode({ resource: { attributes: {} } }).service).toBe('unknown');
  });

  it('writes ids in lower case and leaves out invalid ones', () => {
    const spanContext = { traceId: TRACE.toUpperCase(), spanId: SPAN.toUpperCase(), traceFlags: 1 };
    expect(encode({ spanContext })).toMatchObject({ trace_id: TRACE, span_id: SPAN });
    expect(encode({ spanContext }).metadata['otel.flags']).toBe(1);
    for (const bad of [
      { traceId: '0'.repeat(32), spanId: SPAN },
      { traceId: TRACE, spanId: '0'.repeat(16) },
      { traceId: TRACE, spanId: 'short' },
      { traceId: 'request-123', spanId: SPAN },
    ]) {
      const entry = encode({ spanContext: { ...bad, traceFlags: 0 } });
      expect(entry).not.toHaveProperty('trace_id');
      expect(entry).not.toHaveProperty('span_id');
    }
  });

  it('writes session_id for UUIDs only and keeps the attribute', () => {
    const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
    expect(encode({ attributes: { 'session.id': uuid } })).toMatchObject({
      session_id: uuid,
      metadata: { 'session.id': uuid },
    });
    expect(encode({ attributes: { 'session.id': uuid.replaceAll('-', '') } }).session_id).toBe(uuid);
    const other = encode({ attributes: { 'session.id': 'abc' } });
    expect(other).not.toHaveProperty('session_id');
    expect(other.metadata['session.id']).toBe('abc');
  });

  it.each([
    [{ body: '' }, '(no message)'],
    [{ body: '\u0000' }, '(no message)'],
    [{ body: undefined, eventName: 'order.placed' }, 'order.placed'],
    [{ body: undefined, attributes: { 'exception.message': 'boom' } }, 'boom'],
    [{ body: undefined, attributes: { 'exception.type': 'RangeError' } }, 'RangeError'],
    [{ body: 42 }, '42'],
    [{ body: false }, 'false'],
    [{ body: 12345678901234567890n }, '12345678901234567890'],
    [{ body: { a: [1, 'x'] } }, '{"a":[1,"x"]}'],
    [{ body: new Uint8Array([1, 2, 3]) }, 'AQID'],
    [{ body: 'half \ud83d emoji\u0000' }, 'half \ufffd emoji'],
    [{ body: ' ' }, ' '],
  ])('makes a message, case %#', (parts, message) => {
    expect(encode(parts).message).toBe(message);
  });

  it('keeps a structured body, the event name, scope attributes, dropped counts and span facts', () => {
    const span = { name: 'GET /', kind: 1, status: 2, durationMillis: 12.5, offsetMillis: 3 };
    const { metadata } = encode({
      body: { order: { id: 7 } },
      eventName: 'order.placed',
      instrumentationScope: { name: 's', attributes: { team: 'red' } },
      droppedAttributesCount: 4,
      span,
    });
    expect(metadata).toMatchObject({
      'otel.body': { order: { id: 7 } },
      'otel.event_name': 'order.placed',
      'otel.scope.attributes': { team: 'red' },
      'otel.dropped_attributes_count': 4,
    });
    expect(metadata['otel.span']).toBeDefined();
  });

  it('writes environment and release from old and new resource attributes', () => {
    const attributes = { 'deployment.environment': 'staging', 'service.version': '9' };
    expect(encode({ resource: { attributes } }).metadata).toMatchObject({ environment: 'staging', release: '9' });
    const both = { ...attributes, 'deployment.environment.name': 'production' };
    expect(encode({ resource: { attributes: both } }).metadata.environment).toBe('production');
  });

  it('lets attributes keep their names where ours are the same, and loses neither', () => {
    const attributes = { sdk: 'mine', resource: 1, hostname: 'h', event_id: 'e', 'otel.severity_number': 'x' };
    const { metadata } = encode({ attributes });
    expect(metadata).toMatchObject(attributes);
    expect(metadata).toMatchObject({
      'otel.sdk': { name: 'logferry' },
      'otel.resource': RESOURCE,
      'otel.hostname': 'web-1',
      'otel.otel.severity_number': 9,
    });
    expect(metadata['otel.event_id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('adds global metadata, which attributes override', () => {
    const options = { metadata: { region: 'eu', team: 'red' } };
    expect(encode({ attributes: { team: 'blue' } }, options).metadata).toMatchObject({ region: 'eu', team: 'blue' });
    expect(encode({ attributes: { team: 'blue' } }, options).metadata).not.toHaveProperty(['otel.team']);
  });

  it('writes identifier aliases when asked', () => {
    const attributes = { 'user.id': 'u1', 'enduser.id': 'u2', 'http.request.id': 'r1', request_id: 'own' };
    const { metadata } = encode({ attributes }, { identifierAliases: true });
    expect(metadata).toMatchObject({ ...attributes, user_id: 'u1', request_id: 'own' });
    expect(encode({ attributes }).metadata).not.toHaveProperty('user_id');
  });

  it('renames keys that the server refuses as prototype pollution', () => {
    const attributes = JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}}}') as object;
    const text = logtide({ url: 'https://l.example.com', apiKey: KEY }).logs.codec.encode(record({ attributes }));
    expect(text).toContain('"__proto___":{"a":1},"constructor_":{"prototype_":{"b":2}}');
  });
});

describe('LogTide exceptions', () => {
  const stack = [
    'PayError: declined',
    '    at async charge (file:///srv/app/pay.mjs:12:7)',
    '    at node:internal/process/task_queues:95:5',
    '    at Array.map (<anonymous>)',
    'caused by: RangeError: limit',
    '    at check (/srv/app/limit.js:3:9)',
  ].join('\n');
  const attributes = {
    'exception.type': 'PayError',
    'exception.message': 'declined',
    'exception.stacktrace': stack,
    'exception.escaped': true,
  };

  it('structures type, message, frames, raw and cause', () => {
    const { metadata } = encode({ attributes, severityNumber: 17 });
    expect(metadata.exception).toEqual({
      type: 'PayError',
      message: 'declined',
      language: 'nodejs',
      stacktrace: [{ file: '/srv/app/pay.mjs', function: 'charge', line: 12, column: 7 }],
      raw: stack.split('\ncaused by')[0],
      cause: {
        type: 'RangeError',
        message: 'limit',
        language: 'nodejs',
        stacktrace: [{ file: '/srv/app/limit.js', function: 'check', line: 3, column: 9 }],
        raw: 'RangeError: limit\n    at check (/srv/app/limit.js:3:9)',
      },
    });
    expect(metadata).not.toHaveProperty(['exception.type']);
    expect(metadata['exception.escaped']).toBe(true);
  });

  it('never leaves type or message empty and cuts long types', () => {
    expect(encode({ attributes: { 'exception.type': 'X', 'exception.message': '' } }).metadata.exception).toEqual({
      type: 'X',
      message: 'X',
      language: 'nodejs',
    });
    const long = encode({ attributes: { 'exception.type': 'T'.repeat(300) } }).metadata.exception as { type: string };
    expect(long.type).toHaveLength(255);
  });

  it('reads an error as body, with causes, members and properties', () => {
    const cause = Object.assign(new RangeError('inner'), { code: 'E_IN' });
    const body = new AggregateError([new TypeError('one'), 'two'], 'many', { cause });
    const entry = encode({ body, severityNumber: 17 });
    expect(entry.message).toBe('many');
    expect(entry.metadata.exception).toMatchObject({
      type: 'AggregateError',
      cause: { type: 'RangeError', message: 'inner', metadata: { code: 'E_IN' } },
      errors: [{ type: 'TypeError', message: 'one' }, { message: 'two' }],
    });
  });

  it('limits frames to 100', () => {
    const lines = Array.from({ length: 150 }, (_, index) => `    at f${index} (/a.js:${index + 1}:1)`);
    const { metadata } = encode({
      attributes: {
        'exception.type': 'E',
        'exception.message': 'm',
        'exception.stacktrace': `E: m\n${lines.join('\n')}`,
      },
    });
    expect((metadata.exception as { stacktrace: unknown[] }).stacktrace).toHaveLength(100);
  });
});

describe('LogTide entry: properties', () => {
  it('is well-formed JSON without NUL or lone surrogates, whatever comes in', () => {
    const hostile = fc.object({
      key: fc.string({ unit: 'binary' }),
      values: [
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.bigInt(),
        fc.date(),
        fc.constant(undefined),
        fc.boolean(),
      ],
      withNullPrototype: true,
      maxDepth: 4,
    });
    fc.assert(
      fc.property(hostile, fc.anything(), fc.string({ unit: 'binary' }), (attributes, body, name) => {
        const { codec } = logtide({ url: 'https://l.example.com', apiKey: KEY }).logs;
        const text = codec.encode(record({ attributes, body, resource: { attributes: { 'service.name': name } } }));
        const entry = JSON.parse(text) as Entry & { service: string; message: string };
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toContain('\\u0000');
        expect(text).not.toMatch(/\\ud[89a-f]/i);
        expect(entry.service.length).toBeGreaterThan(0);
        expect(entry.service.length).toBeLessThanOrEqual(100);
        expect(entry.message.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
