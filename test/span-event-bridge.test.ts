import type { Span } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EmittedRecord } from '../src/record/record.ts';
import type { SpanEventBridgeOptions } from '../src/span-event-bridge.ts';
import { SpanEventBridge } from '../src/span-event-bridge.ts';
import { fakeChannel, Rig, record, serve } from './support/delivery-rig.ts';
import { FakeClock } from './support/fake-clock.ts';

interface Traced {
  readonly provider: BasicTracerProvider;
  readonly records: EmittedRecord[];
  readonly flushes: () => number;
}

/** A real tracing SDK with a bridge to a list. */
function traced(options: Omit<SpanEventBridgeOptions, 'targets'> = {}): Traced {
  const records: EmittedRecord[] = [];
  let flushes = 0;
  const target = {
    emitSpanEvent: (event: EmittedRecord): void => void records.push(event),
    forceFlush: async (): Promise<void> => {
      flushes += 1;
    },
  };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [new SpanEventBridge({ targets: target, ...options })],
  });
  onTestFinished(() => provider.shutdown());
  return { provider, records, flushes: () => flushes };
}

describe('SpanEventBridge', () => {
  it('makes a record of each event, with its own time, the ids and the facts of its span', () => {
    const { provider, records } = traced();
    const span = provider
      .getTracer('carts', '1.2.3')
      .startSpan('checkout', { kind: SpanKind.SERVER, startTime: [100, 0] });
    span.addEvent('order.placed', { 'order.id': 7 }, [100, 250_000_000]);
    span.addEvent('order.paid', {}, [101, 0]);
    expect(records).toEqual([]);
    span.setStatus({ code: SpanStatusCode.OK });
    span.end([102, 0]);
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({
      eventName: 'order.placed',
      hrTime: [100, 250_000_000],
      spanContext: { traceId: span.spanContext().traceId, spanId: span.spanContext().spanId },
      severityNumber: 9,
      severityText: 'INFO',
      attributes: { 'order.id': 7 },
      instrumentationScope: { name: 'carts', version: '1.2.3' },
      resource: { attributes: { 'service.name': 'shop' } },
      span: { name: 'checkout', kind: 1, status: 1, durationMillis: 2_000, offsetMillis: 250 },
    });
    expect(records[0]?.body).toBeUndefined();
    expect(records[1]).toMatchObject({ eventName: 'order.paid', span: { offsetMillis: 1_000 } });
  });

  it('makes an error of an exception, with its parts as attributes', () => {
    const { provider, records } = traced();
    const span = provider.getTracer('t').startSpan('s');
    span.recordException(new TypeError('no such thing'));
    span.end();
    expect(records).toMatchObject([
      {
        eventName: 'exception',
        severityNumber: 17,
        severityText: 'ERROR',
        body: 'no such thing',
        attributes: { 'exception.type': 'TypeError', 'exception.message': 'no such thing' },
      },
    ]);
    expect(records[0]?.attributes['exception.stacktrace']).toContain('span-event-bridge.test');
  });

  it('passes only the events named', () => {
    const { provider, records } = traced({ events: ['b', 'exception'] });
    const span = provider.getTracer('t').startSpan('s');
    for (const name of ['a', 'b', 'c']) span.addEvent(name);
    span.recordException(new Error('x'));
    span.end();
    expect(records.map(({ eventName }) => eventName)).toEqual(['b', 'exception']);
  });

  it('asks a predicate, and passes what it throws on', () => {
    const { provider, records } = traced({
      events: (event, span) => {
        if (event.name === 'b') throw new Error('from the application');
        return event.name === 'c' && span.name === 's';
      },
    });
    const span = provider.getTracer('t').startSpan('s');
    for (const name of ['a', 'b', 'c']) span.addEvent(name);
    span.end();
    expect(records.map(({ eventName }) => eventName)).toEqual(['b', 'c']);
  });

  it('goes on to the next event when a target throws or a span is of another shape', () => {
    let calls = 0;
    const emitSpanEvent = (): void => {
      calls += 1;
      throw new Error('x');
    };
    const bridge = new SpanEventBridge({ targets: [{ emitSpanEvent, forceFlush: async () => {} }] });
    const events = [{ name: 'a', time: [0, 0] }, null, { name: 'b', time: [0, 0] }];
    const span = {
      name: 's',
      kind: 0,
      startTime: [0, 0],
      duration: [0, 0],
      status: { code: 0 },
      events,
      spanContext: () => ({}),
    };
    bridge.onEnd(span as never);
    expect(calls).toBe(2);
  });

  it('flushes its targets, also at shutdown', async () => {
    const { provider, flushes } = traced();
    await provider.forceFlush();
    expect(flushes()).toBe(1);
    await provider.shutdown();
    expect(flushes()).toBe(2);
  });

  it.each([
    { targets: undefined },
    { targets: {} },
    { targets: [{}] },
    { targets: [], events: 'exception' },
    { targets: [], events: 5 },
  ])('refuses %j', (options) => {
    expect(() => new SpanEventBridge(options as unknown as SpanEventBridgeOptions)).toThrow(TypeError);
  });
});

/** Names of what arrived: the body for logs and exceptions, the event name for others. */
const encode = ({ body, eventName, span }: EmittedRecord): string =>
  JSON.stringify({ id: span === undefined ? `log:${String(body)}` : `${eventName}:${String(body)}` });

interface Scene {
  readonly it: Rig;
  readonly provider: BasicTracerProvider;
  /** Logs an error within a span as loggers do. */
  log(error: Error, span: Span, type?: string): void;
}

async function scene(): Promise<Scene> {
  const clock = new FakeClock();
  const server = await serve(() => clock.now());
  const it = new Rig(server, clock, { encode });
  onTestFinished(() => it.destination.shutdown(0));
  const bridge = new SpanEventBridge({
    targets: {
      emitSpanEvent: (event) => it.destination.acceptSpanEvent(event),
      forceFlush: async () => void (await it.destination.flush()),
    },
  });
  const provider = new BasicTracerProvider({ spanProcessors: [bridge] });
  return {
    it,
    provider,
    log(error, span, type = error.constructor.name) {
      const attributes = {
        'exception.type': type,
        'exception.message': error.message,
        'exception.stacktrace': error.stack ?? '',
      };
      it.destination.accept(record(error.message, { severityNumber: 17, spanContext: span.spanContext(), attributes }));
    },
  };
}

describe('an exception that is recorded and logged', () => {
  it.each(['event first', 'log first'])('arrives once, as the log record (%s)', async (order) => {
    const { it, provider, log } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    const error = new Error('boom');
    if (order === 'log first') log(error, span);
    span.recordException(error);
    span.end();
    if (order === 'event first') {
      await it.pass(1_900);
      expect(it.server.stored).toEqual([]);
      log(error, span);
    }
    await it.pass(10_000);
    expect(it.server.stored).toEqual(['log:boom']);
    expect(it.stats).toMatchObject({ accepted: 1, delivered: 1 });
  });

  it('arrives as an event two seconds later when nobody logs it', async () => {
    const { it, provider } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    span.recordException(new Error('boom'));
    span.end();
    await it.pass(1_999);
    expect(it.server.stored).toEqual([]);
    await it.pass(1);
    expect(it.server.stored).toEqual(['exception:boom']);
  });

  it('is recognised when it is logged further out in the same trace, under another type', async () => {
    const { it, provider, log } = await scene();
    const tracer = provider.getTracer('t');
    const outer = tracer.startSpan('outer');
    const inner = tracer.startSpan('inner', {}, trace.setSpan(ROOT_CONTEXT, outer));
    const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    inner.recordException(error);
    inner.end();
    log(error, outer, 'Error');
    outer.end();
    await it.pass(10_000);
    expect(it.server.stored).toEqual(['log:connect ECONNREFUSED']);
  });

  it('is told from the same message in another trace', async () => {
    const { it, provider, log } = await scene();
    const tracer = provider.getTracer('t');
    const [first, second] = [tracer.startSpan('first'), tracer.startSpan('second')];
    const error = new Error('boom');
    first.recordException(error);
    first.end();
    log(error, second);
    await it.pass(10_000);
    expect(it.server.stored.toSorted()).toEqual(['exception:boom', 'log:boom']);
  });

  it('takes the place of one event each: three events and one log make two events', async () => {
    const { it, provider, log } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    const error = new Error('boom');
    for (let index = 0; index < 3; index++) span.recordException(error);
    span.end();
    log(error, span);
    await it.pass(10_000);
    expect(it.server.stored.toSorted()).toEqual(['exception:boom', 'exception:boom', 'log:boom']);
  });

  it('is forgotten a minute after it was logged', async () => {
    const { it, provider, log } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    const error = new Error('boom');
    log(error, span);
    await it.pass(61_000);
    span.recordException(error);
    span.end();
    await it.pass(5_000);
    expect(it.server.stored).toEqual(['log:boom', 'exception:boom']);
  });

  it('is released by a flush', async () => {
    const { it, provider } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    span.recordException(new Error('boom'));
    span.end();
    await provider.forceFlush();
    expect(it.server.stored).toEqual(['exception:boom']);
    expect(it.clock.now()).toBe(0);
  });

  it('does not wait in memory without bound', async () => {
    const { it, provider } = await scene();
    const span = provider.getTracer('t').startSpan('s');
    for (let index = 0; index < 100; index++) span.recordException(new Error(`boom ${index}`));
    span.end();
    const event = record('x', { eventName: 'exception', spanContext: span.spanContext(), severityNumber: 17 });
    for (let index = 0; index < 5_000; index++) {
      const attributes = { 'exception.message': `m${index}` };
      it.destination.acceptSpanEvent({ ...event, attributes });
    }
    expect(it.stats.accepted).toBeGreaterThan(4_000);
    await it.pass(5_000);
    expect(it.stats).toMatchObject({ accepted: 5_100, delivered: 5_100 });
  });
});

describe('channels', () => {
  it('records with an event name go to the events channel, others to the logs channel', async () => {
    const [logs, events] = [await serve(), await serve()];
    const clock = new FakeClock();
    const it = new Rig(logs, clock, {
      platform: () => ({ name: 'two', logs: fakeChannel(logs.origin), events: fakeChannel(events.origin) }),
    });
    onTestFinished(() => it.destination.shutdown(0));
    it.destination.accept(record('plain'));
    it.destination.accept(record('named', { eventName: 'order.placed' }));
    it.destination.accept(record('older', { attributes: { 'event.name': 'order.paid' } }));
    it.destination.acceptSpanEvent(
      record('span event', {
        eventName: 'x',
        span: { name: 's', kind: 0, status: 0, durationMillis: 1, offsetMillis: 0 },
      }),
    );
    await it.pass(1_000);
    expect(logs.stored).toEqual(['plain']);
    expect(events.stored).toEqual(['named', 'older', 'span event']);
    expect(it.stats).toMatchObject({ accepted: 4, delivered: 4 });
  });

  it('an outage of one channel does not delay the other', async () => {
    const [logs, events] = [await serve(), await serve()];
    const it = new Rig(logs, new FakeClock(), {
      platform: () => ({ name: 'two', logs: fakeChannel(logs.origin), events: fakeChannel(events.origin) }),
    });
    onTestFinished(() => it.destination.shutdown(0));
    events.answer = () => 401;
    it.destination.accept(record('named', { eventName: 'e' }));
    await it.idle();
    it.destination.accept(record('plain'));
    await it.idle();
    expect(logs.stored).toEqual(['plain']);
    expect(it.stats).toMatchObject({ pending: 1, circuit: { state: 'held', reason: '401' } });
  });
});
