import { log } from './log.mjs';

/** What the payment provider does; in this small world it lives behind a route of the same server. */
export function charge({ order, card }) {
  const logger = log().child({ module: 'payments' });
  if (card === undefined) {
    logger.error({ order }, 'charge without a card');
    return { status: 500, body: { error: 'no card' } };
  }
  if (card.endsWith('0')) {
    logger.warn({ order, card: `…${card.slice(-4)}` }, 'card declined');
    return { status: 402, body: { error: 'declined' } };
  }
  logger.info({ order, card: `…${card.slice(-4)}` }, 'card charged');
  return { status: 200, body: { receipt: `r-${order}` } };
}

export class PaymentFailed extends Error {
  name = 'PaymentFailed';
}

/** Asks the payment provider over HTTP. */
export async function pay(url, requestId, order, card) {
  const response = await fetch(new URL('/charges', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    body: JSON.stringify({ order: order.id, card }),
  });
  const answer = await response.json();
  if (response.status >= 500) {
    throw new PaymentFailed(`payment of ${order.id} failed`, { cause: new Error(`provider said ${answer.error}`) });
  }
  return { paid: response.ok, ...answer };
}
