// Loggier: tags and context, for every record and for single ones.
//
//   node examples/loggier.mjs
//
// With LOGGIER_API_KEY (and LOGGIER_API_URL) set, the records go to that server; without, to a local sink in this
// process, and you see what arrived.
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { loggier, PlatformLogExporter } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('LOGGIER_API_KEY');

const exporter = new PlatformLogExporter(
  loggier({
    apiKey: env.LOGGIER_API_KEY,
    url: env.LOGGIER_API_URL,
    // Tags and context of every record; attributes of the record win over the context.
    tags: ['shop', 'eu'],
    context: { team: 'payments', region: 'eu-central' },
  }),
);
const provider = new LoggerProvider({
  // These two become `context.service_name` and `environment`.
  resource: resourceFromAttributes({ 'service.name': 'checkout', 'deployment.environment.name': 'staging' }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
logs.setGlobalLoggerProvider(provider);

const logger = logs.getLogger('checkout.payment');

// `tags` are added to those above; all other attributes become entries of `context`.
logger.emit({
  severityNumber: SeverityNumber.INFO,
  body: 'order 1001 is paid',
  attributes: { tags: ['payment'], 'order.id': 1001, region: 'eu-west' },
});

// An error goes to `exception`, with type, message and stack.
logger.emit({
  severityNumber: SeverityNumber.ERROR,
  body: 'payment of order 1002 failed',
  exception: new RangeError('the amount is negative'),
  attributes: { tags: ['payment', 'alert'], 'order.id': 1002 },
});

await provider.shutdown();
await report([exporter]);
