import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EmittedRecord } from '../../src/record/record.ts';
import { Volume } from '../../src/volume/volume.ts';
import { type VolumeOptions, type VolumeSettings, volumeSettings } from '../../src/volume/volume-options.ts';
import { parseBurst, parseSample } from '../../src/volume/volume-text.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type RecordParts, record } from '../support/records.ts';

const DEBUG = 5;
const INFO = 9;
const WARN = 13;
const ERROR = 17;

/** A volume control, what it lets pass at once and what it says of its own accord. */
function control(options: VolumeOptions, clock = new FakeClock()) {
  const told: EmittedRecord[] = [];
  const volume = new Volume(volumeSettings(options) as VolumeSettings, clock, (each) => told.push(each));
  const send = (parts: RecordParts = {}) => volume.pass(record({ body: 'hello', severityNumber: INFO, ...parts }));
  return { volume, clock, told, send };
}

function traced(id: number, parts: RecordParts = {}): RecordParts {
  // A multiplicative hash: ids that are spread as random ones are.
  const random = ((id * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0');
  const traceId = `${'a'.repeat(18)}${random}${random.slice(0, 6)}`;
  return { spanContext: { traceId, spanId: '00f067aa0ba902b7', traceFlags: 1 }, ...parts };
}

describe('sampling', () => {
  it('keeps the share of a severity and says on each record what it stands for', () => {
    const { send, volume } = control({ sample: [{ severity: 'debug', ratio: 0.1 }] });
    const kept = Array.from({ length: 10_000 }, (_, id) => send(traced(id, { severityNumber: DEBUG }))).filter(Boolean);
    expect(kept.length).toBeGreaterThan(900);
    expect(kept.length).toBeLessThan(1_100);
    expect(kept.every((each) => each?.attributes['logferry.sample_ratio'] === 0.1)).toBe(true);
    expect(volume.leftOut).toEqual({ sampled: 10_000 - kept.length, repeated: 0, burst: 0 });
  });

  it('keeps or leaves a trace as a whole, in every process alike', () => {
    const one = control({ sample: [{ ratio: 0.5 }] });
    const other = control({ sample: [{ ratio: 0.5 }] }, new FakeClock(0.9));
    for (let id = 0; id < 200; id += 1) {
      const fates = [one, other, one].map(
        ({ send }, index) => send(traced(id, { body: `step ${index}` })) !== undefined,
      );
      expect(new Set(fates).size).toBe(1);
    }
    expect(one.volume.leftOut.sampled).toBeGreaterThan(100);
  });

  it('a record of a trace that a lower share keeps is kept by a higher one', () => {
    const few = control({ sample: [{ ratio: 0.2 }] });
    const many = control({ sample: [{ ratio: 0.6 }] });
    for (let id = 0; id < 500; id += 1) if (few.send(traced(id))) expect(many.send(traced(id))).toBeDefined();
  });

  it('without a trace chance decides', () => {
    const { send } = control({ sample: [{ ratio: 0.5 }] }, new FakeClock(0.4, 0.6, 0.49));
    expect([send(), send(), send()].map((each) => each !== undefined)).toEqual([true, false, true]);
  });

  it.each([ERROR, 20, 21, 24])('never touches errors (severity %i)', (severityNumber) => {
    const { send } = control({ sample: [{ ratio: 0 }, { severity: 'warn', ratio: 0 }], burst: { maxRecords: 1 } });
    for (let id = 0; id < 100; id += 1) expect(send(traced(id, { severityNumber }))?.attributes).toEqual({});
  });

  it('lets the most specific rule decide', () => {
    const sample = [
      { ratio: 0 },
      { scope: 'db.*', ratio: 1 },
      { scope: 'db.*', severity: 'debug' as const, ratio: 0 },
      { scope: 'db.pool', ratio: 1 },
    ];
    const { send } = control({ sample });
    const passes = (name: string, severityNumber: number) => send({ scope: { name }, severityNumber }) !== undefined;
    expect(passes('http', INFO)).toBe(false);
    expect(passes('db.query', INFO)).toBe(true);
    expect(passes('db.query', DEBUG)).toBe(false);
    expect(passes('db.pool', DEBUG)).toBe(true);
  });
});

describe('bursts', () => {
  it('end with what matters least and never with errors', () => {
    const { send, volume } = control({ burst: { maxRecords: 100, perMillis: 1_000 } });
    const passed = (severityNumber: number) =>
      Array.from({ length: 200 }, () => send({ severityNumber })).filter(Boolean).length;
    expect([DEBUG, INFO, WARN, ERROR].map(passed)).toEqual([50, 40, 10, 200]);
    expect(volume.leftOut.burst).toBe(150 + 160 + 190);
  });

  it('are told in one record, by severity and scope, when the window is over', async () => {
    const { send, clock, told } = control({ burst: { maxRecords: 2 } });
    for (let n = 0; n < 5; n += 1) send({ scope: { name: 'db' }, resource: { 'service.name': 'shop' } });
    for (let n = 0; n < 2; n += 1) send({ scope: { name: 'http' }, severityNumber: DEBUG });
    expect(told).toEqual([]);
    await clock.advance(1_000);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      body: '5 records were held back within 1.0 s: more than the burst limit allows',
      severityNumber: WARN,
      instrumentationScope: { name: 'logferry' },
      attributes: {
        'logferry.held_back.total': 5,
        'logferry.held_back.by_severity': { debug: 2, info: 3 },
        'logferry.held_back.by_scope': { db: 3, http: 2 },
      },
    });
    expect(send()).toBeDefined();
    await clock.advance(5_000);
    expect(told).toHaveLength(1);
  });

  it('are told at the end of the process', () => {
    const { send, volume, told } = control({ burst: { maxRecords: 1 } });
    send();
    send();
    volume.flush();
    volume.flush();
    expect(told).toHaveLength(1);
  });
});

describe('repeats', () => {
  it('go out once at once, and once more with their number', async () => {
    const { send, clock, told, volume } = control({ repeats: { windowMillis: 5_000 } });
    const sent = Array.from({ length: 7 }, (_, n) => send({ time: [n, 0] }));
    expect(sent.filter(Boolean)).toHaveLength(1);
    await clock.advance(5_000);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ body: 'hello', hrTime: [6, 0], attributes: { 'logferry.repeats': 6 } });
    expect(volume.leftOut.repeated).toBe(5);
    expect(send()).toBeDefined();
    await clock.advance(5_000);
    expect(told).toHaveLength(1);
  });

  it.each<[string, RecordParts]>([
    ['another message', { body: 'bye' }],
    ['another severity', { severityNumber: WARN }],
    ['another scope', { scope: { name: 'db' } }],
    ['another event', { eventName: 'order.placed' }],
    ['another exception', { attributes: { 'exception.type': 'RangeError' } }],
    ['a structured body', { body: { hello: 1 } }],
    ['no body', { body: undefined }],
  ])('%s is no repeat', (_, parts) => {
    const { send } = control({ repeats: true });
    send();
    expect(send(parts)).toBeDefined();
  });

  it('keeps a bounded number of kinds in view and loses the count of none', () => {
    const { send, volume, told } = control({ repeats: true });
    let passed = 0;
    for (let n = 0; n < 5_000; n += 1) for (const _ of [1, 2]) if (send({ body: `m${n}` })) passed += 1;
    volume.flush();
    expect(passed).toBe(5_000);
    expect(told).toHaveLength(5_000);
    expect(volume.leftOut.repeated).toBe(0);
  });
});

describe('breadcrumbs', () => {
  it('carry the latest records of the same trace to its error, oldest first, once', () => {
    const { send } = control({ breadcrumbs: { maxRecords: 3 }, sample: [{ ratio: 0 }] });
    for (let n = 0; n < 5; n += 1) {
      send(traced(1, { body: `step ${n}`, severityNumber: DEBUG, scope: { name: 'db' }, time: [n, 0] }));
      send(traced(2, { body: 'of another trace' }));
      send({ body: 'of no trace' });
    }
    const error = send(traced(1, { severityNumber: ERROR, attributes: { 'order.id': 7 } }));
    const crumb = (n: number) => ({
      time: `1970-01-01T00:00:0${n}.000Z`,
      level: 'debug',
      scope: 'db',
      message: `step ${n}`,
    });
    expect(error?.attributes).toEqual({ 'order.id': 7, 'logferry.breadcrumbs': [crumb(2), crumb(3), crumb(4)] });
    expect(send(traced(1, { severityNumber: ERROR }))?.attributes).toEqual({});
  });

  it('forget the trace that was quiet longest', () => {
    const { send } = control({ breadcrumbs: { maxTraces: 2 } });
    for (const id of [1, 2, 1, 3]) send(traced(id));
    const crumbs = [1, 2, 3].map(
      (id) => send(traced(id, { severityNumber: ERROR }))?.attributes['logferry.breadcrumbs'],
    );
    expect(crumbs.map((each) => (each as unknown[] | undefined)?.length)).toEqual([2, undefined, 1]);
  });
});

it('passed, left out and told add up, whatever comes', async () => {
  const one = fc.record({
    severityNumber: fc.integer({ min: 0, max: 24 }),
    body: fc.constantFrom('a', 'b', { c: 1 }, undefined),
    trace: fc.integer({ min: 0, max: 5 }),
    wait: fc.constantFrom(0, 0, 0, 400),
  });
  const options: VolumeOptions = {
    sample: [{ ratio: 0.5 }],
    burst: { maxRecords: 5 },
    repeats: { windowMillis: 1_000 },
    breadcrumbs: true,
  };
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 100 }), async (records) => {
      const { send, volume, told, clock } = control(options);
      let passed = 0;
      for (const { trace, wait, ...parts } of records) {
        if (send(traced(trace, parts))) passed += 1;
        await clock.advance(wait);
      }
      volume.flush();
      const { sampled, repeated, burst } = volume.leftOut;
      const repeats = told.filter(({ attributes }) => 'logferry.repeats' in attributes).length;
      expect(passed + repeats + sampled + repeated + burst).toBe(records.length);
      const held = told.map(({ attributes }) => Number(attributes['logferry.held_back.total'] ?? 0));
      expect(held.reduce((sum, count) => sum + count, 0)).toBe(burst);
    }),
  );
});

describe('options', () => {
  it.each<[unknown, string]>([
    [{ sample: [{ ratio: 2 }] }, 'volume.sample[0].ratio must be a number from 0 to 1, got 2'],
    [
      { sample: [{ severity: 'error', ratio: 1 }] },
      'volume.sample[0].severity must be one of trace, debug, info, warn',
    ],
    [{ sample: {} }, 'volume.sample must be a list of rules'],
    [{ sample: [null] }, 'volume.sample[0] must be an object'],
    [{ burst: {} }, 'volume.burst.maxRecords must be a number, got undefined'],
    [{ burst: { maxRecords: 0 } }, 'volume.burst.maxRecords must be a whole number of at least 1, got 0'],
    [{ repeats: 'yes' }, 'volume.repeats must be true, false or an object'],
    [{ repeat: true }, 'unknown option volume.repeat'],
    [null, 'volume must be an object'],
  ])('%j is refused', (options, message) => {
    expect(() => volumeSettings(options as VolumeOptions)).toThrow(message);
  });

  it('nothing is on by default', () => {
    expect(volumeSettings(undefined)).toBeUndefined();
    expect(volumeSettings({})).toBeUndefined();
    expect(volumeSettings({ repeats: false, sample: [] })).toBeUndefined();
  });
});

describe('as text', () => {
  it.each([
    ['debug=0.1', [{ severity: 'debug', ratio: 0.1 }]],
    [
      'db.*=50%, http:INFO=.25 ,',
      [
        { scope: 'db.*', ratio: 0.5 },
        { scope: 'http', severity: 'info', ratio: 0.25 },
      ],
    ],
    [
      'a:b=1,x=0',
      [
        { scope: 'a:b', ratio: 1 },
        { scope: 'x', ratio: 0 },
      ],
    ],
    ['a=b=0.5', [{ scope: 'a=b', ratio: 0.5 }]],
    ['', []],
    ['debug', undefined],
    ['debug=2', undefined],
    ['debug=101%', undefined],
    ['=0.5', undefined],
    ['debug=0.5,warn', undefined],
  ])('sample %j', (text, rules) => {
    expect(parseSample(text)).toEqual(rules);
  });

  it.each([
    ['1000', { maxRecords: 1_000, perMillis: 1_000 }],
    ['1000/s', { maxRecords: 1_000, perMillis: 1_000 }],
    ['10000/5s', { maxRecords: 10_000, perMillis: 5_000 }],
    ['600/2M', { maxRecords: 600, perMillis: 120_000 }],
    ['1/250ms', { maxRecords: 1, perMillis: 250 }],
    ['0', undefined],
    ['10/0s', undefined],
    ['10/h', undefined],
    ['ten', undefined],
  ])('burst %j', (text, options) => {
    expect(parseBurst(text)).toEqual(options);
  });
});
