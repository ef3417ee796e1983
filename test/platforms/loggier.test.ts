import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ARRAY, SINGLE } from '../../src/codec/framing.ts';
import type { LoggierOptions } from '../../src/platforms/loggier.ts';
import { loggier } from '../../src/platforms/loggier.ts';

const KEY = 'lgk_TEST/0123';
const platform = (options: Partial<LoggierOptions> = {}) => loggier({ apiKey: KEY, ...options });
const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers, body: '' });

describe('addresses', () => {
  test.each([
    [undefined, 'https://api.loggier.app', ''],
    ['https://api.loggier.com/api/ingest', 'https://api.loggier.com', ''],
    ['https://api.loggier.com/api/ingest/', 'https://api.loggier.com', ''],
    ['https://api.loggier.com/api/ingest/lgk_x', 'https://api.loggier.com', ''],
    ['http://10.0.0.1:8080/logs/', 'http://10.0.0.1:8080', '/logs'],
    ['https://a.b/logs/api/ingest', 'https://a.b', '/logs'],
  ])('%s', (url, origin, base) => {
    const { endpoint } = platform(url === undefined ? {} : { url }).logs;
    expect(endpoint.origin).toBe(origin);
    expect(endpoint.request(new Uint8Array(), 1).path).toBe(`${base}/api/ingest/lgk_TEST%2F0123`);
  });

  test('one record to the key itself, more to its batch; framed as object and as array', () => {
    const { endpoint, codec } = platform().logs;
    const body = Buffer.from('[{},{}]');
    const request = endpoint.request(body, 2);
    expect(request).toEqual({
      path: '/api/ingest/lgk_TEST%2F0123/batch',
      headers: { 'content-type': 'application/json', 'x-loggier-key': KEY },
      body,
    });
    expect(codec.framing(1)).toBe(SINGLE);
    expect(codec.framing(2)).toBe(ARRAY);
    expect(codec).toMatchObject({ maxRecords: 20, maxBytes: 1_048_576 });
  });

  test('a rotated key is seen by the next attempt', () => {
    let key = 'first';
    const { endpoint } = platform({ apiKey: () => key }).logs;
    expect(endpoint.request(new Uint8Array(), 1).headers['x-loggier-key']).toBe('first');
    key = 'second';
    expect(endpoint.request(new Uint8Array(), 1)).toMatchObject({
      path: '/api/ingest/second',
      headers: { 'x-loggier-key': 'second' },
    });
  });

  test('logs and events are one channel', () => {
    const { name, logs, events } = platform();
    expect(name).toBe('loggier');
    expect(events).toBe(logs);
  });
});

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [301, 'held'],
  [307, 'held'],
  [400, 'refused'],
  [401, 'held'],
  [404, 'held'],
  [408, 'transient'],
  [413, 'tooLarge'],
  [422, 'refused'],
  [429, 'throttled'],
  [500, 'transient'],
])('%i is %s', (status, kind) => {
  expect(platform().logs.endpoint.judge(answer(status), 2).kind).toBe(kind);
});

test('429 hands Retry-After on', () => {
  expect(platform().logs.endpoint.judge(answer(429, { 'retry-after': '7' }), 1)).toEqual({
    kind: 'throttled',
    reason: '429',
    retryAfter: '7',
  });
});

describe('options', () => {
  test.each<[string, Record<string, unknown>, RegExp, ErrorConstructor]>([
    ['no key', { apiKey: undefined }, /^loggier: apiKey is missing$/, TypeError],
    ['empty key', { apiKey: '' }, /apiKey must not be empty/, TypeError],
    ['key with a line break', { apiKey: 'secret\nx' }, /^loggier: apiKey has blanks/, TypeError],
    ['bad url', { url: 'nowhere' }, /loggier: url/, TypeError],
    ['other scheme', { url: 'ftp://a' }, /loggier: url/, TypeError],
    ['tags', { tags: 'a' }, /loggier: tags/, TypeError],
    ['environment', { environment: '' }, /loggier: environment/, TypeError],
    ['serviceName', { serviceName: 7 }, /loggier: serviceName/, TypeError],
    ['context', { context: [] }, /loggier: context/, TypeError],
    ['messageLimit too small', { messageLimit: 10 }, /loggier: messageLimit/, RangeError],
    ['messageLimit text', { messageLimit: '2048' }, /loggier: messageLimit/, RangeError],
    ['includeIp', { includeIp: 'yes' }, /loggier: includeIp/, TypeError],
    ['deliveryId', { deliveryId: 1 }, /loggier: deliveryId/, TypeError],
  ])('%s', (_, options, message, type) => {
    const make = () => platform(options as Partial<LoggierOptions>);
    expect(make).toThrow(message);
    expect(make).toThrow(type);
    expect(make).not.toThrow(/secret/);
  });
});

test('this host is named without an address unless asked for', () => {
  const runtime = (options: Partial<LoggierOptions>) => {
    const record: unknown = {
      body: 'x',
      attributes: {},
      resource: { attributes: {} },
      instrumentationScope: { name: '' },
    };
    return JSON.parse(platform(options).logs.codec.encode(record as never)).runtime_context;
  };
  const known = runtime({});
  expect(known).toMatchObject({ hostname: hostname(), process_id: process.pid, node_version: process.versions.node });
  expect(known).not.toHaveProperty('ip');
  const { ip } = runtime({ includeIp: true });
  // A machine without a network has none to tell.
  if (ip !== undefined) expect(ip).toMatch(/^[0-9a-f.:]+$/);
  expect(ip).not.toBe('127.0.0.1');
});
