const { logs } = require('@opentelemetry/api-logs');

const logger = logs.getLogger('shop', '1.0.0');
for (let n = 0; n < 20_000; n++) {
  logger.emit({
    body: `order ${n} has been processed`,
    severityNumber: 9,
    severityText: 'INFO',
    attributes: { n, 'order.id': `o-${n}`, 'http.route': '/orders/:id', ok: true },
  });
}
