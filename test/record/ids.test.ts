import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dashed,
  isUuid,
  nameUuid,
  spanContextCheck,
  undashed,
  uuidSource,
  validSpanContext,
} from '../../src/record/ids.ts';
import { SPAN_CONTEXT } from '../support/records.ts';

describe('validSpanContext', () => {
  test('takes W3C ids only', () => {
    expect(validSpanContext(SPAN_CONTEXT)).toBe(SPAN_CONTEXT);
    expect(validSpanContext(undefined)).toBeUndefined();
    expect(validSpanContext({ ...SPAN_CONTEXT, traceId: '0'.repeat(32) })).toBeUndefined();
    expect(validSpanContext({ ...SPAN_CONTEXT, spanId: '0'.repeat(16) })).toBeUndefined();
    expect(validSpanContext({ ...SPAN_CONTEXT, traceId: SPAN_CONTEXT.traceId.slice(1) })).toBeUndefined();
    expect(validSpanContext({ ...SPAN_CONTEXT, spanId: 7 as never })).toBeUndefined();
  });
});

describe('uuids', () => {
  test('both spellings are told and turned into each other', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(isUuid(uuid)).toBe(true);
        expect(isUuid(undashed(uuid))).toBe(true);
        expect(dashed(undashed(uuid))).toBe(uuid);
      }),
    );
    expect(isUuid('not-a-uuid')).toBe(false);
    expect(isUuid(7)).toBe(false);
  });

  test('a source gives version 4, never the same twice', () => {
    const next = uuidSource();
    const other = uuidSource();
    const seen = new Set<string>();
    // More than 65,536, so that the lowest counter runs over.
    for (let index = 0; index < 70_000; index++) seen.add(next());
    for (let index = 0; index < 1_000; index++) seen.add(other());
    expect(seen.size).toBe(71_000);
    for (const uuid of [next(), other()])
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('a name always gives the same version 5', () => {
    expect(nameUuid('checkout')).toBe(nameUuid('checkout'));
    expect(nameUuid('checkout')).not.toBe(nameUuid('checkouT'));
    expect(nameUuid('checkout')).toMatch(/^[0-9a-f]{12}5[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  });
});

describe('spanContextCheck', () => {
  test('answers like validSpanContext, whatever was asked before', () => {
    const good = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
    const bad = { ...good, spanId: '0'.repeat(16) };
    const broken = {
      ...good,
      get traceId(): string {
        throw new Error('getter');
      },
    };
    const check = spanContextCheck();
    for (const context of [good, good, bad, undefined, good, bad, bad, undefined]) {
      expect(check(context)).toBe(validSpanContext(context));
    }
    expect(check(good)).toBe(good);
    expect(() => check(broken)).toThrow('getter');
    expect(() => check(broken)).toThrow('getter');
    expect(check(good)).toBe(good);
  });
});
