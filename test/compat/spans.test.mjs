import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { SpanEventBridge } from 'logferry';
import { startSink } from 'logferry/sink';
import { assertConserved, exporters, LINE, messages, PLATFORMS, tracerProviderClass } from './support.mjs';

const TracerProvider = await tracerProviderClass();

let sink;
before(async () => {
  sink = await startSink();
});
beforeEach(() => sink.clear());
after(() => sink.close());

test('events of spans, exceptions among them, arrive on every platform', async () => {
  const targets = exporters(sink);
  const seen = [];
  const spy = {
    onStart() {},
    onEnd: (span) => seen.push(...span.events),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new TracerProvider({ spanProcessors: [new SpanEventBridge({ targets }), spy] });
  const span = provider.getTracer('shop').startSpan('checkout');
  const { traceId, spanId } = span.spanContext();
  span.addEvent('cart.loaded');
  span.addEvent('cart.paid', { amount: 3, currency: 'EUR' });
  span.recordException(new TypeError('card refused'));
  span.end();
  await provider.forceFlush();
  await provider.shutdown();

  // The lines differ in what they hand to a span processor.
  assert.equal('attributes' in seen[0], LINE === 'A');
  for (const [index, platform] of PLATFORMS.entries()) {
    const stats = targets[index].stats();
    assertConserved(stats);
    assert.equal(stats.pending, 0, platform);
    assert.equal(sink.records(platform).length, 3, platform);
  }
  assert.deepEqual(messages(sink, 'logtide'), ['card refused', 'cart.loaded', 'cart.paid']);
  const logtide = (message) => sink.records('logtide').find(({ record }) => record.message === message).record;
  assert.deepEqual([logtide('cart.loaded').trace_id, logtide('cart.loaded').span_id], [traceId, spanId]);
  assert.deepEqual([logtide('cart.paid').metadata.amount, logtide('cart.paid').metadata.currency], [3, 'EUR']);
  assert.deepEqual(
    [logtide('card refused').level, logtide('card refused').metadata.exception.type],
    ['error', 'TypeError'],
  );
  const events = sink.records('odysseus').filter(({ channel }) => channel === 'events');
  assert.deepEqual(
    events
      .map(({ record }) => record.name)
      .slice(0, 2)
      .sort(),
    ['cart.loaded', 'cart.paid'],
  );
  for (const exporter of targets) await exporter.shutdown();
});
