import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { logs } from '@opentelemetry/api-logs';
import { onExit } from 'signal-exit';

onExit((_code, signal) => {
  writeSync(1, `signal-exit was told ${signal}\n`);
});
createServer().listen(0, '127.0.0.1', () => {
  logs.getLogger('shop').emit({ body: 'up', severityNumber: 9 });
  process.stdout.write('signal me\n');
});
