import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { audit, log, withFields } from './log.mjs';
import { find, Invalid, place } from './orders.mjs';
import { charge, pay } from './payments.mjs';

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

async function payOrder(id, requestId, { card }) {
  const order = await find(id);
  if (order === undefined) return { status: 404, body: { error: 'no such order' } };
  const { port } = server.address();
  const answer = await pay(process.env.PAYMENTS_URL ?? `http://127.0.0.1:${port}`, requestId, order, card);
  log().info({ order: id, ...answer }, answer.paid ? 'order paid' : 'order not paid');
  audit.info({ requestId, customer: order.customer, paid: answer.paid, total: order.total }, 'payment');
  return { status: answer.paid ? 200 : 402, body: answer };
}

async function route(request, requestId) {
  const [, what, id, action] = request.url.split('/');
  const at = `${request.method} /${what}`;
  if (at === 'GET /health') return { status: 204 };
  if (at === 'POST /charges') return charge(await bodyOf(request));
  if (at === 'POST /orders' && id === undefined) return { status: 201, body: await place(await bodyOf(request)) };
  if (at === 'POST /orders' && action === 'payment') return payOrder(id, requestId, await bodyOf(request));
  if (at === 'GET /orders' && id !== undefined) {
    const order = await find(id);
    if (order !== undefined) return { status: 200, body: order };
    log().warn({ order: id }, 'order not found');
  }
  return { status: 404, body: { error: 'not found' } };
}

async function answer(request, requestId) {
  try {
    return await route(request, requestId);
  } catch (err) {
    if (err instanceof Invalid || err instanceof SyntaxError) {
      log().warn({ err }, 'request refused');
      return { status: 400, body: { error: err.message } };
    }
    log().error(err);
    return { status: 502, body: { error: 'try again' } };
  }
}

const server = createServer((request, response) => {
  const requestId = request.headers['x-request-id'] ?? randomUUID();
  void withFields({ requestId }, async () => {
    const { status, body } = await answer(request, requestId);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
    log().info({ method: request.method, path: request.url, status }, 'request served');
  });
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  log().info({ port: server.address().port }, 'listening');
});

process.once('SIGTERM', () => {
  log().info('closing');
  server.close(() => log().info('closed'));
});
