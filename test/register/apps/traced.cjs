// Registers a tracer provider of its own: at once, a turn of the event loop later, or much later.
const { trace } = require('@opentelemetry/api');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');

function work() {
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  const span = trace.getTracer('shop').startSpan('checkout');
  span.addEvent('cart.loaded', { items: 3 });
  span.recordException(new TypeError('card refused'));
  span.end();
}

if (process.env.WHEN === 'later') setImmediate(() => setImmediate(() => setTimeout(work, 20)));
else if (process.env.WHEN === 'before') {
  work();
  require('logferry/register');
  const span = trace.getTracer('shop').startSpan('afterwards');
  span.addEvent('cart.paid');
  span.end();
} else work();
