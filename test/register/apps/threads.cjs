const { Worker, isMainThread, workerData } = require('node:worker_threads');
const { logs } = require('@opentelemetry/api-logs');

logs.getLogger('shop').emit({ body: isMainThread ? 'main' : `thread ${workerData}`, severityNumber: 9 });
if (isMainThread) for (const workerData of [1, 2]) new Worker(__filename, { workerData });
