// One record per request, as fast as possible: `requests.mjs MODE PLATFORM URL RECORDS CONCURRENCY`. MODE `logferry`
// delivers through a destination, `bare` sends the same bodies in a loop over undici.
import { setTimeout as pause } from 'node:timers/promises';
import { load, platform } from '../logferry.mjs';
import { readableRecords } from '../record.mjs';

const [mode, name, url, recordsText, concurrencyText] = process.argv.slice(2);
const total = Number(recordsText);
const concurrency = Number(concurrencyText);
const WARM_UP = 5_000;
/** Records used in turn, so that a growing heap is not what is measured. */
const RECORDS = 1_000;
/** Enough to keep every connection busy between two looks, few enough that the queue's blocks are reused. */
const MAX_PENDING = 1_024;
const LOOK_MILLIS = 5;

/** Both return a function that sends a number of records and resolves when all are answered. */
async function logferry(records) {
  const { Destination } = await load('destination.js');
  const destination = new Destination(await platform(name, url), { http: { maxConcurrency: concurrency } });
  return async (count) => {
    for (let given = 0; given < count; await pause(LOOK_MILLIS)) {
      const end = Math.min(count, given + MAX_PENDING - destination.stats().pending);
      while (given < end) destination.accept(records[given++ % RECORDS]);
    }
    while (!(await destination.flush(10_000)));
  };
}

async function bare(records) {
  const { Pool } = await import('undici');
  const { codec, endpoint } = (await platform(name, url)).logs;
  const bodies = records.map((record) => Buffer.from(codec.encode(record)));
  const pool = new Pool(url, { connections: concurrency, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  // Address and credentials once: a loop that does nothing but send.
  const { path, headers } = endpoint.request(bodies[0], 1);
  return async (count) => {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const body = bodies[next++ % RECORDS];
        const answer = await pool.request({ method: 'POST', path, headers, body });
        await answer.body.text();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  };
}

process.on('disconnect', () => process.exit());
const told = (kind) =>
  new Promise((resolve) => {
    process.on('message', (message) => message.kind === kind && resolve());
  });

const send = await { logferry, bare }[mode](readableRecords(RECORDS));
await send(WARM_UP);
const go = told('go');
process.send({ kind: 'warm' });
await go;
const cpu = process.cpuUsage();
const begun = performance.now();
await send(total);
const wallMillis = performance.now() - begun;
const { user, system } = process.cpuUsage(cpu);
process.send({ kind: 'result', wallMillis, cpuMicros: user + system });
