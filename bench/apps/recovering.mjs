// A process that finds what a killed one has left: `recovering.mjs URL LOAD`, LOAD as JSON. Everything is loaded before
// the clock starts. It emits one record, and ends when all are delivered.
import { setTimeout as pause } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { load } from '../logferry.mjs';
import { Meter, memoryAtStart } from '../meter.mjs';
import { application } from '../record.mjs';
import { Stalls } from '../stalls.mjs';

const [url, loadText] = process.argv.slice(2);
const { shape, freshNumber, backlog, limitMillis, delivery } = JSON.parse(loadText);
const LOOK_MILLIS = 20;
/** Nothing more will come when nothing has been delivered for this long. */
const STUCK_MILLIS = 5_000;

process.on('disconnect', () => process.exit());
const told = (kind) =>
  new Promise((resolve) => {
    process.on('message', (message) => message.kind === kind && resolve());
  });

await Promise.all([load('durable-processor.js'), load('platforms/logtide.js')]);
const startBytes = await memoryAtStart();
const go = told('go');
process.send({ kind: 'warm' });
await go;

const meter = new Meter(startBytes);
const startedAt = Date.now();
const begun = performance.now();
const { processor, stats } = await DURABLE.spool.make(url, delivery);
const madeMillis = performance.now() - begun;
const { emit } = application(processor, shape);
emit(freshNumber);
const emittedMillis = performance.now() - begun;
const stalls = new Stalls();

let last = { delivered: 0, at: begun };
for (let now = begun; now - begun < limitMillis && now - last.at < STUCK_MILLIS; now = performance.now()) {
  const { recovered, pending, delivered } = stats();
  if (recovered >= backlog && pending === 0) break;
  if (delivered > last.delivered) last = { delivered, at: now };
  await pause(LOOK_MILLIS);
}
process.send({
  kind: 'result',
  startedAt,
  madeMillis,
  emittedMillis,
  ...meter.read(),
  ...stalls.read(),
  stats: stats(),
});
