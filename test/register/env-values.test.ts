import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/did-you-mean.ts';
import type { VariableKind } from '../../src/env/table.ts';
import { parseValue } from '../../src/env/values.ts';

function value(kind: VariableKind, text: string): unknown {
  const parsed = parseValue(kind, text);
  return 'value' in parsed ? parsed.value : undefined;
}

/** A text with its letters in any case. */
const anyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((char, index) => (upper[index] ? char.toUpperCase() : char)).join(''));

describe('sizes', () => {
  it.each([
    ['1024', 1_024],
    ['64k', 65_536],
    ['64KB', 65_536],
    ['10mb', 10_485_760],
    ['10M', 10_485_760],
    ['1g', 1_073_741_824],
    ['2048b', 2_048],
  ])('%s is %i bytes', (text, bytes) => expect(value('size', text)).toBe(bytes));

  it.each(['', '0', '1023', '1.5m', '-1k', '1 k', 'k', '1kk', '1e3', '١k', 'Infinity', '1t'])('"%s" is none', (text) =>
    expect(parseValue('size', text)).toEqual({ expected: 'a size of at least 1k, such as 64k or 16mb' }),
  );

  it('any whole number with a unit, in any case', () => {
    const units = { '': 1, b: 1, k: 1_024, kb: 1_024, m: 1_048_576, mb: 1_048_576, g: 2 ** 30, gb: 2 ** 30 };
    const unit = fc
      .constantFrom(...Object.entries(units))
      .chain(([name, bytes]) => fc.tuple(anyCase(name), fc.constant(bytes)));
    fc.assert(
      fc.property(fc.integer({ min: 1_024, max: 999_999 }), unit, (number, [name, bytes]) => {
        expect(value('size', number + name)).toBe(number * bytes);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    ['500', 500],
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5S', 1_500],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['0', 0],
  ])('%s is %i ms', (text, millis) => expect(value('duration', text)).toBe(millis));

  it.each(['', '-1s', '5 s', 's', '1d', '.5s', '1.s', '1e3', 'Infinity'])('"%s" is none', (text) =>
    expect(parseValue('duration', text)).toEqual({ expected: 'a duration such as 500ms, 5s or 1m' }),
  );
});

describe('levels', () => {
  it.each([
    ['trace', 1],
    ['debug', 5],
    ['info', 9],
    ['warn', 13],
    ['warning', 13],
    ['error', 17],
    ['fatal', 21],
    ['critical', 21],
  ])('%s is %i, in any case', (name, number) => {
    fc.assert(fc.property(anyCase(name), (text) => void expect(value('level', text)).toBe(number)));
  });

  it('and every severity number', () => {
    for (let number = 1; number <= 24; number++) expect(value('level', String(number))).toBe(number);
  });

  it.each(['0', '25', '-1', '9.5', '1e1', '', 'loud', 'constructor', '__proto__'])('"%s" is none', (text) =>
    expect(value('level', text)).toBeUndefined(),
  );
});

describe('booleans', () => {
  it.each([
    ['true', true],
    ['1', true],
    ['on', true],
    ['yes', true],
    ['false', false],
    ['0', false],
    ['off', false],
    ['no', false],
  ])('%s is %s, in any case', (word, flag) => {
    fc.assert(fc.property(anyCase(word), (text) => void expect(value('boolean', text)).toBe(flag)));
  });

  it('nothing else is one', () => {
    const words = /^(?:true|false|on|off|yes|no|0|1)$/i;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', 'hasownproperty')), (text) => {
        fc.pre(!words.test(text));
        expect(parseValue('boolean', text)).toMatchObject({ expected: 'true or false' });
      }),
    );
  });
});

it('lists are split, trimmed and in lower case; the rest is taken as it is', () => {
  expect(value('list', ' A ,b,, c')).toEqual(['a', 'b', 'c']);
  for (const kind of ['text', 'secret', 'url'] as const) expect(value(kind, ' x ')).toBe(' x ');
});

it('never throws', () => {
  const kinds = fc.constantFrom<VariableKind>('text', 'secret', 'url', 'level', 'list', 'boolean', 'size', 'duration');
  fc.assert(
    fc.property(kinds, fc.string({ unit: 'binary' }), (kind, text) => {
      const parsed = parseValue(kind, text);
      expect('value' in parsed || parsed.expected !== '').toBe(true);
    }),
  );
});

describe('didYouMean', () => {
  const names = ['LOGFERRY_LEVEL', 'LOGFERRY_QUIET', 'LOGFERRY_STRICT'];

  it('finds a name with one edit, whatever the edit', () => {
    const edited = fc
      .tuple(fc.constantFrom(...names), fc.nat({ max: 13 }), fc.constantFrom('X', ''), fc.boolean())
      .map(([name, at, char, insert]) => [name, name.slice(0, at) + char + name.slice(insert ? at : at + 1)] as const);
    fc.assert(fc.property(edited, ([name, typo]) => void expect(didYouMean(typo, names)).toBe(name)));
  });

  it('has no idea for what is far from everything', () => {
    expect(didYouMean('PATH', names)).toBeUndefined();
    expect(didYouMean('', names)).toBeUndefined();
    expect(didYouMean('LOGFERRY_LEVEL', [])).toBeUndefined();
    // Nor does it compare what is too long to be a misspelt name.
    expect(didYouMean('X'.repeat(100), ['X'.repeat(99)])).toBe('X'.repeat(99));
    expect(didYouMean('X'.repeat(101), ['X'.repeat(100)])).toBeUndefined();
  });
});
