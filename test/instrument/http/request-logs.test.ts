import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { HttpSpan } from '../../../src/instrument/http/http-span.ts';
import { loggedHandler } from '../../../src/instrument/http/middleware.ts';
import { type RequestLogOptions, RequestLogProcessor } from '../../../src/instrument/http/request-logs.ts';
import type { EmittedRecord } from '../../../src/record/record.ts';
import { until } from '../../support/delivery-rig.ts';

const SPAN_CONTEXT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
const OLD = { 'http.method': 'GET', 'http.target': '/orders/17?full=1', 'http.status_code': 200, 'net.host.port': 80 };
const NEW = {
  'http.request.method': 'GET',
  'url.path': '/orders/17',
  'url.query': 'full=1',
  'http.response.status_code': 200,
  'server.port': 80,
};

interface SpanParts {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly kind?: number;
  readonly millis?: number;
  readonly failed?: boolean;
}

function spanOf({ attributes = NEW, kind = 1, millis = 45, failed = false }: SpanParts = {}): HttpSpan {
  const span: unknown = {
    name: 'GET',
    kind,
    attributes,
    startTime: [100, 0],
    endTime: [100, millis * 1e6],
    duration: [Math.floor(millis / 1_000), (millis % 1_000) * 1e6],
    status: { code: failed ? 2 : 0 },
    events: [],
    resource: { attributes: { 'service.name': 'shop' } },
    instrumentationScope: { name: 'http' },
    spanContext: () => SPAN_CONTEXT,
  };
  return span as HttpSpan;
}

function logging(options: Partial<RequestLogOptions> = {}) {
  const records: EmittedRecord[] = [];
  const target = { emitSpanEvent: (each: EmittedRecord) => void records.push(each), forceFlush: async () => {} };
  return { records, processor: new RequestLogProcessor({ targets: target, ...options }) };
}

function ended(parts: SpanParts, options?: Partial<RequestLogOptions>): EmittedRecord | undefined {
  const { records, processor } = logging(options);
  processor.onEnd(spanOf(parts));
  expect(records.length).toBeLessThan(2);
  return records[0];
}

describe('a server span', () => {
  it.each([
    ['of the stable conventions', NEW],
    ['of the older ones', OLD],
  ])('%s becomes a record with its ids and the stable names', (_, attributes) => {
    expect(ended({ attributes })).toMatchObject({
      body: 'GET /orders/17 200 (45ms)',
      severityNumber: 9,
      hrTime: [100, 45e6],
      spanContext: SPAN_CONTEXT,
      resource: { attributes: { 'service.name': 'shop' } },
      instrumentationScope: { name: 'logferry.http' },
    });
    expect(ended({ attributes })?.attributes).toEqual({ ...NEW, duration_ms: 45 });
  });

  it.each<[Readonly<Record<string, unknown>>, string]>([
    [{ 'http.method': 'GET', 'http.url': 'http://shop.example:8080/a/b?c=d' }, '/a/b'],
    [{ 'http.method': 'GET', 'http.url': 'http://shop.example?c=d' }, '/'],
    [{ 'http.method': 'GET' }, '/'],
    [{ 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE', 'url.path': '/x' }, 'PURGE /x'],
  ])('%j shows %s', (attributes, text) => {
    expect(ended({ attributes })?.body).toContain(text);
  });

  it.each<[number | undefined, boolean, number, string]>([
    [200, false, 9, '200'],
    [304, false, 9, '304'],
    [404, false, 13, '404'],
    [503, false, 17, '503'],
    [200, true, 17, '200'],
    [undefined, false, 13, 'aborted'],
  ])('status %s (failed: %s) has severity %i', (status, failed, severityNumber, text) => {
    const attributes = { 'http.request.method': 'GET', 'url.path': '/', 'http.response.status_code': status };
    expect(ended({ attributes, failed })).toMatchObject({ severityNumber, body: `GET / ${text} (45ms)` });
  });

  it('that was slow is a warning and says so', () => {
    expect(ended({ millis: 1_200 }, { slowMillis: 1_000 })).toMatchObject({
      body: 'GET /orders/17 200 (1200ms) [SLOW: 1200ms >= 1000ms]',
      severityNumber: 13,
      attributes: { slow: true, duration_ms: 1_200 },
    });
  });

  it.each<[string, SpanParts, Partial<RequestLogOptions>, boolean]>([
    ['another kind', { kind: 2 }, {}, false],
    ['no HTTP', { attributes: { 'rpc.system': 'grpc' } }, {}, false],
    ['a skipped path', {}, { skipPaths: ['/orders/*'] }, false],
    ['another path', {}, { skipPaths: ['/orders'] }, true],
    ['a tracked status', {}, { statuses: ['2xx'] }, true],
    ['an untracked status', {}, { statuses: [500, '400-499'] }, false],
    ['an untracked status, but slow', { millis: 50 }, { statuses: [500], slowMillis: 50 }, true],
    ['errors only, and fine', {}, { log: 'errors' }, false],
    ['errors only, and failed', { failed: true }, { log: 'errors' }, true],
  ])('%s', (_, parts, options, logged) => {
    expect(ended(parts, options) !== undefined).toBe(logged);
  });

  it('is logged at its start as well, if asked', () => {
    const { records, processor } = logging({ log: 'all' });
    processor.onStart(spanOf({ attributes: { 'http.method': 'GET', 'http.target': '/orders/17' } }), context.active());
    processor.onEnd(spanOf());
    expect(records.map(({ body, hrTime }) => [body, hrTime])).toEqual([
      ['GET /orders/17', [100, 0]],
      ['GET /orders/17 200 (45ms)', [100, 45e6]],
    ]);
  });

  it.each<[string, unknown]>([
    ['null attributes', { ...spanOf(), attributes: null }],
    ['no status', { ...spanOf(), status: undefined }],
    ['a broken context', { ...spanOf(), spanContext: undefined }],
    ['nothing', undefined],
  ])('of a foreign shape (%s) disturbs nobody', (_, span) => {
    const { processor } = logging({ log: 'all' });
    expect(() => processor.onStart(span as HttpSpan, context.active())).not.toThrow();
    expect(() => processor.onEnd(span as HttpSpan)).not.toThrow();
  });
});

describe('bad options', () => {
  it.each<[object, string]>([
    [{ targets: {} }, 'targets must be processors or exporters of logferry'],
    [{ targets: [] }, 'targets must be processors or exporters of logferry'],
    [{ log: 'some' }, 'log must be errors, responses or all, got some'],
    [{ statuses: ['500-400'] }, 'statuses has "500-400"'],
    [{ slowMillis: 'x' }, 'slowMillis must be a number'],
    [{ skipPaths: 'x' }, 'skipPaths must be a list of non-empty strings'],
    [{ slow: 5 }, 'unknown option slow'],
  ])('%j', (options, message) => {
    expect(() => logging(options as never)).toThrow(message);
  });
});

describe('with HTTP instrumentation', () => {
  const { records, processor } = logging();
  const instrumentation = new HttpInstrumentation();
  const manager = new AsyncLocalStorageContextManager().enable();

  beforeAll(() => {
    context.setGlobalContextManager(manager);
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor as never] }));
    instrumentation.enable();
  });
  afterAll(() => {
    instrumentation.disable();
    trace.disable();
    context.disable();
  });

  it('requests are logged once, with what the middleware knows and nothing of it in the trace', async () => {
    // Only a require() after the instrumentation was enabled gets the instrumented module.
    const { createServer } = createRequire(import.meta.url)('node:http') as typeof import('node:http');
    const spans: (string | undefined)[] = [];
    const unwanted: unknown[] = [];
    const handler = loggedHandler(
      (request, response) => {
        spans.push(trace.getActiveSpan()?.spanContext().spanId);
        response.setHeader('content-type', 'application/json').end(`{"path":"${request.url}"}`);
      },
      { responseBody: true, logger: { emit: (record: never) => void unwanted.push(record) } },
    );
    const server: Server = createServer(handler);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await Promise.all(['/a', '/b', '/c'].map(async (path) => (await fetch(url + path)).text()));
    await until(() => records.length >= 3, 'three records');
    expect(records.map(({ body }) => String(body).slice(0, 10)).sort()).toEqual([
      'GET /a 200',
      'GET /b 200',
      'GET /c 200',
    ]);
    expect(records.map(({ spanContext }) => spanContext?.spanId).sort()).toEqual([...spans].sort());
    for (const { body, attributes } of records) {
      const path = String(body).slice(4, 6);
      expect(attributes).toMatchObject({ 'http.response.body.content': { path }, 'url.path': path });
    }
    expect(unwanted).toEqual([]);
  });
});
