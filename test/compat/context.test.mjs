// Log context, errors and slow things on both OpenTelemetry lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import * as api from '@opentelemetry/api';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import * as ferry from 'logferry';
import { tracerProviderClass } from './support.mjs';

const ID = '0af7651916cd43dd8448eb211c80319c';

test('context, errors and slow things', async () => {
  const records = [];
  const list = { onEmit: (record) => records.push(record), forceFlush: async () => {}, shutdown: async () => {} };
  const processor = new ferry.LogContextProcessor({ callSite: true, baggageKeys: ['tenant'] });
  const provider = new LoggerProvider({ processors: [processor, list] });
  const logs = api.logs ?? (await import('@opentelemetry/api-logs')).logs;
  logs.setGlobalLoggerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const slow = [];
  const targets = { emitSpanEvent: (record) => slow.push(record), forceFlush: async () => {} };
  const TracerProvider = await tracerProviderClass();
  const rules = new ferry.SlowSpanRules({ rules: 'internal>10ms', targets });
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [rules] }));
  const logger = logs.getLogger('shop');
  function emitHere() {
    logger.emit({ body: 'x', severityNumber: 9 });
    return records.at(-1);
  }

  const late = await ferry.withLogContext({ a: 1, when: new Date(0) }, async () => {
    await wait(1);
    return emitHere();
  });
  assert.equal(late.attributes.a, 1);
  assert.equal(late.attributes.when, '1970-01-01T00:00:00.000Z');
  assert.equal(late.attributes['code.function.name'], 'emitHere');
  assert.equal(ferry.withTraceId(ID, emitHere).spanContext.traceId, ID);
  const custom = ferry.withTraceId('request-1', emitHere);
  assert.equal(custom.attributes['trace.custom_id'], 'request-1');
  assert.equal(custom.spanContext, undefined);

  ferry.report(Object.assign(new TypeError('no'), { code: 'E_NO' }), { order: 1 });
  assert.equal(records.at(-1).attributes['exception.type'], 'TypeError');
  assert.equal(records.at(-1).attributes['exception.code'], 'E_NO');
  await assert.rejects(ferry.captureErrors(async () => Promise.reject(new Error('late')))());
  assert.equal(records.at(-1).body, 'late');
  ferry.emitEvent('order.placed', { id: 1 });
  assert.equal(records.at(-1).eventName, 'order.placed');

  let active;
  const work = ferry.traced(
    async function work() {
      active = trace.getActiveSpan();
      await wait(30);
    },
    { thresholdMillis: 10, attributes: { deep: { er: 1 } } },
  );
  await work();
  assert.deepEqual(records.at(-1).attributes.function, { name: 'work' });
  assert.equal(records.at(-1).spanContext.spanId, active.spanContext().spanId);
  assert.deepEqual(
    slow.map(({ severityText, attributes }) => [severityText, attributes.performance]),
    [['WARN', { is_slow: true, threshold_ms: 10 }]],
  );
});
