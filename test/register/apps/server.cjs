// Logs, says so, and stays; ARGUMENTS of the environment say how it treats signals.
const { logs } = require('@opentelemetry/api-logs');

const log = (body) => logs.getLogger('shop').emit({ body, severityNumber: 9, severityText: 'INFO' });
const server = require('node:http').createServer();
for (const signal of ['SIGTERM', 'SIGINT']) {
  if (process.env.HANDLER === 'close') {
    process.once(signal, () => {
      log(`closing on ${signal}`);
      server.close();
      process.exitCode = 7;
    });
  }
  if (process.env.HANDLER === 'exit') process.on(signal, () => process.exit(5));
}
server.listen(0, '127.0.0.1', () => {
  log('server is up');
  process.stdout.write('ready\n');
});
