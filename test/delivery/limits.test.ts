import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedEncoder, shrinkJson } from '../../src/codec/limits.ts';
import type { JsonWriter } from '../../src/record/json-value.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { record } from '../support/delivery-rig.ts';

/** What one encoded record may have by default, in characters. */
const MAX_RECORD_LENGTH = 327_680;

/** A mapper that writes everything it is given. */
const mapper =
  (json: JsonWriter) =>
  ({ body, attributes, resource }: EmittedRecord): string =>
    `{"message":${json.message(String(body))},"attributes":${json.value(attributes)},"resource":${json.value(resource.attributes)}}`;

describe('boundedEncoder', () => {
  const encode = boundedEncoder({ mapper });

  it('leaves an ordinary record as it is', () => {
    const text = encode(record('hello', { attributes: { a: 1, b: 'x'.repeat(50_000) } }));
    expect(JSON.parse(text)).toEqual({
      message: 'hello',
      attributes: { a: 1, b: 'x'.repeat(50_000) },
      resource: { 'service.name': 'test' },
    });
  });

  it('writes a record that is too large again within tighter limits, message first', () => {
    const attributes = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 'x'.repeat(60_000)]));
    const text = encode(record('m'.repeat(30_000), { attributes }));
    expect(text.length).toBeLessThanOrEqual(MAX_RECORD_LENGTH);
    expect((JSON.parse(text) as { message: string }).message).toBe('m'.repeat(30_000));
  });

  it('keeps any record within the bound, and valid', () => {
    const huge = fc
      .tuple(fc.constantFrom('x', '€', '\u0000', '"', '𝄞', '\ud800'), fc.nat(400_000))
      .map(([c, n]) => c.repeat(n));
    const value = fc.oneof(
      fc.anything({ maxDepth: 4, withBigInt: true, withDate: true, withMap: true, withSet: true }),
      huge,
    );
    const small = boundedEncoder({ mapper, maxRecordLength: 20_000 });
    fc.assert(
      fc.property(value, fc.dictionary(fc.string({ unit: 'binary' }), value, { maxKeys: 30 }), (body, attributes) => {
        const given = record(typeof body === 'string' ? body : 'text', {
          attributes: { ...attributes, body } as never,
        });
        for (const [write, limit] of [
          [encode, MAX_RECORD_LENGTH],
          [small, 20_000],
        ] as const) {
          const text = write(given);
          expect(text.length).toBeLessThanOrEqual(limit);
          JSON.parse(text);
          expect(text.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('keeps what can be read of a record whose parts throw', () => {
    const bomb = (name: string): EmittedRecord =>
      Object.defineProperty(record('readable'), name, {
        get() {
          throw new Error('no');
        },
      });
    for (const name of ['attributes', 'resource', 'instrumentationScope', 'severityNumber', 'hrTime']) {
      expect(JSON.parse(encode(bomb(name)))).toMatchObject({ message: 'readable' });
    }
    expect(JSON.parse(encode(bomb('body')))).toMatchObject({ message: '[Unserializable]' });
  });

  it('writes a record although reading its resource throws', () => {
    const resource = {
      get attributes(): never {
        throw new Error('no');
      },
    };
    const text = encode(record('readable', { resource: resource as unknown as EmittedRecord['resource'] }));
    expect(JSON.parse(text)).toEqual({ message: 'readable', attributes: {}, resource: {} });
  });
});

describe('shrinkJson', () => {
  it('leaves a text that fits alone', () => {
    expect(shrinkJson('{"a": 1}', 100)).toBe('{"a": 1}');
  });

  it('cuts strings with a mark, keys stay', () => {
    const shrunk = JSON.parse(
      shrinkJson(JSON.stringify({ a: 'x'.repeat(100_000), b: 1, c: ['y'.repeat(99_999)] }), 50_000),
    ) as object;
    expect(shrunk).toEqual({ a: `${'x'.repeat(16_384)}…`, b: 1, c: [`${'y'.repeat(16_384)}…`] });
  });

  it('never splits a surrogate pair', () => {
    const shrunk = shrinkJson(JSON.stringify({ a: `x${'𝄞'.repeat(60_000)}` }), 30_000);
    expect(shrunk.length).toBeLessThanOrEqual(30_000);
    expect((JSON.parse(shrunk) as { a: string }).a.isWellFormed()).toBe(true);
  });

  it('always makes valid JSON of the same kind, never longer', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(500), (object, limit) => {
        const text = JSON.stringify(object);
        const shrunk = shrinkJson(text, limit);
        expect(Array.isArray(JSON.parse(shrunk))).toBe(false);
        expect(typeof JSON.parse(shrunk)).toBe('object');
        if (text.length <= limit) expect(shrunk).toBe(text);
      }),
    );
  });
});
