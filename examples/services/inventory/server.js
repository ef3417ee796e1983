const { randomUUID } = require('node:crypto');
const http = require('node:http');
const express = require('express');
const { logger, prices } = require('./logger');
const stock = require('./stock');

const app = express();
app.use((request, response, next) => {
  request.id = request.get('x-request-id') ?? randomUUID();
  request.log = logger.child({ requestId: request.id });
  response.once('finish', () => {
    const { method, originalUrl: path } = request;
    request.log.log(response.statusCode < 500 ? 'info' : 'warn', 'request served', {
      method,
      path,
      status: response.statusCode,
    });
  });
  next();
});
app.use(express.json());

/** The price of an item, from the pricing service; in this small world it is a route of the same server. */
function priceOf(sku, { id, socket }) {
  const url = process.env.PRICING_URL ?? `http://127.0.0.1:${socket.localPort}`;
  return new Promise((resolve, reject) => {
    const call = http.request(`${url}/prices/${sku}`, { headers: { 'x-request-id': id } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(JSON.parse(text).price));
    });
    call.on('error', reject);
    call.end();
  });
}

app.get('/prices/:sku', (request, response) => {
  const price = request.params.sku.length * 1.5;
  prices.debug('price of %s asked for', request.params.sku, { requestId: request.id, price, currency: 'EUR' });
  response.json({ price });
});

app.get('/items/:sku', async (request, response) => {
  const { sku } = request.params;
  const item = await stock.find(sku);
  if (item === undefined) {
    request.log.warn(`no item ${sku}`, { sku });
    response.status(404).json({ error: 'no such item' });
    return;
  }
  const price = await priceOf(sku, request);
  request.log.info('item shown', { sku, item, price });
  response.json({ ...item, price });
});

app.post('/items/:sku/reservations', async (request, response) => {
  const { sku } = request.params;
  const { quantity, customer = { id: null } } = request.body ?? {};
  if (!Number.isInteger(quantity)) {
    request.log.warn({ message: 'reservation refused', sku, quantity, why: ['quantity', 'not a whole number'] });
    response.status(422).json({ error: 'quantity must be a whole number' });
    return;
  }
  const left = await stock.reserve(sku, quantity);
  request.log.info('reserved', { sku, quantity, left, customer, last: left === 0 });
  response.status(201).json({ sku, left });
});

app.use((err, request, response, _next) => {
  const status = err.status ?? 500;
  if (status < 500) request.log.warn('request refused', { reason: err.message, status });
  else request.log.error(err);
  response.status(status).json({ error: status < 500 ? err.message : 'internal' });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  logger.info('listening', { port: server.address().port });
});

process.once('SIGTERM', () => {
  logger.info('closing');
  server.close(() => logger.info('closed'));
});
