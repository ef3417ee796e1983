// One application with two copies of the library, as two versions in one dependency tree would be. Its one argument is
// JSON: {app, url, directory, count, copies}, `copies` being the addresses of the two. Ends without shutting down.
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { messageOf } from './message.mjs';

const { app, url, directory, count, copies } = JSON.parse(process.argv[2]);
const loggers = [];
for (const copy of copies) {
  const { DurableLogRecordProcessor, logtide } = await import(copy);
  // Two destinations in one copy share what belongs to the process.
  for (const name of ['', 'other']) {
    const platform = logtide({ url, apiKey: `lp_${'0'.repeat(64)}` });
    const processor = new DurableLogRecordProcessor(platform, { spool: { directory, name } });
    loggers.push(new LoggerProvider({ processors: [processor] }).getLogger('twice'));
  }
}
const listeners = process.listenerCount('exit');
loggers.forEach((logger, index) => {
  for (let n = 0; n < count; n += 1) logger.emit({ body: messageOf(`${app}logger${index}`, n), severityNumber: 9 });
});
process.stdout.write(`${JSON.stringify({ loggers: loggers.length, listeners })}\n`, () => process.exit(0));
