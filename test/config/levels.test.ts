import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DestinationLevels, NOTHING, type OwnLevels, passes } from '../../src/levels/destination-levels.ts';
import { Levels } from '../../src/levels/levels.ts';
import { levelOf, severityOf } from '../../src/levels/names.ts';
import { isPattern, ScopePatterns, scopeFilter } from '../../src/levels/pattern.ts';
import { parseLevels } from '../../src/levels/text.ts';
import { PLATFORMS } from '../../src/platforms/registry.ts';

describe('names of levels', () => {
  it.each([
    ['all', 0],
    ['trace', 1],
    ['Debug', 5],
    [' INFO ', 9],
    ['warn', 13],
    ['warning', 13],
    ['error', 17],
    ['fatal', 21],
    ['critical', 21],
    ['off', 25],
    ['14', 14],
    [14, 14],
  ])('%s is %i', (level, number) => expect(severityOf(level)).toBe(number));

  it.each([
    'loud',
    '',
    '-1',
    '26',
    '1e1',
    '9.5',
    26,
    -1,
    9.5,
    Number.NaN,
    null,
    undefined,
    {},
    '__proto__',
    'constructor',
  ])('%s is none', (level) => expect(severityOf(level)).toBeUndefined());

  it('are given back for numbers that begin one', () => {
    expect([0, 1, 5, 9, 13, 17, 21, 25, 14].map(levelOf)).toEqual([
      ...['all', 'trace', 'debug', 'info', 'warn', 'error', 'fatal', 'off', 14],
    ]);
    for (let number = 0; number <= 25; number++) expect(severityOf(levelOf(number))).toBe(number);
  });
});

describe('patterns of scope names', () => {
  it.each<[string, string, boolean]>([
    ['db', 'db', true],
    ['db', 'db.pg', false],
    ['db', 'DB', false],
    ['db.*', 'db.pg', true],
    ['db.*', 'db.', true],
    ['db.*', 'db', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['*.pg', 'db.pg', true],
    ['*.pg', 'db.pgx', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['a*bc*bc', 'abc', false],
    ['a**b', 'ab', true],
    ['@scope/*', '@scope/db', true],
    ['a.c', 'abc', false],
    ['[a]+', 'a', false],
  ])('%s and %j: %s', (pattern, name, matches) => {
    expect(new ScopePatterns([[pattern, true]]).best(name) ?? false).toBe(matches);
  });

  it('agree with a regular expression made of them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 12 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 16 });
    fc.assert(
      fc.property(text, name, (pattern, scope) => {
        fc.pre(isPattern(pattern));
        const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(new ScopePatterns([[pattern, 1]]).best(scope) === 1).toBe(expression.test(scope));
      }),
      { numRuns: 2_000 },
    );
  });

  it('the longest that matches decides, an exact one before a wildcard, the later of equals', () => {
    const best = (name: string, ...patterns: string[]): string | undefined =>
      new ScopePatterns(patterns.map((pattern) => [pattern, pattern] as const)).best(name);
    expect(best('db.pg.pool', '*', 'db.*', 'db.pg.*', 'db.p*')).toBe('db.pg.*');
    expect(best('db.pg.pool', 'db.pg.*', '*.pg.pool')).toBe('*.pg.pool');
    expect(best('db', 'db*', 'db', 'd*b')).toBe('db');
    expect(best('abc', 'ab*', '*bc')).toBe('*bc');
    expect(best('other', 'db.*')).toBeUndefined();
  });

  it('no pattern is slow, and none longer than 256 characters is taken', () => {
    const pattern = '*a'.repeat(128);
    const searched: number[] = [];
    // The name counts how far it is searched: linear means once per part, never again from an earlier place.
    const name = new Proxy(new String('a'.repeat(5_000)), {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (key !== 'indexOf') return typeof value === 'function' ? value.bind(target) : value;
        return (part: string, from: number) => {
          searched.push(from);
          return String(target).indexOf(part, from);
        };
      },
    }) as unknown as string;
    expect(new ScopePatterns([[`${pattern.slice(0, -1)}b`, 1]]).best(name)).toBeUndefined();
    expect(new ScopePatterns([[pattern, 1]]).best(name)).toBe(1);
    expect(searched.length).toBeLessThanOrEqual(128);
    expect(searched).toEqual(searched.toSorted((a, b) => a - b));
    expect([isPattern('x'.repeat(256)), isPattern('x'.repeat(257)), isPattern(' '), isPattern('')]).toEqual([
      ...[true, false, false, false],
    ]);
  });
});

describe('filters of scopes', () => {
  it.each<[string[], string[], string[]]>([
    [['billing.*'], ['billing.x'], ['http', 'billing', '']],
    [['-http*'], ['billing.x', ''], ['http', 'http.server']],
    [['billing.*', '-billing.debug*'], ['billing.x'], ['billing.debug', 'billing.debug.a', 'http']],
    [['-*', 'billing'], ['billing'], ['http', '']],
    [['*', '-http'], ['billing'], ['http']],
  ])('%j lets in %j, not %j', (patterns, inside, outside) => {
    const filter = scopeFilter(patterns);
    for (const name of inside) expect(filter?.(name), name).toBe(true);
    for (const name of outside) expect(filter?.(name), name).toBe(false);
  });

  it('an empty one is none', () => expect(scopeFilter([])).toBeUndefined());
});

describe('levels as text', () => {
  it.each<[string, Record<string, number>, number]>([
    ['db.*=warn,http=info', { 'db.*': 13, http: 9 }, 0],
    [' db.* = warn , http=9,', { 'db.*': 13, http: 9 }, 0],
    ['db=warn\n# a comment\nhttp=off # another\r\n\n', { db: 13, http: 25 }, 0],
    ['a=b=error', { 'a=b': 17 }, 0],
    ['logtide=debug,scope:logtide=warn', { logtide: 5, 'scope:logtide': 13 }, 0],
    ['db=loud,=warn,warn,http=info', { http: 9 }, 3],
    ['', {}, 0],
  ])('%j', (text, levels, malformed) => expect(parseLevels(text)).toEqual({ levels, malformed }));

  it('never throws, and is read in one go', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseLevels(text)));
    expect(Object.keys(parseLevels('__proto__=warn').levels)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).warn).toBeUndefined();
  });
});

/** The lowest severity number that a destination takes of each scope. */
function minimums(levels: Levels, own: OwnLevels = {}, name = 'logtide') {
  const destination = new DestinationLevels(name, levels, own);
  return (...scopes: string[]): number[] => scopes.map((scope) => destination.of({ name: scope }));
}

describe('which level holds', () => {
  it('none: everything passes', () => expect(minimums(new Levels())('a', '')).toEqual([0, 0]));

  it('the common one, or the longest pattern in its place: up or down', () => {
    const levels = { 'db.*': 'debug', 'db.pg': 'error', http: 'off' } as const;
    expect(minimums(new Levels({ minimumSeverity: 9, levels }))('x', 'db.x', 'db.pg', 'http', 'https')).toEqual([
      ...[9, 5, 17, 25, 9],
    ]);
  });

  it("a destination's own: it takes nothing below, but patterns may say more", () => {
    const shared = new Levels({ minimumSeverity: 9, levels: { 'db.*': 'debug', http: 'fatal' } });
    expect(minimums(shared, { minimumSeverity: 13 }, 'trakerr')('x', 'db.x', 'http')).toEqual([13, 13, 21]);
    expect(minimums(shared, { minimumSeverity: 1 }, 'odysseus')('x', 'db.x', 'http')).toEqual([1, 5, 21]);
    expect(minimums(shared, {}, 'logtide')('x', 'db.x', 'http')).toEqual([9, 5, 21]);
  });

  it('patterns of its own come before its own level', () => {
    const own = { minimumSeverity: 13, levels: { 'billing.*': 'debug', 'scope:logtide': 'off' } } as const;
    expect(minimums(new Levels({ minimumSeverity: 17 }), own)('x', 'billing.x', 'logtide')).toEqual([13, 5, 25]);
  });

  it('the name of a destination among the patterns is its level, unless it has one', () => {
    const shared = new Levels({ levels: { trakerr: 'error', 'scope:trakerr': 'off' } });
    expect(minimums(shared, {}, 'trakerr')('x', 'trakerr')).toEqual([17, 25]);
    expect(minimums(shared, {}, 'logtide')('x', 'trakerr')).toEqual([0, 25]);
    expect(minimums(shared, { minimumSeverity: 5 }, 'trakerr')('x')).toEqual([5]);
  });

  it('every platform can be named so', () => {
    for (const { name } of PLATFORMS) {
      expect(minimums(new Levels({ levels: { [name]: 'warn' } }), {}, name)('x'), name).toEqual([13]);
    }
    const own = new Levels({ levels: { mine: 'warn' } });
    expect(minimums(own, {}, 'mine')('x')).toEqual([13]); // A platform of one's own, too.
  });

  it('a filter keeps scopes out altogether', () => {
    expect(minimums(new Levels(), { scopes: ['billing.*'] })('billing.x', 'http')).toEqual([0, NOTHING]);
  });

  it('records without a severity pass every level', () => {
    for (const none of [undefined, 0, -1, Number.NaN]) expect(passes(none, 25)).toBe(true);
    expect([passes(24, 25), passes(13, 13), passes(12, 13)]).toEqual([false, true, false]);
  });

  it('of an unknown scope: whatever may be taken from any', () => {
    expect(new DestinationLevels('logtide', new Levels({ minimumSeverity: 9 }), {}).of(undefined)).toBe(9);
    const patterned = new Levels({ minimumSeverity: 9, levels: { a: 'trace' } });
    expect(new DestinationLevels('logtide', patterned, {}).of(undefined)).toBe(0);
    // Nothing comes below a destination's own level, unless patterns of its own let it.
    expect(new DestinationLevels('trakerr', patterned, { minimumSeverity: 13 }).of(undefined)).toBe(13);
    const own = { minimumSeverity: 13, levels: { a: 'debug' } } as const;
    expect(new DestinationLevels('redarch', patterned, own).of(undefined)).toBe(0);
  });

  it('a scope that is no scope counts as one without a name', () => {
    const destination = new DestinationLevels('logtide', new Levels({ levels: { a: 'warn', '*': 'info' } }), {});
    const hostile = Object.defineProperty({}, 'name', {
      get: () => {
        throw new Error('no');
      },
    });
    for (const scope of [hostile, { name: undefined }, { name: 7 }, {}]) {
      expect(destination.of(scope as { name: string })).toBe(9);
    }
  });
});

describe('changes at run time', () => {
  it('of a pattern and of a destination, and back to what was configured', () => {
    const levels = new Levels({ minimumSeverity: 9, levels: { 'db.*': 'warn' } });
    const of = minimums(levels, {}, 'logtide');
    const other = minimums(levels, { minimumSeverity: 17 }, 'trakerr');
    expect([of('db.x', 'x'), other('db.x', 'x')]).toEqual([
      [13, 9],
      [17, 17],
    ]);
    expect(levels.set('db.*', 'debug')).toBe(true);
    expect([of('db.x', 'x'), other('db.x', 'x')]).toEqual([
      [5, 9],
      [17, 17],
    ]);
    expect(levels.set('trakerr', 'trace')).toBe(true);
    expect(other('db.x', 'x')).toEqual([5, 1]);
    levels.set('logtide', 21);
    expect(of('db.x', 'x')).toEqual([21, 21]);
    for (const target of ['db.*', 'trakerr', 'logtide']) expect(levels.set(target, undefined)).toBe(true);
    expect([of('db.x', 'x'), other('db.x', 'x')]).toEqual([
      [13, 9],
      [17, 17],
    ]);
  });

  it('a scope that has the name of a destination is told apart', () => {
    const levels = new Levels();
    const of = minimums(levels, {}, 'logtide');
    levels.set('scope:logtide', 'error');
    expect(of('logtide', 'x')).toEqual([17, 0]);
    expect(levels.list()).toEqual([
      { target: 'logtide', kind: 'destination', level: 'all', changed: false },
      { target: 'scope:logtide', kind: 'scope', level: 'error', changed: true },
    ]);
  });

  it('what cannot be read changes nothing', () => {
    const levels = new Levels({ levels: { a: 'warn' } });
    const of = minimums(levels);
    const before = levels.list();
    const bad: unknown[][] = [
      ...[
        ['a', 'loud'],
        ['a', 26],
        ['a', null],
        ['', 'warn'],
        [' ', 'warn'],
        ['scope:', 'warn'],
        [7, 'warn'],
      ],
      ['x'.repeat(300), 'warn'],
    ];
    for (const [target, level] of bad)
      expect(levels.set(target as string, level as 'warn'), String(target)).toBe(false);
    expect([of('a'), levels.list()]).toEqual([[13], before]);
  });

  it('a levels file comes between what is configured and what is set', () => {
    const levels = new Levels({ levels: { a: 'warn' } });
    const of = minimums(levels, {}, 'logtide');
    levels.follow({ a: 'error', b: 'info', logtide: 'debug' });
    expect(of('a', 'b', 'c')).toEqual([17, 9, 5]);
    levels.set('a', 'trace');
    expect(of('a', 'b')).toEqual([5, 9]);
    levels.follow({});
    expect(of('a', 'b', 'c')).toEqual([1, 0, 0]);
    levels.set('a', undefined);
    expect(of('a')).toEqual([13]);
  });

  it('lowering lets everything pass from a level on, but for scopes that are kept out', () => {
    const levels = new Levels({ minimumSeverity: 17, levels: { a: 'off', b: 'trace' } });
    const of = minimums(levels, { minimumSeverity: 21, scopes: ['-kept.out'] });
    levels.lower('debug');
    expect(of('x', 'a', 'kept.out')).toEqual([5, 5, NOTHING]);
    expect(minimums(levels, {}, 'trakerr')('b')).toEqual([1]);
    expect(levels.list().every(({ changed }) => changed)).toBe(true);
    levels.lower(undefined);
    expect(of('x', 'a')).toEqual([21, 25]);
  });

  it('what is read back can be set again', () => {
    const target = fc.oneof(
      fc.constantFrom('logtide', 'trakerr', 'scope:logtide', 'scope:scope:x', 'db.*', '*'),
      fc.string({ minLength: 1, maxLength: 20 }),
    );
    const level = fc.integer({ min: 0, max: 25 });
    fc.assert(
      fc.property(fc.array(fc.tuple(target, level)), (changes) => {
        const levels = new Levels({ minimumSeverity: 9 });
        minimums(levels, { minimumSeverity: 13 }, 'trakerr');
        for (const [name, to] of changes) levels.set(name, to);
        const again = new Levels({ minimumSeverity: 9 });
        minimums(again, { minimumSeverity: 13 }, 'trakerr');
        for (const setting of levels.list()) expect(again.set(setting.target, setting.level)).toBe(true);
        expect(again.list().map(({ level: to, target: name }) => [name, to])).toEqual(
          levels.list().map(({ level: to, target: name }) => [name, to]),
        );
      }),
    );
  });
});

describe('what it costs', () => {
  /** A scope that counts how often its name is asked for. */
  function counting(name: string): { scope: { name: string }; asked: () => number } {
    let asked = 0;
    const scope = {
      get name() {
        asked += 1;
        return name;
      },
    };
    return { scope, asked: () => asked };
  }

  it('nothing that depends on the scope while no pattern is there', () => {
    const destination = new DestinationLevels('logtide', new Levels({ minimumSeverity: 9 }), { minimumSeverity: 13 });
    const { scope, asked } = counting('a');
    for (let n = 0; n < 100; n++) expect(destination.of(scope)).toBe(13);
    expect(asked()).toBe(0);
  });

  it('one look-up for a scope that logs again and again, and one more after a change', () => {
    const levels = new Levels({ levels: { a: 'warn' } });
    const destination = new DestinationLevels('logtide', levels, {});
    const { scope, asked } = counting('a');
    for (let n = 0; n < 100; n++) expect(destination.of(scope)).toBe(13);
    expect(asked()).toBe(1);
    levels.set('a', 'error');
    for (let n = 0; n < 100; n++) expect(destination.of(scope)).toBe(17);
    expect(asked()).toBe(2);
  });

  it('a program that makes up scope names gets right answers all the same', () => {
    const destination = new DestinationLevels('logtide', new Levels({ levels: { 'a*': 'warn' } }), {});
    for (let n = 0; n < 5_000; n++) {
      expect(destination.of({ name: `a${n}` })).toBe(13);
      expect(destination.of({ name: `b${n}` })).toBe(0);
    }
  });
});
