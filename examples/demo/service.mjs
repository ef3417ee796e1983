// The service of the demo: HTTP, pino, spans. Only telemetry.mjs knows of logferry. Talks to demo.mjs over IPC.
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import pino from 'pino';
import { pinoToOtel } from './pino-to-otel.mjs';
import { startTelemetry } from './telemetry.mjs';

const telemetry = startTelemetry(process.env);
const tracer = trace.getTracer('checkout.http');

/** Everything that is emitted gets a number: only so can the demo tell whether each record arrived, and once. */
let emitted = 0;
const numbered = () => {
  emitted += 1;
  return { 'demo.record': emitted };
};
let failures = 0;

const log = pino(
  { name: 'checkout', level: 'debug', mixin: numbered, serializers: { err: pino.stdSerializers.errWithCause } },
  pinoToOtel(),
);

function addEvent(span, name, attributes) {
  span.addEvent(name, { ...attributes, ...numbered() });
}

class InvoiceError extends Error {}

function renderInvoice(id) {
  try {
    return JSON.parse(`{"invoice": ${id}, "lines": [`);
  } catch (cause) {
    throw new InvoiceError(`invoice ${id} cannot be rendered`, { cause });
  }
}

let lastOrder = 1000;

/** What the routes do. Each gets the request's span and logger. */
const routes = {
  'GET /orders/:id': ({ id, log }) => {
    log.debug({ 'order.id': id }, 'reading an order');
    return { id, state: 'paid' };
  },
  'POST /orders': async ({ body, span, log }) => {
    lastOrder += 1;
    const order = { 'order.id': lastOrder, 'order.amount': body.amount };
    addEvent(span, 'order.validated', order);
    await setTimeout(5);
    addEvent(span, 'payment.charged', { ...order, 'payment.method': 'card' });
    log.info({ ...order, 'event.outcome': 'success' }, `order ${lastOrder} placed`);
    return { id: lastOrder };
  },
  'GET /slow': async ({ log }) => {
    await setTimeout(60);
    log.warn({ 'db.operation.name': 'SELECT' }, 'the database was slow');
    return {};
  },
  'GET /invoices/:id': ({ id }) => renderInvoice(id),
};

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

async function handle(request, response, span, route, id) {
  const child = log.child({
    'request.id': request.headers['x-request-id'],
    'user.id': request.headers['x-user'],
    'tenant.id': 'acme',
  });
  const startedAt = performance.now();
  try {
    const result = await routes[route]({ id, span, log: child, body: await bodyOf(request) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  } catch (error) {
    failures += 1;
    // The error is told twice, on the span and in the log, as happens in real services. It must arrive once.
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    child.error({ err: error }, `${route} failed`);
    response.writeHead(500).end();
  }
  const millis = Math.round(performance.now() - startedAt);
  child.info({ 'http.response.status_code': response.statusCode, duration_ms: millis }, `${request.method} ${route}`);
  span.end();
}

const server = createServer((request, response) => {
  const [, resource, id] = request.url.split('/');
  const route = `${request.method} /${resource}${id === undefined ? '' : '/:id'}`;
  if (!Object.hasOwn(routes, route)) {
    response.writeHead(404).end();
    return;
  }
  tracer.startActiveSpan(route, { kind: SpanKind.SERVER }, (span) => handle(request, response, span, route, id));
});

/** Tells the orchestrator when a breaker changes its mind. */
const states = new Map();
const watch = setInterval(() => {
  for (const { platform, circuit, pending } of telemetry.stats()) {
    if ((states.get(platform) ?? 'closed') === circuit.state) continue;
    states.set(platform, circuit.state);
    process.send({ kind: 'circuit', platform, state: circuit.state, reason: circuit.reason, pending });
  }
}, 20);

async function stop() {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  await telemetry.flush();
  clearInterval(watch);
  const stats = telemetry.stats();
  await telemetry.shutdown();
  process.send({ kind: 'end', emitted, failures, stats }, () => process.disconnect());
}

process.on('message', (message) => {
  if (message === 'stop') stop();
  else process.send({ kind: 'pending', pending: telemetry.stats().map(({ pending }) => pending) });
});
// The end of the orchestrator, also a sudden one, is the end of the service.
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ kind: 'ready', port: server.address().port }));
