const RESOURCE = { 'service.name': 'shop', 'service.version': '4.5.6', 'deployment.environment.name': 'production' };
const IDS = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const TIMESTAMP = '2026-01-02T03:04:05.678901Z';

/** Records to look at when there is none at hand, in the form that `--record` takes. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  error: {
    timestamp: TIMESTAMP,
    severity: 'error',
    body: 'charging the card failed',
    exception: {
      type: 'PaymentError',
      message: 'card declined',
      stacktrace:
        'PaymentError: card declined\n    at charge (/app/src/payment.js:41:11)\n    at checkout (/app/src/checkout.js:17:5)',
    },
    attributes: { 'user.id': 'u-7', 'tenant.id': 'acme', 'order.total': 99.5 },
    ...IDS,
    resource: RESOURCE,
    scope: { name: 'shop.payment', version: '1.2.0' },
  },
  request: {
    timestamp: TIMESTAMP,
    severity: 'info',
    body: 'GET /orders/42 200 (45ms)',
    attributes: {
      'http.request.method': 'GET',
      'url.path': '/orders/42',
      'http.route': '/orders/:id',
      'http.response.status_code': 200,
      duration_ms: 45,
      'client.address': '192.0.2.7',
      'user_agent.original': 'curl/8.5.0',
      'session.id': '6f9619ff-8b86-4011-b42d-00c04fc964ff',
    },
    ...IDS,
    resource: RESOURCE,
    scope: { name: 'shop.http' },
  },
  event: {
    timestamp: TIMESTAMP,
    severity: 'info',
    eventName: 'order.placed',
    body: { order: 42, items: ['book', 'pen'] },
    attributes: { 'user.id': 'u-7', 'order.total': 99.5 },
    ...IDS,
    resource: RESOURCE,
    scope: { name: 'shop.orders' },
  },
  'span-event': {
    timestamp: TIMESTAMP,
    eventName: 'cache.miss',
    attributes: { 'cache.key': 'order:42' },
    span: { name: 'GET /orders/:id', kind: 1, status: 1, durationMillis: 45, offsetMillis: 3 },
    ...IDS,
    resource: RESOURCE,
    scope: { name: 'shop.cache' },
  },
  minimal: { body: 'hello' },
};
