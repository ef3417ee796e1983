import { describe, expect, test } from 'vitest';
import type { OdysseusOptions } from '../../src/platforms/odysseus.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { Placement } from '../../src/platforms/odysseus-stream.ts';
import { StreamPositions } from '../../src/platforms/odysseus-stream.ts';
import type { RecordParts } from '../support/records.ts';
import { record, SPAN, SPAN_CONTEXT, TIME } from '../support/records.ts';

const SESSION = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const ID = '00112233-4455-4677-8899-aabbccddeeff';
const STREAM = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';

type Entry = Record<string, unknown> & { data?: Record<string, unknown>; meta?: Record<string, unknown> };

function encoder(options: Partial<OdysseusOptions> = {}): (parts: RecordParts) => Entry {
  const { codec } = odysseus({ appId: 'a', appKey: 'k', session: SESSION, ...options }).events;
  return (parts) => JSON.parse(codec.encode(record({ eventName: 'order.placed', ...parts })));
}

test('an event with everything set', () => {
  const { codec } = odysseus({ appId: 'a', appKey: 'k', session: SESSION, user: 'user-42', platform: 5 }).events;
  const text = codec.encode(
    record({
      eventName: 'order.placed',
      body: { amount: 12.5 },
      severityNumber: 9,
      severityText: 'INFO',
      spanContext: SPAN_CONTEXT,
      dropped: 1,
      resource: { 'service.name': 'shop' },
      scope: { name: 'billing', version: '1' },
      attributes: {
        'event.id': ID,
        'odysseus.type': 7,
        'odysseus.stream_id': STREAM,
        'odysseus.position': 3,
        'odysseus.meta': { source: 'api' },
        'code.file.path': '/srv/pay.ts',
        'code.function.name': 'charge',
        'code.line.number': 118,
        tags: ['a'],
      },
    }),
  );
  expect(text).toBe(
    '{"id":"00112233445546778899aabbccddeeff","name":"order.placed","session_id":"3f2504e04f8941d39a0c0305e82c3301",' +
      '"type":7,"timestamp":"2026-01-02T03:04:05.678901Z","stream_id":"4bf92f3577b34da6a3ce929d0e0e4736","position":3,' +
      '"platform":5,"user":"user-42","data":{"amount":12.5,"tags":["a"]},' +
      '"meta":{"source":"api","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_flags":1,' +
      '"resource":{"service.name":"shop"},"scope":{"name":"billing","version":"1"},"dropped_attributes":1,' +
      '"severity_number":9,"severity_text":"INFO","code":{"file":"pay.ts","function":"charge","line":118}}}',
  );
});

test('an event with nothing set has neither data nor meta', () => {
  const entry = encoder()({});
  expect(entry).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    name: 'order.placed',
    session_id: SESSION.replaceAll('-', ''),
    type: 0,
    timestamp: '2026-01-02T03:04:05.678901Z',
    stream_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    position: 0,
  });
});

describe('id', () => {
  test('event.id, then log.record.uid, if they are uuids; else random and never the same', () => {
    const encode = encoder();
    const other = '11111111-2222-4333-8444-555555555555';
    expect(encode({ attributes: { 'event.id': ID, 'log.record.uid': other } })).toMatchObject({
      id: ID.replaceAll('-', ''),
      data: { 'log.record.uid': other },
    });
    expect(encode({ attributes: { 'log.record.uid': other } }).id).toBe(other.replaceAll('-', ''));
    const named = encode({ attributes: { 'event.id': 'evt-1' } });
    expect(named.id).toMatch(/^[0-9a-f]{32}$/);
    expect(named.data).toEqual({ 'event.id': 'evt-1' });
    expect(encode({}).id).not.toBe(encode({}).id);
  });

  test('dashed on request, like all uuids', () => {
    const entry = encoder({ uuidFormat: 'dashed' })({ attributes: { 'event.id': ID }, spanContext: SPAN_CONTEXT });
    expect(entry).toMatchObject({ id: ID, session_id: SESSION, stream_id: STREAM });
  });
});

test('type: attribute, option, 0', () => {
  expect(encoder({ eventType: 4 })({ attributes: { 'odysseus.type': 7 } }).type).toBe(7);
  expect(encoder({ eventType: 4 })({}).type).toBe(4);
  const odd = encoder()({ attributes: { 'odysseus.type': 'big' } });
  expect(odd).toMatchObject({ type: 0, data: { 'odysseus.type': 'big' } });
});

describe('name and data', () => {
  test('the older event.name is the name and leaves the data; beside an event name of its own it stays', () => {
    const attributes = { 'event.name': 'older', a: 1 };
    const { codec } = odysseus({ appId: 'a', appKey: 'k' }).events;
    expect(JSON.parse(codec.encode(record({ attributes })))).toMatchObject({ name: 'older', data: { a: 1 } });
    expect(JSON.parse(codec.encode(record({ attributes, eventName: 'older' }))).data).toEqual({ a: 1 });
    expect(JSON.parse(codec.encode(record({ attributes, eventName: 'newer' })))).toMatchObject({
      name: 'newer',
      data: attributes,
    });
  });

  test.each<[string, unknown, object | undefined]>([
    ['text', 'hello', { body: 'hello', a: 1 }],
    ['a list', [1, 2], { body: [1, 2], a: 1 }],
    ['a number', 0, { body: 0, a: 1 }],
    ['an object', { b: 2 }, { b: 2, a: 1 }],
    ['an empty object', {}, { a: 1 }],
    ['nothing', undefined, { a: 1 }],
    ['null', null, { a: 1 }],
    ['a date', new Date(0), { body: '1970-01-01T00:00:00.000Z', a: 1 }],
  ])('the body is %s', (_, body, data) => {
    expect(encoder()({ body, attributes: { a: 1 } }).data).toEqual(data);
  });

  test('an attribute that the body has, too, is kept beside it', () => {
    const { codec } = odysseus({ appId: 'a', appKey: 'k' }).events;
    const text = codec.encode(record({ eventName: 'e', body: { a: 1, 'otel.a': 2 }, attributes: { a: 'mine', b: 3 } }));
    expect(JSON.parse(text).data).toEqual({ a: 1, 'otel.a': 2, b: 3, 'otel.otel.a': 'mine' });
    expect(text.match(/"a":/g)).toHaveLength(1);
    expect(encoder()({ body: 'text', attributes: { body: 'mine' } }).data).toEqual({
      body: 'text',
      'otel.body': 'mine',
    });
  });
});

describe('meta', () => {
  test('facts of the span, and when the event was observed', () => {
    const { meta } = encoder()({ span: { ...SPAN, status: 2 }, observed: [TIME[0] + 1, 0] });
    expect(meta).toEqual({
      span: { name: 'GET /orders', kind: 'SERVER', status: 'ERROR', duration_ms: 25, offset_ms: 5 },
      observed_time: '2026-01-02T03:04:06.000000Z',
    });
  });

  test('odysseus.meta keeps its names; what is no object stays in the data', () => {
    const { meta } = encoder()({ spanContext: SPAN_CONTEXT, attributes: { 'odysseus.meta': { trace_id: 'mine' } } });
    expect(meta).toEqual({
      trace_id: 'mine',
      'otel.trace_id': SPAN_CONTEXT.traceId,
      span_id: SPAN_CONTEXT.spanId,
      trace_flags: 1,
    });
    expect(encoder()({ attributes: { 'odysseus.meta': 'text' } }).data).toEqual({ 'odysseus.meta': 'text' });
  });
});

describe('stream and position', () => {
  const other = { ...SPAN_CONTEXT, spanId: '00f067aa0ba902b8' };
  const elsewhere = { ...SPAN_CONTEXT, traceId: 'a'.repeat(32) };
  const places = (options: Partial<OdysseusOptions>, list: readonly RecordParts[]): [unknown, unknown][] => {
    const encode = encoder(options);
    return list.map((parts) => {
      const { stream_id, position } = encode(parts);
      return [stream_id, position];
    });
  };
  const four = [SPAN_CONTEXT, other, SPAN_CONTEXT, elsewhere].map((spanContext) => ({ spanContext }));

  test('A: the trace id, counted per trace', () => {
    const trace = SPAN_CONTEXT.traceId;
    expect(places({}, four)).toEqual([
      [trace, 0],
      [trace, 1],
      [trace, 2],
      ['a'.repeat(32), 0],
    ]);
  });

  test('B: a uuid of trace and instance', () => {
    const list = four.map((parts) => ({ ...parts, resource: { 'service.instance.id': 'one' } }));
    const [first, second, third, fourth] = places({ stream: 'trace-instance' }, list);
    expect(first?.[0]).toMatch(/^[0-9a-f]{12}5[0-9a-f]{19}$/);
    expect([second, third]).toEqual([
      [first?.[0], 1],
      [first?.[0], 2],
    ]);
    expect(fourth?.[0]).not.toBe(first?.[0]);
    expect(places({ stream: 'trace-instance' }, list)).toEqual([first, second, third, fourth]);
    const moved = list.map((parts) => ({ ...parts, resource: { 'service.instance.id': 'two' } }));
    expect(places({ stream: 'trace-instance' }, moved)[0]?.[0]).not.toBe(first?.[0]);
    // Without an instance id each process (here: each platform) is one.
    const [here] = places({ stream: 'trace-instance' }, four);
    const [there] = places({ stream: 'trace-instance' }, four);
    expect(here?.[0]).not.toBe(there?.[0]);
  });

  test('C: a uuid of trace and span, counted per span', () => {
    const [first, second, third] = places({ stream: 'span' }, four);
    expect(first?.[0]).toMatch(/^[0-9a-f]{12}5[0-9a-f]{19}$/);
    expect(second).toEqual([expect.not.stringMatching(String(first?.[0])), 0]);
    expect(third).toEqual([first?.[0], 1]);
  });

  test('D: milliseconds since the first event of the trace, or the start of its span; never negative', () => {
    const at = (millis: number): RecordParts => ({
      spanContext: SPAN_CONTEXT,
      time: [TIME[0], 100_000_000 + millis * 1e6],
    });
    const trace = SPAN_CONTEXT.traceId;
    expect(places({ stream: 'trace-elapsed' }, [at(0), at(17.9), at(-20), at(17)])).toEqual([
      [trace, 0],
      [trace, 17],
      [trace, 0],
      [trace, 17],
    ]);
    expect(places({ stream: 'trace-elapsed' }, [{ ...at(0), span: SPAN }, at(10)])).toEqual([
      [trace, 5],
      [trace, 15],
    ]);
  });

  test('E: without a valid context a random stream and position 0', () => {
    const zero = { ...SPAN_CONTEXT, traceId: '0'.repeat(32) };
    const [first, second, third] = places({}, [{}, {}, { spanContext: zero }]);
    expect([first?.[1], second?.[1], third?.[1]]).toEqual([0, 0, 0]);
    expect(new Set([first?.[0], second?.[0], third?.[0], zero.traceId]).size).toBe(4);
  });

  test("F: the caller's stream and position, each alone, too", () => {
    const own = (attributes: Record<string, unknown>): RecordParts => ({ attributes, spanContext: SPAN_CONTEXT });
    const stream = 'a'.repeat(32);
    expect(
      places({}, [
        own({ 'odysseus.stream_id': stream, 'odysseus.position': 41 }),
        own({ 'odysseus.stream_id': stream }),
        own({ 'odysseus.stream_id': stream }),
        own({ 'odysseus.position': 9 }),
        own({}),
      ]),
    ).toEqual([
      [stream, 41],
      [stream, 0],
      [stream, 1],
      [SPAN_CONTEXT.traceId, 9],
      [SPAN_CONTEXT.traceId, 0],
    ]);
  });

  test('a stream that is no uuid becomes a name-based one and stays in the data; a bad position stays, too', () => {
    const entry = encoder()({ attributes: { 'odysseus.stream_id': 'order-17', 'odysseus.position': -1 } });
    expect(entry.stream_id).toMatch(/^[0-9a-f]{12}5[0-9a-f]{19}$/);
    expect(entry).toMatchObject({ position: 0, data: { 'odysseus.stream_id': 'order-17', 'odysseus.position': -1 } });
  });

  test('positions stop at 2^31-1', () => {
    const top = { attributes: { 'odysseus.position': 2_147_483_647 } };
    expect(encoder()(top).position).toBe(2_147_483_647);
    expect(encoder()({ attributes: { 'odysseus.position': 2_147_483_648 } }).position).toBe(0);
    const late = [
      { spanContext: SPAN_CONTEXT, time: [1_000, 0] as [number, number] },
      { spanContext: SPAN_CONTEXT, time: [9_000_000, 0] as [number, number] },
    ];
    expect(places({ stream: 'trace-elapsed' }, late)[1]?.[1]).toBe(2_147_483_647);
  });

  test('the least recently used stream is forgotten first', () => {
    const streams = new StreamPositions('trace', 2);
    const of = (digit: string): number => {
      const context = { ...SPAN_CONTEXT, traceId: digit.repeat(32) };
      const rest = { offsetMillis: undefined, instance: undefined, stream: undefined, position: undefined };
      const placement: Placement = { context, time: TIME, ...rest };
      return streams.place({}, placement).position;
    };
    expect(['1', '2', '1', '3', '1', '2'].map(of)).toEqual([0, 0, 1, 0, 2, 0]);
  });

  test('the same record in a row keeps its place, so tighter limits leave no gaps', () => {
    const { codec } = odysseus({ appId: 'a', appKey: 'k' }).events;
    const large = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`k${index}`, 'x'.repeat(2_000)]));
    const encode = (attributes: Record<string, unknown>): unknown =>
      JSON.parse(codec.encode(record({ eventName: 'e', spanContext: SPAN_CONTEXT, attributes }))).position;
    expect([encode({}), encode(large), encode({})]).toEqual([0, 1, 2]);
  });
});
