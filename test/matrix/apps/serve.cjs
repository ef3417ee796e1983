const { createServer } = require('node:http');
const { trace } = require('@opentelemetry/api');

/** Serves; each request calls `log` with its path and is answered with the span that is active then. */
exports.serve = (log) => {
  const server = createServer((request, response) => {
    log(request.url);
    const span = trace.getActiveSpan();
    response.end(JSON.stringify({ ...span?.spanContext(), kind: span?.kind }));
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${server.address().port}\n`));
};
