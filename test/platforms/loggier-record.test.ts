import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoggierOptions } from '../../src/platforms/loggier.ts';
import { loggier } from '../../src/platforms/loggier.ts';
import { cutMessage } from '../../src/platforms/loggier-record.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import type { RecordParts } from '../support/records.ts';
import { duplicateKeys, hostileRecord, record, SPAN, SPAN_CONTEXT, TIME, textProblems } from '../support/records.ts';

type Written = Record<string, unknown> & { context: Record<string, unknown>; runtime_context: Record<string, unknown> };

const text = (parts: RecordParts, options: Partial<LoggierOptions> = {}): string =>
  loggier({ apiKey: 'lgk_secret', deliveryId: false, ...options }).logs.codec.encode(record(parts));
const encode = (parts: RecordParts, options: Partial<LoggierOptions> = {}): Written => JSON.parse(text(parts, options));

const RESOURCE = {
  'service.name': 'checkout',
  'deployment.environment.name': 'staging',
  'host.name': 'web-1',
  'os.type': 'linux',
  'os.description': 'Linux 6.1',
  'process.pid': 42,
  'process.runtime.version': 'v22.1.0',
  'process.command': '/srv/app/main.mjs',
  'thread.id': 3,
};
const RUNTIME = {
  ...{ node_version: '22.1.0', platform: 'Linux 6.1', system: 'Linux', hostname: 'web-1' },
  ...{ process_id: 42, thread_id: 3, main_file: 'main.mjs' },
};

test('a record with everything set, byte for byte', () => {
  const written = text(
    {
      body: 'paid',
      severityNumber: 10,
      severityText: 'notice',
      eventName: 'order.paid',
      resource: RESOURCE,
      scope: { name: 'shop', version: '1', attributes: { a: 1 } },
      spanContext: SPAN_CONTEXT,
      time: [TIME[0], 678_901_234],
      observed: [TIME[0] + 1, 0],
      dropped: 2,
      attributes: { 'http.request.id': 'r-1', tags: ['slow', 7, null], count: 2 },
    },
    { tags: ['api'], context: { region: 'eu' } },
  );
  expect(written).toBe(
    '{"message":"paid","level":"INFO","environment":"staging","timestamp":"2026-01-02T03:04:05.678901Z",' +
      '"context":{"environment":"staging","service_name":"checkout","tags":["api"],"region":"eu",' +
      '"http.request.id":"r-1","count":2,' +
      `"trace_id":"${SPAN_CONTEXT.traceId}","span_id":"${SPAN_CONTEXT.spanId}","trace_flags":1,` +
      '"event_name":"order.paid","severity_text":"notice","severity_number":10,"request_id":"r-1","dropped_attributes":2,' +
      '"time_unix_nano":"1767323045678901234","observed_timestamp":"2026-01-02T03:04:06.000000Z",' +
      `"scope":{"name":"shop","version":"1","attributes":{"a":1}},"resource":${JSON.stringify(RESOURCE)}},` +
      `"tags":["api","slow","7"],"runtime_context":${JSON.stringify(RUNTIME)}}`,
  );
});

describe('message', () => {
  const exception = { 'exception.type': 'RangeError', 'exception.message': 'too far' };
  test.each<[string, RecordParts, string]>([
    ['text', { body: 'hi', attributes: exception }, 'hi'],
    ['number', { body: 4.5 }, '4.5'],
    ['boolean', { body: false }, 'false'],
    ['map', { body: { b: [1, { c: 2 }] } }, '{"b":[1,{"c":2}]}'],
    ['list', { body: [1, 'a'] }, '[1,"a"]'],
    ['none, exception', { attributes: exception, eventName: 'e' }, 'too far'],
    ['none, event name', { eventName: 'order.paid' }, 'order.paid'],
    ['none, older event name', { attributes: { 'event.name': 'order.paid' } }, 'order.paid'],
    ['nothing', {}, '(no message)'],
    ['only NUL', { body: '\u0000' }, '(no message)'],
    ['Error', { body: new TypeError('bad') }, 'bad'],
  ])('%s', (_, parts, message) => expect(encode(parts).message).toBe(message));

  test('no limit by default; with one the whole text is kept in the context', () => {
    const long = `${'word '.repeat(600)}end`;
    expect(encode({ body: long }).message).toBe(long);
    const { message, context } = encode({ body: long }, { messageLimit: 2048 });
    expect((message as string).length).toBeLessThanOrEqual(2048);
    expect(message).toMatch(/word\.\.\. \[truncated\]$/);
    expect(context.body).toBe(long);
    expect(encode({ body: 'short' }, { messageLimit: 2048 }).context).not.toHaveProperty('body');
    const own = encode({ body: long, attributes: { body: 'mine' } }, { messageLimit: 64 }).context;
    expect(own).toMatchObject({ body: 'mine', 'otel.body': long });
  });

  test('cutMessage keeps at most the limit and splits no pair', () => {
    expect(cutMessage('x'.repeat(3000), 2048)).toBe(`${'x'.repeat(2033)}... [truncated]`);
    expect(cutMessage(`a ${'x'.repeat(200)}`, 100)).toBe(`a ${'x'.repeat(83)}... [truncated]`);
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.integer({ min: 64, max: 200 }),
        (message, limit) => {
          const cut = cutMessage(message, limit);
          expect(cut.length).toBeLessThanOrEqual(limit);
          expect(cut.isWellFormed()).toBe(true);
        },
      ),
    );
  });
});

describe('level', () => {
  const BY_NUMBER = ['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'].flatMap((level) => Array(4).fill(level));
  test.each(BY_NUMBER.map((level, index) => [index + 1, level]))('%i is %s', (severityNumber, level) => {
    expect(encode({ severityNumber }).level).toBe(level);
  });

  test.each([
    ['warn', 'WARNING'],
    ['fatal', 'CRITICAL'],
    ['notice', 'INFO'],
    ['trace', 'DEBUG'],
    ['nonsense', 'INFO'],
    [undefined, 'INFO'],
  ])('text %s without a number is %s', (severityText, level) => {
    expect(encode({ severityText }).level).toBe(level);
    expect(encode({ severityText, severityNumber: 0 }).level).toBe(level);
  });

  test.each<[RecordParts, object]>([
    [{ severityNumber: 9, severityText: 'info' }, {}],
    [{ severityNumber: 21, severityText: 'FATAL' }, { severity_text: 'FATAL' }],
    [
      { severityNumber: 1, severityText: 'TRACE' },
      { severity_text: 'TRACE', severity_number: 1 },
    ],
    [{ severityText: 'warn' }, { severity_text: 'warn' }],
  ])('%j keeps what the level does not say', (parts, expected) => {
    const { severity_text, severity_number } = encode(parts).context;
    const kept = { severity_text, severity_number };
    expect(JSON.parse(JSON.stringify(kept))).toEqual(expected);
  });
});

test('environment and service: option, then resource, then the default', () => {
  const both = { 'deployment.environment.name': 'new', 'deployment.environment': 'old', 'service.name': 'svc' };
  const options = { environment: 'opt', serviceName: 'named' };
  expect(encode({ resource: both }, options)).toMatchObject({ environment: 'opt', context: { service_name: 'named' } });
  expect(encode({ resource: both })).toMatchObject({ environment: 'new', context: { service_name: 'svc' } });
  expect(encode({ resource: { 'deployment.environment': 'old' } }).environment).toBe('old');
  expect(encode({})).toMatchObject({ environment: 'development', context: { service_name: 'unknown_service' } });
});

describe('context', () => {
  test('values that JSON has no spelling for', () => {
    const attributes = { bytes: new Uint8Array([1, 2]), big: 2n ** 60n, nan: Number.NaN, none: null };
    expect(encode({ attributes }).context).toMatchObject({
      ...{ bytes: 'AQI=', big: '1152921504606846976', nan: 'NaN', none: null },
    });
  });

  test('attributes win over defaults and global values', () => {
    const attributes = { environment: 'mine', service_name: 's', region: 'us', tags: { odd: 1 } };
    const written = text({ attributes }, { context: { region: 'eu', build: 7 }, tags: ['t'] });
    expect(JSON.parse(written).context).toEqual({ build: 7, ...attributes });
    expect(duplicateKeys(written)).toEqual([]);
    expect(JSON.parse(written)).toMatchObject({ environment: 'development', tags: ['t'] });
  });

  test('an attribute with the name of one of our keys keeps it; ours is kept beside it', () => {
    const attributes = { resource: 'mine', trace_id: 'my trace', 'otel.trace_id': 'also mine', scope: 1 };
    const parts = { attributes, resource: { 'service.name': 's' }, spanContext: SPAN_CONTEXT, scope: { name: 'lib' } };
    const written = text(parts);
    expect(JSON.parse(written).context).toMatchObject({
      ...attributes,
      'otel.resource': { 'service.name': 's' },
      'otel.otel.trace_id': SPAN_CONTEXT.traceId,
      'otel.scope': { name: 'lib' },
      span_id: SPAN_CONTEXT.spanId,
    });
    expect(duplicateKeys(written)).toEqual([]);
  });

  test('so does a global value', () => {
    const { context } = encode({ spanContext: SPAN_CONTEXT }, { context: { trace_id: 'fixed' } });
    expect(context).toMatchObject({ trace_id: 'fixed', 'otel.trace_id': SPAN_CONTEXT.traceId });
  });

  test('what one record collided with does not touch the next', () => {
    const { codec } = loggier({ apiKey: 'k' }).logs;
    codec.encode(record({ attributes: { trace_id: 'mine', tags: 'x', environment: 'y' } }));
    const next = JSON.parse(codec.encode(record({ spanContext: SPAN_CONTEXT })));
    expect(next.context).toMatchObject({ trace_id: SPAN_CONTEXT.traceId, environment: 'development' });
    expect(next.tags).toBeUndefined();
  });

  test('invalid span contexts are none', () => {
    expect(encode({ spanContext: { ...SPAN_CONTEXT, spanId: '0'.repeat(16) } }).context).not.toHaveProperty('trace_id');
  });

  test('an own request_id is not doubled', () => {
    const { context } = encode({ attributes: { request_id: 'a', 'http.request.id': 'b' } });
    expect(context).toMatchObject({ request_id: 'a', 'http.request.id': 'b' });
  });

  test('two different event names are both kept', () => {
    const { context } = encode({ eventName: 'new', attributes: { 'event.name': 'old' } });
    expect(context).toMatchObject({ event_name: 'new', 'event.name': 'old' });
    expect(encode({ eventName: 'n', attributes: { 'event.name': 'n' } }).context).not.toHaveProperty('event.name');
  });

  test('log_id is a uuid per record, by default', () => {
    const { codec } = loggier({ apiKey: 'k' }).logs;
    const ids = [1, 2].map(() => JSON.parse(codec.encode(record())).context.log_id);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(ids[0]).not.toBe(ids[1]);
    expect(encode({}).context).not.toHaveProperty('log_id');
  });

  test('a resource that is still being detected is read again', () => {
    const { codec } = loggier({ apiKey: 'k' }).logs;
    const resource = { attributes: {}, asyncAttributesPending: true };
    const pending = { ...record(), resource } as unknown as EmittedRecord;
    expect(JSON.parse(codec.encode(pending)).context.service_name).toBe('unknown_service');
    Object.assign(resource, { attributes: { 'service.name': 'late' }, asyncAttributesPending: false });
    expect(JSON.parse(codec.encode(pending)).context.service_name).toBe('late');
  });
});

test('span events carry their span and its tag', () => {
  const stack = 'Error: no\n    at f (/a.js:1:2)';
  const attributes = { 'exception.type': 'Error', 'exception.message': 'no', 'exception.stacktrace': stack };
  const thrown = encode({ eventName: 'exception', span: { ...SPAN, status: 2 }, attributes }, { tags: ['api'] });
  expect(thrown).toMatchObject({
    message: 'no',
    level: 'ERROR',
    timestamp: '2026-01-02T03:04:05.678901Z',
    tags: ['api', 'span_event'],
    context: {
      event_name: 'exception',
      span: { name: 'GET /orders', kind: 'SERVER', status: 'ERROR', duration_ms: 25 },
    },
    exception: { type: 'Error' },
  });
  expect(encode({ eventName: 'cache.miss', span: SPAN })).toMatchObject({
    ...{ message: 'cache.miss', level: 'INFO', tags: ['span_event'] },
  });
});

test('what is told of a whole span is no span event', () => {
  const slow = encode({ body: 'slow db SELECT', span: SPAN, attributes: { tags: ['performance'] } });
  expect(slow).toMatchObject({ tags: ['performance'], context: { span: { name: 'GET /orders' } } });
});

test('the stage of a record wins over option and resource', () => {
  const resource = { 'deployment.environment.name': 'production' };
  const attributes = { 'deployment.environment.name': 'canary' };
  expect(encode({ resource })).toMatchObject({ environment: 'production', context: { environment: 'production' } });
  expect(encode({ resource }, { environment: 'eu' })).toMatchObject({
    environment: 'eu',
    context: { environment: 'eu' },
  });
  expect(encode({ resource, attributes }, { environment: 'eu' })).toMatchObject({
    ...{ environment: 'canary', context: { ...attributes, environment: 'canary', service_name: 'unknown_service' } },
  });
  expect(encode({ resource, attributes: { ...attributes, environment: 'mine' } }).context).toMatchObject({
    environment: 'mine',
  });
});

describe('hostile records', () => {
  const known = ['trace_id', 'tags', 'environment', 'resource', 'exception.type', 'exception.stacktrace', 'event.name'];
  test('become one valid object without repeated keys', () => {
    const { codec } = loggier({ apiKey: 'lgk_secret', context: { region: 'eu', span_id: 1 }, messageLimit: 64 }).logs;
    fc.assert(
      fc.property(hostileRecord(known), (hostile) => {
        const written = codec.encode(hostile);
        const parsed = JSON.parse(written);
        for (const key of ['message', 'level', 'environment', 'timestamp']) expect(parsed[key]).toMatch(/./s);
        expect(textProblems(written)).toEqual([]);
        expect(duplicateKeys(written)).toEqual([]);
        expect(written).not.toContain('lgk_secret');
      }),
      { numRuns: 400 },
    );
  });

  test('a record whose parts are missing or throw is still written', () => {
    const { codec } = loggier({ apiKey: 'k' }).logs;
    const broken: unknown = {
      body: 'kept',
      get attributes(): never {
        throw new Error('no');
      },
    };
    expect(JSON.parse(codec.encode(broken as EmittedRecord)).message).toBe('kept');
    expect(JSON.parse(codec.encode({} as EmittedRecord)).message).toBe('[Unserializable]');
  });

  test('twenty megabytes become a record that fits its request', () => {
    const { codec } = loggier({ apiKey: 'k' }).logs;
    const attributes = {
      blob: 'é'.repeat(10_000_000),
      'exception.stacktrace': 'Error: x\n    at f (/a.js:1:2)\n'.repeat(1e5),
    };
    const written = codec.encode(record({ body: '😀'.repeat(5_000_000), attributes }));
    expect(Buffer.byteLength(written)).toBeLessThan(codec.maxBytes);
  });
});
