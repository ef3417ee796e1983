import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochMillis, epochNanosText, hasSubMillis, isoFormatter, recordTime } from '../../src/record/time.ts';

const anyTime = fc.tuple(fc.oneof(fc.double(), fc.integer()), fc.oneof(fc.double(), fc.integer()));
const usualTime = fc.tuple(fc.integer({ min: 1, max: 253_402_300_799 }), fc.integer({ min: 0, max: 999_999_999 }));

describe('recordTime', () => {
  test('own time, else observed time, else now', () => {
    expect(recordTime({ hrTime: [5, 6], hrTimeObserved: [7, 8] })).toEqual([5, 6]);
    expect(recordTime({ hrTime: [0, 0], hrTimeObserved: [7, 8] })).toEqual([7, 8]);
    const before = Date.now();
    const now = epochMillis(recordTime({}));
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  test('overflowing and negative nanoseconds are carried', () => {
    expect(recordTime({ hrTime: [5, 1_500_000_000] })).toEqual([6, 500_000_000]);
    expect(recordTime({ hrTime: [5, -1] })).toEqual([4, 999_999_999]);
    expect(recordTime({ hrTime: [1.5, 0] })).toEqual([1, 500_000_000]);
  });

  test('always a time that ISO 8601 can spell', () => {
    const iso = isoFormatter(6, 'Z');
    fc.assert(
      fc.property(anyTime, (hrTime) => {
        expect(iso(recordTime({ hrTime }))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      }),
    );
  });
});

describe('isoFormatter', () => {
  test('3 and 6 digits with a suffix', () => {
    expect(isoFormatter(3, '+00:00')([1_795_202_820, 995_059_999])).toBe('2026-11-20T19:27:00.995+00:00');
    expect(isoFormatter(6, 'Z')([1_795_202_820, 995_059_999])).toBe('2026-11-20T19:27:00.995059Z');
  });

  test('agrees with Date, whatever was formatted before', () => {
    const iso = isoFormatter(3, 'Z');
    fc.assert(
      fc.property(usualTime, (time) => {
        expect(iso(time)).toBe(new Date(epochMillis(time)).toISOString());
      }),
    );
  });
});

test('nanoseconds are exact decimal text', () => {
  fc.assert(
    fc.property(usualTime, ([seconds, nanos]) => {
      expect(epochNanosText([seconds, nanos])).toBe(String(BigInt(seconds) * 10n ** 9n + BigInt(nanos)));
    }),
  );
  expect(epochNanosText([-1, 5])).toBe('-999999995');
  expect(epochNanosText([0, 5])).toBe('5');
});

test('milliseconds are cut, not rounded', () => {
  expect(epochMillis([1, 999_999])).toBe(1000);
  expect(hasSubMillis([1, 1])).toBe(true);
  expect(hasSubMillis([1, 2_000_000])).toBe(false);
});
