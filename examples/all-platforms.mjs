// All five platforms at once. Each has a queue and a circuit breaker of its own: an outage of one delays no other.
//
//   node examples/all-platforms.mjs
//
// With credentials of some platforms set, the records go to those; without any, all five are played by a local sink in
// this process, and Trakerr is out of order at first to show that the others do not notice.
import { setTimeout } from 'node:timers/promises';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { loggier, logtide, odysseus, PlatformLogExporter, redarch, trakerr } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, sink, report } = await sinkUnlessSet(
  'ODYSSEUS_APP_KEY',
  'LOGTIDE_API_KEY',
  'RARCH_LOGGING_API_KEY',
  'LOGGIER_API_KEY',
  'TRAKERR_API_KEY',
);

const platforms = [
  env.ODYSSEUS_APP_KEY && odysseus({ appId: env.ODYSSEUS_APP_ID, appKey: env.ODYSSEUS_APP_KEY, url: env.ODYSSEUS_URL }),
  env.LOGTIDE_API_KEY && logtide({ url: env.LOGTIDE_API_URL, apiKey: env.LOGTIDE_API_KEY }),
  env.RARCH_LOGGING_API_KEY && redarch({ url: env.RARCH_LOGGING_URL, apiKey: env.RARCH_LOGGING_API_KEY }),
  env.LOGGIER_API_KEY && loggier({ apiKey: env.LOGGIER_API_KEY, url: env.LOGGIER_API_URL }),
  env.TRAKERR_API_KEY && trakerr({ apiKey: env.TRAKERR_API_KEY, url: env.TRAKERR_API_URL }),
].filter(Boolean);

const destinations = platforms.map((platform) => {
  // Short waits between tries, so that you need not wait a minute for the end of an example.
  const exporter = new PlatformLogExporter(platform, {
    circuitBreaker: { initialDelayMillis: 200, maxDelayMillis: 500 },
  });
  // A batch processor for each exporter: a batch is handed over to each platform on its own.
  return { name: platform.name, exporter, processor: new BatchLogRecordProcessor({ exporter }) };
});
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'checkout' }),
  processors: destinations.map(({ processor }) => processor),
});
logs.setGlobalLoggerProvider(provider);

function printCounts(when) {
  console.log(when);
  for (const { exporter } of destinations) {
    const { platform, accepted, delivered, pending, requests, retries } = exporter.stats();
    console.log(
      `  ${platform.padEnd(9)} ${accepted} accepted, ${delivered} delivered, ${pending} pending (${requests} requests, ${retries} retries)`,
    );
  }
}

sink?.setFaults({ status: 503 }, 'trakerr');

const logger = logs.getLogger('checkout.payment');
for (const order of [1001, 1002, 1003]) {
  logger.emit({
    severityNumber: SeverityNumber.INFO,
    body: `order ${order} is paid`,
    attributes: { 'order.id': order },
  });
}

const flushes = destinations.map(({ name, processor }) => ({ name, done: processor.forceFlush() }));
const healthy = flushes.filter(({ name }) => sink === undefined || name !== 'trakerr');
await Promise.all(healthy.map(({ done }) => done));
// Trakerr recovers only after it has refused something.
while (sink?.counts().trakerr.faulted === 0) await setTimeout(10);
printCounts(sink ? 'While Trakerr answers 503:' : 'After the first flush:');

sink?.setFaults({}, 'trakerr');
await Promise.all(flushes.map(({ done }) => done));
printCounts('At the end:');

await provider.shutdown();
await report(
  destinations.map(({ exporter }) => exporter),
  { perPlatform: 1 },
);
