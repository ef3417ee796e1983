import { diag } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultEncoding } from '../../src/codec/limits.ts';
import { withEncoding } from '../../src/encoding.ts';
import { limitSettings } from '../../src/limit-options.ts';
import { deliverySettings } from '../../src/options.ts';
import type { Channel, Platform } from '../../src/platforms/platform.ts';
import { JsonWriter } from '../../src/record/json-value.ts';
import { DEFAULT_REDACTION } from '../../src/record/redact/redactor.ts';
import type { RedactOptions } from '../../src/redact-options.ts';
import { redactSettings } from '../../src/redact-options.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PLATFORM_NAMES, platformAt } from '../support/platform-rig.ts';
import { record } from '../support/records.ts';

const KEY = 'a key for hashes, 0123456789';

describe('the option redact', () => {
  it('is on by default, and off on request only', () => {
    expect(redactSettings()).toBe(DEFAULT_REDACTION);
    expect(redactSettings(true)).toBe(DEFAULT_REDACTION);
    expect(redactSettings({})).toEqual({ ...DEFAULT_REDACTION });
    expect(redactSettings(false)).toBeUndefined();
    expect(deliverySettings().redact).toBe(DEFAULT_REDACTION);
    expect(deliverySettings({ redact: false }).redact).toBeUndefined();
    expect(DEFAULT_REDACTION.patterns).not.toContain('email');
  });

  it.each<[unknown, RegExp]>([
    ['on', /^redact must be an object, true or false$/],
    [null, /^redact must be an object/],
    [[], /^redact must be an object/],
    [{ field: [] }, /^unknown option redact\.field; known are redact\.fields/],
    [{ fields: 'a' }, /^redact\.fields must be a list of names$/],
    [{ fields: [1] }, /^redact\.fields must be a list/],
    [{ allow: ['*'] }, /^redact\.allow must be names or patterns of them, got "\*"$/],
    [{ headers: [''] }, /^redact\.headers must be names/],
    [{ queryParameters: {} }, /^redact\.queryParameters must be a list/],
    [{ defaultFields: 1 }, /^redact\.defaultFields must be a boolean, got number$/],
    [{ patterns: 'card' }, /^redact\.patterns must be a list/],
    [{ patterns: ['cards'] }, /^redact\.patterns must be of default, pairs, .*email, got cards$/],
    [{ censor: 1 }, /^redact\.censor must be a string, got number$/],
    [{ censor: '' }, /^redact\.censor must have 1 to 64 characters/],
    [{ censor: 'a"b' }, /^redact\.censor must have/],
    [{ censor: 'a\nb' }, /^redact\.censor must have/],
    [{ censor: 'x'.repeat(65) }, /^redact\.censor must have/],
    [{ customPatterns: {} }, /^redact\.customPatterns must be a list$/],
    [{ customPatterns: [1] }, /^redact\.customPatterns\[0\] must be an object$/],
    [{ customPatterns: [{ name: 'a' }] }, /^redact\.customPatterns\[0\]\.pattern must be a RegExp, got undefined$/],
    [{ customPatterns: [{ pattern: /a/ }] }, /^redact\.customPatterns\[0\]\.name must be a non-empty string$/],
    [{ customPatterns: [{ name: 'a', pattern: /a*/ }] }, /\.pattern must not match empty text$/],
    [{ customPatterns: [{ name: 'a', pattern: /a/, replacement: 1 }] }, /\.replacement must be a string, got number$/],
    [{ customPatterns: [{ name: 'a', patern: /a/ }] }, /^unknown option redact\.customPatterns\[0\]\.patern/],
    [{ hash: 1 }, /^redact\.hash must be an object$/],
    [{ hash: { fields: ['a'] } }, /^redact\.hash\.key must be a string of at least 16 characters$/],
    [{ hash: { fields: ['a'], key: 'hunter2' } }, /^redact\.hash\.key must be a string of at least 16 characters$/],
    [{ hash: { key: KEY, fields: 'a' } }, /^redact\.hash\.fields must be a list of names$/],
    [
      { hash: { key: KEY, fields: [], length: 4 } },
      /^redact\.hash\.length must be a whole number of at least 8, got 4$/,
    ],
    [{ hash: { key: KEY, fields: [], length: 44 } }, /^redact\.hash\.length must be at most 43, got 44$/],
    [{ hash: { key: KEY, fields: [], k: 1 } }, /^unknown option redact\.hash\.k/],
  ])('%j is refused', (options, message) => {
    expect(() => redactSettings(options as RedactOptions)).toThrow(message);
    expect(() => deliverySettings({ redact: options as RedactOptions })).toThrow(message);
  });

  it('keeps what it was given, whatever becomes of the list', () => {
    const fields = ['email'];
    const settings = redactSettings({ fields });
    fields.push('name');
    expect(settings?.fields).toEqual(['email']);
  });
});

describe('the option limits', () => {
  it('has the usual ones by default', () => {
    const { limits, maxRecordLength } = limitSettings();
    expect(limits).toMatchObject(defaultEncoding().limits);
    expect(maxRecordLength).toBe(defaultEncoding().maxRecordLength);
  });

  it.each<[unknown, RegExp]>([
    [1, /^limits must be an object$/],
    [null, /^limits must be an object$/],
    [{ maxLength: 1 }, /^unknown option limits\.maxLength/],
    [{ maxStringLength: 63 }, /^limits\.maxStringLength must be a whole number of at least 64, got 63$/],
    [{ maxStringLength: 65_537 }, /^limits\.maxStringLength must be at most 65536, got 65537$/],
    [{ maxMessageLength: '1' }, /^limits\.maxMessageLength must be a number, got string$/],
    [{ maxDepth: 0 }, /^limits\.maxDepth must be/],
    [{ maxDepth: 65 }, /^limits\.maxDepth must be at most 64/],
    [{ maxValues: 9 }, /^limits\.maxValues must be/],
    [{ maxRecordLength: 4_095 }, /^limits\.maxRecordLength must be/],
    [{ maxRecordLength: 400_000 }, /^limits\.maxRecordLength must be at most 327680/],
    [{ binary: 'hex' }, /^limits\.binary must be "base64" or "size", got hex$/],
    [{ base64Text: true }, /^limits\.base64Text must be "keep" or "cut", got true$/],
  ])('%j is refused', (options, message) => {
    expect(() => limitSettings(options as object)).toThrow(message);
    expect(() => deliverySettings({ limits: options as object })).toThrow(message);
  });

  it('writes bytes as their number', () => {
    const json = new JsonWriter({ ...limitSettings({ binary: 'size' }).limits });
    expect(json.value({ a: new Uint8Array(3), b: Buffer.from('x'), c: new ArrayBuffer(0) })).toBe(
      '{"a":"[3 bytes]","b":"[1 byte]","c":"[0 bytes]"}',
    );
  });

  it('leaves out long base64 in texts', () => {
    const json = new JsonWriter({ ...limitSettings({ base64Text: 'cut' }).limits });
    const long = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 7) % 256)).toString('base64');
    expect(json.value([long, `<img src="data:image/png;base64,${long}">`])).toBe(
      String.raw`["[base64, 400 characters]","<img src=\"data:image/png;base64,[400 characters]\">"]`,
    );
    // Plain words, hexadecimal digits and what is short are no base64.
    const others = [
      'lorem ipsum '.repeat(30),
      'loremipsum'.repeat(30),
      'ab12'.repeat(40),
      long.slice(0, 100),
      'data:text/plain;base64,YWJj',
    ];
    expect(JSON.parse(json.value(others) ?? '')).toEqual(others);
    expect(JSON.parse(new JsonWriter().value(long) ?? '')).toBe(long);
  });
});

describe('a destination’s encoding', () => {
  const clock = new FakeClock();

  function encoded(
    platform: Platform,
    options: Parameters<typeof deliverySettings>[0],
    body: unknown,
    attributes = {},
  ): string {
    const { logs } = withEncoding(platform, deliverySettings(options), clock);
    return logs.codec.encode(record({ body, attributes }));
  }

  it.each(PLATFORM_NAMES)('%s: obeys redact and limits', (name) => {
    const platform = platformAt(name, 'http://127.0.0.1:1', defaultCredentials);
    const attributes = {
      password: 'hunter2',
      note: 'x'.repeat(500),
      raw: Buffer.from('abc'),
      list: Array.from({ length: 50 }, () => 1),
    };
    const usual = encoded(platform, {}, 'hello', attributes);
    expect(usual).not.toContain('hunter2');
    expect(usual).toContain('x'.repeat(500));
    expect(usual).toContain('YWJj');
    expect(encoded(platform, { redact: false }, 'hello', attributes)).toContain('hunter2');
    expect(encoded(platform, { redact: { fields: ['note'] } }, 'hello', attributes)).not.toContain('xxx');
    const tight = encoded(
      platform,
      { limits: { maxStringLength: 64, maxMessageLength: 64, maxValues: 20, binary: 'size' } },
      'm'.repeat(500),
      attributes,
    );
    expect(tight).toContain(`${'x'.repeat(64)}…[+436]`);
    expect(tight).toContain(`${'m'.repeat(64)}…[+436]`);
    expect(tight).toContain('[3 bytes]');
    expect(tight).toContain('…');
    const small = encoded(platform, { limits: { maxRecordLength: 4_096 } }, 'hello', {
      ...attributes,
      long: 'y'.repeat(60_000),
    });
    expect(small.length).toBeLessThanOrEqual(4_096);
    JSON.parse(small);
  });

  it('keeps the channels apart that are two, and one that is one', () => {
    for (const name of PLATFORM_NAMES) {
      const platform = platformAt(name, 'http://127.0.0.1:1', defaultCredentials);
      const own = withEncoding(platform, deliverySettings(), clock);
      expect(own.logs === own.events).toBe(platform.logs === platform.events);
      const channels: readonly Channel[] = [own.logs, own.events];
      const event = record({ eventName: 'x' });
      const route = own.channelFor?.(event);
      expect(own.channelFor?.(event)).toBe(route);
      expect(route?.every((channel) => channels.includes(channel)) ?? true).toBe(true);
      expect(own.channelFor?.(event).length).toBe(platform.channelFor?.(event).length);
      expect(own.logs.endpoint).toBe(platform.logs.endpoint);
      expect(own.logs.codec).toMatchObject({
        maxRecords: platform.logs.codec.maxRecords,
        maxBytes: platform.logs.codec.maxBytes,
      });
    }
  });

  it('leaves a codec that knows no encodings as it is', () => {
    const codec = {
      maxRecords: 1,
      maxBytes: 1,
      text: 'own',
      encode() {
        return this.text;
      },
      framing: () => ({ open: '<', close: '>' }),
    };
    const channel = { codec, endpoint: platformAt('logtide', 'http://127.0.0.1:1', defaultCredentials).logs.endpoint };
    const { logs } = withEncoding({ name: 'own', logs: channel, events: channel }, deliverySettings(), clock);
    expect(logs.codec.encode(record())).toBe('own');
    expect(logs.codec.framing(1)).toEqual({ open: '<', close: '>' });
  });

  it('row 85: tells of a slow pattern, once, and by its name alone', () => {
    const told: unknown[] = [];
    const log = (...args: unknown[]): unknown => told.push(args);
    diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log });
    onTestFinished(() => diag.disable());
    told.length = 0;
    const slow = new FakeClock();
    const now = slow.now.bind(slow);
    let calls = 0;
    slow.now = () => {
      calls += 1;
      return now() + calls * 200;
    };
    const platform = platformAt('logtide', 'http://127.0.0.1:1', defaultCredentials);
    const redact = { customPatterns: [{ name: 'mine', pattern: /(\w+\s?)+@/ }] };
    const { logs } = withEncoding(platform, deliverySettings({ redact }), slow);
    for (let at = 0; at < 3; at++) logs.codec.encode(record({ body: 'short secret text' }));
    expect(told).toEqual([
      ['logferry logtide: the redaction pattern "mine" took 200 ms for a text and is not used any more'],
    ]);
  });
});
