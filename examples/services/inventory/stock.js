const { setTimeout: pause } = require('node:timers/promises');

const quantities = new Map([
  ['tea', 400],
  ['coffee', 90],
  ['sugar', 0],
]);

class OutOfStock extends Error {
  name = 'OutOfStock';
  status = 409;
}

class CorruptStock extends Error {
  name = 'CorruptStock';
}

/** As long as a database would take. */
const storage = () => pause(1 + Math.random() * 4);

exports.find = async (sku) => {
  await storage();
  if (sku === 'broken') {
    throw new CorruptStock(`stock of ${sku} cannot be read`, { cause: new RangeError('quantity is negative') });
  }
  return quantities.has(sku) ? { sku, quantity: quantities.get(sku) } : undefined;
};

exports.reserve = async (sku, quantity) => {
  await storage();
  const left = quantities.get(sku) - quantity;
  if (left < 0) throw new OutOfStock(`${sku} is out of stock`);
  quantities.set(sku, left);
  return left;
};
