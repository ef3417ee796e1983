import { context, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { loggier, logtide, odysseus, PlatformLogExporter, redarch, SpanEventBridge, trakerr } from 'logferry';

/** Breaks are a second at most, so that the demo sees the recovery at once. The defaults are 1 s, doubled up to 60 s. */
const delivery = { circuitBreaker: { initialDelayMillis: 250, maxDelayMillis: 1_000 } };

/** Sets up logs and traces for all five platforms, with credentials from `env`. */
export function startTelemetry(env) {
  const exporters = [
    odysseus({
      appId: env.ODYSSEUS_APP_ID,
      appKey: env.ODYSSEUS_APP_KEY,
      url: env.ODYSSEUS_URL,
      outcomeSuccess: true,
    }),
    logtide({ url: env.LOGTIDE_API_URL, apiKey: env.LOGTIDE_API_KEY }),
    redarch({ url: env.RARCH_LOGGING_URL, apiKey: env.RARCH_LOGGING_API_KEY }),
    loggier({ url: env.LOGGIER_API_URL, apiKey: env.LOGGIER_API_KEY, tags: ['demo'] }),
    trakerr({
      url: env.TRAKERR_API_URL,
      apiKey: env.TRAKERR_API_KEY,
      customProperties: { doubleData: { 'order.amount': 1 } },
    }),
  ].map((platform) => new PlatformLogExporter(platform, delivery));

  const resource = resourceFromAttributes({
    'service.name': 'checkout',
    'service.version': '2.1.0',
    'deployment.environment.name': 'demo',
    'host.name': 'demo-host',
  });
  const loggerProvider = new LoggerProvider({
    resource,
    processors: exporters.map((exporter) => new BatchLogRecordProcessor({ exporter, scheduledDelayMillis: 200 })),
  });
  const tracerProvider = new BasicTracerProvider({
    resource,
    spanProcessors: [new SpanEventBridge({ targets: exporters })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracerProvider);
  logs.setGlobalLoggerProvider(loggerProvider);

  return {
    stats: () => exporters.map((exporter) => exporter.stats()),
    /** Waits for delivery. Logs first: a flush of the bridge ends its waiting for the log record of an exception. */
    async flush() {
      await loggerProvider.forceFlush();
      await tracerProvider.forceFlush();
    },
    async shutdown() {
      await tracerProvider.shutdown();
      await loggerProvider.shutdown();
    },
  };
}
