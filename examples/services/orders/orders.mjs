import { setTimeout as pause } from 'node:timers/promises';
import { log } from './log.mjs';

const orders = new Map();

export class Invalid extends Error {
  name = 'Invalid';
}

/** As long as a database would take. */
function storage() {
  return pause(1 + Math.random() * 4);
}

function checked({ customer, items }) {
  if (typeof customer !== 'string') throw new Invalid('customer is missing');
  if (!Array.isArray(items) || items.length === 0) throw new Invalid('an order needs items');
  for (const { sku, quantity } of items) {
    if (!(quantity > 0)) throw new Invalid(`quantity of ${sku} must be positive`);
  }
  return { customer, items };
}

export async function place(input) {
  const { customer, items } = checked(input);
  const order = { id: `o-${orders.size + 1}`, customer, items, state: 'placed' };
  order.total = items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  orders.set(order.id, order);
  await storage();
  const logger = log().child({ order: order.id });
  logger.debug({ items }, 'order stored');
  logger.info({ customer, total: order.total, express: order.total > 100 }, 'order %s placed', order.id);
  return order;
}

export async function find(id) {
  await storage();
  return orders.get(id);
}
