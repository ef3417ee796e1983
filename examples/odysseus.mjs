// Odysseus: log entries with its own severity "Success", sessions, and events.
//
//   node examples/odysseus.mjs
//
// With ODYSSEUS_APP_ID, ODYSSEUS_APP_KEY (and ODYSSEUS_URL) set, the records go to that server; without, to a local
// sink in this process, and you see what arrived.
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { odysseus, PlatformLogExporter } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('ODYSSEUS_APP_KEY');

const exporter = new PlatformLogExporter(
  odysseus({
    appId: env.ODYSSEUS_APP_ID,
    appKey: env.ODYSSEUS_APP_KEY,
    url: env.ODYSSEUS_URL,
    // INFO records with `event.outcome: success` are shown as Success (3), a severity OpenTelemetry does not have.
    outcomeSuccess: true,
  }),
);
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'checkout', 'service.version': '2.1.0' }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
logs.setGlobalLoggerProvider(provider);

const logger = logs.getLogger('checkout.payment');

// A plain entry. The logger's name becomes the tag; without `session.id` the whole process is one session.
logger.emit({ severityNumber: SeverityNumber.INFO, body: 'payment service is ready' });

// A success, in the session of one visitor: `session.id` and `user.id` become fields of the entry.
const visitor = { 'session.id': '3f2b8c1e-6a4d-4f7e-9b0a-5d1c2e3f4a5b', 'user.id': 'user-42' };
logger.emit({
  severityNumber: SeverityNumber.INFO,
  body: 'order 1001 is paid',
  attributes: { ...visitor, 'event.outcome': 'success', 'order.id': 1001 },
});

// Success can also be asked for by name, whatever the record says otherwise.
logger.emit({
  severityNumber: SeverityNumber.INFO,
  body: 'nightly settlement is complete',
  attributes: { 'odysseus.severity': 'SUCCESS' },
});

// A record with an event name is an event: it goes to /api/events, its body becomes `data`.
logger.emit({
  eventName: 'payment.charged',
  severityNumber: SeverityNumber.INFO,
  body: { order: 1001, amount: 49.9, currency: 'EUR' },
  attributes: { ...visitor, 'odysseus.type': 7 },
});

await provider.shutdown();
await report([exporter]);
