// An application with a logger provider of its own, before ours.
import { logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';

const exporter = new InMemoryLogRecordExporter();
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));
await import('logferry/register');
logs.getLogger('shop').emit({ body: 'mine', severityNumber: 9 });
process.stdout.write(`${exporter.getFinishedLogRecords().map(({ body }) => body)}\n`);
