import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';

const products = new Map([
  ['tea', { sku: 'tea', price: 4.5 }],
  ['coffee', { sku: 'coffee', price: 7.25 }],
]);
const requests = new AsyncLocalStorage();
const tag = () => `[${requests.getStore() ?? 'catalog'}]`;

class BadFeed extends Error {
  name = 'BadFeed';
}

const app = new Hono();

app.use((c, next) => requests.run(c.req.header('x-request-id') ?? randomUUID(), next));
app.use(async (c, next) => {
  await next();
  console.log(tag(), c.req.method, c.req.path, c.res.status);
});

app.get('/products/:sku', async (c) => {
  await pause(1 + Math.random() * 4);
  const product = products.get(c.req.param('sku'));
  if (product === undefined) {
    console.warn('%s no product %s', tag(), c.req.param('sku'));
    return c.json({ error: 'no such product' }, 404);
  }
  console.debug(tag(), 'found', product);
  return c.json(product);
});

app.put('/products/:sku', async (c) => {
  const { price } = await c.req.json();
  if (!(price > 0)) throw new HTTPException(422, { message: 'price must be positive' });
  products.set(c.req.param('sku'), { sku: c.req.param('sku'), price });
  console.info('%s price of %s is now %d', tag(), c.req.param('sku'), price);
  return c.json({ price });
});

/** Every product by one call to ourselves, as a page would make it. */
app.get('/page', async (c) => {
  const base = process.env.CATALOG_URL ?? new URL(c.req.url).origin;
  const names = ['tea', 'coffee', 'cocoa'];
  const headers = { 'x-request-id': requests.getStore() };
  const answers = await Promise.all(names.map((name) => fetch(`${base}/products/${name}`, { headers })));
  const found = answers.filter(({ ok }) => ok).length;
  console.info(tag(), 'page with', found, 'of', names.length, 'products');
  return c.json({ found });
});

app.post('/feed', async (c) => {
  const text = await c.req.text();
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new BadFeed('the feed cannot be read', { cause });
  }
  return c.body(null, 202);
});

app.onError((error, c) => {
  if (error instanceof HTTPException) {
    console.warn(tag(), error.message);
    return c.json({ error: error.message }, error.status);
  }
  console.error(tag(), 'unexpected', error);
  return c.json({ error: 'internal' }, 500);
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, ({ port }) =>
  console.info(tag(), 'listening on', port),
);

process.once('SIGTERM', () => {
  console.info(tag(), 'closing');
  server.close(() => console.info(tag(), 'closed'));
});
