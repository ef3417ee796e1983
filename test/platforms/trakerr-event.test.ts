import { hostname, release } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TrakerrOptions } from '../../src/platforms/trakerr.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { CustomDataSlots, fitEntries } from '../../src/platforms/trakerr-custom-data.ts';
import { trakerrMapper } from '../../src/platforms/trakerr-event.ts';
import { maskUrl } from '../../src/platforms/trakerr-fields.ts';
import { JsonWriter } from '../../src/record/json-value.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import type { RecordParts } from '../support/records.ts';
import { duplicateKeys, hostileRecord, record, SPAN, SPAN_CONTEXT, TIME, textProblems } from '../support/records.ts';

type Event = Record<string, unknown> & { customProperties?: { stringData?: Record<string, string> } };

const text = (parts: RecordParts, options: Partial<TrakerrOptions> = {}): string =>
  trakerr({ apiKey: 'tk_secret', systemLoad: false, ...options }).logs.codec.encode(record(parts));
const encode = (parts: RecordParts, options: Partial<TrakerrOptions> = {}): Event => JSON.parse(text(parts, options));
/** What went into the slot of the unmapped. */
const unmapped = (parts: RecordParts, options: Partial<TrakerrOptions> = {}): Record<string, unknown> =>
  JSON.parse(encode(parts, options).customProperties?.stringData?.customData10 ?? '{}');

test('an event with everything set, byte for byte', () => {
  const written = text(
    {
      body: 'declined',
      time: [TIME[0], 678_000_000],
      severityNumber: 17,
      spanContext: SPAN_CONTEXT,
      scope: { name: 'shop.pay', version: '2' },
      resource: {
        ...{ 'service.name': 'checkout', 'service.version': '9.9', 'deployment.environment.name': 'staging' },
        ...{ 'process.runtime.name': 'nodejs', 'process.runtime.version': 'v20.1.0', 'host.name': 'web-1' },
        ...{ 'os.type': 'linux', 'os.version': '6.1', 'cloud.availability_zone': 'eu-1a', 'cloud.region': 'eu-1' },
      },
      attributes: {
        ...{ 'exception.type': 'PayError', 'exception.message': 'no', 'trakerr.classification': 'cls' },
        ...{ 'exception.stacktrace': 'PayError: no\n    at pay (/app/pay.js:7:9)' },
        ...{ 'user.id': 'u', 'session.id': 's', 'user_agent.name': 'Firefox', 'user_agent.version': '130' },
        ...{ 'url.full': 'https://u/p?q=secret', duration_ms: 12, 'device.id': 'd', 'trakerr.sku': 'sku', order: 1 },
        tags: ['t1'],
      },
    },
    { tags: ['t0'] },
  );
  const rest = {
    ...{ span_id: SPAN_CONTEXT.spanId, trace_flags: 1, order: 1 },
    ...{ scope: { name: 'shop.pay', version: '2' }, resource: { 'service.name': 'checkout' } },
  };
  expect(written).toBe(
    JSON.stringify({
      ...{ logLevel: 'error', classification: 'cls', eventType: 'PayError', eventMessage: 'declined' },
      eventTime: 1_767_323_045_678,
      eventStacktrace: [
        { type: 'PayError', message: 'no', traceLines: [{ function: 'pay', line: 7, file: '/app/pay.js' }] },
      ],
      ...{ eventUser: 'u', eventSession: 's', contextAppVersion: '9.9', deploymentStage: 'staging' },
      ...{ contextEnvName: 'nodejs', contextEnvLanguage: 'JavaScript', contextEnvVersion: '20.1.0' },
      ...{ contextEnvHostname: 'web-1', contextAppBrowser: 'Firefox', contextAppBrowserVersion: '130' },
      ...{
        contextAppOS: 'Linux',
        contextAppOSVersion: '6.1',
        contextDataCenter: 'eu-1a',
        contextDataCenterRegion: 'eu-1',
      },
      ...{ contextTags: ['t0', 't1', 'shop.pay'], contextURL: 'https://u/p?q=***', contextOperationTimeMillis: 12 },
      ...{ contextCrossAppCorrelationId: SPAN_CONTEXT.traceId, contextDevice: 'd', contextAppSku: 'sku' },
      customProperties: { stringData: { customData10: JSON.stringify(rest) } },
    }),
  );
});

test('an event with nothing set has what is always there, and no null', () => {
  const event = encode({});
  expect(event).toEqual({
    ...{ logLevel: 'info', classification: 'log', eventType: 'unknown', eventMessage: 'unknown' },
    ...{ eventTime: 1_767_323_045_678, contextAppVersion: '1.0', deploymentStage: 'development' },
    ...{
      contextEnvName: 'JavaScript/Node',
      contextEnvLanguage: 'JavaScript',
      contextEnvVersion: process.versions.node,
    },
    ...{ contextEnvHostname: hostname(), contextAppOSVersion: release() },
    contextAppOS: process.platform.charAt(0).toUpperCase() + process.platform.slice(1),
    customProperties: { stringData: { customData10: `{"time_unix_nano":"${TIME[0]}678901000"}` } },
  });
});

describe('logLevel and classification', () => {
  const BY_NUMBER = ['debug', 'debug', 'info', 'warning', 'error', 'fatal'].flatMap((level) => Array(4).fill(level));
  test.each(BY_NUMBER.map((level, index) => [index + 1, level]))('%i is %s', (severityNumber, logLevel) => {
    const classification = severityNumber <= 12 ? 'log' : 'issue';
    expect(encode({ severityNumber })).toMatchObject({ logLevel, classification });
  });

  test.each([
    ['warn', 'warning'],
    ['CRITICAL', 'fatal'],
    ['trace', 'debug'],
    ['Notice', 'info'],
    ['nonsense', 'info'],
  ])('text %s is %s', (severityText, logLevel) => {
    expect(encode({ severityText }).logLevel).toBe(logLevel);
  });

  test('an exception without severity is an error', () => {
    expect(encode({ attributes: { 'exception.type': 'E' } })).toMatchObject({
      logLevel: 'error',
      classification: 'issue',
    });
    expect(encode({ attributes: { 'exception.type': 'E' }, severityNumber: 9 }).logLevel).toBe('info');
  });

  test('attribute, then option, then the rule', () => {
    const attributes = { 'trakerr.classification': 'mine' };
    expect(encode({ attributes }, { classification: 'opt' }).classification).toBe('mine');
    expect(encode({}, { classification: 'opt' }).classification).toBe('opt');
  });
});

describe('eventType and eventMessage', () => {
  const exception = { 'exception.type': 'E', 'exception.message': 'boom' };
  test.each<[string, RecordParts, string, string]>([
    ['exception', { attributes: exception, eventName: 'n', scope: { name: 's' } }, 'E', 'boom'],
    ['exception and body', { attributes: exception, body: 'b' }, 'E', 'b'],
    ['event name', { eventName: 'n', scope: { name: 's' } }, 'n', 'n'],
    ['older event name', { attributes: { 'event.name': 'n' } }, 'n', 'n'],
    ['scope', { scope: { name: 's' }, body: { a: 1 } }, 's', '{"a":1}'],
    ['nothing', { body: '' }, 'unknown', 'unknown'],
    ['nothing but NUL', { body: '\u0000', scope: { name: '\u0000' } }, 'unknown', 'unknown'],
    ['number', { body: 7 }, 'unknown', '7'],
  ])('%s', (_, parts, eventType, eventMessage) => expect(encode(parts)).toMatchObject({ eventType, eventMessage }));
});

describe('fields from attributes', () => {
  test.each<[string, unknown, object]>([
    ['enduser.id', 'e', { eventUser: 'e' }],
    ['user.email', 'e@x', { eventUser: 'e@x' }],
    ['user.name', 'n', { eventUser: 'n' }],
    ['user.id', 7, { eventUser: '7' }],
    ['browser.name', 'B', { contextAppBrowser: 'B' }],
    ['browser.version', '1', { contextAppBrowserVersion: '1' }],
    ['device.model.name', 'm', { contextDevice: 'm' }],
    ['http.url', 'https://a/b', { contextURL: 'https://a/b' }],
    ['trakerr.correlation_id', 'c', { contextCrossAppCorrelationId: 'c' }],
    ['event.duration', 12_000_000, { contextOperationTimeMillis: 12 }],
    ['duration_ms', '1250', { contextOperationTimeMillis: 1250 }],
    ['http.server.request.duration', 0.25, { contextOperationTimeMillis: 250 }],
    ['http.client.request.duration', 3, { contextOperationTimeMillis: 3000 }],
    ['tags', 'one', { contextTags: ['one'] }],
  ])('%s', (key, value, expected) => {
    const parts = { attributes: { [key]: value }, time: [TIME[0], 0] as const };
    expect(encode(parts)).toMatchObject(expected);
    expect(unmapped(parts)).toEqual({});
  });

  test('the best source wins, the others stay among the unmapped', () => {
    const attributes = { 'user.name': 'n', 'user.id': 'u', 'enduser.id': '', duration_ms: 5, 'event.duration': 7e6 };
    expect(encode({ attributes })).toMatchObject({ eventUser: 'u', contextOperationTimeMillis: 7 });
    expect(unmapped({ attributes })).toMatchObject({ 'user.name': 'n', 'enduser.id': '', duration_ms: 5 });
  });

  test('a duration that says more than milliseconds stays as well; a bad one is none', () => {
    const fine = { 'http.server.request.duration': 0.0127 };
    expect(encode({ attributes: fine }).contextOperationTimeMillis).toBe(13);
    expect(unmapped({ attributes: fine })).toMatchObject(fine);
    for (const duration_ms of [-1, Number.NaN, 'soon', null, 1e300]) {
      expect(encode({ attributes: { duration_ms } })).not.toHaveProperty('contextOperationTimeMillis');
    }
  });

  test('a URL from its parts, with the query masked', () => {
    const parts = { 'url.scheme': 'https', 'server.address': 'shop', 'url.path': '/p', 'url.query': 'a=1&b=2' };
    expect(encode({ attributes: parts }).contextURL).toBe('https://shop/p?a=***&b=***');
    expect(encode({ attributes: { ...parts, 'server.port': 8443 } }).contextURL).toBe(
      'https://shop:8443/p?a=***&b=***',
    );
    expect(encode({ attributes: { ...parts, 'server.port': 443, 'server.address': '::1' } }).contextURL).toMatch(
      /^https:\/\/\[::1\]\/p/,
    );
    const { 'server.address': _, ...rest } = parts;
    expect(encode({ attributes: rest })).not.toHaveProperty('contextURL');
    expect(unmapped({ attributes: rest })).toMatchObject({ 'url.path': '/p', 'url.query': 'a=***&b=***' });
    expect(text({ attributes: { ...parts, 'url.full': 'https://x/?a=1' } })).not.toContain('b=2');
  });

  test.each([
    ['https://joe:pw@h/p?a=1&b=#c=3', 'https://***@h/p?a=***&b=***#c=***'],
    ['/p?token=x', '/p?token=***'],
    ['https://h/a@b', 'https://h/a@b'],
    ['https://h/p', 'https://h/p'],
  ])('maskUrl %s', (url, masked) => expect(maskUrl(url)).toBe(masked));

  test('the tag of a scope is for its own events only', () => {
    const { codec } = trakerr({ apiKey: 'k', systemLoad: false, tags: ['c'] }).logs;
    const tags = (name: string, own?: string[]) =>
      JSON.parse(codec.encode(record({ scope: { name }, attributes: own ? { tags: own } : {} }))).contextTags;
    expect([tags('a'), tags('b', ['x']), tags('')]).toEqual([['c', 'a'], ['c', 'x', 'b'], ['c']]);
  });
});

test('the record wins over options, and these over the resource', () => {
  const options = {
    ...{ appVersion: 'v', deploymentStage: 'st', sku: 'k', device: 'd', dataCenter: 'dc', dataCenterRegion: 'r' },
    ...{ envName: 'en', envVersion: 'ev', hostname: 'h', os: 'o', osVersion: 'ov', browser: 'b', browserVersion: 'bv' },
    ...{ user: 'u', session: 's', tags: ['t'], classification: 'c' },
  };
  expect(encode({}, options)).toMatchObject({
    ...{
      contextAppVersion: 'v',
      deploymentStage: 'st',
      contextAppSku: 'k',
      contextDevice: 'd',
      contextDataCenter: 'dc',
    },
    ...{ contextDataCenterRegion: 'r', contextEnvName: 'en', contextEnvVersion: 'ev', contextEnvHostname: 'h' },
    ...{ contextAppOS: 'o', contextAppOSVersion: 'ov', contextAppBrowser: 'b', contextAppBrowserVersion: 'bv' },
    ...{ eventUser: 'u', eventSession: 's', contextTags: ['t'], classification: 'c' },
  });
  const resource = {
    ...{ 'service.version': '2', 'deployment.environment': 'old', 'cloud.provider': 'aws', 'os.name': 'ubuntu' },
    ...{ 'device.id': 'rd', 'browser.name': 'rb', 'trakerr.sku': 'rk' },
  };
  expect(encode({ resource })).toMatchObject({
    ...{ contextAppVersion: '2', deploymentStage: 'old', contextDataCenter: 'aws', contextAppOS: 'Ubuntu' },
    ...{ contextDevice: 'rd', contextAppBrowser: 'rb', contextAppSku: 'rk' },
  });
  expect(encode({ resource }, options)).toMatchObject({
    ...{ contextAppVersion: 'v', deploymentStage: 'st', contextDataCenter: 'dc', contextAppOS: 'o' },
    ...{ contextDevice: 'd', contextAppBrowser: 'b', contextAppSku: 'k' },
  });
  // What has lost its field is not lost.
  expect(unmapped({ resource }, options)).toMatchObject({ resource });
  const attributes = {
    ...{ 'device.id': 'ad', 'user.id': 'au', 'service.version': '3', 'deployment.environment.name': 'canary' },
    ...{ 'host.name': 'web-9', 'cloud.availability_zone': 'us-2b', 'cloud.region': 'us' },
  };
  expect(encode({ resource, attributes }, options)).toMatchObject({
    ...{ contextDevice: 'ad', eventUser: 'au', contextAppVersion: '3', deploymentStage: 'canary' },
    ...{ contextEnvHostname: 'web-9', contextDataCenter: 'us-2b', contextDataCenterRegion: 'us', contextAppOS: 'o' },
  });
  expect(unmapped({ resource, attributes }, options)).not.toHaveProperty('host.name');
});

describe('correlation', () => {
  test('trace id; with the span id on request', () => {
    const { traceId, spanId } = SPAN_CONTEXT;
    expect(encode({ spanContext: SPAN_CONTEXT }).contextCrossAppCorrelationId).toBe(traceId);
    const both = encode({ spanContext: SPAN_CONTEXT }, { correlateSpans: true });
    expect(both.contextCrossAppCorrelationId).toBe(`${traceId}-${spanId}`);
    expect(unmapped({ spanContext: SPAN_CONTEXT }, { correlateSpans: true })).not.toHaveProperty('span_id');
    expect(encode({ spanContext: { ...SPAN_CONTEXT, traceId: '0'.repeat(32) } })).not.toHaveProperty(
      'contextCrossAppCorrelationId',
    );
  });

  test('an own correlation id leaves the trace id among the unmapped', () => {
    const parts = { spanContext: SPAN_CONTEXT, attributes: { 'trakerr.correlation_id': 'c' } };
    expect(unmapped(parts)).toMatchObject({ trace_id: SPAN_CONTEXT.traceId, span_id: SPAN_CONTEXT.spanId });
  });
});

test('span events: operation time, level, classification', () => {
  const exception = { 'exception.type': 'E', 'exception.message': 'm' };
  const thrown = encode({ eventName: 'exception', span: SPAN, attributes: exception, spanContext: SPAN_CONTEXT });
  expect(thrown).toMatchObject({
    ...{ logLevel: 'error', classification: 'issue', eventType: 'E', contextOperationTimeMillis: 5 },
    contextCrossAppCorrelationId: SPAN_CONTEXT.traceId,
  });
  const plain = { eventName: 'cache.miss', span: SPAN, severityNumber: 17 };
  expect(encode(plain)).toMatchObject({ classification: 'log', eventType: 'cache.miss', eventMessage: 'cache.miss' });
  expect(unmapped(plain).span).toMatchObject({ name: 'GET /orders', kind: 'SERVER', duration_ms: 25 });
});

describe('the unmapped', () => {
  test('keep everything that has no field', () => {
    const parts: RecordParts = {
      body: { a: 1 },
      severityNumber: 18,
      severityText: 'ERROR2',
      eventName: 'n',
      observed: [TIME[0] + 1, 0],
      dropped: 2,
      attributes: { 'exception.type': 'E', 'exception.code': 7, big: 2n ** 60n, nested: { deep: [1] } },
    };
    expect(unmapped(parts)).toEqual({
      ...{ event_name: 'n', severity_text: 'ERROR2', severity_number: 18, body: { a: 1 }, dropped_attributes: 2 },
      ...{ time_unix_nano: '1767323045678901000', observed_timestamp: '2026-01-02T03:04:06.000000Z' },
      ...{ 'exception.code': 7, big: '1152921504606846976', nested: { deep: [1] } },
    });
    expect(unmapped({ body: Object.assign(new Error('x'), { code: 'E1' }) })).toMatchObject({
      exception_properties: { code: 'E1' },
    });
    expect(unmapped({ eventName: 'new', attributes: { 'event.name': 'old' } })).toMatchObject({ 'event.name': 'old' });
  });

  test('an attribute with the name of one of our keys keeps it', () => {
    const attributes = { span_id: 'mine', resource: 'mine', 'otel.resource': 'too', scope: 1 };
    const written = text({ attributes, spanContext: SPAN_CONTEXT, resource: { a: 1 }, scope: { name: 's' } });
    const rest = JSON.parse(written).customProperties.stringData.customData10;
    expect(JSON.parse(rest)).toMatchObject({
      ...attributes,
      ...{ 'otel.span_id': SPAN_CONTEXT.spanId, 'otel.otel.resource': { a: 1 }, 'otel.scope': { name: 's' } },
    });
    expect(duplicateKeys(rest)).toEqual([]);
  });

  test('another slot, or none', () => {
    const parts = { attributes: { a: 1 }, time: [TIME[0], 0] as const };
    expect(encode(parts, { unmappedSlot: 2 }).customProperties).toEqual({ stringData: { customData2: '{"a":1}' } });
    expect(encode(parts, { unmappedSlot: false })).not.toHaveProperty('customProperties');
  });

  test('stay within their bytes, entry by entry, and say how many are gone', () => {
    const attributes = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'é'.repeat(50)]));
    const rest = unmapped({ attributes, time: [TIME[0], 0] }, { maxUnmappedBytes: 1_024 });
    expect(Buffer.byteLength(JSON.stringify(rest))).toBeLessThanOrEqual(1_024);
    const kept = Object.keys(rest).length - 1;
    expect(kept).toBeGreaterThan(5);
    expect(rest['…']).toBe(`${50 - kept} entries left out`);
    expect(Object.keys(rest).slice(0, kept)).toEqual(Object.keys(attributes).slice(0, kept));
  });

  test('fitEntries: always within the limit, always valid, never an entry that was not there', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 256, max: 600 }), (object, max) => {
        const fitted = fitEntries(JSON.stringify(object), max);
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(max);
        for (const key of Object.keys(JSON.parse(fitted))) expect(key === '…' || Object.hasOwn(object, key)).toBe(true);
      }),
    );
  });
});

describe('slots', () => {
  test('attributes go where the options say, else the resource', () => {
    const options: Partial<TrakerrOptions> = {
      customProperties: { stringData: { plan: 1, nested: 2, 'service.name': 3 }, doubleData: { total: 1, weight: 10 } },
      customSegments: { stringData: { plan: 3 }, doubleData: { total: 2 } },
      unmappedSlot: 9,
    };
    const attributes = { plan: 'gold', nested: { a: 1 }, total: 12.5, weight: '3.25', other: true, 'user.id': 'u' };
    expect(encode({ attributes, resource: { 'service.name': 'shop' }, time: [TIME[0], 0] }, options)).toMatchObject({
      customProperties: {
        stringData: {
          ...{ customData1: 'gold', customData2: '{"a":1}', customData3: 'shop' },
          customData9: '{"other":true,"resource":{"service.name":"shop"}}',
        },
        doubleData: { customData1: 12.5, customData10: 3.25 },
      },
      customSegments: { stringData: { customData3: 'gold' }, doubleData: { customData2: 12.5 } },
    });
  });

  test('what is no number stays among the unmapped', () => {
    const options = { customProperties: { doubleData: { total: 1 } } };
    for (const total of ['a lot', Number.NaN, true]) {
      const event = encode({ attributes: { total } }, options);
      expect(event.customProperties).not.toHaveProperty('doubleData');
      expect(unmapped({ attributes: { total } }, options)).toHaveProperty('total');
    }
  });

  test('a field that is also a slot fills both', () => {
    const event = encode({ attributes: { 'user.id': 'u' } }, { customSegments: { stringData: { 'user.id': 1 } } });
    expect(event).toMatchObject({ eventUser: 'u', customSegments: { stringData: { customData1: 'u' } } });
  });
});

test('CPU and memory are there once they were sampled', () => {
  const none = new CustomDataSlots('x');
  let sample: { cpu: number; memory: number } | undefined;
  const map = trakerrMapper({
    ...{ defaults: {}, classification: undefined, user: undefined, session: undefined, tags: [] },
    ...{ correlateSpans: false, customProperties: none, customSegments: none, unmappedSlot: 10, maxUnmappedBytes: 999 },
    ...{ workingDirectory: undefined, lineColumn: false, load: { current: () => sample } },
  })(new JsonWriter());
  expect(JSON.parse(map(record()))).not.toHaveProperty('contextCpuPercentage');
  sample = { cpu: 12, memory: 0 };
  expect(JSON.parse(map(record()))).toMatchObject({ contextCpuPercentage: 12, contextMemoryPercentage: 0 });
});

describe('hostile records', () => {
  const known = [
    'span_id',
    'tags',
    'url.full',
    'url.query',
    'exception.type',
    'duration_ms',
    'user.id',
    'plan',
    'event.name',
  ];
  test('become one valid event without repeated keys', () => {
    const slots = { stringData: { plan: 1 }, doubleData: { duration_ms: 2 } };
    const { codec } = trakerr({
      apiKey: 'tk_secret',
      systemLoad: false,
      customProperties: slots,
      maxUnmappedBytes: 512,
    }).logs;
    fc.assert(
      fc.property(hostileRecord(known), (hostile) => {
        const written = codec.encode(hostile);
        const event: Event = JSON.parse(written);
        for (const key of ['classification', 'eventType', 'eventMessage', 'logLevel']) expect(event[key]).toMatch(/./s);
        expect(Number.isInteger(event.eventTime)).toBe(true);
        expect(Object.values(event)).not.toContain(null);
        const rest = event.customProperties?.stringData?.customData10 ?? '{}';
        expect(Buffer.byteLength(rest)).toBeLessThanOrEqual(512);
        for (const json of [written, rest]) {
          JSON.parse(json);
          expect(textProblems(json)).toEqual([]);
          expect(duplicateKeys(json)).toEqual([]);
        }
        expect(written).not.toContain('tk_secret');
      }),
      { numRuns: 400 },
    );
  });

  test('a record whose parts are missing or throw is still written', () => {
    const { codec } = trakerr({ apiKey: 'k', systemLoad: false }).logs;
    const broken: unknown = {
      body: 'kept',
      get attributes(): never {
        throw new Error('no');
      },
    };
    expect(JSON.parse(codec.encode(broken as EmittedRecord)).eventMessage).toBe('kept');
    expect(JSON.parse(codec.encode({} as EmittedRecord)).eventMessage).toBe('[Unserializable]');
  });

  test('twenty megabytes become an event that fits its request', () => {
    const { codec } = trakerr({ apiKey: 'k', systemLoad: false }).logs;
    const attributes = {
      blob: 'é'.repeat(10_000_000),
      'exception.stacktrace': 'Error: x\n    at f (/a.js:1:2)\n'.repeat(1e5),
    };
    const written = codec.encode(record({ body: '😀'.repeat(5_000_000), attributes }));
    expect(Buffer.byteLength(written)).toBeLessThan(codec.maxBytes);
  });
});
