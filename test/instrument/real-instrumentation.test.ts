import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Installed } from '../register/installed.ts';

const ROOT = join(import.meta.dirname, '../..');
const installed = new Installed();
afterAll(() => installed.dispose());

it('slow rules know the spans of the HTTP instrumentation, and context follows a request through it', async () => {
  writeFileSync(
    join(installed.directory, 'http.cjs'),
    `const { registerInstrumentations } = require('@opentelemetry/instrumentation');
    const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
    const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
    const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
    const { context, propagation, trace } = require('@opentelemetry/api');
    const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = require('@opentelemetry/core');
    const { LoggerProvider } = require('@opentelemetry/sdk-logs');
    const { LogContextProcessor, SlowSpanRules, withLogContext, withTraceId } = require('logferry');
    const slow = [];
    const rules = new SlowSpanRules({
      rules: 'http.server>0,http.client>0',
      targets: { emitSpanEvent: (record) => slow.push(record), forceFlush: async () => {} },
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }));
    const provider = new BasicTracerProvider({ spanProcessors: [rules] });
    trace.setGlobalTracerProvider(provider);
    registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });
    const records = [];
    const list = { onEmit: (record) => records.push(record), forceFlush: async () => {}, shutdown: async () => {} };
    const logger = new LoggerProvider({ processors: [new LogContextProcessor({ baggageKeys: ['tenant'] }), list] }).getLogger('t');
    const http = require('node:http');
    const server = http.createServer((request, response) => {
      logger.emit({ body: 'in the server' });
      response.statusCode = request.url.startsWith('/broken') ? 500 : 200;
      response.end();
    });
    const ask = (path) => new Promise((resolve) => {
      http.get({ port: server.address().port, host: '127.0.0.1', path }, (response) => response.resume().on('end', resolve));
    });
    server.listen(0, '127.0.0.1', async () => {
      await withTraceId('0af7651916cd43dd8448eb211c80319c', () =>
        withLogContext({ tenant: 't-1', secret: 'x' }, () => ask('/orders?key=secret'), { baggage: ['tenant'] }));
      await ask('/broken');
      server.close(() => {
        const told = slow.map(({ body, severityText, spanContext, attributes }) => [
          severityText,
          body.replace(/\\d+ ms/g, 'N ms').replace(/:\\d+/, ':PORT'),
          spanContext.traceId === '0af7651916cd43dd8448eb211c80319c',
          attributes.performance.threshold_ms,
        ]);
        console.log(JSON.stringify({ slow: told.map(String).sort(), seen: records.map(({ attributes, spanContext }) => [attributes, spanContext.traceId]) }));
      });
    });`,
  );
  const { stdout, stderr, code } = await installed.run('http.cjs', { flags: [] });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const { slow, seen } = JSON.parse(stdout) as { slow: readonly string[]; seen: readonly unknown[] };
  expect(slow).toEqual([
    'ERROR,failed http.client GET 127.0.0.1:PORT/broken took N ms (limit N ms): 500,false,0',
    'ERROR,failed http.server GET /broken took N ms (limit N ms): 500,false,0',
    'WARN,slow http.client GET 127.0.0.1:PORT/orders took N ms (limit N ms),true,0',
    'WARN,slow http.server GET /orders took N ms (limit N ms),true,0',
  ]);
  // The fields belong to the caller; what crosses to the server is the trace and the Baggage entry that was named.
  expect(seen[0]).toEqual([{ tenant: 't-1' }, '0af7651916cd43dd8448eb211c80319c']);
  expect(seen[1]).toEqual([{}, expect.not.stringContaining('0af7651916cd43dd8448eb211c80319c')]);
});

it('captureErrors and traced are decorators for the compiler, too', async () => {
  writeFileSync(
    join(installed.directory, 'cart.mts'),
    `import { captureErrors, traced } from 'logferry';
    class Cart {
      readonly owner = 'ann';
      @captureErrors
      checkout(price: number): number {
        if (price < 0) throw new RangeError(\`\${this.owner}: \${price}\`);
        return price;
      }
      @traced
      async load(id: string): Promise<string> {
        return id + this.owner;
      }
      @((method, context) => traced(method, { name: String(context.name), thresholdMillis: 0 }))
      static count(first: number, second: number): number {
        return first + second;
      }
    }
    const logged: unknown[] = [];
    const logger = { emit: ({ body }: { body: unknown }) => logged.push(body) };
    const slots = globalThis as unknown as Record<symbol, unknown>;
    slots[Symbol.for('io.opentelemetry.js.api.logs')] = () => ({ getLogger: () => logger });
    const cart = new Cart();
    const results: unknown[] = [cart.checkout(3), await cart.load('c-'), Cart.count(1, 2)];
    try {
      cart.checkout(-1);
    } catch (error) {
      results.push(String(error));
    }
    console.log(JSON.stringify({ results, logged: logged.map((text) => String(text).replace(/[0-9.]+ms/, 'N ms')) }));
    `,
  );
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck'];
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
  const compiled = spawnSync(process.execPath, [tsc, ...options, ...types, 'cart.mts'], {
    cwd: installed.directory,
    encoding: 'utf8',
  });
  expect(compiled.stdout).toBe('');
  const { stdout, stderr } = await installed.run('cart.mjs', { flags: [] });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    results: [3, 'c-ann', 3, 'RangeError: ann: -1'],
    logged: ['Function call: count [SLOW: N ms >= 0ms]', 'ann: -1'],
  });
});
