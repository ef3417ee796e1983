// An application with one contestant as its log pipeline: `application.mjs CONTESTANT URL LOAD`, LOAD as JSON.
import { CONTESTANTS } from '../contestants/index.mjs';
import { burst, flush, steady } from '../load.mjs';
import { Meter, memoryAtStart } from '../meter.mjs';
import { application } from '../record.mjs';

const [name, url, loadText] = process.argv.slice(2);
const load = JSON.parse(loadText);
const contestant = await CONTESTANTS[name].make(url, load.delivery);
const app = { ...contestant, ...application(contestant.processor) };

process.on('disconnect', () => process.exit());
const told = (kind) =>
  new Promise((resolve) => {
    process.on('message', (message) => message.kind === kind && resolve());
  });

const startBytes = await memoryAtStart();
const warmUp = load.warmUp ?? 0;
await burst(app, warmUp);
await flush(app, 30_000);

const go = told('go');
process.send({ kind: 'warm' });
await go;

const meter = new Meter(startBytes);
// Record numbers start at 0 again: the server has forgotten the warm-up.
const numbered = { ...app, room: app.room && ((emitted, count) => app.room(warmUp + emitted, count)) };
const emitted =
  load.kind === 'steady' ? await steady(app, load.perSecond, load.seconds) : await burst(numbered, load.records);
await flush(app, load.flushMillis ?? 30_000);
process.send({ kind: 'result', emitted, ...meter.read(), stats: app.stats?.() });
