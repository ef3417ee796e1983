// A small service, as an ES module: logs each request, and says when it listens and what memory it has.
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import pino from 'pino';

const logger = pino();
const server = createServer((request, response) => {
  if (request.url === '/memory') {
    response.end(JSON.stringify({ rss: process.memoryUsage.rss() }));
    return;
  }
  logger.info(request.url.slice(1));
  response.end();
});

/** Port, resident bytes, and microseconds of processor time, of all threads since the process began. */
function report() {
  const { user, system } = process.cpuUsage();
  writeSync(3, `${server.address().port} ${process.memoryUsage.rss()} ${user + system}\n`);
}

server.listen(0, '127.0.0.1', report);
process.once('SIGTERM', () => server.close());
