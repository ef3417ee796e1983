import { describe, expect, it } from 'vitest';
import { recordIn } from '../../src/cli/preview.ts';
import { type RecordParts, recordOf } from '../../src/cli/preview-parts.ts';
import { partsOf } from '../../src/cli/preview-record.ts';

const IDS = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const NOTHING: RecordParts = { attributes: {}, resource: {}, scope: {} };

describe('a record for logferry preview', () => {
  it("is read in OpenTelemetry's names", () => {
    const { parts, shape } = partsOf({
      timestamp: '2026-01-02T03:04:05.678901234+01:00',
      observedTimestamp: 1_767_323_046_500,
      severity: 'warn',
      severityText: 'WARN2',
      body: { order: [1, null] },
      attributes: { 'tenant.id': 'acme' },
      eventName: 'order.placed',
      traceId: IDS.traceId.toUpperCase(),
      spanId: IDS.spanId,
      traceFlags: 0,
      resource: { 'service.name': 'shop' },
      scope: { name: 'orders', version: '1', attributes: { a: 1 } },
      exception: { type: 'E', message: 'm', stacktrace: 's' },
      span: { name: 'GET', kind: 1, durationMillis: 2.5 },
    });
    expect(shape).toBe('opentelemetry');
    expect(parts).toEqual({
      timestamp: [1_767_319_445, 678_901_234],
      observedTimestamp: [1_767_323_046, 500_000_000],
      severityNumber: 13,
      severityText: 'WARN2',
      body: { order: [1, null] },
      eventName: 'order.placed',
      ...IDS,
      traceFlags: 0,
      attributes: {
        'exception.type': 'E',
        'exception.message': 'm',
        'exception.stacktrace': 's',
        'tenant.id': 'acme',
      },
      resource: { 'service.name': 'shop' },
      scope: { name: 'orders', version: '1', attributes: { a: 1 } },
      span: { name: 'GET', kind: 1, status: 0, durationMillis: 2.5, offsetMillis: 0 },
    });
  });

  it('may have nothing but a body, and other common names', () => {
    expect(partsOf({ body: 'hello' }).parts).toEqual({ ...NOTHING, body: 'hello' });
    const { parts } = partsOf({ instrumentationScope: 'db', resource: { attributes: { a: 1 } }, timestamp: [5, 6] });
    expect(parts).toEqual({ ...NOTHING, scope: { name: 'db' }, resource: { a: 1 }, timestamp: [5, 6] });
  });

  it('is handed on as the SDK would', () => {
    const record = recordOf(partsOf({ body: 'x', ...IDS, scope: 'db', timestamp: 1_500 }).parts);
    expect(record).toMatchObject({
      hrTime: [1, 500_000_000],
      hrTimeObserved: [1, 500_000_000],
      spanContext: { ...IDS, traceFlags: 1 },
      instrumentationScope: { name: 'db' },
      resource: { attributes: {} },
    });
    expect(recordOf(NOTHING).spanContext).toBeUndefined();
    expect(recordOf(NOTHING).hrTime).toEqual([1_767_225_600, 0]);
  });

  it('is read from OTLP/JSON, alone or in an export request', () => {
    const logRecord = {
      timeUnixNano: '1767323045678901234',
      observedTimeUnixNano: '0',
      severityNumber: 17,
      severityText: 'ERROR',
      body: { stringValue: 'failed' },
      attributes: [
        { key: 'n', value: { intValue: '42' } },
        { key: 'big', value: { intValue: '9223372036854775807' } },
        { key: 'd', value: { doubleValue: 1.5 } },
        { key: 'b', value: { boolValue: true } },
        { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }, { intValue: 1 }] } } },
        { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
        { key: 'empty', value: {} },
      ],
      flags: 257,
      ...IDS,
    };
    const expected = {
      timestamp: [1_767_323_045, 678_901_234],
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'failed',
      ...IDS,
      traceFlags: 1,
      attributes: { n: 42, big: '9223372036854775807', d: 1.5, b: true, list: ['x', 1], map: { k: 'v' }, empty: null },
    };
    expect(partsOf(logRecord)).toEqual({ shape: 'otlp', parts: { ...expected, resource: {}, scope: {} } });
    const request = {
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
          scopeLogs: [{ scope: { name: 'orders', version: '2' }, logRecords: [logRecord, { body: {} }] }],
        },
      ],
    };
    expect(partsOf(request).parts).toEqual({
      ...expected,
      resource: { 'service.name': 'shop' },
      scope: { name: 'orders', version: '2' },
    });
  });

  it('is read from a line of pino, as its instrumentation would hand it on', () => {
    const line = {
      ...{ level: 50, time: 1_767_323_045_678, pid: 1, hostname: 'h', msg: 'failed', tenant: 'acme', name: 'db' },
      ...{ trace_id: IDS.traceId, span_id: IDS.spanId, trace_flags: '01' },
      err: { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at a (b.js:1:2)', code: 'E1' },
    };
    expect(partsOf(line)).toEqual({
      shape: 'pino',
      parts: {
        timestamp: [1_767_323_045, 678_000_000],
        severityNumber: 17,
        severityText: 'error',
        body: 'failed',
        ...IDS,
        attributes: {
          tenant: 'acme',
          name: 'db',
          'exception.type': 'TypeError',
          'exception.message': 'no',
          'exception.stacktrace': 'TypeError: no\n    at a (b.js:1:2)',
        },
        resource: {},
        scope: { name: '@opentelemetry/instrumentation-pino' },
      },
    });
  });

  it('is read from a line of winston', () => {
    const line = { level: 'http', message: 'GET /', timestamp: '2026-01-02T03:04:05.678Z', tenant: 'acme' };
    expect(partsOf(line)).toMatchObject({
      shape: 'winston',
      parts: {
        ...{ severityNumber: 7, severityText: 'http', body: 'GET /', timestamp: [1_767_323_045, 678_000_000] },
        attributes: { tenant: 'acme', timestamp: '2026-01-02T03:04:05.678Z' },
      },
    });
    expect(partsOf({ level: 'warning', message: 'x' }).parts.severityNumber).toBe(13);
  });

  it.each([
    [[], 'the record: must be an object, got a list'],
    ['text', 'the record: must be an object, got "text"'],
    [{ attribtues: {} }, 'attribtues: did you mean attributes?'],
    [{ colour: 'red' }, /^colour: is none of timestamp, observedTimestamp, /],
    [{ attributes: ['a'] }, 'attributes: an'],
    [{ severity: 'loud' }, 'severity: must be one of trace, debug, info, warn, error, fatal, got "loud"'],
    [{ severityNumber: 25 }, 'severityNumber: must be a whole number from 1 to 24, got 25'],
    [{ timestamp: '2026-01-02 03:04' }, 'timestamp: must be ISO 8601 with a zone, or milliseconds since 1970, got'],
    [{ traceId: 'abc', spanId: IDS.spanId }, 'traceId: must be 32 hexadecimal digits, not all zero, got "abc"'],
    [{ ...IDS, spanId: '0'.repeat(16) }, 'spanId: must be 16 hexadecimal digits, not all zero'],
    [{ traceId: IDS.traceId }, 'spanId: is missing: a record has both ids or none'],
    [{ scope: { nam: 'x' } }, 'scope.nam: did you mean name?'],
    [{ exception: { message: 7 } }, 'exception.message: must be a text, got 7'],
    [{ span: { name: 'x', kind: 9 } }, 'span.kind: must be a whole number from 0 to 4, got 9'],
    [{ timeUnixNano: 'soon' }, 'timeUnixNano: must be nanoseconds since 1970, as text, got "soon"'],
    [{ body: { stringValue: 'x' }, attributes: [{ value: {} }] }, 'attributes[0].key: must be a text'],
    [{ attributes: [{ key: 'a', value: { textValue: 'x' } }] }, 'attributes[0].value.textValue: is no OTLP value'],
    [{ resourceLogs: [] }, 'resourceLogs[0]: must be an object'],
    [{ level: 30, time: 'yesterday' }, 'time: must be ISO 8601'],
  ])('%j is refused with its path and what is expected', (value, complaint) => {
    if (complaint === 'attributes: an')
      expect(() => partsOf(value)).toThrow('attributes[0]: must be an object, got "a"');
    else expect(() => partsOf(value)).toThrow(complaint);
  });

  it('may be the first of many lines, and says where it is broken', () => {
    expect(recordIn('{"body":"a"}\n{"body":"b"}\n')).toEqual({ body: 'a' });
    expect(recordIn('{\n  "body": "a"\n}')).toEqual({ body: 'a' });
    expect(() => recordIn('{\n  "body": \'a\'\n}')).toThrow('the record: must be JSON; see line 2, column 11');
    expect(() => recordIn('{"body": "a"')).toThrow('the record: must be JSON; it ends too early');
    expect(() => recordIn('{"a": 1} x')).toThrow('the record: must be JSON; see line 1, column 10');
    expect(() => recordIn('{"a": tru}')).toThrow('the record: must be JSON; see line 1, column 10');
    expect(() => recordIn(' \n')).toThrow('the record: must be JSON; it is empty');
  });
});
