import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { systemClock } from '../../src/clock.ts';
import { SINGLE } from '../../src/codec/framing.ts';
import type { Channel } from '../../src/platforms/platform.ts';
import type { RedArchOptions } from '../../src/platforms/redarch.ts';
import { redarch } from '../../src/platforms/redarch.ts';
import { REDARCH_CONCURRENCY } from '../../src/platforms/redarch-endpoint.ts';
import { duplicateKeys, hostileRecord, record, textProblems } from '../support/records.ts';

const BASE = { url: 'http://localhost:8080/log', apiKey: 'test-secret' };
const NOW = 1_795_202_750_500;

function wallClock(start = NOW): Clock & { wall: number } {
  return {
    ...systemClock,
    wall: start,
    wallNow(): number {
      return this.wall;
    },
  };
}

function bodyOf(service: string): Uint8Array {
  const parts = { body: 'x', attributes: { 'redarch.service': service } };
  return Buffer.from(redarch(BASE).logs.codec.encode(record(parts)));
}

interface Token {
  readonly header: string;
  readonly claims: string;
  readonly signature: string;
  readonly signed: string;
}

function tokenOf({ endpoint }: Channel, body: Uint8Array): Token {
  const [scheme, token = ''] = (endpoint.request(body, 1).headers.authorization ?? '').split(' ');
  expect(scheme).toBe('Bearer');
  const [header = '', claims = '', signature = ''] = token.split('.');
  const text = (part: string): string => Buffer.from(part, 'base64url').toString();
  return { header: text(header), claims: text(claims), signature, signed: `${header}.${claims}` };
}

const iatOf = (channel: Channel, body: Uint8Array): number => JSON.parse(tokenOf(channel, body).claims).iat;

test('one channel, one record per request, several requests at once', () => {
  const { name, logs, events } = redarch(BASE);
  expect(name).toBe('redarch');
  expect(events).toBe(logs);
  expect(logs.codec.framing(1)).toBe(SINGLE);
  expect([logs.codec.maxRecords, logs.concurrency]).toEqual([1, 16]);
});

test.each([
  ['http://localhost:8080/log', '/log'],
  ['http://localhost:8080/log/', '/log/'],
  ['http://localhost:8080', '/'],
  [' http://localhost:8080/a%20b/v1 ', '/a%20b/v1'],
])('%s is taken as it stands', (url, path) => {
  const { endpoint } = redarch({ ...BASE, url }).logs;
  expect(endpoint.origin).toBe('http://localhost:8080');
  expect(endpoint.request(bodyOf('s'), 1)).toMatchObject({ path, headers: { 'content-type': 'application/json' } });
});

describe('bad options are refused by name, without showing a secret', () => {
  test.each<[string, unknown]>([
    ['url', undefined],
    ['url', 'localhost:8080'],
    ['url', 'http://u:hush@h/log'],
    ['apiKey', undefined],
    ['apiKey', ''],
    ['apiKey', 'hush\n'],
    ['apiKey', 4711],
    ['service', ''],
    ['userId', 4],
    ['tenantId', ''],
    ['resourceKeys', 'x'],
    ['requestId', 'uuid'],
    ['levelNames', 'python'],
    ['timestampZone', '+01:00'],
    ['attributeKeys', 'flat'],
  ])('%s: %j', (option, value) => {
    const make = (): unknown => redarch({ ...BASE, [option]: value } as RedArchOptions);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`redarch: ${option}`);
    expect(make).not.toThrow(/hush|4711/);
  });
});

describe('token', () => {
  test('header and claims in the documented order, signed with the text of the key', () => {
    const { logs } = redarch({ ...BASE, apiKey: 'clé secrète' }, wallClock());
    const { header, claims, signature, signed } = tokenOf(logs, bodyOf('user-service'));
    expect(header).toBe('{"alg":"HS256","typ":"JWT"}');
    expect(claims).toBe('{"sub":"user-service","iat":1795202750,"exp":1795206350}');
    expect(signature).toBe(createHmac('sha256', 'clé secrète').update(signed).digest('base64url'));
  });

  test.each([
    ['usługa', '"us\\u0142uga"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['🚀', '"\\ud83d\\ude80"'],
    ['tab\t\u007f', '"tab\\t\\u007f"'],
  ])('the service %j is ASCII in the claims', (service, written) => {
    const { claims } = tokenOf(redarch(BASE, wallClock()).logs, bodyOf(service));
    expect(claims).toBe(`{"sub":${written},"iat":1795202750,"exp":1795206350}`);
  });

  test.each<[string, string, string]>([
    ['adopted from an official buffer', '{"level": "INFO", "service": "other", "message": "m"}', 'other'],
    ['service after a message that looks like one', '{"message":"\\"service\\":\\"x\\"","service":"real"}', 'real'],
    ['no service', '{"level":"INFO"}', 'unspecified-service'],
    ['service of another type', '{"service":5}', 'unspecified-service'],
    ['no JSON', '{"level":', 'unspecified-service'],
    ['null', 'null', 'unspecified-service'],
  ])('sub of a body that is not ours: %s', (_, body, sub) => {
    expect(JSON.parse(tokenOf(redarch(BASE).logs, Buffer.from(body)).claims).sub).toBe(sub);
  });

  test('sub equals the service of the body for any service', () => {
    const { logs } = redarch(BASE);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), (service) => {
        const body = bodyOf(service);
        expect(JSON.parse(tokenOf(logs, body).claims).sub).toBe(JSON.parse(Buffer.from(body).toString()).service);
      }),
    );
  });

  test('kept per service until five minutes before it expires', () => {
    const clock = wallClock();
    const { logs } = redarch(BASE, clock);
    const [one, two] = [bodyOf('one'), bodyOf('two')];
    const first = iatOf(logs, one);
    clock.wall += 3_299_000;
    expect(iatOf(logs, one)).toBe(first);
    expect(iatOf(logs, two)).toBe(first + 3_299);
    clock.wall += 1_000;
    expect(iatOf(logs, one)).toBe(first + 3_300);
  });

  test('a clock that is set back makes a new one', () => {
    const clock = wallClock();
    const { logs } = redarch(BASE, clock);
    const first = iatOf(logs, bodyOf('one'));
    clock.wall -= 60_000;
    expect(iatOf(logs, bodyOf('one'))).toBe(first - 60);
  });

  test('a rotated key signs anew at once; a bad one is no crash', () => {
    let key = 'first';
    const { logs } = redarch({ ...BASE, apiKey: () => key }, wallClock());
    const body = bodyOf('one');
    const signedWith = (secret: string): boolean => {
      const { signed, signature } = tokenOf(logs, body);
      return signature === createHmac('sha256', secret).update(signed).digest('base64url');
    };
    expect(signedWith('first')).toBe(true);
    key = 'second';
    expect(signedWith('second')).toBe(true);
    key = '';
    expect(signedWith('second')).toBe(false);
  });

  test('many services do not pile up, and each still gets its own', () => {
    const clock = wallClock();
    const { logs } = redarch(BASE, clock);
    const first = iatOf(logs, bodyOf('service 0'));
    for (let index = 1; index <= 256; index++) iatOf(logs, bodyOf(`service ${index}`));
    clock.wall += 1_000;
    expect(iatOf(logs, bodyOf('service 256'))).toBe(first);
    expect(iatOf(logs, bodyOf('service 0'))).toBe(first + 1);
  });
});

describe('401', () => {
  const refused = (date?: string): { status: number; headers: Record<string, string>; body: string } => ({
    status: 401,
    headers: date === undefined ? {} : { date },
    body: '',
  });
  const at = (millis: number): string => new Date(millis).toUTCString();

  test('a skewed clock is corrected once, and the next token is signed with the time of the server', () => {
    const clock = wallClock();
    const { endpoint } = redarch(BASE, clock).logs;
    const channel: Channel = redarch(BASE, clock).logs;
    const body = bodyOf('one');
    const before = iatOf(channel, body);
    expect(channel.endpoint.judge(refused(at(NOW + 600_000)), 1)).toEqual({
      kind: 'transient',
      reason: '401 clock skew',
    });
    expect(iatOf(channel, body) - before).toBeGreaterThanOrEqual(599);
    // Fifteen more requests may have been under way with the old time.
    for (let other = 1; other < REDARCH_CONCURRENCY; other++) {
      expect(channel.endpoint.judge(refused(at(NOW + 600_000)), 1).kind).toBe('transient');
    }
    expect(channel.endpoint.judge(refused(at(NOW + 600_000)), 1).kind).toBe('held');
    // A server whose date jumps about must not make us try for ever.
    expect(channel.endpoint.judge(refused(at(NOW + 9_000_000)), 1).kind).toBe('held');
    expect(endpoint.judge(refused(at(NOW - 600_000)), 1).kind).toBe('transient');
  });

  test('after a success the clock may be corrected again', () => {
    const clock = wallClock();
    const { endpoint } = redarch(BASE, clock).logs;
    expect(endpoint.judge(refused(at(NOW + 600_000)), 1).kind).toBe('transient');
    expect(endpoint.judge({ status: 200, headers: {}, body: '' }, 1).kind).toBe('delivered');
    expect(endpoint.judge(refused(at(NOW)), 1).kind).toBe('transient');
  });

  test('without a skew it holds, and the probe gets a fresh token', () => {
    const clock = wallClock();
    const channel = redarch(BASE, clock).logs;
    const body = bodyOf('one');
    const before = iatOf(channel, body);
    clock.wall += 10_000;
    expect(iatOf(channel, body)).toBe(before);
    for (const date of [at(NOW + 10_000), at(NOW + 38_000), undefined, 'yesterday']) {
      expect(channel.endpoint.judge(refused(date), 1).kind).toBe('held');
    }
    expect(iatOf(channel, body)).toBe(before + 10);
  });
});

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [302, 'held'],
  [400, 'refused'],
  [403, 'held'],
  [404, 'held'],
  [413, 'tooLarge'],
  [422, 'refused'],
  [429, 'throttled'],
  [503, 'transient'],
])('status %i is %s', (status, kind) => {
  expect(redarch(BASE).logs.endpoint.judge({ status, headers: {}, body: '' }, 1).kind).toBe(kind);
});

test('whatever a record holds, its text is JSON with all nine keys, and carries no credential', () => {
  const known = [
    ...['redarch.service', 'redarch.logger_name', 'user.id', 'tenant_id', 'request.id', 'trace_id', 'context', 'code'],
    ...['http.request.header.x-request-id', 'exception.type', 'exception.message', 'exception.stacktrace', 'a', 'a.b'],
    ...['code.file.path', 'code.function.name', 'code.lineno', 'resource', 'record_id', 'log.record.uid', 'event_name'],
  ];
  const codecs = (['dotted', 'nested'] as const).map(
    (attributeKeys) => redarch({ ...BASE, apiKey: 'k3y-in-no-text', attributeKeys, appendStack: true }).logs.codec,
  );
  fc.assert(
    fc.property(hostileRecord(known), fc.constantFrom(...codecs), (hostile, codec) => {
      const text = codec.encode(hostile);
      expect(textProblems(text)).toEqual([]);
      expect(duplicateKeys(text)).toEqual([]);
      expect(text).not.toContain('k3y-in-no-text');
      const entry = JSON.parse(text);
      expect(Object.keys(entry)).toEqual([
        ...['level', 'service', 'logger_name', 'message', 'user_id', 'tenant_id', 'request_id', 'context'],
        'client_log_datetime',
      ]);
      expect(entry.service).not.toBe('');
      expect(entry.context).toBeTypeOf('object');
      expect(entry.context).not.toBeNull();
      expect(entry.client_log_datetime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    }),
    { numRuns: 1_500 },
  );
});
