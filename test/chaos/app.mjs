// The victim of the chaos tests: emits numbered records into a spool and says, after each emit() has returned, how far
// it got. Its one argument is JSON: {app, url, directory, rate, count, poisonEvery, spool, delivery, memory, end}.
// Descriptor 3 carries 4-byte little-endian numbers: 2³²−1 just before the spool is opened, then how many records were
// acknowledged, again and again. When stdin ends it shuts down, prints its stats as one JSON line, and exits.
import { writeSync } from 'node:fs';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { DurableLogRecordProcessor, logtide, PlatformLogExporter } from '../../dist/index.js';
import { messageOf } from './message.mjs';

const {
  app,
  url,
  directory,
  rate,
  count = Number.MAX_SAFE_INTEGER,
  poisonEvery = 0,
  spool,
  delivery,
  memory,
  end,
} = JSON.parse(process.argv[2]);
const OPENING = 0xffff_ffff;
const MOST_PER_TURN = 256;
const TURN_MILLIS = 2;

const said = Buffer.alloc(4);
function say(number) {
  said.writeUInt32LE(number);
  writeSync(3, said);
}

/** One line on stderr for each thing that the library has to say. */
const warn = (message) => writeSync(2, `${message}\n`);
const quiet = () => {};
diag.setLogger({ error: warn, warn, info: quiet, debug: quiet, verbose: quiet }, { logLevel: DiagLogLevel.WARN });

say(OPENING);
const platform = logtide({ url, apiKey: `lp_${'0'.repeat(64)}` });
// The control: a spool in memory, which must be found out.
const processor = memory
  ? new SimpleLogRecordProcessor({ exporter: new PlatformLogExporter(platform, delivery) })
  : new DurableLogRecordProcessor(platform, { ...delivery, spool: { directory, ...spool } });
const logger = new LoggerProvider({ processors: [processor] }).getLogger('chaos');
const begun = performance.now();
let emitted = 0;

/** How a process ends without a word to its libraries; called in the same turn as the last `emit()`. */
const ENDS = {
  exit: () => process.exit(0),
  abort: () => process.abort(),
  throw() {
    throw new Error('uncaught');
  },
  reject: () => void Promise.reject(new Error('unhandled')),
  sigterm: () => process.kill(process.pid, 'SIGTERM'),
  handler() {
    process.on('SIGTERM', () => setTimeout(() => process.exit(0), 100));
    process.kill(process.pid, 'SIGTERM');
  },
  memory() {
    const hoard = [];
    for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
  },
};

function emitDue() {
  const due = Math.min(count, Math.ceil((1 + performance.now() - begun) * (rate / 1_000)));
  const stop = Math.min(due, emitted + MOST_PER_TURN);
  if (emitted >= stop) return;
  for (; emitted < stop; emitted += 1) {
    const poison = poisonEvery > 0 && emitted % poisonEvery === poisonEvery - 1;
    logger.emit({ body: messageOf(app, emitted, poison), severityNumber: 9, severityText: 'INFO' });
  }
  say(emitted);
  if (emitted === count) ENDS[end]?.();
}

emitDue();
const timer = setInterval(emitDue, TURN_MILLIS);
process.stdin.resume().once('end', async () => {
  clearInterval(timer);
  await processor.shutdown();
  process.stdout.write(`${JSON.stringify({ emitted, stats: processor.stats?.() })}\n`);
});
