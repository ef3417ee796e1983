import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmittedRecord } from '../../src/record/record.ts';
import { record } from '../support/delivery-rig.ts';
import { memberOf, PLATFORM_NAMES, type PlatformRig, platformRig, within } from '../support/platform-rig.ts';

/** Stands for a value that JSON leaves out. */
const ABSENT = Symbol('absent');

/** A value, what it becomes as JSON, and what it becomes as a whole message when that is another text. */
interface Case {
  readonly value: () => unknown;
  readonly becomes: unknown;
  readonly message?: unknown;
}

const is = (value: unknown, becomes: unknown, message?: unknown): Case => ({
  value: () => value,
  becomes,
  ...(message !== undefined && { message }),
});

const attributes = (value: object): Partial<EmittedRecord> => ({ attributes: value as EmittedRecord['attributes'] });
const KEPT = { kept: 'yes' };

function messageOf(text: Readonly<Record<string, unknown>>): unknown {
  return text.message ?? text.eventMessage ?? memberOf(text.data, 'body');
}

/** Writes a value in every place that an application reaches, and looks at what stands there. */
function expectEverywhere(rig: PlatformRig, { value, becomes, message }: Case): readonly EmittedRecord[] {
  const made = value();
  const inBody = record(made, attributes(KEPT));
  const inAttribute = record('attribute', attributes({ probe: made, ...KEPT }));
  const inElement = record('element', attributes({ list: [1, made, 3], ...KEPT }));
  const inMember = record('member', attributes({ holder: { probe: made, other: 1 }, ...KEPT }));
  const inMap = record('map', attributes({ holder: new Map<string, unknown>([['probe', made]]), ...KEPT }));
  const records = [inBody, inAttribute, inElement, inMember, inMap];
  for (const text of records.flatMap((each) => rig.encode(each))) expect(memberOf(text, 'kept')).toBe('yes');
  for (const each of [inAttribute, inMember, inMap]) {
    for (const text of rig.encode(each)) {
      expect(memberOf(text, 'probe')).toEqual(becomes === ABSENT ? undefined : becomes);
    }
  }
  for (const text of rig.encode(inElement)) {
    expect(memberOf(text, 'list')).toEqual([1, becomes === ABSENT ? null : becomes, 3]);
  }
  if (becomes === ABSENT) return records;
  const [log] = rig.encode(inBody);
  const said = messageOf(log as Readonly<Record<string, unknown>>);
  if (message !== undefined) expect(said).toEqual(message);
  else if (typeof becomes === 'object' && becomes !== null) expect(JSON.parse(String(said))).toEqual(becomes);
  else expect(said).toBe(String(becomes));
  return records;
}

/** The neighbourhood of the mark that something was cut, so that a failure stays readable. */
function cutMark(text: unknown): string {
  const written = JSON.stringify(text);
  const at = written.indexOf('…');
  return at === -1 ? 'not cut' : written.slice(Math.max(0, at - 20), at + 40);
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** 2⁴⁰ ways lead to its leaf; `reads` counts the steps taken. */
function explodingGraph(counter: { reads: number }): object {
  let node: object = { leaf: true };
  for (let level = 0; level < 40; level += 1) {
    const child = node;
    const get = (): object => {
      counter.reads += 1;
      return child;
    };
    node = Object.defineProperties({}, { left: { enumerable: true, get }, right: { enumerable: true, get } });
  }
  return node;
}

describe.each(PLATFORM_NAMES)('%s', (name) => {
  let rig: PlatformRig;
  beforeAll(async () => {
    rig = await platformRig(name);
  });
  afterAll(() => rig.sink.close());

  async function everywhere(cases: readonly Case[]): Promise<void> {
    await rig.deliver(cases.flatMap((each) => expectEverywhere(rig, each)));
  }

  it('row 62: any time becomes a time that the platform takes, exact where it has room', async () => {
    const times: readonly (readonly [number, number])[] = [
      ...[[Number.NaN, 0] as const, [0, Number.NaN] as const, [Number.POSITIVE_INFINITY, 0] as const],
      ...[[0, 0] as const, [1, 0] as const, [32_503_680_000, 1] as const, [1e20, 0] as const],
      ...[[1_767_323_045, 123_456_789] as const, [1_767_323_045, 1_999_999_999] as const],
    ];
    const records = times.map((hrTime) => record('time', { hrTime: [...hrTime] as [number, number] }));
    records.push(record('none', { hrTime: undefined as never, hrTimeObserved: undefined as never }));
    for (const each of records) rig.encode(each);
    await rig.deliver(records);
    // 1,767,323,045,123,456,789 ns is beyond 2⁵³: only text keeps it.
    const texts = rig
      .encode(record('exact', { hrTime: [1_767_323_045, 123_456_789] }))
      .map((text) => JSON.stringify(text));
    const digits = {
      odysseus: '05.123456Z',
      logtide: '"1767323045123456789"',
      redarch: '05.123456+',
      loggier: '05.123456Z',
    };
    for (const text of texts) expect(text).toContain(name === 'trakerr' ? ':1767323045123,' : digits[name]);
  });

  it('row 63: numbers that JSON has no spelling for', () =>
    everywhere([
      is(2n ** 100n, '1267650600228229401496703205376'),
      is(Number.NaN, 'NaN'),
      is(Number.POSITIVE_INFINITY, 'Infinity'),
      is(Number.NEGATIVE_INFINITY, '-Infinity'),
      is(-0, 0),
      is(2n ** 20_000n, expect.stringMatching(/^0x10{5000}$/), expect.stringMatching(/^0x10{5000}$/)),
    ]));

  it('row 64: cycles, depth without end, and graphs that explode', async () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop.self = loop;
    await everywhere([is(loop, { name: 'loop', self: '[Circular]' })]);
    for (const levels of [1_000, 100_000]) {
      const value = nested(levels);
      const records = [record(value, attributes(KEPT)), record('deep', attributes({ probe: value, ...KEPT }))];
      for (const text of records.flatMap((each) => rig.encode(each))) {
        expect(depthOf(text)).toBeLessThan(30);
        expect(JSON.stringify(text)).toContain('[Depth]');
        expect(memberOf(text, 'kept')).toBe('yes');
      }
      await rig.deliver(records);
    }
    const counter = { reads: 0 };
    const graph = explodingGraph(counter);
    const beside = [{ probe: graph }, { tags: [graph] }].map((each) => record('b', attributes({ ...KEPT, ...each })));
    for (const text of beside.flatMap((each) => rig.encode(each))) expect(memberOf(text, 'kept')).toBe('yes');
    // As a body it may use up the limits of the whole record.
    const whole = [graph, new Error('kept', { cause: graph })].map((body) => record(body));
    for (const each of whole) rig.encode(each);
    await rig.deliver([...beside, ...whole]);
    expect(counter.reads).toBeLessThan(1_000_000);
  });

  it('row 65: what throws, answers with itself or cannot be asked anything', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = {
      fine: 1,
      get bad(): never {
        throw new Error('getter');
      },
    };
    const throwing = {
      toJSON(): never {
        throw new Error('toJSON');
      },
    };
    const itself: Record<string, unknown> = { a: 1 };
    itself.toJSON = () => itself;
    await everywhere([
      is(getter, { fine: 1, bad: '[Unserializable]' }),
      is(throwing, '[Unserializable]', '"[Unserializable]"'),
      is(itself, { a: 1 }),
      is(proxy, '[Unserializable]', '"[Unserializable]"'),
      is(Object.assign(Object.create(null), { a: 1 }), { a: 1 }),
      is(Symbol('s'), ABSENT),
      is(() => 1, ABSENT),
      is(undefined, ABSENT),
    ]);
  });

  it('row 65: an error whose properties throw keeps the others', () => {
    const error = Object.defineProperty(Object.assign(new TypeError('kept message'), { code: 'E1' }), 'bad', {
      enumerable: true,
      get(): never {
        throw new Error('getter');
      },
    });
    for (const text of rig.encode(record('attribute', attributes({ probe: error })))) {
      const shape = { type: 'TypeError', message: 'kept message', code: 'E1', bad: '[Unserializable]' };
      expect(memberOf(text, 'probe')).toMatchObject(shape);
    }
    const [log] = rig.encode(record(error));
    expect(messageOf(log as Readonly<Record<string, unknown>>)).toBe('kept message');
    expect(JSON.stringify(log)).toContain('TypeError');
  });

  it('row 66: objects of the language in their documented shapes', async () => {
    class Order {
      readonly id = 7;
    }
    const first = new Error('first');
    const second = new RangeError('second', { cause: first });
    first.cause = second;
    const root = { message: 'first', cause: '[Circular]' };
    const bytes = Buffer.from('bytes');
    await everywhere([
      is(second, expect.objectContaining({ type: 'RangeError', cause: expect.objectContaining(root) }), 'second'),
      is(
        new AggregateError([new TypeError('inner')], 'many'),
        expect.objectContaining({ message: 'many', errors: [expect.objectContaining({ message: 'inner' })] }),
        'many',
      ),
      is(new Date(0), '1970-01-01T00:00:00.000Z', '"1970-01-01T00:00:00.000Z"'),
      is(new Date(Number.NaN), 'Invalid Date', '"Invalid Date"'),
      is(
        new Map<unknown, unknown>([
          ['k', 1],
          [2, 'b'],
        ]),
        { k: 1, 2: 'b' },
      ),
      is(new Set([1, 'two']), [1, 'two']),
      is(bytes, 'Ynl0ZXM='),
      is(new Uint16Array([1, 2]), 'AQACAA==', '"AQACAA=="'),
      is(new Uint8Array([1]).buffer, 'AQ==', '"AQ=="'),
      is(/x/g, '/x/g', '"/x/g"'),
      is(new URL('https://example.com/a'), 'https://example.com/a', '"https://example.com/a"'),
      is(new Order(), { id: 7 }),
    ]);
    const huge = Buffer.alloc(30_000_000, 1);
    for (const text of [record(huge), record('b', attributes({ probe: huge }))].flatMap((each) => rig.encode(each))) {
      expect(cutMark(text)).toMatch(/AQEB…\[\+\d+ bytes\]|entry left out/);
    }
  });

  it('row 67: text of any kind, as a value and as a key', async () => {
    const texts: readonly (readonly [given: string, written: string])[] = [
      ['a\ud800b\udc00c', 'a\ufffdb\ufffdc'],
      ['a\u0000b', 'ab'],
      ['a\u2028b\u2029c', 'a\u2028b\u2029c'],
      ['\ufeffabc', '\ufeffabc'],
      ['\u202eעברית', '\u202eעברית'],
      ['\u001b[31m"quoted"\\\r\n\t', '\u001b[31m"quoted"\\\r\n\t'],
      ['👩‍👩‍👧 e\u0301', '👩‍👩‍👧 e\u0301'],
    ];
    await everywhere(texts.map(([given, written]) => is(given, written)));
    const keyed = texts.map(([given]) => record('key', attributes({ [given]: 'under a key', ...KEPT })));
    for (const text of keyed.flatMap((each) => rig.encode(each))) {
      expect([...within(text)].filter(({ value }) => value === 'under a key')).toHaveLength(1);
      expect(memberOf(text, 'kept')).toBe('yes');
    }
    // Every cut falls into the middle of a pair for one of the two.
    const long = ['😀'.repeat(200_000), `x${'😀'.repeat(200_000)}`];
    const cut = long.flatMap((text) => [record(text), record('cut', attributes({ probe: text }))]);
    for (const text of cut.flatMap((each) => rig.encode(each)))
      expect(cutMark(text)).toMatch(/😀…\[\+\d+\]|entry left out/);
    await rig.deliver([...keyed, ...cut]);
  });

  it('row 69: what changes after the hand-over does not change the record', async () => {
    const body = { state: 'before' };
    const list = ['before'];
    const map = new Map([['state', 'before']]);
    const given = { ...KEPT, list, map, nested: { deeper: body }, scalar: 'before' };
    const stored = await rig.deliver([record(body, attributes(given)), record('b', attributes(given))], () => {
      body.state = 'after';
      list[0] = 'after';
      map.set('state', 'after');
      given.scalar = 'after';
    });
    const said = JSON.stringify(stored.map((each) => each.record));
    expect(said).toContain('before');
    expect(said).not.toContain('after');
  });

  it('row 70: records with next to nothing in them, and batches without records', async () => {
    await rig.deliver([]);
    const bare = { hrTime: [1_767_323_045, 0], attributes: {} } as unknown as EmittedRecord;
    await rig.deliver([
      record(undefined),
      record(null),
      record(''),
      ...[0, 25, -1, Number.NaN, 2.5].map((severityNumber) => record('severity', { severityNumber })),
      record('severity', { severityNumber: undefined as never, severityText: undefined as never }),
      record('resource', { resource: undefined as never }),
      record('resource', { resource: {} as never, instrumentationScope: undefined as never }),
      bare,
    ]);
  });
});
