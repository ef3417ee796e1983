// The application of the outage test: emits numbered records at a steady rate to all five platforms at once, and
// reports what its exporters say. Started by outage.test.ts with the sink's address in the environment.
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { loggier, logtide, odysseus, PlatformLogExporter, redarch, trakerr } from '../../dist/index.js';

const { env } = process;
const seconds = Number(env.OUTAGE_SECONDS);
const rate = Number(env.OUTAGE_RATE);
const SLICE_MILLIS = 20;

const platforms = [
  odysseus({ appId: env.ODYSSEUS_APP_ID, appKey: env.ODYSSEUS_APP_KEY, url: env.ODYSSEUS_URL }),
  logtide({ url: env.LOGTIDE_API_URL, apiKey: env.LOGTIDE_API_KEY }),
  redarch({ url: env.RARCH_LOGGING_URL, apiKey: env.RARCH_LOGGING_API_KEY }),
  loggier({ url: env.LOGGIER_API_URL, apiKey: env.LOGGIER_API_KEY }),
  trakerr({ url: env.TRAKERR_API_URL, apiKey: env.TRAKERR_API_KEY }),
];
const exporters = platforms.map(
  (platform) =>
    new PlatformLogExporter(platform, {
      // 20 s × 2,000 records/s × about 1 kB each must fit.
      queue: { maxBytes: 128 * 1024 * 1024 },
      http: { timeoutMillis: 2_000 },
      circuitBreaker: { initialDelayMillis: 200, maxDelayMillis: 1_000, holdMillis: 500 },
      timeouts: { flushMillis: 240_000, shutdownMillis: 5_000 },
    }),
);
const provider = new LoggerProvider({
  processors: exporters.map((exporter) => new BatchLogRecordProcessor({ exporter, maxQueueSize: 16_384 })),
});
const logger = provider.getLogger('outage');
const total = seconds * rate;
const begun = performance.now();
let emitted = 0;

process.send({ kind: 'started' });
await new Promise((resolve) => {
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * rate));
    for (; emitted < due; emitted++) {
      logger.emit({ body: `record ${emitted}`, severityNumber: 9, severityText: 'INFO', attributes: { n: emitted } });
    }
    if (emitted < total) return;
    clearInterval(timer);
    resolve();
  }, SLICE_MILLIS);
});
process.send({ kind: 'emitted' });
await provider.forceFlush();
await Promise.all(exporters.map((exporter) => exporter.forceFlush()));
const stats = exporters.map((exporter) => exporter.stats());
await provider.shutdown();
process.send({ kind: 'done', emitted, stats, rssMegabytes: Math.round(process.memoryUsage.rss() / 1_048_576) });
