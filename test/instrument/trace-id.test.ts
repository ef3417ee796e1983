import { setTimeout as wait } from 'node:timers/promises';
import { context, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { getTraceId, withNewTraceId, withTraceId } from '../../src/instrument/trace-id.ts';
import { contextManager, logRig, tracing } from './rig.ts';

const ID = '0af7651916cd43dd8448eb211c80319c';
const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736';

describe.each([
  ['without a context manager', () => {}],
  ['with a context manager', contextManager],
])('withTraceId, %s', (_, prepare) => {
  it('makes a trace id that is well-formed the trace of the records, with one span id for all of them', async () => {
    prepare();
    const { emitted } = logRig();
    const [first, second] = await withTraceId(ID.toUpperCase(), async () => {
      const one = emitted();
      await wait(1);
      return [one, emitted()];
    });
    expect(first?.spanContext).toMatchObject({ traceId: ID, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(second?.spanContext).toEqual(first?.spanContext);
    expect(first?.attributes).toEqual({});
    expect(emitted().spanContext).toBeUndefined();
  });

  it('makes any other id an attribute', () => {
    prepare();
    const { emitted } = logRig();
    const ids = ['request-123', '550e8400-e29b-41d4-a716-446655440000', '0'.repeat(32), ID.slice(1)];
    for (const id of ids) {
      const record = withTraceId(id, () => emitted());
      expect(record.attributes).toEqual({ 'trace.custom_id': id });
      expect(record.spanContext).toBeUndefined();
    }
    expect(withTraceId('x'.repeat(10_000), () => emitted()).attributes['trace.custom_id']).toBe('x'.repeat(256));
    expect(withTraceId('own', () => emitted({ 'trace.custom_id': 'mine' })).attributes['trace.custom_id']).toBe('mine');
  });

  it('takes what is no id for none', () => {
    prepare();
    const { emitted } = logRig();
    for (const id of ['', undefined, null, {}, Symbol('id')]) {
      withTraceId('outer', () => {
        expect(withTraceId(id as string, () => emitted()).attributes).toEqual({});
      });
    }
    expect(withTraceId(123 as unknown as string, () => emitted()).attributes['trace.custom_id']).toBe('123');
  });

  it('nests, inner ids first', () => {
    prepare();
    withTraceId('request-1', () => {
      expect(getTraceId()).toBe('request-1');
      withTraceId(ID, () => {
        expect(getTraceId()).toBe(ID);
        withTraceId(OTHER, () => expect(getTraceId()).toBe(OTHER));
        expect(getTraceId()).toBe(ID);
      });
      expect(getTraceId()).toBe('request-1');
    });
    expect(getTraceId()).toBeUndefined();
  });

  it('takes a custom id off the records of an inner trace', () => {
    prepare();
    const { emitted } = logRig();
    const record = withTraceId('request-1', () => withTraceId(ID, () => emitted()));
    expect(record.attributes).toEqual({});
    expect(record.spanContext?.traceId).toBe(ID);
  });

  it('makes fresh ids', () => {
    prepare();
    const { emitted } = logRig();
    const records = Array.from({ length: 1_000 }, () => withNewTraceId(() => emitted()));
    const ids = new Set(records.map(({ spanContext }) => spanContext?.traceId));
    expect(ids.size).toBe(1_000);
    expect(new Set(records.map(({ spanContext }) => spanContext?.spanId)).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('trace ids and spans', () => {
  it('gives the spans inside the trace id, and lets their ids on the records', () => {
    const tracer = tracing().getTracer('t');
    const { emitted } = logRig();
    withTraceId(ID, () => {
      tracer.startActiveSpan('inner', (span) => {
        expect(span.spanContext().traceId).toBe(ID);
        expect(span.isRecording()).toBe(true);
        expect(emitted().spanContext).toEqual(span.spanContext());
        expect(getTraceId()).toBe(ID);
        span.end();
      });
    });
  });

  it('is the active trace where a span is around, until somebody sets another', () => {
    const tracer = tracing().getTracer('t');
    const { emitted } = logRig();
    tracer.startActiveSpan('outer', (span) => {
      const { traceId } = span.spanContext();
      expect(getTraceId()).toBe(traceId);
      expect(withTraceId('request-1', () => getTraceId())).toBe(traceId);
      expect(withTraceId('request-1', () => emitted()).attributes).toEqual({ 'trace.custom_id': 'request-1' });
      // The same trace stays below its span.
      expect(withTraceId(traceId, () => emitted()).spanContext).toEqual(span.spanContext());
      expect(withTraceId(ID, () => emitted()).spanContext?.traceId).toBe(ID);
      expect(withNewTraceId(() => getTraceId())).not.toBe(traceId);
      span.end();
    });
  });

  it('samples as what is around it', () => {
    contextManager();
    const flags = () => trace.getActiveSpan()?.spanContext().traceFlags;
    expect(withTraceId(ID, flags)).toBe(1);
    const unsampled = trace.wrapSpanContext({ traceId: OTHER, spanId: '00f067aa0ba902b7', traceFlags: 0 });
    context.with(trace.setSpan(context.active(), unsampled), () => {
      expect(withTraceId(ID, flags)).toBe(0);
      expect(withNewTraceId(flags)).toBe(0);
    });
  });

  it('does not take an invalid active span for a trace', () => {
    contextManager();
    const invalid = trace.setSpan(context.active(), trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
    context.with(invalid, () => expect(getTraceId()).toBeUndefined());
  });
});
