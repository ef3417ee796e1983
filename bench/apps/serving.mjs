// A small HTTP service with nothing, spans, request logs from spans, or the middleware around it: `serving.mjs VARIANT URL`.
// Tells its port, then on { kind: 'measure' } and { kind: 'measured' } the CPU time in between.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { DIST, load, platform } from '../logferry.mjs';

const [variant, url] = process.argv.slice(2);
// The same copies as the measured build has, not those of the peers.
const require = createRequire(resolve(DIST, 'index.js'));
const { PlatformLogExporter } = await load('index.js');
const { loggedHandler } = await load('instrument/http/middleware.js');
const { RequestLogProcessor } = await load('instrument/http/request-logs.js');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');

const ANSWER = JSON.stringify({
  status: 'success',
  order: 17,
  items: Array.from({ length: 8 }, (_, n) => `item ${n}`),
});
const BODIES = { requestBody: true, responseBody: true };

const exporter = new PlatformLogExporter(await platform('logtide', url), {
  queue: { maxBytes: 2 ** 27 },
  // As with `register`.
  batch: { maxDelayMillis: 1_000 },
});
const logger = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }).getLogger('http');

function useSpans(...spanProcessors) {
  const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const { context, trace } = require('@opentelemetry/api');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  new HttpInstrumentation();
}

function handler(request, response) {
  request.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER));
}

/** What is done before the server is made, and the handler. */
const VARIANTS = {
  bare: () => handler,
  spans: () => {
    useSpans();
    return handler;
  },
  'request logs': () => {
    useSpans(new RequestLogProcessor({ targets: exporter }));
    return handler;
  },
  middleware: () => loggedHandler(handler, { logger }),
  bodies: () => loggedHandler(handler, { logger, ...BODIES }),
};

const listener = VARIANTS[variant]();
// Instrumented by now, where it is.
const server = require('node:http').createServer(listener);
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.send({ kind: 'listening', port: server.address().port }));

let begun = process.cpuUsage();
process.on('message', async ({ kind }) => {
  if (kind === 'measure') {
    begun = process.cpuUsage();
    process.send({ kind: 'measuring' });
  } else {
    await exporter.forceFlush();
    const { user, system } = process.cpuUsage(begun);
    process.send({ kind: 'result', cpuMicros: user + system });
  }
});
process.on('disconnect', () => process.exit(0));
