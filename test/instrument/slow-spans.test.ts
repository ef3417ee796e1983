import type { Attributes, Span } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withLogContext } from '../../src/instrument/log-context.ts';
import type { SlowSpanRulesOptions } from '../../src/instrument/slow-spans.ts';
import { SlowSpanRules } from '../../src/instrument/slow-spans.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { eventNameOf } from '../../src/record/record.ts';
import { contextManager, logRig, registered } from './rig.ts';

interface Slow {
  readonly provider: BasicTracerProvider;
  readonly records: EmittedRecord[];
  readonly flushes: () => number;
}

/** A real tracing SDK with rules in front of a list. */
function slow(rules: SlowSpanRulesOptions['rules']): Slow {
  const records: EmittedRecord[] = [];
  let flushes = 0;
  const target = {
    emitSpanEvent: (record: EmittedRecord): void => void records.push(record),
    forceFlush: async (): Promise<void> => {
      flushes += 1;
    },
  };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    spanProcessors: [new SlowSpanRules({ rules, targets: target })],
  });
  onTestFinished(() => provider.shutdown());
  return { provider, records, flushes: () => flushes };
}

interface Shape {
  readonly name?: string;
  readonly kind?: SpanKind;
  readonly millis?: number;
  readonly attributes?: Attributes;
  readonly failed?: string | true;
}

function run(
  provider: BasicTracerProvider,
  { name = 'span', kind = SpanKind.INTERNAL, millis = 0, attributes = {}, failed }: Shape,
): Span {
  const span = provider.getTracer('t', '1.0').startSpan(name, { kind, attributes, startTime: [100, 900_000_000] });
  if (failed !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR, ...(failed !== true && { message: failed }) });
  }
  const nanos = 900_000_000 + millis * 1e6;
  span.end([100 + Math.floor(nanos / 1e9), nanos % 1e9]);
  return span;
}

const SERVER: Shape = {
  kind: SpanKind.SERVER,
  attributes: { 'http.request.method': 'GET', 'http.route': '/orders/:id', 'url.query': 'key=1' },
};
const CLIENT: Shape = {
  kind: SpanKind.CLIENT,
  attributes: { 'http.request.method': 'POST', 'url.full': 'https://user:pw@api.example.com/pay?card=4111' },
};
const DB: Shape = {
  kind: SpanKind.CLIENT,
  attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'orders' },
};

describe('SlowSpanRules', () => {
  it('logs a slow span at its end, with its ids, resource, attributes and duration', () => {
    const { provider, records } = slow('http.server>1s');
    const span = run(provider, { ...SERVER, millis: 1_234.5 });
    expect(records).toEqual([
      {
        hrTime: [102, 134_500_000],
        hrTimeObserved: [102, 134_500_000],
        spanContext: span.spanContext(),
        severityNumber: 13,
        severityText: 'WARN',
        body: 'slow http.server GET /orders/:id took 1235 ms (limit 1000 ms)',
        resource: expect.objectContaining({ attributes: expect.objectContaining({ 'service.name': 'shop' }) }),
        instrumentationScope: expect.objectContaining({ name: 't', version: '1.0' }),
        droppedAttributesCount: 0,
        attributes: {
          ...SERVER.attributes,
          duration_ms: 1_234.5,
          performance: { is_slow: true, threshold_ms: 1_000 },
          tags: ['performance', 'http_request', 'slow'],
        },
        span: { name: 'span', kind: 1, status: 0, durationMillis: 1_234.5, offsetMillis: 1_234.5 },
      },
    ]);
  });

  it('logs a failed span, slow or not, as an error', () => {
    const { provider, records } = slow('http.client>1s,db>100ms');
    run(provider, { ...CLIENT, millis: 5, failed: 'socket hang up' });
    run(provider, {
      ...CLIENT,
      millis: 1_000,
      attributes: { ...CLIENT.attributes, 'error.type': '503' },
      failed: true,
    });
    run(provider, { ...DB, millis: 100, failed: true });
    run(provider, { ...DB, millis: 99 });
    expect(records.map(({ body }) => body)).toEqual([
      'failed http.client POST api.example.com/pay took 5 ms: socket hang up',
      'failed http.client POST api.example.com/pay took 1000 ms (limit 1000 ms): 503',
      'failed db SELECT orders took 100 ms (limit 100 ms)',
    ]);
    expect(records).toMatchObject([
      {
        severityNumber: 17,
        attributes: { tags: ['performance', 'http_request', 'error'], performance: { is_slow: false } },
      },
      { severityNumber: 17, attributes: { tags: ['performance', 'http_request', 'slow', 'error'] } },
      { severityNumber: 17, attributes: { tags: ['performance', 'database', 'slow_query', 'error'] } },
    ]);
  });

  it('leaves out what a rule leaves out', () => {
    const { provider, records } = slow('http.client>1s:slow,db:failed,http.server>1s:failed');
    run(provider, { ...CLIENT, millis: 5, failed: true });
    run(provider, { ...DB, millis: 60_000 });
    run(provider, { ...SERVER, millis: 60_000 });
    expect(records).toEqual([]);
    run(provider, { ...CLIENT, millis: 2_000 });
    run(provider, { ...DB, millis: 1, failed: true });
    run(provider, { ...SERVER, millis: 1, failed: true });
    expect(records).toHaveLength(3);
    expect(records[1]?.attributes.performance).toEqual({ is_slow: false });
  });

  it('lets the first rule that names a span decide', () => {
    const { provider, records } = slow('name:GET /export*>30s,http.server>1s');
    run(provider, { ...SERVER, name: 'GET /export/all', millis: 20_000 });
    expect(records).toEqual([]);
    run(provider, { ...SERVER, name: 'GET /orders', millis: 2_000 });
    run(provider, { ...SERVER, name: 'GET /export/all', millis: 31_000 });
    expect(records.map(({ attributes }) => attributes.performance)).toEqual([
      { is_slow: true, threshold_ms: 1_000 },
      { is_slow: true, threshold_ms: 30_000 },
    ]);
  });

  const kind = (kind: SpanKind, attributes: Attributes = {}): Shape => ({ kind, attributes });
  it.each([
    ['http.server', kind(SpanKind.SERVER, { 'http.method': 'GET', 'http.target': '/a?b=1' }), 'GET /a'],
    ['http.client', kind(SpanKind.CLIENT, { 'http.method': 'GET', 'http.url': 'http://h/a#x' }), 'GET h/a'],
    ['http.client', kind(SpanKind.CLIENT, { 'http.request.method': 'GET', 'server.address': 'h' }), 'GET h'],
    ['http.server', kind(SpanKind.SERVER, { 'http.request.method': 'GET' }), 'span'],
    ['db', kind(SpanKind.CLIENT, { 'db.system': 'redis' }), 'span'],
    ['db', kind(SpanKind.CLIENT, { 'db.system.name': 'x', 'db.query.summary': 'SELECT a' }), 'SELECT a'],
    ['rpc.server', kind(SpanKind.SERVER, { 'rpc.system': 'grpc' }), 'span'],
    ['rpc.client', kind(SpanKind.CLIENT, { 'rpc.system.name': 'grpc', 'http.request.method': 'POST' }), 'span'],
    ['messaging', kind(SpanKind.CONSUMER, { 'messaging.system': 'kafka' }), 'span'],
    ['server', kind(SpanKind.SERVER), 'span'],
    ['client', kind(SpanKind.CLIENT), 'span'],
    ['producer', kind(SpanKind.PRODUCER), 'span'],
    ['consumer', kind(SpanKind.CONSUMER), 'span'],
    ['internal', kind(SpanKind.INTERNAL), 'span'],
  ] as const)('knows a span of kind %s', (name, shape, subject) => {
    const { provider, records } = slow([{ kind: name, thresholdMillis: 10 }]);
    run(provider, { ...shape, millis: 10 });
    expect(records.map(({ body }) => body)).toEqual([`slow ${name} ${subject} took 10 ms (limit 10 ms)`]);
  });

  it('takes a general kind for the special ones below it', () => {
    for (const rules of ['any>10ms', 'server>10ms']) {
      const { provider, records } = slow(rules);
      run(provider, { ...SERVER, millis: 10 });
      expect(records.map(({ body }) => body)).toEqual(['slow http.server GET /orders/:id took 10 ms (limit 10 ms)']);
    }
    const { provider, records } = slow('http.server>10ms,rpc.client>10ms');
    run(provider, { ...CLIENT, millis: 10 });
    run(provider, { kind: SpanKind.INTERNAL, millis: 10 });
    expect(records).toEqual([]);
  });

  it('compares names whole, with stars for any text', () => {
    const matched = (name: string, span: string): boolean => {
      const { provider, records } = slow([{ name, thresholdMillis: 0 }]);
      run(provider, { name: span });
      return records.length === 1;
    };
    expect(matched('checkout.*', 'checkout.pay')).toBe(true);
    expect(matched('checkout.*', 'checkoutXpay')).toBe(false);
    expect(matched('a*c', 'a\nb(d')).toBe(false);
    expect(matched('a*c', 'a\nbc')).toBe(true);
    expect(matched('pay', 'repay')).toBe(false);
    const { provider, records } = slow([{ kind: 'db', name: 'span', thresholdMillis: 0 }]);
    run(provider, {});
    run(provider, { ...DB, name: 'other' });
    run(provider, DB);
    expect(records).toHaveLength(1);
  });

  it('adds the log context around the end of the span, below the span', () => {
    const { provider, records } = slow('any>0ms');
    withLogContext({ 'user.id': 'u-1', 'http.route': 'context' }, () => run(provider, SERVER));
    expect(records[0]?.attributes).toMatchObject({ 'user.id': 'u-1', 'http.route': '/orders/:id' });
  });

  it('goes through a logger where there is no target, with the ids and time of the span', () => {
    const { records } = registered(logRig());
    const provider = new BasicTracerProvider({ spanProcessors: [new SlowSpanRules({ rules: 'db>10ms' })] });
    const span = run(provider, { ...DB, millis: 200 });
    expect(records).toMatchObject([
      {
        hrTime: [101, 100_000_000],
        spanContext: span.spanContext(),
        severityText: 'WARN',
        body: 'slow db SELECT orders took 200 ms (limit 10 ms)',
        attributes: { duration_ms: 200, 'db.system.name': 'postgresql' },
      },
    ]);
  });

  it('does not log what its own logging does', () => {
    contextManager();
    const records: EmittedRecord[] = [];
    let provider: BasicTracerProvider | undefined;
    const target = {
      emitSpanEvent: (record: EmittedRecord): void => {
        records.push(record);
        const tracer = provider?.getTracer('fs');
        // One that heeds the suppression, and one that ends a span made outside it.
        tracer?.startSpan('write').end();
        tracer?.startSpan('write', {}, ROOT_CONTEXT).end();
        setImmediate(() => tracer?.startSpan('later').end());
      },
      forceFlush: async (): Promise<void> => {},
    };
    provider = new BasicTracerProvider({ spanProcessors: [new SlowSpanRules({ rules: 'any>0ms', targets: target })] });
    run(provider, {});
    expect(records).toHaveLength(1);
    return new Promise<void>((resolve) =>
      setImmediate(() =>
        setImmediate(() => {
          expect(records).toHaveLength(1);
          run(provider as BasicTracerProvider, {});
          expect(records).toHaveLength(2);
          resolve();
        }),
      ),
    );
  });

  it('never throws into the application', async () => {
    const broken = {
      emitSpanEvent: (): void => {
        throw new Error('target');
      },
      forceFlush: async (): Promise<void> => {},
    };
    const rules = new SlowSpanRules({ rules: 'any>0ms', targets: broken });
    const provider = new BasicTracerProvider({ spanProcessors: [rules] });
    expect(() => run(provider, {})).not.toThrow();
    expect(() => rules.onEnd(undefined as never)).not.toThrow();
    expect(() => rules.onEnd({} as never)).not.toThrow();
    expect(() => rules.onStart({}, ROOT_CONTEXT)).not.toThrow();
    await rules.shutdown();
  });

  it('flushes its targets', async () => {
    const { provider, flushes } = slow('any>0ms');
    await provider.forceFlush();
    expect(flushes()).toBe(1);
  });

  it('is a log entry, not an event, for a platform that has both', () => {
    const { provider, records } = slow('db>10ms');
    run(provider, { ...DB, millis: 20 });
    const [record] = records as [EmittedRecord];
    expect(eventNameOf(record)).toBeUndefined();
    const { codec } = odysseus({ appId: `app_${'0'.repeat(32)}`, appKey: 'k'.repeat(32) }).logs;
    expect(JSON.parse(codec.encode(record))).toMatchObject({
      message: 'slow db SELECT orders took 20 ms (limit 10 ms)',
      severity: 4,
      context: { duration_ms: 20, 'db.system.name': 'postgresql' },
    });
  });

  it('refuses bad rules, naming them', () => {
    const make = (rules: unknown, targets?: unknown) => () => new SlowSpanRules({ rules, targets } as never);
    expect(make('http.sever>1s')).toThrow(
      'rules must be rules such as http.server>1s,db>100ms; in rule 1, "http.sever>1s"',
    );
    expect(make('http.sever>1s')).toThrow('use http.server');
    expect(make(7)).toThrow('rules must be text or a list');
    expect(
      make([
        { kind: 'db', thresholdMillis: 1 },
        { kind: 'dbx', thresholdMillis: 1 },
      ]),
    ).toThrow('rules[1].kind: "dbx"');
    expect(make([{}])).toThrow('rules[0] must have a kind or a name');
    expect(make([{ name: '' }])).toThrow('rules[0].name');
    expect(make([{ kind: 'db', thresholdMillis: Number.NaN }])).toThrow('rules[0].thresholdMillis');
    expect(make([{ kind: 'db', when: 'slow' }])).toThrow('rules[0].thresholdMillis');
    expect(make([{ kind: 'db', thresholdMillis: 1, when: 'often' }])).toThrow('rules[0].when');
    expect(make('db>1s', [{}])).toThrow('targets must be');
  });
});
