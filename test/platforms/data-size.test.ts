import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JsonWriter } from '../../src/record/json-value.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { parseStack } from '../../src/record/stack.ts';
import { record } from '../support/delivery-rig.ts';
import { memberOf, PLATFORM_NAMES, type PlatformRig, platformRig } from '../support/platform-rig.ts';

const MILLION = 1_000_000;
/** Three attempts within tighter and tighter limits, each of 10,000 values at most, on two channels. */
const MOST_READS = 100_000;

interface Counter {
  reads: number;
}

const attributes = (value: object): Partial<EmittedRecord> => ({ attributes: value as EmittedRecord['attributes'] });

/** The object itself, but every value read from it is counted. */
function counted<Value extends object>(value: Value, counter: Counter): Value {
  return new Proxy(value, {
    get(target, key, receiver): unknown {
      counter.reads += 1;
      return Reflect.get(target, key, receiver);
    },
  });
}

function* countedSteps(counter: Counter): Generator<number> {
  for (let index = 0; index < MILLION; index += 1) {
    counter.reads += 1;
    yield index;
  }
}

class LongMap extends Map<unknown, unknown> {
  readonly counter: Counter;
  constructor(counter: Counter) {
    super();
    this.counter = counter;
  }
  override *[Symbol.iterator](): MapIterator<[unknown, unknown]> {
    for (const index of countedSteps(this.counter)) yield [index, index];
    return undefined;
  }
}

class LongSet extends Set<unknown> {
  readonly counter: Counter;
  constructor(counter: Counter) {
    super();
    this.counter = counter;
  }
  override *[Symbol.iterator](): SetIterator<unknown> {
    yield* countedSteps(this.counter);
    return undefined;
  }
}

describe.each(PLATFORM_NAMES)('%s', (name) => {
  let rig: PlatformRig;
  beforeAll(async () => {
    rig = await platformRig(name);
  });
  afterAll(() => rig.sink.close());

  it('row 68: reads no more of a huge collection than it can send', async () => {
    const counter = { reads: 0 };
    const list = counted(Array(MILLION).fill(7), counter);
    const keys = counted(Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, 1])), counter);
    const huge = [list, keys, new LongMap(counter), new LongSet(counter)];
    for (const value of huge) {
      for (const each of [record(value), record('value', attributes({ kept: 'yes', probe: value }))]) {
        counter.reads = 0;
        rig.encode(each);
        expect(counter.reads).toBeLessThan(MOST_READS);
      }
    }
    counter.reads = 0;
    rig.encode(record('attributes', attributes(keys)));
    rig.encode(record('tags', attributes({ tags: list })));
    expect(counter.reads).toBeLessThan(MOST_READS);
    await rig.deliver([
      record(list),
      record('attributes', attributes(keys)),
      record('tags', attributes({ tags: list })),
    ]);
  });

  it('row 68: one huge text, however often it is referred to, is cut with a mark', async () => {
    const text = 'x'.repeat(100 * MILLION);
    const shared = Array(10_000).fill('y'.repeat(MILLION));
    const records = [
      record(text),
      record('value', attributes({ kept: 'yes', probe: text })),
      record('shared', attributes({ kept: 'yes', probe: shared })),
      record('key', attributes({ kept: 'yes', [text]: 'under a key' })),
    ];
    const [said, cut, list, key] = records.map((each) => rig.encode(each)[0]);
    expect(String(said?.message ?? said?.eventMessage).slice(-16)).toMatch(/x…\[\+\d+\]$/);
    expect(memberOf(cut, 'kept')).toBe('yes');
    expect(memberOf(list, 'kept')).toBe('yes');
    // Trakerr leaves an entry out that is too long for its field.
    if (name !== 'trakerr') expect(memberOf(list, 'probe')).toContain('…');
    expect(JSON.stringify(key)).toContain('"kept');
    expect(JSON.stringify(key)).toContain('under a key');
    await rig.deliver(records);
  });

  it('row 68: a huge record takes nothing from the next one', () => {
    const resource = { attributes: { 'resource.kept': 'yes' } } as unknown as EmittedRecord['resource'];
    const origin = { resource, instrumentationScope: { name: 'scope-kept' } };
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index]));
    rig.encode(record('huge', { ...origin, ...attributes(many) }));
    rig.encode(record({ ...many }, { ...origin, eventName: 'huge', ...attributes(many) }));
    for (const text of rig.encode(record('small', { ...origin, ...attributes({ kept: 'yes' }) }))) {
      expect(memberOf(text, 'resource.kept')).toBe('yes');
      expect(JSON.stringify(text)).toContain('scope-kept');
      expect(memberOf(text, 'kept')).toBe('yes');
    }
  });

  it('row 68: an error with a huge stack, or blanks without end in it, keeps its type and message', async () => {
    const frames = '    at f (/app/f.js:1:1)\n'.repeat(200_000);
    const blanks = Object.assign(new TypeError('blanks'), { stack: `TypeError: blanks${' \n'.repeat(MILLION)}x` });
    const records = [
      record(Object.assign(new TypeError('frames'), { stack: `TypeError: frames\n${frames}` })),
      record(blanks),
      record('parts', attributes({ 'exception.type': 'TypeError', 'exception.stacktrace': blanks.stack })),
      record(new TypeError(' '.repeat(MILLION))),
    ];
    for (const each of records) expect(JSON.stringify(rig.encode(each)[0])).toContain('TypeError');
    await rig.deliver(records);
  });
});

describe('below the platforms', () => {
  it('row 68: long keys are not remembered', () => {
    const asked: string[] = [];
    const json = new JsonWriter(undefined, (key) => {
      asked.push(key);
      return key;
    });
    const long = 'k'.repeat(MILLION);
    for (let round = 0; round < 3; round += 1) json.members({ short: 1, [long]: 1 });
    expect(asked.filter((key) => key === 'short')).toHaveLength(1);
    expect(asked.filter((key) => key === long)).toHaveLength(3);
    expect(json.key(long).length).toBeLessThan(300);
    expect(json.key(`${long}a`)).not.toBe(json.key(`${long}b`));
  });

  it('row 68: braces and blanks around a printed cause are found in linear time', () => {
    const [outer, cause] = parseStack('Error: a\n    at f (a.js:1:1) {\n  [cause]: Error: b\n      at g (b.js:2:2)\n}');
    expect([outer?.raw, cause?.raw]).toEqual(['Error: a\n    at f (a.js:1:1)', 'Error: b\n      at g (b.js:2:2)']);
    expect(parseStack(`Error: ${' '.repeat(200_000)}}`)[0]?.raw.endsWith('}')).toBe(true);
    expect(parseStack(`Error: {a: 1}`)[0]?.raw).toBe('Error: {a: 1}');
  });
});
