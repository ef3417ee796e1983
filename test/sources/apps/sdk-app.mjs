// Takes a tracer and a logger, and only then starts an SDK of its own.
import { trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';

const early = { tracer: trace.getTracer('early'), logger: logs.getLogger('early') };
await import('./sdk.cjs');
await import('./server.mjs');
early.tracer.startActiveSpan('work', (span) => {
  early.logger.emit({ body: 'from an early logger', severityNumber: 9 });
  span.end();
});
