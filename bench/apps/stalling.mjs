// How long the main thread stands still while records flow: `stalling.mjs CONTESTANT URL LOAD`, LOAD as JSON. Every
// `emit()` is timed by itself, and so is the event loop.
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { burst, flush, steady } from '../load.mjs';
import { Meter, memoryAtStart } from '../meter.mjs';
import { application } from '../record.mjs';
import { Stalls } from '../stalls.mjs';
import { collectWarnings } from '../warnings.mjs';

const [name, url, loadText] = process.argv.slice(2);
const { shape, warmUp, perSecond, seconds, delivery } = JSON.parse(loadText);
const NANOS = 1e6;
/** Only of a long `emit()` is it asked whether it waited for a processor. */
const LONG_MILLIS = 1;
const SETTLING_MILLIS = 500;

const warnings = collectWarnings();
const contestant = await DURABLE[name].make(url, delivery);
const app = { ...contestant, ...application(contestant.processor, shape) };

process.on('disconnect', () => process.exit());
const told = (kind) =>
  new Promise((resolve) => {
    process.on('message', (message) => message.kind === kind && resolve());
  });

const startBytes = await memoryAtStart();
await burst(app, warmUp);
await flush(app, 30_000);
// Stalls would begin with what the warm-up has left to do.
await pause(SETTLING_MILLIS);

const go = told('go');
process.send({ kind: 'warm' });
await go;
const durations = createHistogram();
const meter = new Meter(startBytes);
const stalls = new Stalls();
function emitTimed(number) {
  const begun = performance.now();
  app.emit(warmUp + number);
  const millis = performance.now() - begun;
  const own = millis < LONG_MILLIS ? millis : stalls.own(millis);
  durations.record(Math.max(1, Math.round(own * NANOS)));
}
const emitted = await steady({ emit: emitTimed }, perSecond, seconds);
const figures = { ...meter.read(), ...stalls.read() };
await flush(app, 30_000);
process.send({
  kind: 'result',
  ...figures,
  emitted,
  emitP999Millis: durations.percentile(99.9) / NANOS,
  emitMaxMillis: durations.max / NANOS,
  warnings: warnings(),
  stats: app.stats?.(),
});
