const cluster = require('node:cluster');
const { logs } = require('@opentelemetry/api-logs');

const log = (body) => logs.getLogger('shop').emit({ body, severityNumber: 9 });
if (cluster.isPrimary) {
  log('primary');
  for (let n = 0; n < 2; n++) cluster.fork();
} else {
  log(`worker ${cluster.worker.id}`);
  // Leaves the cluster's channel; then nothing keeps the process alive.
  process.channel.unref();
}
