// One record per request, as fast as possible: `requests.mjs MODE PLATFORM URL RECORDS CONCURRENCY`. MODE `logferry` delivers through a
// destination, `bare` sends the same bodies in a loop over undici.
import { setImmediate as turn } from 'node:timers/promises';
import { load, platform } from '../logferry.mjs';
import { readableRecords } from '../record.mjs';

const [mode, name, url, recordsText, concurrencyText] = process.argv.slice(2);
const total = Number(recordsText);
const concurrency = Number(concurrencyText);
const WARM_UP = Math.min(2_000, total);
const SLICE = 256;
const QUEUE_BYTES = 64 * 1_048_576;

/** Sends records `from` to `to` and resolves when all are answered. */
async function logferry(records) {
  const { Destination } = await load('destination.js');
  const destination = new Destination(await platform(name, url), {
    queue: { maxBytes: QUEUE_BYTES },
    http: { maxConcurrency: concurrency },
  });
  return async (count) => {
    for (let sent = 0; sent < count; sent++) {
      destination.accept(records[sent]);
      if (sent % SLICE === 0) await turn();
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
        const answer = await pool.request({ method: 'POST', path, headers, body: bodies[next++] });
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

const send = await { logferry, bare }[mode](readableRecords(total));
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
