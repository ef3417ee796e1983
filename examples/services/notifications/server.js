import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { routes } from './routes.js';

const app = fastify({
  logger: { level: process.env.LOG_LEVEL ?? 'debug' },
  requestIdHeader: 'x-request-id',
  genReqId: () => randomUUID(),
});
app.register(routes);

process.once('SIGTERM', async () => {
  app.log.info('closing');
  await app.close();
  app.log.info('closed');
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
