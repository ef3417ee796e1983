// LogTide: the DSN, structured exceptions with their causes, and searchable identifiers.
//
//   node examples/logtide.mjs
//
// With LOGTIDE_DSN, or LOGTIDE_API_URL and LOGTIDE_API_KEY set, the records go to that server; without, to a local sink
// in this process, and you see what arrived.
import { inspect } from 'node:util';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { logtide, PlatformLogExporter } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('LOGTIDE_DSN', 'LOGTIDE_API_KEY');

const exporter = new PlatformLogExporter(
  logtide({
    // One address that holds everything, https://lp_KEY@host, as LogTide's own SDKs take it, or URL and key.
    ...(env.LOGTIDE_DSN ? { dsn: env.LOGTIDE_DSN } : { url: env.LOGTIDE_API_URL, apiKey: env.LOGTIDE_API_KEY }),
    // Added to the metadata of every entry.
    metadata: { region: 'eu-central' },
    // Also write `user.id` as `user_id` and so on, the names that LogTide extracts identifiers from.
    identifierAliases: true,
  }),
);
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'checkout', 'service.version': '2.1.0' }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
logs.setGlobalLoggerProvider(provider);

const logger = logs.getLogger('checkout.payment');

logger.emit({
  severityNumber: SeverityNumber.INFO,
  body: 'order 1001 is paid',
  attributes: { 'user.id': 'user-42', 'session.id': '3f2b8c1e-6a4d-4f7e-9b0a-5d1c2e3f4a5b', 'order.id': '1001' },
});

try {
  try {
    JSON.parse('{"amount":');
  } catch (cause) {
    throw new Error('the answer of the bank cannot be read', { cause });
  }
} catch (error) {
  // `exception` alone carries the outer error. The text that `inspect` prints also has the causes: given as
  // `exception.stacktrace` it becomes `metadata.exception` with frames and `cause`, by which LogTide groups errors.
  logger.emit({
    severityNumber: SeverityNumber.ERROR,
    body: 'payment of order 1001 failed',
    exception: error,
    attributes: { 'exception.stacktrace': inspect(error), 'order.id': '1001' },
  });
}

await provider.shutdown();
await report([exporter]);
