// Trakerr: classification, user and session, and the ten slots of custom properties.
//
//   node examples/trakerr.mjs
//
// With TRAKERR_API_KEY (and TRAKERR_API_URL) set, the records go to that server; without, to a local sink in this
// process, and you see what arrived.
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { PlatformLogExporter, trakerr } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('TRAKERR_API_KEY');

const exporter = new PlatformLogExporter(
  trakerr({
    apiKey: env.TRAKERR_API_KEY,
    url: env.TRAKERR_API_URL,
    tags: ['shop'],
    // Trakerr has ten slots for texts and ten for numbers: these attributes get one each. Everything that has neither a
    // field nor a slot is kept as JSON in text slot 10.
    customProperties: { stringData: { 'order.id': 1 }, doubleData: { 'order.amount': 1 } },
  }),
);
const provider = new LoggerProvider({
  // Become contextAppVersion and deploymentStage.
  resource: resourceFromAttributes({
    'service.name': 'checkout',
    'service.version': '2.1.0',
    'deployment.environment.name': 'staging',
  }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
logs.setGlobalLoggerProvider(provider);

const logger = logs.getLogger('checkout.payment');
const order = { 'order.id': '1001', 'order.amount': 49.9, 'user.id': 'user-42', 'session.id': 'visit-9' };

// Up to info a record is classified as "log", above as "issue" …
logger.emit({ severityNumber: SeverityNumber.INFO, body: 'order 1001 is paid', attributes: order });
logger.emit({
  severityNumber: SeverityNumber.ERROR,
  body: 'receipt of order 1001 could not be printed',
  exception: new TypeError('printer is undefined'),
  attributes: order,
});

// … unless the record says what it is.
logger.emit({
  severityNumber: SeverityNumber.WARN,
  body: 'three refused cards in a row',
  attributes: { ...order, 'trakerr.classification': 'fraud', tags: ['cards'] },
});

await provider.shutdown();
await report([exporter]);
