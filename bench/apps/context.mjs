// Nanoseconds per record or call of one variant, in a process of its own: `context.mjs VARIANT ROUNDS`.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { DIST, load } from '../logferry.mjs';
import { median } from '../statistics.mjs';

const [variant, rounds] = [process.argv[2], Number(process.argv[3])];
const PER_ROUND = 5_000;
const WARM_UP_ROUNDS = 8;
const FIELDS = { 'user.id': 'u-1', 'tenant.id': 'shop', 'request.id': 'r-1' };

// The same copies as the measured build has, not those of the peers.
const require = createRequire(resolve(DIST, 'index.js'));
const { LoggerProvider } = require('@opentelemetry/sdk-logs');
const { context, trace } = require('@opentelemetry/api');
const { LogContextProcessor, captureErrors, traced, withLogContext } = await load('index.js');

/** Keeps the optimiser from dropping results nobody looks at. */
let checksum = 0;
const counting = {
  onEmit: ({ attributes }) => {
    checksum += attributes.count;
  },
  forceFlush: async () => {},
  shutdown: async () => {},
};

function emitter(...processors) {
  const logger = new LoggerProvider({ processors: [...processors, counting] }).getLogger('bench');
  return (count) => logger.emit({ severityNumber: 9, body: 'order placed', attributes: { count, 'order.id': 'o-1' } });
}

function useContextManager() {
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

function useTracer() {
  const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
  trace.setGlobalTracerProvider(new BasicTracerProvider());
}

const plain = (count) => {
  checksum += count;
};
const enter = (count) => withLogContext(FIELDS, () => plain(count));
const direct = (step) => step();

/** What is done once, and what surrounds all of it. */
const VARIANTS = {
  bare: () => ({ step: emitter() }),
  'no context': () => ({ step: emitter(new LogContextProcessor()) }),
  '3 fields': () => ({
    step: emitter(new LogContextProcessor()),
    around: (step) => withLogContext(FIELDS, step),
  }),
  'trace id': () => ({ step: emitter(new LogContextProcessor({ autoTraceId: true })) }),
  'call site': () => ({ step: emitter(new LogContextProcessor({ callSite: true })) }),
  enter: () => ({ step: enter }),
  captureErrors: () => ({ step: captureErrors(plain) }),
  traced: () => ({ step: traced(plain) }),
  'traced, spans': () => {
    useTracer();
    return { step: traced(plain) };
  },
};

useContextManager();
const { step, around = direct } = VARIANTS[variant]();
const times = [];
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  around(() => {
    const begun = process.hrtime.bigint();
    for (let call = 0; call < PER_ROUND; call++) step(call);
    if (round >= 0) times.push(Number(process.hrtime.bigint() - begun) / PER_ROUND);
  });
}
process.send({ kind: 'result', nanos: median(times), checksum });
process.on('disconnect', () => process.exit());
