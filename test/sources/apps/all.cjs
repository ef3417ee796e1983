// Two workers of each kind say something through pino.
const cluster = require('node:cluster');
const { spawnSync } = require('node:child_process');
const { Worker, isMainThread, workerData } = require('node:worker_threads');
const pino = require('pino')();

if (!isMainThread) pino.info(`thread ${workerData}`);
else if (cluster.isWorker) {
  pino.info(`worker ${cluster.worker.id}`);
  process.channel.unref();
} else if (process.argv[2] === 'child') pino.info('child');
else {
  pino.info('main');
  for (const workerData of [1, 2]) new Worker(__filename, { workerData });
  for (let n = 0; n < 2; n++) cluster.fork();
  process.exitCode = spawnSync(process.execPath, [__filename, 'child'], { stdio: 'inherit' }).status;
}
