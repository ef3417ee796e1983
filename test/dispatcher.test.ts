import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PlatformLogExporter } from '../src/exporter.ts';
import { fakePlatform, record, serve } from './support/delivery-rig.ts';

const DIST = new URL('../dist/index.js', import.meta.url).href;

/** Runs a module in a Node process of its own and returns the JSON it prints. */
async function child(code: string, url: string): Promise<unknown> {
  const options = { cwd: fileURLToPath(new URL('..', import.meta.url)), env: { ...process.env, SERVER: url } };
  const running = spawn(process.execPath, ['--input-type=module', '-e', code], options);
  const output = { stdout: '', stderr: '' };
  running.stdout.on('data', (chunk) => {
    output.stdout += String(chunk);
  });
  running.stderr.on('data', (chunk) => {
    output.stderr += String(chunk);
  });
  onTestFinished(() => void running.kill('SIGKILL'));
  const status = await new Promise((resolve) => running.on('close', resolve));
  expect({ status, stderr: output.stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(output.stdout);
}

const DELIVER = `
  const symbol = Symbol.for('undici.globalDispatcher.1');
  const { PlatformLogExporter, loggier } = await import(${JSON.stringify(DIST)});
  function exportOnly(options) {
    const exporter = new PlatformLogExporter(loggier({ apiKey: 'key', url: process.env.SERVER }), options);
    exporter.export([{
      hrTime: [1, 0], hrTimeObserved: [1, 0], body: 'x', attributes: {}, droppedAttributesCount: 0,
      resource: { attributes: {} }, instrumentationScope: { name: '' },
    }], () => {});
    return exporter;
  }
  async function deliver() {
    const exporter = exportOnly();
    await exporter.forceFlush();
    const { delivered } = exporter.stats();
    await exporter.shutdown();
    return delivered;
  }
  const get = async () => (await fetch(process.env.SERVER + '/app', { method: 'POST', body: '{}' })).status;
`;

describe("the application's fetch (in a process of its own)", () => {
  it('is the same before and after, when the application has not used it yet', async () => {
    const server = await serve();
    const result = await child(
      `${DELIVER}
      const before = fetch;
      const delivered = await deliver();
      const dispatcher = globalThis[symbol];
      const status = await get();
      const undici = await import('undici');
      console.log(JSON.stringify({
        delivered, status, sameFetch: before === fetch,
        sameDispatcher: dispatcher === globalThis[symbol],
        ours: dispatcher instanceof undici.Dispatcher,
      }));`,
      server.origin,
    );
    expect(result).toEqual({ delivered: 1, status: 200, sameFetch: true, sameDispatcher: true, ours: false });
  });

  it('is the same before and after, when the application has used it', async () => {
    const server = await serve();
    const result = await child(
      `${DELIVER}
      await get();
      const before = { fetch, dispatcher: globalThis[symbol] };
      const delivered = await deliver();
      const status = await get();
      console.log(JSON.stringify({
        delivered, status, sameFetch: before.fetch === fetch,
        hadDispatcher: before.dispatcher !== undefined, sameDispatcher: before.dispatcher === globalThis[symbol],
      }));`,
      server.origin,
    );
    expect(result).toEqual({ delivered: 1, status: 200, sameFetch: true, hadDispatcher: true, sameDispatcher: true });
  });

  it('keeps a dispatcher that the application has set, and our requests do not pass through it', async () => {
    const server = await serve();
    const result = await child(
      `${DELIVER}
      const { Agent, setGlobalDispatcher } = await import('undici');
      let dispatched = 0;
      class Own extends Agent {
        dispatch(options, handler) { dispatched += 1; return super.dispatch(options, handler); }
      }
      const own = new Own();
      setGlobalDispatcher(own);
      const delivered = await deliver();
      const ours = dispatched;
      const status = await get();
      console.log(JSON.stringify({ delivered, status, ours, applications: dispatched, same: globalThis[symbol] === own }));
      await own.close();`,
      server.origin,
    );
    expect(result).toEqual({ delivered: 1, status: 200, ours: 0, applications: 1, same: true });
  });

  it('is not loaded, nor is undici, before the first record is sent', async () => {
    const server = await serve();
    const result = await child(
      `${DELIVER}
      const exporter = new PlatformLogExporter(loggier({ apiKey: 'key', url: process.env.SERVER }));
      console.log(JSON.stringify({ dispatcher: globalThis[symbol] !== undefined, pending: exporter.stats().pending }));
      await exporter.shutdown();`,
      server.origin,
    );
    expect(result).toEqual({ dispatcher: false, pending: 0 });
    expect(server.seen).toEqual([]);
  });

  it('keeps a finished application alive for no longer than the request under way (row 58)', async () => {
    const server = await serve();
    server.answer = () => 'hang';
    const result = await child(
      `${DELIVER}
      exportOnly({ http: { timeoutMillis: 300 } });
      process.on('exit', () => console.log(JSON.stringify('finished')));`,
      server.origin,
    );
    expect(result).toBe('finished');
  });
});

describe('our own requests', () => {
  it('leave no spans behind: instrumentations see tracing suppressed', async () => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    onTestFinished(() => context.disable());
    const seen: { suppressed: boolean; span: boolean; path: string }[] = [];
    const onCreate = (message: unknown): void => {
      const { request } = message as { request: { path: string } };
      const active = context.active();
      seen.push({
        path: request.path,
        suppressed: isTracingSuppressed(active),
        span: trace.getSpan(active) !== undefined,
      });
    };
    subscribe('undici:request:create', onCreate);
    onTestFinished(() => void unsubscribe('undici:request:create', onCreate));
    const server = await serve();
    server.answer = (_seen, number) => (number === 1 ? 503 : 200);
    const exporter = new PlatformLogExporter(fakePlatform(server.origin));
    onTestFinished(() => exporter.shutdown());
    const span = new BasicTracerProvider().getTracer('app').startSpan('request');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      exporter.export([record('x')], () => {});
      await exporter.forceFlush();
      // The application's own work goes on being traced.
      expect(isTracingSuppressed(context.active())).toBe(false);
    });
    expect(exporter.stats().delivered).toBe(1);
    expect(seen).toEqual([
      { path: '/logs', suppressed: true, span: false },
      { path: '/logs', suppressed: true, span: false },
    ]);
  });
});
