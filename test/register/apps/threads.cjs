const { Worker, isMainThread, threadId } = require('node:worker_threads');
const { logs } = require('@opentelemetry/api-logs');

logs.getLogger('shop').emit({ body: isMainThread ? 'main' : `thread ${threadId}`, severityNumber: 9 });
if (isMainThread) for (let n = 0; n < 2; n++) new Worker(__filename);
