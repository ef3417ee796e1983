// Answers one request, in which every logger says something; then ends.
import http, { createServer } from 'node:http';
import { logs } from '@opentelemetry/api-logs';
import bunyan from 'bunyan';
import pino from 'pino';
import winston from 'winston';

const loggers = {
  pino: pino(),
  winston: winston.createLogger({ transports: [new winston.transports.Console()] }),
  bunyan: bunyan.createLogger({ name: 'shop' }),
};
const server = createServer((_request, response) => {
  for (const [name, logger] of Object.entries(loggers)) logger.warn(`from ${name}`);
  console.info('from console');
  logs.getLogger('shop').emit({ body: 'from the API', severityNumber: 9 });
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, path: '/cart' }, (response) => {
    response.resume();
    server.close();
  });
});
