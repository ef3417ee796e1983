import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, DEFAULT_LIMITS, JsonWriter, wellFormed } from '../../src/record/json-value.ts';
import { duplicateKeys, hostileAttributes, hostileText, hostileValue, textProblems } from '../support/records.ts';

const write = (value: unknown, limits = DEFAULT_LIMITS): unknown => {
  const text = new JsonWriter(limits).value(value);
  return text === undefined ? undefined : JSON.parse(text);
};

describe('values', () => {
  class Exotic {
    readonly kept = 1;
  }
  test.each<[string, unknown, unknown]>([
    ['string', 'a"b', 'a"b'],
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['bigint', 2n ** 64n, '18446744073709551616'],
    ['null', null, null],
    ['undefined', undefined, undefined],
    ['function', () => 1, undefined],
    ['date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['broken date', new Date(Number.NaN), 'Invalid Date'],
    ['bytes', new Uint8Array([1, 2, 3]), 'AQID'],
    ['buffer', Buffer.from([1, 2, 3]), 'AQID'],
    [
      'map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      { a: 1, 2: 'b' },
    ],
    ['set', new Set([1, 'a']), [1, 'a']],
    ['url', new URL('https://a/b'), 'https://a/b'],
    ['regexp', /a/g, '/a/g'],
    ['class', new Exotic(), { kept: 1 }],
    ['boxed', Object('x'), 'x'],
    ['holes and functions', [1, undefined, () => 1], [1, null, null]],
    ['toJSON', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ['null prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('%s', (_, value, expected) => expect(write(value)).toEqual(expected));

  test('errors keep type, message, stack, cause and properties', () => {
    const error = Object.assign(new TypeError('bad', { cause: new Error('root') }), { code: 'E1' });
    expect(write(error)).toMatchObject({ type: 'TypeError', message: 'bad', code: 'E1', cause: { message: 'root' } });
  });

  test('what throws becomes a marker and takes nothing else with it', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const value = {
      good: 1,
      get broken(): never {
        throw new Error('no');
      },
      proxy,
    };
    expect(write(value)).toEqual({ good: 1, broken: '[Unserializable]', proxy: '[Unserializable]' });
  });

  test('cycles end, repeated values do not', () => {
    const shared = { a: 1 };
    const loop: Record<string, unknown> = { shared, again: shared };
    loop.self = loop;
    expect(write(loop)).toEqual({ shared: { a: 1 }, again: { a: 1 }, self: '[Circular]' });
  });
});

describe('limits', () => {
  const limits = { maxStringLength: 8, maxMessageLength: 16, maxDepth: 2, maxValues: 4 };
  test('strings, depth and number of values', () => {
    expect(write('x'.repeat(10), limits)).toBe('xxxxxxxx…[+2]');
    expect(write({ a: { b: { c: 1 } } }, limits)).toEqual({ a: { b: '[Depth]' } });
    expect(write([1, 2, 3, 4, 5, 6], limits)).toEqual([1, 2, 3, 4, '…']);
    expect(JSON.parse(new JsonWriter(limits).message('y'.repeat(20)))).toBe('yyyyyyyyyyyyyyyy…[+4]');
  });

  test('begin() forgets the values of the record before', () => {
    const json = new JsonWriter(limits);
    json.value([1, 2, 3, 4]);
    expect(json.value([1])).toBe('["…"]');
    json.begin();
    expect(json.value([1])).toBe('[1]');
  });

  test('clip never splits a pair', () => {
    expect(clip('a😀', 2)).toBe('a');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        expect(clip(text, max).length).toBeLessThanOrEqual(max);
        expect(clip(text, max).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('keys', () => {
  test('names that have to be changed never become one', () => {
    const long = 'k'.repeat(300);
    const written = `{${new JsonWriter().members({ a: 1, 'a\u0000': 2, 'a\ud800': 3, 'a\udfff': 4, [long]: 5, [`${long}x`]: 6 })}}`;
    expect(duplicateKeys(written)).toEqual([]);
    expect(Object.values(JSON.parse(written))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('renameKey sees every key', () => {
    const json = new JsonWriter(DEFAULT_LIMITS, (key) => (key === '__proto__' ? 'proto' : key));
    expect(json.value(JSON.parse('{"__proto__":1,"a":{"__proto__":2}}'))).toBe('{"proto":1,"a":{"proto":2}}');
  });

  test('skip leaves keys of the first level out', () => {
    expect(new JsonWriter().members({ a: 1, b: { a: 2 } }, (key) => key === 'a')).toBe('"b":{"a":2}');
  });
});

describe('properties', () => {
  test('wellFormed text has neither NUL nor lone surrogates', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const clean = wellFormed(text);
        expect(clean.isWellFormed() && !clean.includes('\u0000')).toBe(true);
      }),
    );
  });

  test('any value becomes valid JSON that every database takes', () => {
    fc.assert(
      fc.property(hostileValue, (value) => {
        const text = new JsonWriter().value(value) ?? 'null';
        expect(() => JSON.parse(text)).not.toThrow();
        expect(textProblems(text)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('JSON values come back as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u0000'));
        expect(write(value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('members of any attributes are an object without repeated keys', () => {
    fc.assert(
      fc.property(hostileAttributes(['a']), (attributes) => {
        const text = `{${new JsonWriter().members(attributes)}}`;
        expect(() => JSON.parse(text)).not.toThrow();
        expect(duplicateKeys(text)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
