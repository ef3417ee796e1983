// Calls of Loggier's (PyLogHub's) client, and what becomes of them.
import { trace } from '@opentelemetry/api';
import express from 'express';
import { middleware, service, serving } from './http.mjs';
import { everywhere, has, holds, record } from './match.mjs';
import { LOG } from './rig.mjs';

const LEVELS = [
  [5, 'DEBUG', 'DEBUG'],
  [9, 'INFO', 'INFO'],
  [13, 'WARN', 'WARNING'],
  [17, 'ERROR', 'ERROR'],
  [21, 'FATAL', 'CRITICAL'],
];
const ONLY = { LOGFERRY_PLATFORMS: 'loggier' };

function ofLoggier(stats) {
  return stats.find(({ platform }) => platform === 'loggier');
}

function lines(list, pattern = /^(?:GET|POST) /) {
  return list.map(({ message }) => message).filter((message) => pattern.test(message));
}

/** Express with the middleware in front and what `routes` adds; `act` gets its address. */
async function withExpress(rig, options, routes, act) {
  const http = await middleware(rig);
  const app = express();
  app.use(http.logRequests(options));
  routes(app, http);
  return serving(app, act);
}

async function ask(url, init) {
  const answer = await fetch(url, init);
  return { status: answer.status, text: await answer.text() };
}

const JSON_BODY = (value) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer abc.def.ghi', 'x-team': 'blue' },
  body: JSON.stringify(value),
});

export const LOGGIER = [
  {
    rows: [1, 29, 32],
    what: 'log with context',
    old: 'logger.warning("Something might be wrong", context={"user_id": 123})',
    now: "logger.emit({ severityNumber: 13, body: 'Something might be wrong', attributes: { user_id: 123 } })",
    run: (rig) =>
      rig.code(({ logger }) => {
        const attributes = { user_id: 123, order: { id: 'ORD-123456', items: [1, 2] } };
        logger().emit({ severityNumber: 13, body: 'Something might be wrong', attributes });
      }),
    expect: (seen) => {
      const context = { user_id: 123, order: { id: 'ORD-123456', items: [1, 2] } };
      const { odysseus, logtide, redarch, loggier } = everywhere(seen, 'Something might be wrong');
      has(loggier, { level: 'WARNING', timestamp: /^\d{4}-.*T.*Z$/, context });
      has([odysseus.context, redarch.context, logtide.metadata], [context, context, context]);
    },
  },
  {
    rows: [9],
    what: 'key, address and project',
    old: 'Loggier(api_key="…", api_url="https://api.loggier.com/api/ingest", project_name="my-project")',
    now: 'LOGGIER_API_KEY, LOGGIER_API_URL, LOGFERRY_LOGGIER_CONTEXT=project_name=my-project',
    why: 'the official client never sends its project name; here it is in the context',
    run: (rig) =>
      rig.program(`${LOG} log('hello');`, {
        env: ({ url }) => ({
          ...ONLY,
          LOGGIER_API_URL: `${url}/api/ingest`,
          LOGFERRY_LOGGIER_CONTEXT: 'project_name=my-project',
        }),
      }),
    expect: ({ loggier }) => has(loggier, [{ message: 'hello', context: { project_name: 'my-project' } }]),
  },
  {
    rows: [14],
    what: 'whether a call will be sent',
    old: 'sent = logger.info("…")  # bool',
    now: 'logger.enabled({ severityNumber }) before, stats() after',
    why: 'what becomes of a record is known later than when emit() returns',
    run: (rig) =>
      rig.code(
        ({ logger }) => {
          const answers = [5, 9].map((severityNumber) => logger().enabled({ severityNumber }));
          logger().emit({ severityNumber: 9, body: 'yes' });
          return answers;
        },
        { delivery: { minimumSeverity: 9 } },
      ),
    expect: ({ value, stats }) => {
      has(value, [false, true]);
      has(ofLoggier(stats), { accepted: 1, delivered: 1 });
    },
  },
  {
    rows: [19],
    what: 'levels, and log(level, …)',
    old: 'logger.debug() … logger.critical(); logger.log("NOTICE", "…")',
    now: 'severityNumber 5, 9, 13, 17, 21; any text as severityText',
    run: (rig) =>
      rig.code(({ logger }) => {
        for (const [severityNumber, severityText] of LEVELS) {
          logger().emit({ severityNumber, severityText, body: severityText });
        }
        logger().emit({ severityNumber: 10, severityText: 'NOTICE', body: 'noticed' });
      }),
    expect: ({ loggier }) => {
      for (const [, text, level] of LEVELS) has(record(loggier, text), { level });
      has(record(loggier, 'noticed'), { level: 'INFO', context: { severity_text: 'NOTICE' } });
    },
  },
  {
    rows: [21],
    what: 'minimum level',
    old: 'Loggier(…, log_level=logging.INFO)',
    now: 'LOGFERRY_LOGGIER_LEVEL=info, LOGFERRY_LEVEL for all',
    why: 'here it filters: the official option only sets the level of the client’s own console output',
    run: (rig) =>
      rig.program(`${LOG} log('debug', { severityNumber: 5 }); log('info');`, {
        env: { ...ONLY, LOGFERRY_LOGGIER_LEVEL: 'info' },
      }),
    expect: ({ loggier }) => has(loggier, [{ message: 'info' }]),
  },
  {
    rows: [26],
    what: 'tags of all records, and of one',
    old: 'Loggier(…, tags=["api", "payments"]); logger.info("…", tags=["vip"])',
    now: "LOGFERRY_TAGS=api,payments (all platforms), LOGFERRY_LOGGIER_TAGS; attribute tags: ['vip']",
    run: (rig) =>
      rig.program(`${LOG} log('tagged', { attributes: { tags: ['vip', 'api'] } }); log('plain');`, {
        env: { LOGFERRY_TAGS: 'api,payments', LOGFERRY_LOGGIER_TAGS: 'of-loggier' },
      }),
    expect: ({ loggier, trakerr, logtide }) => {
      has(record(loggier, 'tagged').tags, ['of-loggier', 'api', 'payments', 'vip']);
      has(record(loggier, 'plain').tags, ['of-loggier', 'api', 'payments']);
      has(record(trakerr, 'tagged').contextTags, ['api', 'payments', 'vip', 'shop']);
      has(record(logtide, 'tagged').metadata.tags, ['api', 'payments', 'vip']);
    },
  },
  {
    rows: [27, 35],
    what: 'environment and service name',
    old: 'Loggier(…, environment="production", service_name="payment-service")',
    now: 'LOGFERRY_ENVIRONMENT (else NODE_ENV), OTEL_SERVICE_NAME; for Loggier alone LOGFERRY_LOGGIER_ENVIRONMENT, …_SERVICE_NAME',
    run: async (rig) => {
      const env = { LOGFERRY_ENVIRONMENT: 'production', NODE_ENV: 'test', OTEL_SERVICE_NAME: 'payment-service' };
      const own = { LOGFERRY_LOGGIER_ENVIRONMENT: 'eu-production', LOGFERRY_LOGGIER_SERVICE_NAME: 'payments' };
      const special = await rig.program(`${LOG} log('hello');`, { env: { ...env, ...own } });
      return { ...(await rig.program(`${LOG} log('hello');`, { env })), value: special };
    },
    expect: (seen) => {
      const { logtide, redarch, loggier, trakerr } = everywhere(seen, 'hello');
      has(loggier, {
        environment: 'production',
        context: { service_name: 'payment-service', environment: 'production' },
      });
      has([logtide.metadata.environment, trakerr.deploymentStage], ['production', 'production']);
      has([logtide.service, redarch.service], ['payment-service', 'payment-service']);
      has(seen.value.loggier, [{ environment: 'eu-production', context: { service_name: 'payments' } }]);
      has(seen.value.logtide, [{ service: 'payment-service', metadata: { environment: 'production' } }]);
    },
  },
  {
    rows: [51],
    what: 'application state at the time of an error',
    old: '(error information of the Django middleware)',
    now: 'volume: { breadcrumbs: true }: the latest records of the trace, also those below the level, with its error',
    why: 'what led to it, rather than the values of local variables, which are full of secrets',
    run: (rig) =>
      rig.code(
        ({ logger, withNewTraceId }) =>
          withNewTraceId(() => {
            logger('db').emit({ severityNumber: 5, body: 'opened a connection' });
            logger('cart').emit({ severityNumber: 9, body: 'order placed' });
            logger('cart').emit({ severityNumber: 17, body: 'payment failed' });
          }),
        { delivery: { minimumSeverity: 9, volume: { breadcrumbs: true } } },
      ),
    expect: ({ loggier }) => {
      has(loggier.length, 2);
      has(record(loggier, 'payment failed').context['logferry.breadcrumbs'], [
        { level: 'debug', scope: 'db', message: 'opened a connection' },
        { level: 'info', scope: 'cart', message: 'order placed' },
      ]);
    },
  },
  {
    rows: [53],
    what: 'log an exception',
    old: 'logger.exception("Division error", exception=e, context={"operation": "division"})',
    now: "report(error, { operation: 'division' }, { message: 'Division error' })",
    why: 'JavaScript has no “current exception” to fall back to: it is always an argument',
    run: (rig) =>
      rig.code(({ report }) =>
        report(new RangeError('Division by zero'), { operation: 'division' }, { message: 'Division error' }),
      ),
    expect: (seen) => {
      const { loggier } = everywhere(seen, 'Division error');
      has(loggier, {
        level: 'ERROR',
        context: { operation: 'division', 'exception.type': undefined },
        exception: {
          type: 'RangeError',
          message: 'Division by zero',
          traceback: /^RangeError: Division by zero\n {4}at /,
          traceback_summary: ['RangeError: Division by zero'],
        },
      });
      has(loggier.exception.frames.at(-1), { filename: /loggier\.mjs$/, line_number: Number.isInteger });
    },
  },
  {
    rows: [56],
    what: 'what nobody catches',
    old: 'Loggier(…, capture_uncaught=True)',
    now: 'captureUncaught(), or LOGFERRY_CAPTURE_UNCAUGHT=true; with LOGFERRY_SPOOL_DIR it survives the end of the process',
    why: 'output and exit code of the process stay; nothing waits for the network in a dying process',
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: rig.files({}), LOGFERRY_CAPTURE_UNCAUGHT: 'true' };
      const sink = await rig.startSink();
      const died = await rig.program(`${LOG} setTimeout(() => { throw new TypeError('nobody caught this'); });`, {
        env,
        sink,
      });
      const seen = await rig.program(LOG, { env, sink });
      await sink.close();
      return { ...seen, value: died };
    },
    expect: ({ loggier, value }) => {
      has(value, { code: 1, stderr: /nobody caught this/ });
      has(loggier, [{ level: 'CRITICAL', message: /nobody caught this/, exception: { type: 'TypeError' } }]);
    },
  },
  {
    rows: [56],
    what: 'what nobody catches, asked for in code',
    old: 'Loggier(…, capture_uncaught=True)',
    now: "import { captureUncaught } from 'logferry'; captureUncaught();",
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: rig.files({}) };
      const sink = await rig.startSink();
      const source = `import { captureUncaught } from 'logferry'; captureUncaught(); await Promise.reject(new RangeError('rejected'));`;
      const died = await rig.program(source, { env, sink });
      const seen = await rig.program(LOG, { env, sink });
      await sink.close();
      return { ...seen, value: died };
    },
    expect: ({ loggier, value }) => {
      has(value, { code: 1, stderr: /rejected/ });
      has(loggier, [{ level: 'CRITICAL', message: /rejected/, exception: { type: 'RangeError' } }]);
    },
  },
  {
    rows: [57],
    what: 'decorator that logs and throws on',
    old: '@logger.capture_exceptions',
    now: 'const charge = captureErrors(fn), or @captureErrors',
    run: (rig) =>
      rig.code(async ({ captureErrors }) => {
        const error = new RangeError('card declined');
        const charge = captureErrors(async function charge() {
          throw error;
        });
        const thrown = await charge().catch((caught) => caught);
        return { same: thrown === error, name: charge.name };
      }),
    expect: ({ value, loggier }) => {
      has(value, { same: true, name: 'charge' });
      has(loggier, [{ level: 'ERROR', message: 'card declined', context: { function: { name: 'charge' } } }]);
    },
  },
  {
    rows: [58],
    what: 'errors without their stack trace',
    old: "LOGGIER = {'INCLUDE_STACKTRACE': False}",
    now: 'beforeSend in LOGFERRY_CONFIG: delete record.attributes["exception.stacktrace"]',
    why: 'stacks are what groups errors at four of the five platforms, so they are on; a hook rather than one more switch',
    run: (rig) =>
      rig.program(`${LOG} import { report } from 'logferry'; report(new Error('no stack'));`, {
        env: { LOGFERRY_CONFIG: './logferry.config.mjs', LOGFERRY_PLATFORMS: 'loggier,logtide' },
        files: {
          'logferry.config.mjs': `import { defineConfig } from 'logferry';
              export default defineConfig({ delivery: { beforeSend: (record) => {
                delete record.attributes['exception.stacktrace'];
                return record;
              } } });`,
        },
      }),
    expect: ({ loggier, logtide, stderr }) => {
      holds(!/LF01\d/.test(stderr), stderr);
      has(loggier, [{ message: 'no stack', exception: { type: 'Error', frames: undefined } }]);
      holds(!JSON.stringify([loggier, logtide]).includes('app.mjs:'), 'no line of the program is told');
    },
  },
  {
    rows: [64],
    what: 'context for a block, nested',
    old: 'with logger.context(user_id=123, transaction_id="TX12345"): …',
    now: "withLogContext({ user_id: 123, transaction_id: 'TX12345' }, fn)",
    run: (rig) =>
      rig.code(({ logger, withLogContext }) =>
        withLogContext({ user_id: 123, transaction_id: 'TX12345' }, async () => {
          logger().emit({ body: 'Processing transaction' });
          await withLogContext({ user_id: 7 }, async () => {
            await null;
            logger().emit({ body: 'inner', attributes: { step: 2 } });
          });
          logger().emit({ body: 'own', attributes: { user_id: 9 } });
        }),
      ),
    expect: (seen) => {
      has(record(seen.loggier, 'Processing transaction').context, { user_id: 123, transaction_id: 'TX12345' });
      has(record(seen.loggier, 'inner').context, { user_id: 7, transaction_id: 'TX12345', step: 2 });
      has(record(seen.loggier, 'own').context, { user_id: 9 });
      const { odysseus, logtide, redarch } = everywhere(seen, 'inner');
      for (const fields of [odysseus.context, logtide.metadata, redarch.context]) has(fields, { user_id: 7 });
    },
  },
  {
    rows: [65, 66],
    what: 'global context, from anywhere',
    old: '_loggier_instance.context.update_global({"user_id": …, "transaction_id": "TX12345"})',
    now: "import { setGlobalContext } from 'logferry'; setGlobalContext({ region: 'eu' })",
    why: 'no instance to reach for; for what belongs to one request, withLogContext: a global value would be everybody’s',
    run: (rig) =>
      rig.program(
        `${LOG} import { setGlobalContext } from 'logferry';
         log('before'); setGlobalContext({ region: 'eu' }); log('after'); log('own', { attributes: { region: 'us' } });`,
        { env: ONLY },
      ),
    expect: ({ loggier }) => {
      has(record(loggier, 'before').context, { region: undefined });
      has(record(loggier, 'after').context, { region: 'eu' });
      has(record(loggier, 'own').context, { region: 'us' });
    },
  },
  {
    rows: [68, 69],
    what: 'batches and their interval',
    old: 'Loggier(…, max_batch_size=20, flush_interval=5)',
    now: 'LOGFERRY_LOGGIER_BATCH_RECORDS=20, LOGFERRY_LOGGIER_BATCH_DELAY=5s (1 s if not set)',
    run: async (rig) => {
      const sizes = [];
      const onRequest = ({ body }) => sizes.push([JSON.parse(body)].flat().length);
      const sink = await rig.startSink({ onRequest });
      const seen = await rig.program(`${LOG} for (let n = 0; n < 41; n += 1) log('n');`, { env: ONLY, sink });
      await sink.close();
      return { ...seen, value: sizes.toSorted((a, b) => a - b) };
    },
    expect: ({ loggier, value }) => has([loggier.length, value], [41, [1, 20, 20]]),
  },
  {
    rows: [71, 74],
    what: 'retries and time limit',
    old: 'Loggier(…, max_retries=3, http_timeout=5)',
    now: 'LOGFERRY_LOGGIER_TIMEOUT=5s, LOGFERRY_CONNECT_TIMEOUT; no number of retries',
    run: (rig) => {
      let asked = 0;
      const respond = ({ platform }) => {
        if (platform !== 'loggier') return undefined;
        asked += 1;
        return asked === 1 ? 'hang' : undefined;
      };
      const delivery = { http: { timeoutMillis: 150 }, circuitBreaker: { initialDelayMillis: 20 } };
      return rig.code(({ logger }) => logger().emit({ body: 'at last' }), { sink: { respond }, delivery });
    },
    expect: ({ loggier, stats }) => {
      has(loggier, [{ message: 'at last' }]);
      has(ofLoggier(stats), { delivered: 1, retries: 1 });
    },
  },
  {
    rows: [75],
    what: 'notice that the network is back',
    old: 'Loggier(…, network_check_interval=60)',
    now: 'nothing to set; npx logferry doctor for a look',
    why: 'one real batch is the probe; nobody else’s servers are asked whether there is a network',
    run: (rig) => {
      const others = [];
      let healthy = false;
      const respond = () => (healthy ? undefined : { status: 503 });
      return rig.code(
        ({ logger }) => {
          logger().emit({ body: 'waited' });
          setTimeout(() => {
            healthy = true;
          }, 150);
          return others;
        },
        {
          sink: { respond, onUnrouted: (_, path) => others.push(path) },
          delivery: { circuitBreaker: { initialDelayMillis: 20, maxDelayMillis: 50 } },
        },
      );
    },
    expect: ({ loggier, value }) => has([loggier, value], [[{ message: 'waited' }], []]),
  },
  {
    rows: [76],
    what: 'cache while offline',
    old: 'Loggier(…, enable_caching=True, cache_dir="/path/to/cache")',
    now: 'LOGFERRY_SPOOL_DIR=/path/to/cache',
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: rig.files({}), LOGFERRY_FLUSH_TIMEOUT: '100ms' };
      await rig.program(`${LOG} log('offline');`, { env: { ...env, LOGGIER_API_URL: 'http://127.0.0.1:9' } });
      return rig.program(`${LOG} log('online');`, { env: { ...env, LOGFERRY_FLUSH_TIMEOUT: '5s' } });
    },
    expect: ({ loggier }) => has(loggier.map(({ message }) => message).toSorted(), ['offline', 'online']),
  },
  {
    rows: [81],
    what: 'asynchronous sending',
    old: 'Loggier(…, async_mode=True)',
    now: 'always',
    run: (rig) =>
      rig.code(({ logger, sink }) => {
        for (let n = 0; n < 50; n += 1) logger().emit({ body: 'n' });
        return sink.counts().loggier.requests;
      }),
    expect: ({ value, loggier }) => has([value, loggier.length], [0, 50]),
  },
  {
    rows: [82, 83],
    what: 'flush(timeout) and shutdown(timeout)',
    old: 'logger.flush(timeout=1.0); logger.shutdown(timeout=2.0)',
    now: 'await flush({ timeoutMillis: 1_000 }) → { complete }; LOGFERRY_FLUSH_TIMEOUT, LOGFERRY_SHUTDOWN_TIMEOUT',
    run: (rig) =>
      rig.code(
        async ({ logger, processor }) => {
          logger().emit({ body: 'stuck' });
          const begun = performance.now();
          const report = await processor.flush({ timeoutMillis: 200 });
          return { complete: report.complete, inTime: performance.now() - begun < 5_000 };
        },
        {
          sink: { respond: ({ platform }) => (platform === 'loggier' ? 'hang' : undefined) },
          delivery: { timeouts: { shutdownMillis: 100 }, http: { timeoutMillis: 300 } },
        },
      ),
    expect: ({ value }) => has(value, { complete: false, inTime: true }),
  },
  {
    rows: [89],
    what: 'counts',
    old: 'logger.get_stats()',
    now: 'stats()  // of logferry, or of the processor',
    run: (rig) =>
      rig.program(
        `${LOG} import { flush, stats } from 'logferry'; log('one'); await flush(); console.log(JSON.stringify(stats()));`,
        { env: ONLY },
      ),
    expect: ({ stdout }) => {
      has(JSON.parse(stdout), [
        { platform: 'loggier', accepted: 1, delivered: 1, pending: 0, requests: 1, circuit: { state: 'closed' } },
      ]);
    },
  },
  {
    rows: [92, 93],
    what: 'middleware for requests, responses and errors',
    old: "MIDDLEWARE = ['loggier.integrations.django.LoggierDjangoMiddleware']",
    now: 'LOGFERRY_HTTP_LOG=responses',
    why: 'one record a request; its text is the same for every status, the level tells them apart',
    run: (rig) =>
      rig.program(service('/api/v1/templates/?limit=100', '/missing', '/broken'), {
        env: { ...ONLY, LOGFERRY_HTTP_LOG: 'responses' },
      }),
    expect: ({ loggier }) => {
      const of = (path) => loggier.find(({ message }) => message.startsWith(`GET ${path} `));
      has(of('/api/v1/templates/'), { level: 'INFO', message: /^GET \/api\/v1\/templates\/ 200 \(\d+ms\)$/ });
      has(of('/missing'), { level: 'WARNING' });
      has(of('/broken'), { level: 'ERROR', context: { 'http.response.status_code': 500 } });
    },
  },
  {
    rows: [97, 102, 103],
    what: 'the whole transaction',
    old: "LOGGIER = {'CAPTURE_REQUEST_DATA': True}; LoggierFlask(…).init_app(app)",
    now: "app.use(logRequests({ headers: true, user: (request) => ({ 'user.id': … }) }))",
    why: 'OpenTelemetry’s names (http.*, url.*, user.*) in place of one nested `transaction`, so that all platforms find them',
    run: (rig) =>
      rig.code(({ withLogContext }) =>
        withExpress(
          rig,
          { headers: true, user: () => ({ 'user.id': 5, 'user.name': 'john.doe' }) },
          (app, { logRequestErrors }) => {
            app.use((_request, _response, next) => withLogContext({ request_id: '3c4e6f8a' }, next));
            app.get('/api/v1/templates/:id', () => {
              throw new RangeError('Uncaught');
            });
            app.use(logRequestErrors());
            app.use((_error, _request, response, _next) => response.status(500).type('text').send('sorry'));
          },
          (url) =>
            ask(`${url}/api/v1/templates/7?limit=100&token=hunter2`, {
              headers: { authorization: 'Bearer abc.def.ghi', 'x-team': 'blue' },
            }),
        ),
      ),
    expect: ({ value, loggier, logtide }) => {
      has(value, { status: 500, text: 'sorry' });
      has(loggier, [
        {
          level: 'ERROR',
          message: /^GET \/api\/v1\/templates\/7 500 \(\d+ms\)$/,
          context: {
            'http.request.method': 'GET',
            'url.path': '/api/v1/templates/7',
            'url.query': /^limit=100&token=/,
            'http.route': '/api/v1/templates/:id',
            'http.request.header.x-team': ['blue'],
            'http.response.header.content-type': [/^text/],
            'http.response.status_code': 500,
            'client.address': /127\.0\.0\.1/,
            'user.id': 5,
            'user.name': 'john.doe',
            duration_ms: Number.isFinite,
          },
          exception: { type: 'RangeError', message: 'Uncaught', traceback: /loggier\.mjs/ },
        },
      ]);
      const all = JSON.stringify([loggier, logtide]);
      holds(!all.includes('hunter2') && !all.includes('abc.def.ghi'), 'no secret of query or headers is sent');
    },
  },
  {
    rows: [98],
    what: 'bodies of requests and responses',
    old: "LOGGIER = {'CAPTURE_REQUEST_BODY': True, 'CAPTURE_RESPONSE_BODY': True, 'MAX_BODY_SIZE': 16384}",
    now: 'logRequests({ requestBody: true, responseBody: true, maxBodyBytes: 16_384 })',
    why: 'off unless asked for; JSON as objects, so that secrets are found by name; binary content by its size only',
    run: (rig) =>
      rig.code(() =>
        withExpress(
          rig,
          { requestBody: true, responseBody: true, maxBodyBytes: 200 },
          (app) => {
            app.use(express.json({ limit: '1mb' }));
            app.post('/pay', ({ body }, response) => response.json({ paid: body.amount }));
            app.post('/image', (_request, response) => response.type('png').send(Buffer.alloc(99)));
          },
          async (url) => [
            await ask(`${url}/pay`, JSON_BODY({ amount: 5, password: 'hunter2' })),
            await ask(`${url}/pay`, JSON_BODY({ amount: 6, note: 'x'.repeat(500) })),
            await ask(`${url}/image`, JSON_BODY({})),
          ],
        ),
      ),
    expect: ({ value, loggier }) => {
      has(value[0], { status: 200, text: '{"paid":5}' });
      const [small, large, image] = loggier.map(({ context }) => context);
      has(small, {
        'http.request.body.content': { amount: 5, password: '[REDACTED]' },
        'http.response.body.content': { paid: 5 },
      });
      has(large, { 'http.request.body.content': /^\{"amount":6,"note":"x+…\[\+\d+ bytes\]$/ });
      has(image, { 'http.response.body.content': '[image/png, 99 bytes]' });
    },
  },
  {
    rows: [99],
    what: 'slow requests',
    old: "LOGGIER = {'LOG_SLOW_REQUESTS': True, 'SLOW_REQUEST_THRESHOLD': 1.0}",
    now: 'LOGFERRY_HTTP_SLOW=1s with LOGFERRY_HTTP_LOG, or LOGFERRY_SLOW=http.server>1s without; slowMillis in code',
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_HTTP_LOG: 'responses', LOGFERRY_HTTP_SLOW: '100ms' };
      const programs = await rig.program(service('/fast', '/slow'), { env });
      const code = await rig.code(() =>
        withExpress(
          rig,
          { slowMillis: 20 },
          (app) => app.get('/slow', (_request, response) => setTimeout(() => response.send('x'), 40)),
          (url) => ask(`${url}/slow`),
        ),
      );
      return { ...code, value: programs };
    },
    expect: ({ loggier, value }) => {
      const slow = { level: 'WARNING', context: { slow: true } };
      has(loggier, [{ ...slow, message: /^GET \/slow 200 \(\d+ms\) \[SLOW: \d+ms >= 20ms\]$/ }]);
      has(
        value.loggier.find(({ message }) => message.startsWith('GET /slow')),
        slow,
      );
    },
  },
  {
    rows: [100],
    what: 'only some statuses',
    old: "LOGGIER = {'STATUSES_TO_TRACK': [500, 400, 401, 403]}",
    now: 'LOGFERRY_HTTP_STATUSES=500,4xx, or logRequests({ statuses: [500, 400, 401, 403] })',
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_HTTP_LOG: 'responses', LOGFERRY_HTTP_STATUSES: '500,403' };
      const programs = await rig.program(service('/fine', '/missing', '/denied', '/broken'), { env });
      const code = await rig.code(() =>
        withExpress(
          rig,
          { statuses: ['4xx'] },
          (app) => app.get('/fine', (_request, response) => response.send('x')),
          async (url) => [await ask(`${url}/fine`), await ask(`${url}/none`)],
        ),
      );
      return { ...code, value: programs };
    },
    expect: ({ loggier, value }) => {
      has(loggier, [{ message: /^GET \/none 404/ }]);
      has(lines(value.loggier), [/^GET \/denied 403/, /^GET \/broken 500/]);
    },
  },
  {
    rows: [101],
    what: 'settings of one endpoint',
    old: "@track_endpoint(tags=['critical', 'payment'], capture_request_body=True, statuses=[200, 201, 400, 500])",
    now: "app.post('/pay', trackEndpoint({ tags: ['critical', 'payment'], requestBody: true }), handler)",
    run: (rig) =>
      rig.code(() =>
        withExpress(
          rig,
          { statuses: [500] },
          (app, { trackEndpoint }) => {
            const tracked = trackEndpoint({
              ...{ tags: ['critical', 'payment'], requestBody: true, responseBody: true },
              statuses: [200, 201, 400, 500],
            });
            app.post('/pay', tracked, express.json(), (_request, response) => response.json({ status: 'success' }));
            app.get('/other', (_request, response) => response.send('x'));
          },
          async (url) => [await ask(`${url}/pay`, JSON_BODY({ amount: 5 })), await ask(`${url}/other`)],
        ),
      ),
    expect: ({ loggier, trakerr }) => {
      has(loggier, [
        {
          message: /^POST \/pay 200/,
          tags: ['critical', 'payment'],
          context: {
            'http.request.body.content': { amount: 5 },
            'http.response.body.content': { status: 'success' },
          },
        },
      ]);
      has(trakerr, [{ contextTags: (tags) => tags.includes('payment') }]);
    },
  },
  {
    rows: [104],
    what: 'errors go their way',
    old: '(the middleware raises on; “ensure correct middleware order”)',
    now: 'the same: logRequests() first, logRequestErrors() before your own error handler',
    run: (rig) =>
      rig.code(async () => {
        const { loggedHandler } = await middleware(rig);
        const errors = [];
        const handler = loggedHandler(async () => {
          throw new RangeError('thrown');
        });
        const outer = async (request, response) => {
          try {
            await handler(request, response);
          } catch (error) {
            errors.push(error.message);
            response.writeHead(500).end('mine');
          }
        };
        const answer = await serving(outer, (url) => ask(`${url}/x`));
        return { answer, errors };
      }),
    expect: ({ value, loggier }) => {
      has(value, { answer: { status: 500, text: 'mine' }, errors: ['thrown'] });
      has(loggier, [{ level: 'ERROR', message: /^GET \/x 500/, exception: { message: 'thrown' } }]);
    },
  },
  {
    rows: [105, 107],
    what: 'slow outgoing requests',
    old: '@logger.trace_http(threshold_ms=1000, mask_headers=…, mask_params=…)',
    now: 'LOGFERRY_SLOW=http.client>1s; masks: LOGFERRY_REDACT_HEADERS, LOGFERRY_REDACT_QUERY',
    why: 'from the spans of http and fetch, so that nobody has to decorate calls; spans have neither headers nor bodies',
    run: (rig) =>
      rig.program(service('/slow?token=hunter2', '/fast'), { env: { ...ONLY, LOGFERRY_SLOW: 'http.client>100ms' } }),
    expect: ({ loggier }) => {
      const slow = loggier.filter(({ message }) => message.startsWith('slow http.client'));
      has(slow, [
        {
          level: 'WARNING',
          message: /GET 127\.0\.0\.1:\d+\/slow took \d+ ms \(limit 100 ms\)$/,
          tags: ['performance', 'http_request', 'slow'],
          context: { duration_ms: (millis) => millis >= 100, performance: { is_slow: true, threshold_ms: 100 } },
        },
      ]);
      holds(!JSON.stringify(slow).includes('hunter2'), 'no secret of the query is sent');
    },
  },
  {
    rows: [106],
    what: 'slow functions',
    old: '@logger.trace_function(name, threshold_ms=500, tags, include_args, include_return, log_level)',
    now: 'traced(fn, { name, thresholdMillis: 500, tags, includeArguments, includeResult, level }), or @traced',
    why: 'fast calls are logged only with recordWhen: "always"; each call is a span as well',
    run: (rig) =>
      rig.code(async ({ traced }) => {
        const process = traced(async (data) => data.length, {
          ...{ name: 'process_data', thresholdMillis: 0, tags: ['cart'], includeArguments: true, includeResult: true },
        });
        const quiet = traced(() => 1, { thresholdMillis: 60_000 });
        const always = traced(() => 1, {
          name: 'always',
          thresholdMillis: 60_000,
          recordWhen: 'always',
          level: 'debug',
        });
        quiet();
        always();
        const failing = traced(
          () => {
            throw new TypeError('no');
          },
          { name: 'failing', thresholdMillis: 60_000 },
        );
        try {
          failing();
        } catch {}
        return process([1, 2, 3]);
      }),
    expect: ({ value, loggier }) => {
      has([value, loggier.length], [3, 3]);
      has(loggier.at(-1), {
        level: 'WARNING',
        message: /^Function call: process_data \[SLOW: [\d.]+ms >= 0ms\]$/,
        tags: ['performance', 'function_call', 'cart', 'slow'],
        context: {
          function: { name: 'process_data' },
          call_args: { args: [[1, 2, 3]] },
          return_value: 3,
          performance: { is_slow: true, threshold_ms: 0 },
        },
      });
      has(record(loggier, 'Function call: always'), { level: 'DEBUG', tags: ['performance', 'function_call'] });
      has(record(loggier, 'Function call: failing [ERROR: TypeError]'), { level: 'ERROR' });
    },
  },
  {
    rows: [108],
    what: 'slow database calls',
    old: '@logger.trace_database(threshold_ms=100, include_params=False)',
    now: "LOGFERRY_SLOW=db>100ms, or new SlowSpanRules({ rules: 'db>100ms', targets })",
    why: 'from the spans of the database’s instrumentation; statement and parameters are what that one puts there',
    run: (rig) =>
      rig.code(({ SlowSpanRules, processor }) => {
        const tracer = rig.tracer(new SlowSpanRules({ rules: 'db>100ms', targets: processor }));
        const attributes = {
          ...{ 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'users' },
          'db.query.text': 'SELECT * FROM users WHERE id = $1',
        };
        for (const millis of [250, 20]) {
          tracer
            .startSpan('query', { kind: 2, attributes, startTime: 1_767_323_045_000 })
            .end(1_767_323_045_000 + millis);
        }
        trace.disable();
      }),
    expect: ({ loggier, trakerr }) => {
      has(loggier, [
        {
          level: 'WARNING',
          message: 'slow db SELECT users took 250 ms (limit 100 ms)',
          tags: ['performance', 'database', 'slow_query'],
          context: {
            duration_ms: 250,
            'db.query.text': 'SELECT * FROM users WHERE id = $1',
            span_id: /^[0-9a-f]{16}$/,
          },
        },
      ]);
      has(trakerr, [{ logLevel: 'warning', contextOperationTimeMillis: 250 }]);
    },
  },
  {
    rows: [115],
    what: 'sensitive fields',
    old: 'Loggier(…, sensitive_fields=["password", "credit_card", "ssn"])',
    now: 'nothing to do for these; LOGFERRY_REDACT_FIELDS=nickname for more, redact: { fields } in code',
    why: 'at any depth, in messages, exceptions and addresses too, before a record is written to disk',
    run: (rig) =>
      rig.code(
        ({ logger }) =>
          logger().emit({
            body: 'card=4111111111111111 login with password=hunter2 ok',
            attributes: {
              user: { Password: 'hunter2', 'credit-card': '4111 1111 1111 1111', ssn: '078-05-1120' },
              list: [{ nickname: 'Schnucki' }],
              fine: 'kept',
            },
          }),
        { delivery: { redact: { fields: ['nickname'] } } },
      ),
    expect: (seen) => {
      const all = JSON.stringify(seen);
      for (const secret of ['hunter2', '4111111111111111', '4111 1111', '078-05-1120', 'Schnucki']) {
        holds(!all.includes(secret), `${secret} is sent nowhere`);
      }
      has(seen.loggier[0].context, {
        user: { Password: '[REDACTED]', 'credit-card': '[REDACTED]', ssn: '[REDACTED]' },
        list: [{ nickname: '[REDACTED]' }],
        fine: 'kept',
      });
      for (const platform of ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr']) has(seen[platform].length, 1);
    },
  },
  {
    rows: [115],
    what: 'sensitive fields by variable',
    old: 'Loggier(…, sensitive_fields=["nickname"])',
    now: 'LOGFERRY_REDACT_FIELDS=nickname',
    run: (rig) =>
      rig.program(`${LOG} log('x', { attributes: { nickname: 'Schnucki' } });`, {
        env: { LOGFERRY_REDACT_FIELDS: 'nickname' },
      }),
    expect: (seen) => {
      holds(!JSON.stringify(seen).includes('Schnucki'), 'sent nowhere');
      has(seen.loggier, [{ context: { nickname: '[REDACTED]' } }]);
    },
  },
  {
    rows: [116],
    what: 'headers and parameters',
    old: '@logger.trace_http(mask_headers=["x-key"], mask_params=["pin"])',
    now: "redact: { headers: ['x-team'], queryParameters: ['pin'] }; authorization, cookie, token … without a word",
    run: (rig) =>
      rig.code(
        ({ logger }) =>
          logger().emit({
            body: 'asked https://a.example/x?pin=4711&page=2',
            attributes: {
              'http.request.header.authorization': ['Bearer abc.def.ghi'],
              'http.request.header.x-team': ['blue'],
              'http.request.header.accept': ['text/html'],
              'url.full': 'https://a.example/x?pin=4711&access_token=abcdef123&page=2',
            },
          }),
        { delivery: { redact: { headers: ['x-team'], queryParameters: ['pin'] } } },
      ),
    expect: (seen) => {
      const all = JSON.stringify(seen);
      for (const secret of ['abc.def.ghi', 'blue', '4711', 'abcdef123']) holds(!all.includes(secret), `no ${secret}`);
      has(seen.loggier[0].context, { 'http.request.header.accept': ['text/html'], 'url.full': /page=2/ });
    },
  },
  {
    rows: [121],
    what: 'troubleshooting',
    old: '(logs not appearing: check key, URL, network, flush …)',
    now: 'npx logferry doctor',
    run: async (rig) => {
      const sink = await rig.startSink();
      const env = { ...sink.env(), LOGFERRY_PLATFORMS: 'loggier' };
      const well = await rig.command(['doctor'], env, rig.files({}));
      const ill = await rig.command(['doctor'], { ...env, LOGGIER_API_KEY: 'wrong' }, rig.files({}));
      const gone = await rig.command(['doctor'], { ...env, LOGGIER_API_URL: 'http://127.0.0.1:9' }, rig.files({}));
      await sink.close();
      return { value: { well, ill, gone }, stdout: ill.stdout };
    },
    expect: ({ value: { well, ill, gone } }) => {
      holds(!/loggier.*(?:401|refus)/i.test(well.stdout), 'all is well');
      has([ill.code, gone.code], [1, 1]);
      holds(/40[13]|key/i.test(ill.stdout) && /refused|ECONNREFUSED/i.test(gone.stdout), 'it says why');
    },
  },
];
