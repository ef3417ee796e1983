// A long outage in compressed time: `enduring.mjs LOAD`, LOAD as JSON. Nobody listens; records are emitted as fast as the
// machine goes, with turns of the event loop in between. Memory is compared with that after the warm-up.
import { readdirSync } from 'node:fs';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { Meter, memoryAtStart } from '../meter.mjs';
import { application } from '../record.mjs';
import { collectWarnings } from '../warnings.mjs';

const { shape, url, warmUp, records, delivery } = JSON.parse(process.argv[2]);
const SLICE = 500;
/** In an outage of this rate a segment is filled in a second, and is compressed long before the next one is full. */
const MAX_UNCOMPRESSED = 8;
const LOOK_EVERY = 5_000;
const LOOK_MILLIS = 5;
/** What has been compressed by then counts; nobody waits for the rest. */
const SETTLING_MILLIS = 2_000;

process.on('disconnect', () => process.exit());
const warnings = collectWarnings();
let mostBuffers = 0;
const { processor, stats } = await DURABLE.spool.make(url, delivery);
const { emit } = application(processor, shape);

function uncompressed() {
  return readdirSync(delivery.spool.directory, { recursive: true }).filter((name) => name.endsWith('.seg')).length;
}

async function emitAll(first, end) {
  for (let number = first; number < end; ) {
    // Time is compressed, the work of the compressor is not: it gets the time that it would have.
    if (number % LOOK_EVERY === 0) {
      mostBuffers = Math.max(mostBuffers, process.memoryUsage().arrayBuffers);
      while (delivery.spool.compress && uncompressed() > MAX_UNCOMPRESSED) await pause(LOOK_MILLIS);
    }
    for (const slice = Math.min(end, number + SLICE); number < slice; number++) emit(number);
    await turn();
  }
}

await emitAll(0, warmUp);
await pause(SETTLING_MILLIS);
const meter = new Meter(await memoryAtStart());
mostBuffers = 0;
await emitAll(warmUp, records);
const emitted = meter.read();
await pause(SETTLING_MILLIS);
const { peakBytes } = meter.read();
process.send({ kind: 'result', ...emitted, peakBytes, bufferBytes: mostBuffers, warnings: warnings(), stats: stats() });
