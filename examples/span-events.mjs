// Events of spans: SpanEventBridge makes them Odysseus events, and log entries on the other platforms.
//
//   node examples/span-events.mjs
//
// With the credentials of Odysseus and LogTide set, the records go there; without, to a local sink in this process, and
// you see what arrived.
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { logtide, odysseus, PlatformLogExporter, SpanEventBridge } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('ODYSSEUS_APP_KEY', 'LOGTIDE_API_KEY');

const exporters = [
  odysseus({ appId: env.ODYSSEUS_APP_ID, appKey: env.ODYSSEUS_APP_KEY, url: env.ODYSSEUS_URL }),
  logtide({ url: env.LOGTIDE_API_URL, apiKey: env.LOGTIDE_API_KEY }),
].map((platform) => new PlatformLogExporter(platform));

const resource = resourceFromAttributes({ 'service.name': 'checkout' });
const loggerProvider = new LoggerProvider({
  resource,
  processors: exporters.map((exporter) => new BatchLogRecordProcessor({ exporter })),
});
// The bridge is a span processor; it may stand beside one that sends the spans themselves somewhere.
const tracerProvider = new BasicTracerProvider({
  resource,
  spanProcessors: [new SpanEventBridge({ targets: exporters })],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(tracerProvider);
logs.setGlobalLoggerProvider(loggerProvider);

const tracer = trace.getTracer('checkout');
const logger = logs.getLogger('checkout');

tracer.startActiveSpan('POST /orders', (span) => {
  // The events of one trace are one stream in Odysseus, in this order.
  span.addEvent('order.validated', { 'order.id': 1001 });
  span.addEvent('payment.charged', { 'order.id': 1001, 'payment.amount': 49.9 });

  // A record inside a span has the span's ids without further ado.
  logger.emit({ severityNumber: SeverityNumber.INFO, body: 'order 1001 is placed' });

  const error = new Error('the receipt could not be sent');
  // Both the span and the log hear of the error; it arrives once, as the log record, which knows more.
  span.recordException(error);
  span.setStatus({ code: SpanStatusCode.ERROR });
  logger.emit({ severityNumber: SeverityNumber.ERROR, body: 'no receipt for order 1001', exception: error });
  span.end();
});

// Logs first: a recorded exception waits for the log record that tells the same, and a flush ends the waiting.
await loggerProvider.forceFlush();
await tracerProvider.shutdown();
await loggerProvider.shutdown();
await report(exporters);
