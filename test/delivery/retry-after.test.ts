import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMillis } from '../../src/delivery/retry-after.ts';

const wallNow = Date.UTC(2026, 0, 2, 3, 4, 5);
const maxMillis = 900_000;
const read = (header: string | undefined, date?: string): number | undefined =>
  retryAfterMillis(header, { date, wallNow, maxMillis });
const imf = (millis: number): string => new Date(millis).toUTCString();

describe('retryAfterMillis (fault matrix row 17)', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['5', 5_000],
    [' 7 ', 7_000],
    ['007', 7_000],
    ['900', 900_000],
    ['901', 900_000],
    ['999999999', 900_000],
    ['-5', undefined],
    ['+5', undefined],
    ['5.5', undefined],
    ['0x10', undefined],
    ['1e9', undefined],
    ['abc', undefined],
    ['1000000000000', undefined],
    ['', undefined],
    [' ', undefined],
    ['120, 5', undefined],
    ['5 s', undefined],
    ['Infinity', undefined],
    ['NaN', undefined],
    ['٥', undefined],
    [undefined, undefined],
  ])('%j → %j', (header, expected) => {
    expect(read(header)).toBe(expected);
  });

  it('measures a date against our clock', () => {
    expect(read(imf(wallNow + 90_000))).toBe(90_000);
  });

  it("measures a date against the server's own, so that skew cancels out", () => {
    const theirs = wallNow + 365 * 86_400_000;
    expect(read(imf(theirs + 30_000), imf(theirs))).toBe(30_000);
  });

  it('falls back to our clock when the Date header is no date', () => {
    expect(read(imf(wallNow + 30_000), 'yesterday')).toBe(30_000);
  });

  it('takes a past date as now and shortens a far one', () => {
    expect(read(imf(wallNow - 86_400_000))).toBe(0);
    expect(read('Fri, 01 Jan 2099 00:00:00 GMT')).toBe(maxMillis);
  });

  it.each([
    'Fri, 32 Foo 2099 00:00:00 GMT',
    'Fri, 99 Jan 2099 99:99:99 GMT',
    '2099-01-01T00:00:00Z',
    'Friday, 01-Jan-99 00:00:00 GMT',
    'Fri Jan  1 00:00:00 2099',
    'Fri, 01 Jan 2099 00:00:00 +0200',
  ])('ignores %j', (header) => {
    expect(read(header)).toBeUndefined();
  });

  it('is always undefined or within [0, max]', () => {
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer().map(String),
      fc.double().map(String),
      fc.date().map((date) => date.toUTCString()),
      fc.stringMatching(/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/),
    );
    fc.assert(
      fc.property(header, fc.option(header, { nil: undefined }), fc.nat(), (text, date, max) => {
        const millis = retryAfterMillis(text, { date, wallNow, maxMillis: max });
        if (millis === undefined) return;
        expect(Number.isFinite(millis)).toBe(true);
        expect(millis).toBeGreaterThanOrEqual(0);
        expect(millis).toBeLessThanOrEqual(max);
      }),
      { numRuns: 500 },
    );
  });
});
