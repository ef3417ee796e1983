import { createServer } from 'node:http';
import { logs } from '@opentelemetry/api-logs';

createServer().listen(0, '127.0.0.1', () => {
  logs.getLogger('shop').emit({ body: 'up', severityNumber: 9 });
  process.stdout.write('signal me\n');
});
