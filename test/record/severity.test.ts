import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEBUG, ERROR, FATAL, INFO, severityBand, TRACE, WARN } from '../../src/record/severity.ts';

test('the 24 numbers fall into six ranges of four', () => {
  const bands = Array.from({ length: 24 }, (_, index) => severityBand(index + 1, undefined));
  expect(bands).toEqual([TRACE, DEBUG, INFO, WARN, ERROR, FATAL].flatMap((band) => Array(4).fill(band)));
});

test.each([
  ['warn', WARN],
  ['WARNING', WARN],
  [' Fatal ', FATAL],
  ['critical', FATAL],
  ['notice', INFO],
  ['trace', TRACE],
  ['Err', ERROR],
  ['nonsense', DEBUG],
  [undefined, DEBUG],
] as const)('text %s without a number', (text, band) => {
  expect(severityBand(undefined, text, DEBUG)).toBe(band);
  expect(severityBand(0, text, DEBUG)).toBe(band);
});

test('the number wins over the text and is clamped', () => {
  expect(severityBand(17, 'debug')).toBe(ERROR);
  expect(severityBand(99, undefined)).toBe(FATAL);
});

test('a higher number never gives a lower range', () => {
  const number = fc.integer({ min: 1, max: 24 });
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(severityBand(Math.max(a, b), 'x')).toBeGreaterThanOrEqual(severityBand(Math.min(a, b), 'y'));
    }),
  );
});
