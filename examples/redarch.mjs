// RedArch: user, tenant and request id as fields of their own.
//
//   node examples/redarch.mjs
//
// With RARCH_LOGGING_API_KEY and RARCH_LOGGING_URL set, the records go to that server; without, to a local sink in this
// process, and you see what arrived. The key is never sent: it signs a short-lived token for each service.
import { logs, SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { PlatformLogExporter, redarch } from 'logferry';
import { sinkUnlessSet } from './support/sink-unless-set.mjs';

const { env, report } = await sinkUnlessSet('RARCH_LOGGING_API_KEY');

const exporter = new PlatformLogExporter(
  redarch({
    // The whole address, path included; RedArch's own default is http://localhost:8080/log.
    url: env.RARCH_LOGGING_URL ?? 'http://localhost:8080/log',
    apiKey: env.RARCH_LOGGING_API_KEY,
    // For records that name no tenant themselves.
    tenantId: 'tenant-default',
  }),
);
const provider = new LoggerProvider({
  // `service.name` is the service of the record and of its token.
  resource: resourceFromAttributes({ 'service.name': 'checkout' }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
logs.setGlobalLoggerProvider(provider);

const logger = logs.getLogger('checkout.payment');

// `user.id`, `tenant.id` and `request.id` become user_id, tenant_id and request_id; the rest is `context`.
logger.emit({
  severityNumber: SeverityNumber.INFO,
  body: 'order 1001 is paid',
  attributes: { 'user.id': 'user-42', 'tenant.id': 'acme', 'request.id': 'req-7f3a', 'order.id': 1001 },
});

// A request id often comes as a header; OpenTelemetry names it so, and its value is a list.
logger.emit({
  severityNumber: SeverityNumber.WARN,
  body: 'the bank was slow',
  attributes: { 'http.request.header.x-request-id': ['req-7f3b'], 'bank.millis': 2140 },
});

await provider.shutdown();
await report([exporter]);
