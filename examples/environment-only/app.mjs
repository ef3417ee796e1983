// An application that knows the OpenTelemetry Logs API and nothing else. See README.md beside it.
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';

const logger = logs.getLogger('nightly-report');

// A tracing SDK would supply the context by itself; a job may also get it along with its message, as here.
const [, traceId, spanId] = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'.split('-');
const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 });

logger.emit({ context, severityNumber: SeverityNumber.INFO, body: 'the report is being made' });
logger.emit({
  context,
  severityNumber: SeverityNumber.WARN,
  body: 'a page has no figures',
  attributes: { 'report.page': 3 },
});
logger.emit({
  context,
  severityNumber: SeverityNumber.ERROR,
  body: 'the report could not be mailed',
  exception: new Error('mailbox is full'),
});

// Exit codes stay what they are: `node … app.mjs --fail` ends with 3.
if (process.argv.includes('--fail')) process.exitCode = 3;
