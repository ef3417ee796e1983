// `fetch` before and after the first delivery, or for the first time after it.
import { createRequire } from 'node:module';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { logtide, PlatformLogExporter } from 'logferry';

const { FIRST, URL_OF_SERVER, LOGTIDE_API_URL, LOGTIDE_API_KEY } = process.env;
/** The slots in which Node and undici keep the dispatcher of `fetch`. */
const dispatchers = () =>
  ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => globalThis[Symbol.for(name)]);
const ask = async () => (await fetch(URL_OF_SERVER)).text();

const answers = [];
if (FIRST === 'fetch') answers.push(await ask());
const before = dispatchers();
const exporter = new PlatformLogExporter(logtide({ url: LOGTIDE_API_URL, apiKey: LOGTIDE_API_KEY }));
const logs = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
logs.getLogger('shop').emit({ body: 'hello', severityNumber: 9 });
await logs.forceFlush();
while (answers.length < 2) answers.push(await ask());
const after = dispatchers();
const { delivered } = exporter.stats();
await logs.shutdown();

const undici = createRequire(import.meta.resolve('logferry'))('undici');
process.stdout.write(
  JSON.stringify({
    answers,
    same: before.every((dispatcher, index) => dispatcher === undefined || dispatcher === after[index]),
    foreign: after.some((dispatcher) => dispatcher instanceof undici.Agent),
    delivered,
  }),
);
