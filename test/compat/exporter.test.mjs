import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { context, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { startSink } from 'logferry/sink';
import { assertConserved, exporters, messages, PLATFORMS } from './support.mjs';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const COUNT = 5_000;

let sink;
before(async () => {
  sink = await startSink();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
beforeEach(() => {
  sink.clear();
  sink.setFaults({});
});
after(() => sink.close());

function provider(list) {
  const processors = list.map(
    (exporter) => new BatchLogRecordProcessor({ exporter, maxQueueSize: COUNT + 1, maxExportBatchSize: 512 }),
  );
  return new LoggerProvider({ resource: resourceFromAttributes({ 'service.name': 'till' }), processors });
}

test(`BatchLogRecordProcessor: ${COUNT} emitted = ${COUNT} delivered, on all five platforms`, async () => {
  const list = exporters(sink);
  const logs = provider(list);
  const logger = logs.getLogger('shop', '1.0.0');
  for (let n = 0; n < COUNT; n++) logger.emit({ body: `m${n}`, severityNumber: 9, attributes: { n } });
  await logs.shutdown();
  const expected = Array.from({ length: COUNT }, (_, n) => `m${n}`).sort();
  for (const [index, platform] of PLATFORMS.entries()) {
    const stats = list[index].stats();
    assertConserved(stats);
    assert.deepEqual([stats.accepted, stats.delivered, stats.pending], [COUNT, COUNT, 0], platform);
    assert.deepEqual(messages(sink, platform), expected, platform);
  }
});

test('payloads: message, level, trace, attributes and exception on each platform', async () => {
  const logs = provider(exporters(sink));
  const spanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: TraceFlags.SAMPLED };
  context.with(trace.setSpanContext(context.active(), spanContext), () => {
    logs.getLogger('shop', '1.0.0').emit({
      body: 'order failed',
      severityNumber: 17,
      severityText: 'ERROR',
      attributes: { 'order.id': 'o-1', nested: { list: [1, 2] }, nothing: undefined },
      exception: new TypeError('card refused'),
    });
  });
  await logs.shutdown();
  const of = (platform) => {
    assert.equal(sink.records(platform).length, 1, platform);
    return sink.records(platform)[0].record;
  };
  const { odysseus, logtide, redarch, loggier, trakerr } = Object.fromEntries(
    PLATFORMS.map((name) => [name, of(name)]),
  );
  for (const record of [odysseus, logtide, redarch, loggier]) assert.equal(record.message, 'order failed');
  assert.equal(trakerr.eventMessage, 'order failed');
  assert.deepEqual(
    [odysseus.severity, logtide.level, redarch.level, loggier.level, trakerr.logLevel],
    [5, 'error', 'ERROR', 'ERROR', 'error'],
  );
  assert.deepEqual([logtide.trace_id, logtide.span_id, logtide.service], [TRACE_ID, SPAN_ID, 'till']);
  assert.equal(trakerr.contextCrossAppCorrelationId, TRACE_ID);
  assert.equal(redarch.service, 'till');
  for (const { context: own } of [odysseus, redarch, loggier]) {
    assert.deepEqual(
      [own.trace_id, own.span_id, own['order.id'], own.nested],
      [TRACE_ID, SPAN_ID, 'o-1', { list: [1, 2] }],
    );
    assert.equal('nothing' in own, false);
  }
  assert.deepEqual(logtide.metadata.nested, { list: [1, 2] });
  assert.equal(odysseus.context.exception.type, 'TypeError');
  assert.equal(logtide.metadata.exception.message, 'card refused');
  assert.equal(loggier.exception.type, 'TypeError');
  assert.equal(trakerr.eventType, 'TypeError');
  assert.equal(trakerr.eventStacktrace[0].message, 'card refused');
});

test('a record with an event name is an event of Odysseus and an entry of the others', async () => {
  const logs = provider(exporters(sink));
  logs.getLogger('shop').emit({ eventName: 'cart.paid', severityNumber: 9, attributes: { amount: 3 } });
  await logs.shutdown();
  for (const platform of PLATFORMS) assert.deepEqual(messages(sink, platform), ['cart.paid'], platform);
  assert.deepEqual(
    sink.records('odysseus').map(({ channel }) => channel),
    ['events'],
  );
});

test('bodies that JSON cannot hold arrive all the same', async () => {
  const logs = provider(exporters(sink));
  const cycle = { name: 'cycle' };
  cycle.self = cycle;
  const bodies = [cycle, 12n, new Date(0), Number.NaN, new Uint8Array([1, 2]), new Map([['a', 1]]), '\ud800', null];
  for (const body of bodies) logs.getLogger('shop').emit({ body, severityNumber: 9 });
  await logs.shutdown();
  for (const platform of PLATFORMS) assert.equal(sink.records(platform).length, bodies.length, platform);
});

test('an outage in between: nothing is lost, and the ledger is exact', async () => {
  // Short back-off, so that the test waits for nothing but the sink.
  const list = exporters(sink, { circuitBreaker: { initialDelayMillis: 5, maxDelayMillis: 50 } });
  const logs = provider(list);
  const logger = logs.getLogger('shop');
  const emit = (from, to) => {
    for (let n = from; n < to; n++) logger.emit({ body: `m${n}`, severityNumber: 9 });
  };
  emit(0, 100);
  await logs.forceFlush();
  await sink.pause();
  emit(100, 300);
  const flushed = logs.forceFlush();
  for (const exporter of list) {
    while (exporter.stats().circuit.trips === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const stats = exporter.stats();
    assertConserved(stats);
    assert.deepEqual([stats.accepted, stats.delivered, stats.pending], [300, 100, 200], stats.platform);
  }
  await sink.resume();
  await flushed;
  emit(300, 400);
  await logs.shutdown();
  const expected = Array.from({ length: 400 }, (_, n) => `m${n}`).sort();
  for (const [index, platform] of PLATFORMS.entries()) {
    const stats = list[index].stats();
    assertConserved(stats);
    assert.deepEqual([stats.accepted, stats.delivered, stats.pending, stats.deadLettered], [400, 400, 0, 0], platform);
    assert.deepEqual(messages(sink, platform), expected, platform);
    assert.ok(stats.retries > 0, platform);
  }
});
