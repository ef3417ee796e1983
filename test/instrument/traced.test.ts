import { DiagConsoleLogger, diag, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { captureErrors } from '../../src/instrument/capture-errors.ts';
import type { TracedOptions } from '../../src/instrument/traced.ts';
import { traced, tracedWith } from '../../src/instrument/traced.ts';
import type { AnyFunction } from '../../src/instrument/wrap.ts';
import { loggier } from '../../src/platforms/loggier.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { logRig, registered, tracing } from './rig.ts';

const clock = new FakeClock();

function timed<Fn extends AnyFunction>(fn: Fn, options?: TracedOptions): Fn {
  return tracedWith(clock, fn, options);
}

function taking(millis: number): <Value>(value: Value) => Promise<Value> {
  return async (value) => {
    await clock.advance(millis);
    return value;
  };
}

describe('traced', () => {
  it('says nothing of a call that is neither slow nor failed, and gives its result', async () => {
    const { records } = registered(logRig());
    expect(await timed(taking(499))('cart')).toBe('cart');
    expect(timed(() => 'sync')()).toBe('sync');
    expect(records).toEqual([]);
  });

  it('logs a slow call with the fields of the platform that has such calls', async () => {
    const { records } = registered(logRig());
    const load = timed(taking(500), { name: 'load', tags: ['cart'], attributes: { tenant: 't-1' } });
    expect(await load(1)).toBe(1);
    expect(records).toMatchObject([
      {
        severityNumber: 13,
        severityText: 'WARN',
        body: 'Function call: load [SLOW: 500.00ms >= 500ms]',
        attributes: {
          function: { name: 'load' },
          duration_ms: 500,
          performance: { is_slow: true, threshold_ms: 500 },
          tags: ['performance', 'function_call', 'cart', 'slow'],
          tenant: 't-1',
        },
      },
    ]);
    expect(records[0]?.attributes).not.toHaveProperty('call_args');
    expect(records[0]?.attributes).not.toHaveProperty('return_value');
    const { codec } = loggier({ apiKey: 'k'.repeat(32) }).logs;
    const entry = JSON.parse(codec.encode(records[0] as never)) as { context: Record<string, unknown> };
    expect(entry.context).toMatchObject({
      function: { name: 'load' },
      duration_ms: 500,
      performance: { is_slow: true, threshold_ms: 500 },
    });
  });

  it('logs a failed call as an error with its exception, and throws it on', async () => {
    const { records } = registered(logRig());
    const error = new RangeError('empty');
    const pay = timed(async function pay(): Promise<never> {
      await clock.advance(20);
      throw error;
    });
    await expect(pay()).rejects.toBe(error);
    expect(records).toMatchObject([
      {
        severityNumber: 17,
        body: 'Function call: pay [ERROR: RangeError]',
        attributes: {
          duration_ms: 20,
          performance: { is_slow: false, threshold_ms: 500 },
          tags: ['performance', 'function_call', 'error'],
          'error.type': 'RangeError',
          'exception.type': 'RangeError',
          'exception.message': 'empty',
          'exception.stacktrace': error.stack,
        },
      },
    ]);
    const sync = timed(
      () => {
        throw new Error('sync');
      },
      { name: 'sync' },
    );
    expect(sync).toThrow('sync');
    expect(records[1]?.body).toBe('Function call: sync [ERROR: Error]');
  });

  it('tells of an exception once, however it is wrapped', () => {
    const { records } = registered(logRig());
    const fail = captureErrors(() => {
      throw new Error('once');
    });
    expect(timed(() => fail(), { name: 'outer' })).toThrow('once');
    const stacks = records.filter(({ attributes }) => 'exception.stacktrace' in attributes);
    expect(records.map(({ body }) => body)).toEqual(['once', 'Function call: outer [ERROR: Error]']);
    expect(stacks).toHaveLength(1);
    expect(records[1]?.attributes['error.type']).toBe('Error');
  });

  it('logs every call when told to, at the level it is told', () => {
    const { records } = registered(logRig());
    timed(() => 1, { name: 'f', recordWhen: 'always', level: 'debug' })();
    expect(records).toMatchObject([
      { severityNumber: 5, severityText: 'DEBUG', body: 'Function call: f', attributes: { duration_ms: 0 } },
    ]);
  });

  it('tells arguments and result on request only, shortened', () => {
    const { records } = registered(logRig());
    const options = { recordWhen: 'always', includeArguments: true, includeResult: true } as const;
    const cycle: Record<string, unknown> = { password: 'kept for redaction by key' };
    cycle.self = cycle;
    timed((..._args: unknown[]) => ({ big: 'x'.repeat(5_000), at: new Date(0) }), options)(
      'a',
      cycle,
      undefined,
      () => 1,
      5n,
    );
    const { call_args, return_value } = (records[0] as ReadableLogRecord).attributes as Record<
      string,
      Record<string, unknown>
    >;
    expect(call_args).toEqual({
      args: ['a', { password: 'kept for redaction by key', self: '[Circular]' }, 'undefined', 'function', '5'],
    });
    expect(return_value?.at).toBe('1970-01-01T00:00:00.000Z');
    expect(String(return_value?.big).length).toBeLessThan(1_100);
    timed((..._args: unknown[]) => 'x'.repeat(5_000), options)(...Array.from({ length: 50 }, (_, index) => index));
    const second = records[1]?.attributes as { call_args: { args: unknown[] }; return_value: string };
    expect(second.call_args.args).toHaveLength(20);
    expect(second.return_value.length).toBeLessThan(1_100);
    timed(() => undefined, options)();
    expect(records[2]?.attributes).not.toHaveProperty('return_value');
  });

  it('makes a span that is active inside and failed where the call failed', async () => {
    const exporter = new InMemorySpanExporter();
    tracing({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const { records } = registered(logRig());
    const warnings: string[] = [];
    diag.setLogger({ ...new DiagConsoleLogger(), warn: (text) => void warnings.push(text) });
    onTestFinished(() => diag.disable());
    const inner: unknown[] = [];
    const work = timed(
      async (fails: boolean) => {
        await null;
        inner.push(trace.getActiveSpan()?.spanContext());
        if (fails) throw new TypeError('no');
      },
      { name: 'work', attributes: { tenant: 't-1', deep: { er: 1 } }, recordWhen: 'always' },
    );
    await work(false);
    await expect(work(true)).rejects.toThrow('no');
    const spans = exporter.getFinishedSpans();
    expect(spans).toMatchObject([
      { name: 'work', status: { code: SpanStatusCode.UNSET }, attributes: { tenant: 't-1' } },
      {
        name: 'work',
        status: { code: SpanStatusCode.ERROR, message: 'no' },
        attributes: { 'error.type': 'TypeError' },
      },
    ]);
    expect(spans[0]?.attributes).not.toHaveProperty('deep');
    expect(inner).toEqual(spans.map((span) => span.spanContext()));
    expect(records.map(({ spanContext }) => spanContext)).toEqual(inner);
    expect(warnings).toEqual([]);
  });

  it('keeps the span active in each step of a generator, ends it with the generator, and outside it is not', async () => {
    const exporter = new InMemorySpanExporter();
    tracing({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const { records } = registered(logRig());
    const id = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;
    const ids: unknown[] = [];
    const pages = timed(async function* pages(): AsyncGenerator<number, void> {
      for (let page = 1; page <= 3; page++) {
        ids.push(id());
        await clock.advance(200);
        yield page;
      }
    });
    const seen: number[] = [];
    for await (const page of pages()) {
      expect(id()).toBeUndefined();
      seen.push(page);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    const spanId = exporter.getFinishedSpans()[0]?.spanContext().spanId;
    expect(ids).toEqual([spanId, spanId, spanId]);
    expect(records).toMatchObject([{ body: 'Function call: pages [SLOW: 600.00ms >= 500ms]' }]);
    for (const _ of timed(function* (): Generator<number, void> {
      for (;;) yield 1;
    })())
      break;
    expect(exporter.getFinishedSpans()).toHaveLength(2);
  });

  it('serves as a decorator, under the name of the method', () => {
    const { records } = registered(logRig());
    const slow = tracedWith(
      clock,
      () => {
        throw new Error('x');
      },
      { kind: 'method', name: 'checkout' },
    );
    expect(slow).toThrow('x');
    const fail = (): never => {
      throw new Error('x');
    };
    expect(tracedWith(clock, fail, { kind: 'method', name: Symbol('pay') })).toThrow('x');
    expect(records.map(({ body }) => body)).toEqual([
      'Function call: checkout [ERROR: Error]',
      'Function call: Symbol(pay) [ERROR: Error]',
    ]);
  });

  it('goes on when the tracing SDK throws', () => {
    const { records } = registered(logRig());
    const broken = {
      getTracer: () => ({
        startSpan: () => {
          throw new Error('tracer');
        },
      }),
    };
    trace.setGlobalTracerProvider(broken as never);
    try {
      expect(traced(() => 7)()).toBe(7);
      const error = new Error('mine');
      expect(
        traced(() => {
          throw error;
        }),
      ).toThrow(error);
    } finally {
      trace.disable();
    }
    expect(records).toEqual([]);
  });

  it('uses the real clock and half a second unless told otherwise', async () => {
    const { records } = registered(logRig());
    await traced(async () => null)();
    traced(() => 1, { thresholdMillis: 0, name: 'always slow' })();
    expect(records.map(({ severityText }) => severityText)).toEqual(['WARN']);
    expect(records[0]?.attributes.duration_ms).toBeGreaterThanOrEqual(0);
  });

  it('refuses bad options at once', () => {
    const make = (options: unknown) => () => traced(() => 1, options as never);
    expect(make({ thresholdMillis: -1 })).toThrow('thresholdMillis must be a number of at least 0');
    expect(make({ thresholdMillis: '1s' })).toThrow('thresholdMillis must be a number');
    expect(make({ thresholdMs: 5 })).toThrow('unknown option thresholdMs');
    expect(make({ recordWhen: 'never' })).toThrow('recordWhen must be slow or always');
    expect(make({ level: 'loud' })).toThrow('level must be trace');
    expect(make({ logger: 7 })).toThrow('logger must be');
    expect(() => traced('f' as never)).toThrow('only functions can be wrapped, got string');
  });
});
