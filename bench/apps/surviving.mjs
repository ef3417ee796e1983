// One life of an application: `surviving.mjs CONTESTANT URL LOAD`, LOAD as JSON. Each record for which `emit()` has
// returned is acknowledged on file descriptor 3, synchronously: whoever kills this process knows what was accepted.
import { writeSync } from 'node:fs';
import { DURABLE } from '../contestants/durable.mjs';
import { flush, steady } from '../load.mjs';
import { application } from '../record.mjs';
import { collectWarnings } from '../warnings.mjs';

const [name, url, loadText] = process.argv.slice(2);
const { shape, first, perSecond, seconds, flushMillis, delivery } = JSON.parse(loadText);
const ACKNOWLEDGED = Buffer.from('.');
const PIPE = 3;

process.on('disconnect', () => process.exit());
const warnings = collectWarnings();
const contestant = await DURABLE[name].make(url, delivery);
const app = { ...contestant, ...application(contestant.processor, shape) };
const emit = (number) => {
  app.emit(first + number);
  writeSync(PIPE, ACKNOWLEDGED);
};

const go = new Promise((resolve) => {
  process.on('message', (message) => message.kind === 'go' && resolve());
});
process.send({ kind: 'ready' });
await go;
await steady({ emit }, perSecond, seconds);
await flush(app, flushMillis);
process.send({ kind: 'result', stats: app.stats?.(), warnings: warnings() });
