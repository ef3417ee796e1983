import { context, propagation } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { describe, expect, it } from 'vitest';
import { setGlobalContext, withLogContext } from '../../src/instrument/log-context.ts';
import { LogContextProcessor, recordEnricher } from '../../src/instrument/log-context-processor.ts';
import { withNewTraceId, withTraceId } from '../../src/instrument/trace-id.ts';
import { contextManager, logRig, tracing } from './rig.ts';

describe('LogContextProcessor', () => {
  it('adds allowed Baggage only, below the log context and above the global one', () => {
    contextManager();
    const { emitted } = logRig({ baggageKeys: ['tenant', 'plan', 'region', 'absent'] });
    setGlobalContext({ region: 'global', plan: 'global' });
    const baggage = propagation.createBaggage({
      tenant: { value: 'baggage' },
      plan: { value: 'baggage' },
      hostile: { value: 'x' },
    });
    context.with(propagation.setBaggage(context.active(), baggage), () => {
      expect(withLogContext({ tenant: 'field' }, () => emitted()).attributes).toEqual({
        tenant: 'field',
        plan: 'baggage',
        region: 'global',
      });
      expect(emitted({ plan: 'own' }).attributes).toEqual({ plan: 'own', tenant: 'baggage', region: 'global' });
    });
    expect(logRig().emitted().attributes).toEqual({ region: 'global', plan: 'global' });
  });

  it('gives each record outside any trace an id of its own when asked to', () => {
    const tracer = tracing().getTracer('t');
    const { emitted } = logRig({ autoTraceId: true });
    const [first, second] = [emitted(), emitted()].map(({ spanContext }) => spanContext);
    expect(first).toMatchObject({ traceFlags: 0, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(second?.traceId).not.toBe(first?.traceId);
    tracer.startActiveSpan('s', (span) => {
      expect(emitted().spanContext).toEqual(span.spanContext());
      span.end();
    });
    withNewTraceId(() => expect(emitted().spanContext?.traceId).toBe(emitted().spanContext?.traceId));
    expect(withLogContext({ a: 1 }, () => emitted()).spanContext).toBeDefined();
    // LogTide's own trace id field takes the other id; an invented one would be in its way.
    expect(withTraceId('request-1', () => emitted()).spanContext).toBeUndefined();
    expect(logRig().emitted().spanContext).toBeUndefined();
  });

  it('leaves the decision whether a record is wanted to the processor behind it', () => {
    const wanting = (enabled: boolean): LogRecordProcessor => ({
      onEmit: () => {},
      enabled: () => enabled,
      forceFlush: async () => {},
      shutdown: async () => {},
    });
    for (const enabled of [true, false]) {
      const provider = new LoggerProvider({ processors: [new LogContextProcessor(), wanting(enabled)] });
      expect(provider.getLogger('t').enabled({ severityNumber: 9 })).toBe(enabled);
    }
  });

  it('never throws into the application', () => {
    const enrich = recordEnricher({ callSite: true, autoTraceId: true, baggageKeys: ['a'] });
    const refusing = {
      attributes: {},
      setAttribute: () => {
        throw new Error('frozen');
      },
    };
    withLogContext({ a: 1 }, () => {
      expect(() => enrich(refusing)).not.toThrow();
      expect(() => enrich(Object.freeze({ ...refusing }))).not.toThrow();
      expect(() => enrich(undefined as never)).not.toThrow();
    });
  });

  it('refuses bad options by name', () => {
    const make = (options: unknown) => () => new LogContextProcessor(options as never);
    expect(make({ baggage: ['a'] })).toThrow('unknown option baggage');
    expect(make({ baggageKeys: 'tenant' })).toThrow('baggageKeys must be a list of names');
    expect(make({ baggageKeys: [1] })).toThrow('baggageKeys must be a list of names');
    expect(make({ callSite: { skipFrames: -1 } })).toThrow('callSite.skipFrames');
    expect(make({ callSite: { level: 'loud' } })).toThrow('callSite.level must be trace');
    expect(make({ callSite: { stripPrefix: 1 } })).toThrow('callSite.stripPrefix');
  });

  it('flushes and shuts down without ado', async () => {
    const processor = new LogContextProcessor();
    await expect(processor.forceFlush()).resolves.toBeUndefined();
    await expect(processor.shutdown()).resolves.toBeUndefined();
  });
});
