// What `emit()` costs: `emitting.mjs CONTESTANT URL LOAD`, LOAD as JSON. Slices of records with a turn of the event loop
// in between; only the slices are timed. With `idle` the server never answers, so that sending does not blur it.
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { flush } from '../load.mjs';
import { Meter, memoryAtStart } from '../meter.mjs';
import { application } from '../record.mjs';
import { waitedMillis } from '../stalls.mjs';
import { median } from '../statistics.mjs';

const [name, url, loadText] = process.argv.slice(2);
const { idle, shape, warmUp, records, delivery } = JSON.parse(loadText);
const SLICE = 250;
/** Time for the requests that the hanging server keeps for ever to be under way. */
const SETTLING_MILLIS = 100;
const MICROS = 1000;

const contestant = await DURABLE[name].make(url, delivery);
const app = { ...contestant, ...application(contestant.processor, shape) };

process.on('disconnect', () => process.exit());
const told = (kind) =>
  new Promise((resolve) => {
    process.on('message', (message) => message.kind === kind && resolve());
  });

/** Microseconds per record of each slice, without what the thread has waited for a processor. */
async function emitSlices(first, count) {
  const slices = [];
  for (let number = first; number < first + count; ) {
    const end = Math.min(first + count, number + SLICE);
    if (!idle) await app.room?.(number, end - number);
    const size = end - number;
    const waited = waitedMillis();
    const begun = performance.now();
    while (number < end) app.emit(number++);
    const millis = performance.now() - begun;
    slices.push(((millis - (waitedMillis() - waited)) * MICROS) / size);
    await turn();
  }
  return slices;
}

const startBytes = await memoryAtStart();
await emitSlices(0, warmUp);
if (idle) await pause(SETTLING_MILLIS);
else await flush(app, 30_000);

const go = told('go');
process.send({ kind: 'warm' });
await go;
const meter = new Meter(startBytes);
const slices = await emitSlices(warmUp, records);
const emitting = meter.read();
if (!idle) await flush(app, 30_000);
const whole = meter.read();
process.send({
  kind: 'result',
  emitMicros: slices.reduce((sum, micros) => sum + micros, 0) / slices.length,
  usualMicros: median(slices),
  emitting,
  whole,
  stats: app.stats?.(),
});
