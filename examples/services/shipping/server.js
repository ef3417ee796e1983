const { randomUUID } = require('node:crypto');
const { setTimeout: pause } = require('node:timers/promises');
const bunyan = require('bunyan');
const Koa = require('koa');

const logger = bunyan.createLogger({
  name: 'shipping',
  level: process.env.LOG_LEVEL ?? 'debug',
  serializers: { err: bunyan.stdSerializers.err, parcel: ({ id, grams }) => ({ id, grams }) },
});
const carriers = bunyan.createLogger({ name: 'carriers', level: 'debug' });
const app = new Koa();

class CarrierError extends Error {
  name = 'CarrierError';
}

app.use(async (ctx, next) => {
  ctx.state.id = ctx.get('x-request-id') || randomUUID();
  ctx.log = logger.child({ requestId: ctx.state.id });
  try {
    await next();
  } catch (err) {
    ctx.status = err.status ?? 500;
    ctx.body = { error: ctx.status < 500 ? err.message : 'internal' };
    if (ctx.status < 500) ctx.log.warn({ status: ctx.status }, 'refused: %s', err.message);
    else ctx.log.error(err, 'parcel not shipped');
  }
  ctx.log.info({ method: ctx.method, path: ctx.path, status: ctx.status }, 'request served');
});

/** Asks the carrier over HTTP; in this small world it is a route of the same server. */
async function carrierOf(ctx, parcel) {
  const url = process.env.CARRIER_URL ?? `http://127.0.0.1:${ctx.socket.localPort}`;
  const headers = { 'x-request-id': ctx.state.id };
  const response = await fetch(`${url}/carrier/${parcel.grams}`, { headers });
  const answer = await response.json();
  if (!response.ok) throw new CarrierError(`no carrier for ${parcel.grams} g`, { cause: new Error(answer.error) });
  return answer;
}

app.use(async (ctx, next) => {
  const [, grams] = /^\/carrier\/(\d+)$/.exec(ctx.path) ?? [];
  if (grams === undefined) return next();
  await pause(1 + Math.random() * 4);
  if (Number(grams) > 30_000) ctx.throw(400, 'too heavy');
  const days = Number(grams) > 5_000 ? [3, 5] : [1, 2];
  carriers.debug({ requestId: ctx.state.id, days, tracked: true }, 'carrier chosen');
  ctx.body = { carrier: 'snail', days };
});

app.use(async (ctx, next) => {
  const [, id] = /^\/parcels\/([\w-]+)$/.exec(ctx.path) ?? [];
  if (id === undefined || ctx.method !== 'POST') return next();
  const parcel = { id, grams: Math.round(Number(ctx.query.weight) * 1_000), note: 'stays here' };
  if (!(parcel.grams > 0)) ctx.throw(422, 'a parcel has a weight');
  const { carrier, days } = await carrierOf(ctx, parcel);
  ctx.log.child({ carrier }).info({ parcel, days: { least: days[0], most: days[1] } }, 'parcel %s shipped', id);
  ctx.status = 201;
  ctx.body = { carrier, days };
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  logger.info({ port: server.address().port }, 'listening');
});

process.once('SIGTERM', () => {
  logger.info('closing');
  server.close(() => logger.info('closed'));
});
