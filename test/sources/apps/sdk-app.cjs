// Takes a tracer and a logger, and only then starts an SDK of its own; some of its packages have loaded http by then.
require('node:http');
const { trace } = require('@opentelemetry/api');
const { logs } = require('@opentelemetry/api-logs');

const early = { tracer: trace.getTracer('early'), logger: logs.getLogger('early') };
require('./sdk.cjs');
require('./server.cjs');
early.tracer.startActiveSpan('work', (span) => {
  early.logger.emit({ body: 'from an early logger', severityNumber: 9 });
  span.end();
});
