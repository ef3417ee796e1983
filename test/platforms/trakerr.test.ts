import { describe, expect, test } from 'vitest';
import { SINGLE } from '../../src/codec/framing.ts';
import type { TrakerrOptions } from '../../src/platforms/trakerr.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { record } from '../support/records.ts';

const platform = (options: Partial<TrakerrOptions> = {}) => trakerr({ apiKey: 'tk_secret"1', ...options });
const answer = (status: number, contentType?: string) => ({
  status,
  headers: contentType === undefined ? {} : { 'content-type': contentType },
  body: '{}',
});

describe('requests', () => {
  test('the key enters the body only while it is sent, anew for each attempt', () => {
    let key = 'first"';
    const { codec, endpoint } = platform({ apiKey: () => key }).logs;
    const text = codec.encode(record({ body: 'é' }));
    expect(text).not.toContain('apiKey');
    const send = () => endpoint.request(Buffer.from(text), 1);
    expect(send()).toMatchObject({
      path: '/api/v1/events',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    const body = Buffer.from(send().body).toString();
    expect(body.startsWith('{"apiKey":"first\\"","logLevel":')).toBe(true);
    expect(JSON.parse(body)).toEqual({ apiKey: 'first"', ...JSON.parse(text) });
    key = 'second';
    expect(JSON.parse(Buffer.from(send().body).toString()).apiKey).toBe('second');
  });

  test.each([
    [undefined, 'https://www.trakerr.io', '/api/v1/events'],
    ['http://10.0.0.1:8080/', 'http://10.0.0.1:8080', '/events'],
    ['https://a.b/x/api/v1/', 'https://a.b', '/x/api/v1/events'],
  ])('%s', (url, origin, path) => {
    const { endpoint } = platform(url === undefined ? {} : { url }).logs;
    expect(endpoint.origin).toBe(origin);
    expect(endpoint.request(Buffer.from('{"a":1}'), 1).path).toBe(path);
  });

  test('one event per request, sixteen requests at once, one channel for all', () => {
    const { name, logs, events } = platform();
    expect(name).toBe('trakerr');
    expect(events).toBe(logs);
    expect(logs.concurrency).toBe(16);
    expect(logs.codec).toMatchObject({ maxRecords: 1, maxBytes: 1_000_000 });
    expect(logs.codec.framing(1)).toBe(SINGLE);
  });
});

test.each([
  [200, 'application/json', 'delivered'],
  [200, undefined, 'delivered'],
  [200, 'text/html; charset=utf-8', 'transient'],
  [204, 'Text/HTML', 'transient'],
  [302, undefined, 'held'],
  [400, undefined, 'refused'],
  [401, undefined, 'held'],
  [413, undefined, 'tooLarge'],
  [425, undefined, 'transient'],
  [429, undefined, 'throttled'],
  [503, 'text/html', 'transient'],
] as const)('%i %s is %s', (status, contentType, kind) => {
  expect(platform().logs.endpoint.judge(answer(status, contentType), 1).kind).toBe(kind);
});

describe('options', () => {
  test.each<[string, Record<string, unknown>, RegExp, ErrorConstructor]>([
    ['no key', { apiKey: undefined }, /^trakerr: apiKey is missing$/, TypeError],
    ['empty key', { apiKey: '' }, /apiKey must not be empty/, TypeError],
    ['url', { url: 'nowhere' }, /trakerr: url/, TypeError],
    ['tags', { tags: [''] }, /trakerr: tags/, TypeError],
    ['appVersion', { appVersion: 1 }, /trakerr: appVersion/, TypeError],
    ['classification', { classification: '' }, /trakerr: classification/, TypeError],
    ['user', { user: 7 }, /trakerr: user/, TypeError],
    ['session', { session: '' }, /trakerr: session/, TypeError],
    ['dataCenter', { dataCenter: '' }, /trakerr: dataCenter/, TypeError],
    ['slot 0', { customProperties: { stringData: { a: 0 } } }, /customProperties\.stringData\["a"\]/, RangeError],
    ['slot 11', { customSegments: { doubleData: { a: 11 } } }, /customSegments\.doubleData\["a"\]/, RangeError],
    ['slot twice', { customProperties: { doubleData: { a: 1, b: 1 } } }, /two keys have slot 1/, RangeError],
    [
      'slot of the unmapped',
      { customProperties: { stringData: { a: 10 } } },
      /slot 10, which is unmappedSlot/,
      RangeError,
    ],
    ['no map', { customProperties: { stringData: 'a' } }, /customProperties\.stringData/, TypeError],
    ['unmappedSlot', { unmappedSlot: 11 }, /trakerr: unmappedSlot/, RangeError],
    ['maxUnmappedBytes', { maxUnmappedBytes: 10 }, /trakerr: maxUnmappedBytes/, RangeError],
    ['correlateSpans', { correlateSpans: 1 }, /trakerr: correlateSpans/, TypeError],
    ['systemLoad', { systemLoad: 'no' }, /trakerr: systemLoad/, TypeError],
    ['stripWorkingDirectory', { stripWorkingDirectory: '/' }, /trakerr: stripWorkingDirectory/, TypeError],
    ['lineColumn', { lineColumn: 1 }, /trakerr: lineColumn/, TypeError],
  ])('%s', (_, options, message, type) => {
    const make = () => platform(options as Partial<TrakerrOptions>);
    expect(make).toThrow(message);
    expect(make).toThrow(type);
    expect(make).not.toThrow(/tk_secret/);
  });
});
