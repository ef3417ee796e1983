import { describe, expect, test } from 'vitest';
import { ARRAY } from '../../src/codec/framing.ts';
import type { OdysseusOptions } from '../../src/platforms/odysseus.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { RecordParts } from '../support/records.ts';
import { record, SPAN } from '../support/records.ts';

const BASE = { appId: 'app_demo', appKey: 'key_demo' };

function paths(options: Partial<OdysseusOptions>): string[] {
  const { logs, events } = odysseus({ ...BASE, ...options });
  return [logs, events].map(({ endpoint }) => endpoint.request(new Uint8Array(), 1).path);
}

test('two channels with their own routes, a bare array, the documented limits', () => {
  const { logs, events, name } = odysseus(BASE);
  expect(name).toBe('odysseus');
  expect(paths({})).toEqual(['/api/logs/app_demo/key_demo', '/api/events/app_demo/key_demo']);
  for (const { codec, endpoint } of [logs, events]) {
    expect(endpoint.origin).toBe('https://odysseus.codetitans.dev');
    expect(codec.framing(1)).toBe(ARRAY);
    expect([codec.maxRecords, codec.maxBytes]).toEqual([500, 1_048_576]);
    const request = endpoint.request(new Uint8Array([91, 93]), 1);
    expect(request.headers).toEqual({ 'content-type': 'application/json' });
    expect([...request.body]).toEqual([91, 93]);
  }
});

test('a base path is kept', () => {
  const { logs } = odysseus({ ...BASE, url: 'http://localhost:8080/odysseus/' });
  expect(logs.endpoint.origin).toBe('http://localhost:8080');
  expect(paths({ url: 'http://localhost:8080/odysseus/' })[0]).toBe('/odysseus/api/logs/app_demo/key_demo');
});

test.each([
  ['app_0123456789abcdef', 'app_0123456789abcdef'],
  ['AbCd_123-efGH.~', 'AbCd_123-efGH.~'],
  ['a/b', 'a%2Fb'],
  ['../x', '..%2Fx'],
  ['my key', 'my%20key'],
  ['a+b=c?d#e&f%25', 'a%2Bb%3Dc%3Fd%23e%26f%2525'],
  ["!*'(),;:@$", '%21%2A%27%28%29%2C%3B%3A%40%24'],
  ['%2e%2e', '%252e%252e'],
  ['klucz-🔑-ż', 'klucz-%F0%9F%94%91-%C5%BC'],
])('the segment %s is quoted', (segment, quoted) => {
  expect(paths({ appKey: segment })[0]).toBe(`/api/logs/app_demo/${quoted}`);
  expect(paths({ appKey: () => segment })[1]).toBe(`/api/events/app_demo/${quoted}`);
  expect(paths({ appId: segment })[0]).toBe(`/api/logs/${quoted}/key_demo`);
});

describe('bad options are refused by name, without showing a secret', () => {
  test.each([
    ['empty', ''],
    ['blank', '  '],
    ['.', '.'],
    ['..', '..'],
    ['a line end', 'hush\n'],
    ['a lone surrogate', 'hush\ud800'],
    ['no string', 4711],
    ['missing', undefined],
  ])('%s', (_, value) => {
    for (const option of ['appId', 'appKey'] as const) {
      const make = (): unknown => odysseus({ ...BASE, [option]: value } as OdysseusOptions);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(`odysseus: ${option}`);
      expect(make).not.toThrow(/hush|4711/);
    }
  });

  test.each<[string, unknown, typeof TypeError]>([
    ['url', 'ftp://x', TypeError],
    ['session', 'not-a-uuid', TypeError],
    ['uuidFormat', 'base64', TypeError],
    ['platform', 40_000, RangeError],
    ['platform', 1.5, RangeError],
    ['eventType', '7', RangeError],
    ['user', '', TypeError],
    ['getUser', 'me', TypeError],
    ['severity', 3, TypeError],
    ['stripFileName', '', TypeError],
    ['route', 'nowhere', TypeError],
    ['exceptionEvents', 'event', TypeError],
    ['stream', 'random', TypeError],
    ['resourceKeys', 'service.name', TypeError],
  ])('%s: %j', (option, value, type) => {
    const make = (): unknown => odysseus({ ...BASE, [option]: value } as OdysseusOptions);
    expect(make).toThrow(type);
    expect(make).toThrow(`odysseus: ${option}`);
  });
});

test('a key function is asked for each request; what it cannot give is no crash and no escape from the route', () => {
  let key = 'first';
  const { logs } = odysseus({ ...BASE, appKey: () => key });
  const path = (): string => logs.endpoint.request(new Uint8Array(), 1).path;
  expect(path()).toBe('/api/logs/app_demo/first');
  key = 'second';
  expect(path()).toBe('/api/logs/app_demo/second');
  key = '..';
  expect(path()).toBe('/api/logs/app_demo/unavailable');
});

test('no credential enters a text', () => {
  const { logs, events } = odysseus({ appId: 'app_visible', appKey: 'key_secret' });
  for (const { codec } of [logs, events]) {
    expect(codec.encode(record({ body: 'x', eventName: 'e' }))).not.toMatch(/app_visible|key_secret/);
  }
});

describe('routing', () => {
  const plain: RecordParts = { body: 'x' };
  const named: RecordParts = { eventName: 'order.placed' };
  const older: RecordParts = { attributes: { 'event.name': 'order.placed' } };
  const spanEvent: RecordParts = { eventName: 'cache.miss', span: SPAN };
  const exception: RecordParts = { eventName: 'exception', span: SPAN };
  const logged: RecordParts = { eventName: 'exception' };
  const nameless: RecordParts = { span: SPAN };

  test.each<[string, Partial<OdysseusOptions>, RecordParts, string]>([
    ['plain', {}, plain, 'logs'],
    ['named', {}, named, 'events'],
    ['named by attribute', {}, older, 'events'],
    ['span event', {}, spanEvent, 'events'],
    ['span event without a name', {}, nameless, 'events'],
    ['exception of a span', {}, exception, 'logs'],
    ['log record named exception', {}, logged, 'events'],
    ['plain', { route: 'both' }, plain, 'logs'],
    ['named', { route: 'log' }, named, 'logs'],
    ['named', { route: 'both' }, named, 'logs events'],
    ['exception of a span', { route: 'both' }, exception, 'logs'],
    ['exception of a span', { exceptionEvents: 'route' }, exception, 'events'],
    ['exception of a span', { exceptionEvents: 'route', route: 'both' }, exception, 'logs events'],
  ])('%s %j', (_, options, parts, expected) => {
    const platform = odysseus({ ...BASE, ...options });
    const channels = platform.channelFor?.(record(parts)) ?? [];
    expect(channels.map((channel) => (channel === platform.logs ? 'logs' : 'events')).join(' ')).toBe(expected);
  });

  test('a record that cannot be read goes to the logs', () => {
    const platform = odysseus(BASE);
    const hostile = new Proxy(record(), {
      get: () => {
        throw new Error('unreadable');
      },
    });
    expect(platform.channelFor?.(hostile)).toEqual([platform.logs]);
    expect(JSON.parse(platform.logs.codec.encode(hostile))).toMatchObject({ message: '[Unserializable]' });
  });

  test('an exception of a span becomes an error with the exception in its context', () => {
    const attributes = { 'exception.type': 'RangeError', 'exception.message': 'out of range' };
    const { logs } = odysseus(BASE);
    expect(JSON.parse(logs.codec.encode(record({ ...exception, attributes })))).toMatchObject({
      severity: 5,
      message: 'out of range',
      context: { event_name: 'exception', exception: { type: 'RangeError', message: 'out of range' } },
    });
  });
});

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [302, 'held'],
  [400, 'refused'],
  [401, 'held'],
  [404, 'held'],
  [413, 'tooLarge'],
  [422, 'refused'],
  [429, 'throttled'],
  [503, 'transient'],
])('status %i is %s, whatever the body says', (status, kind) => {
  const { logs } = odysseus(BASE);
  expect(logs.endpoint.judge({ status, headers: {}, body: '{"received":0}' }, 3).kind).toBe(kind);
});
