// A service that logs to LogTide through a spool on disk. Its first life logs and is killed; the next one delivers.
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { DurableLogRecordProcessor, logtide } from 'logferry';

const { LOGTIDE_API_URL: url, LOGTIDE_API_KEY: apiKey, SPOOL_DIR: directory, ORDERS = '0' } = process.env;

const durable = new DurableLogRecordProcessor(logtide({ url, apiKey }), { spool: { directory } });
const resource = resourceFromAttributes({ 'service.name': 'checkout' });
logs.setGlobalLoggerProvider(new LoggerProvider({ resource, processors: [durable] }));

const logger = logs.getLogger('checkout.payment');
for (let order = 1; order <= Number(ORDERS); order += 1) {
  logger.emit({ severityNumber: SeverityNumber.INFO, body: `order ${order} is paid` });
}
if (Number(ORDERS) > 0) {
  console.log(`first life: ${ORDERS} records are emitted, LogTide is down; kill -9`);
  process.kill(process.pid, 'SIGKILL');
}

// What dead processes have left is taken over in the background, within a second or so.
while (durable.stats()[0].recovered === 0) await new Promise((resolve) => setTimeout(resolve, 20));
const { complete, destinations } = await durable.flush({ until: 'delivered', timeoutMillis: 10_000 });
console.log(`second life: ${durable.stats()[0].recovered} recovered, ${durable.stats()[0].delivered} delivered`);
if (!complete) console.log('still pending:', destinations);
await durable.shutdown();
