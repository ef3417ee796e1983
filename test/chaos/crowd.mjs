// Many writers on one spool: eight workers of a cluster and four threads, each with its own copy of the library's
// state, emit `count` records each and shut down. Its one argument is JSON: {app, url, directory, count}.
// The primary prints the names of all writers as one JSON line when they have ended.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { DurableLogRecordProcessor, logtide } from '../../dist/index.js';
import { messageOf } from './message.mjs';

const PROCESSES = 8;
const THREADS = 4;
const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData.settings;

async function write(app) {
  const { url, directory, count } = settings;
  const platform = logtide({ url, apiKey: `lp_${'0'.repeat(64)}` });
  const processor = new DurableLogRecordProcessor(platform, { spool: { directory } });
  const logger = new LoggerProvider({ processors: [processor] }).getLogger('crowd');
  for (let n = 0; n < count; n += 1) {
    logger.emit({ body: messageOf(app, n), severityNumber: 9 });
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await processor.flush({ until: 'delivered', timeoutMillis: 30_000 });
  await processor.shutdown();
}

async function lead() {
  const names = [];
  const ends = [];
  for (let index = 0; index < PROCESSES; index += 1) {
    const name = `${settings.app}process${index}`;
    names.push(name);
    ends.push(once(cluster.fork({ CROWD_NAME: name }), 'exit'));
  }
  for (let index = 0; index < THREADS; index += 1) {
    const name = `${settings.app}thread${index}`;
    names.push(name);
    ends.push(once(new Worker(new URL(import.meta.url), { workerData: { settings, name } }), 'exit'));
  }
  const codes = (await Promise.all(ends)).map(([code]) => code);
  process.stdout.write(`${JSON.stringify({ names, codes })}\n`);
}

if (!isMainThread) await write(workerData.name);
else if (cluster.isPrimary) await lead();
else {
  await write(process.env.CROWD_NAME);
  cluster.worker.disconnect();
}
