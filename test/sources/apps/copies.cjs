// Registers with copies of the APIs that nobody else uses, as a bundle brings them along.
const { trace } = require('./copies/api');
const { logs } = require('./copies/api-logs');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { TracerProvider } = require('@opentelemetry/sdk-trace');

const ours = require('@opentelemetry/api').trace.getTracer('shop');
const exporter = {
  export(records, done) {
    for (const { body, spanContext } of records) process.stdout.write(`theirs: ${body} ${spanContext !== undefined}\n`);
    done({ code: 0 });
  },
  async shutdown() {},
  async forceFlush() {},
};
const mine = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
logs.setGlobalLoggerProvider(mine);
const accepted = trace.setGlobalTracerProvider(
  new TracerProvider({
    spanProcessors: [
      { onStart: () => process.stdout.write('theirs: span\n'), onEnd() {}, async forceFlush() {}, async shutdown() {} },
    ],
  }),
);
ours.startActiveSpan('work', (span) => {
  require('@opentelemetry/api-logs').logs.getLogger('shop').emit({ body: 'hello', severityNumber: 9 });
  span.end();
});
process.stdout.write(`accepted: ${accepted} ${logs.getLoggerProvider() === mine}\n`);
// A second one is refused, as always.
const { diag, DiagLogLevel } = require('@opentelemetry/api');
const messages = [];
const note = (message) => messages.push(message);
diag.setLogger(
  { error: note, warn: note, info: note, debug: note, verbose: note },
  { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
);
process.stdout.write(`again: ${trace.setGlobalTracerProvider(new TracerProvider())} ${messages.length}\n`);
