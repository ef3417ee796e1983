// Fills a spool while nobody takes anything: `spooling.mjs LOAD`, LOAD as JSON. Tells how many records it has emitted
// when the spool has reached its size, and then waits to be killed.
import { setImmediate as turn } from 'node:timers/promises';
import { DURABLE } from '../contestants/durable.mjs';
import { application } from '../record.mjs';

const { shape, url, bytes, delivery } = JSON.parse(process.argv[2]);
const SLICE = 1_000;

process.on('disconnect', () => process.exit());
const { processor, stats } = await DURABLE.spool.make(url, delivery);
const { emit } = application(processor, shape);
let records = 0;
while (stats().spool.diskBytes < bytes) {
  for (const end = records + SLICE; records < end; records++) emit(records);
  await turn();
}
process.send({ kind: 'spooled', records, stats: stats() });
