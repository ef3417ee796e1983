import { trace } from '@opentelemetry/api';
import { tracerProviderClass } from '../support.mjs';

const TracerProvider = await tracerProviderClass();

function work() {
  trace.setGlobalTracerProvider(new TracerProvider());
  const span = trace.getTracer('shop').startSpan('checkout');
  span.addEvent('cart.loaded');
  span.recordException(new TypeError('card refused'));
  span.end();
}

if (process.env.WHEN === 'later') setTimeout(work, 20);
else work();
