// An SDK as an application sets it up by itself, of the PARTS of the environment; prints what its exporters get.
const { context, propagation, trace } = require('@opentelemetry/api');
const { logs } = require('@opentelemetry/api-logs');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace');

const parts = (process.env.PARTS ?? 'traces,http,logs,pino').split(',');
const print = (kind, lineOf) => ({
  export(items, done) {
    for (const item of items) process.stdout.write(`theirs: ${kind} ${lineOf(item)}\n`);
    done({ code: 0 });
  },
  async forceFlush() {},
  async shutdown() {},
});
const span = print('span', (one) => `${one.instrumentationScope.name} ${one.attributes.theirs ?? ''}`.trim());
const log = print('log', (one) => String(one.body));

if (parts.includes('http')) {
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  new HttpInstrumentation({
    requestHook: (one) => one.setAttribute('theirs', 'hooked'),
    disableOutgoingRequestInstrumentation: true,
  });
}
if (parts.includes('pino')) {
  const { PinoInstrumentation } = require('@opentelemetry/instrumentation-pino');
  new PinoInstrumentation();
}
if (parts.includes('traces')) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: span })] }));
}
if (parts.includes('context')) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
if (parts.includes('logs')) {
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: log })] }));
}
// A provider of another make: what it gets is all that can be seen of it.
if (parts.includes('strange')) {
  logs.setGlobalLoggerProvider({
    getLogger: () => ({ emit: (one) => process.stdout.write(`theirs: log ${one.body}\n`) }),
  });
}
