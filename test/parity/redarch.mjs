// Calls of RedArch's client, and what becomes of them.
import { middleware, serving } from './http.mjs';
import { everywhere, has, holds, record } from './match.mjs';
import { filesBelow, LOG } from './rig.mjs';

const LEVELS = [
  [5, 'DEBUG'],
  [9, 'INFO'],
  [13, 'WARN'],
  [17, 'ERROR'],
  [21, 'FATAL'],
];
const ONLY = { LOGFERRY_PLATFORMS: 'redarch' };
const CONTEXT = { action: 'test_logging', details: { step: 'demo', test_case: 'full_context' } };
const IDS = { 'user.id': 'user_123', 'tenant.id': 'tenant_abc', 'request.id': 'req_456' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CLAIMS = { iat: Number.isInteger, exp: Number.isInteger };

function texts(list) {
  return list.map(({ message }) => message).toSorted();
}

/** A server that takes everything and keeps the Authorization headers: the sink shows none. */
async function withTokens(rig, source) {
  const { createServer } = await import('node:http');
  const tokens = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    request.resume().once('end', () => response.end('{}'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = { ...ONLY, RARCH_LOGGING_URL: `http://127.0.0.1:${server.address().port}/log`, OTEL_SERVICE_NAME: 'pay' };
  const seen = await rig.program(source, { env });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { ...seen, value: tokens };
}

export const REDARCH = [
  {
    rows: [1, 31, 32],
    what: 'log with user, tenant, request id and context',
    old: 'logger.info("This is a test log message.", user_id=…, tenant_id=…, request_id=…, context=context)',
    now: "logger.emit({ severityNumber: 9, body, attributes: { 'user.id': …, 'tenant.id': …, 'request.id': …, ...context } })",
    why: 'a missing request id is the trace id, so that all services of a request share it; a random one outside traces',
    run: (rig) =>
      rig.code(({ logger, withLogContext, withTraceId }) => {
        const attributes = { ...IDS, ...CONTEXT };
        logger('test_logger').emit({ severityNumber: 9, body: 'This is a test log message.', attributes });
        withLogContext(IDS, () => logger().emit({ body: 'of the request' }));
        withTraceId('0af7651916cd43dd8448eb211c80319c', () => logger().emit({ body: 'in a trace' }));
        logger().emit({ body: 'alone' });
      }),
    expect: (seen) => {
      const ids = { user_id: 'user_123', tenant_id: 'tenant_abc', request_id: 'req_456' };
      has(record(seen.redarch, 'This is a test log message.'), {
        level: 'INFO',
        service: 'shop',
        logger_name: 'test_logger',
        ...ids,
        context: { ...CONTEXT, 'user.id': undefined },
      });
      has(record(seen.redarch, 'of the request'), ids);
      has(record(seen.redarch, 'in a trace'), { request_id: '0af7651916cd43dd8448eb211c80319c', user_id: null });
      has(record(seen.redarch, 'alone'), { request_id: UUID, tenant_id: null });
      const { odysseus, logtide, loggier, trakerr } = everywhere(seen, 'This is a test log message.');
      has(odysseus, { user: 'user_123', context: { ...CONTEXT, 'tenant.id': 'tenant_abc' } });
      has(logtide.metadata, { ...IDS, ...CONTEXT });
      has(loggier.context, { ...IDS, ...CONTEXT });
      has(trakerr, { eventUser: 'user_123' });
    },
  },
  {
    rows: [6],
    what: 'environment variables of the client',
    old: 'export RARCH_LOGGING_URL=… RARCH_LOGGING_API_KEY=…  # also RARCH_LOGGING_DEFAULT_LEVEL, RARCH_LOGGING_SERVICE',
    now: 'the same names',
    run: (rig) =>
      rig.program(`${LOG} log('debug', { severityNumber: 5 }); log('info');`, {
        env: {
          ...{ RARCH_LOGGING_DEFAULT_LEVEL: 'INFO', RARCH_LOGGING_SERVICE: 'by-redarch' },
          ...{ OTEL_SERVICE_NAME: 'by-otel', LOGFERRY_PLATFORMS: 'redarch,logtide' },
        },
      }),
    expect: ({ redarch, logtide }) => {
      has([texts(redarch), texts(logtide)], [['info'], ['debug', 'info']]);
      has([redarch[0].service, logtide[0].service], ['by-redarch', 'by-otel']);
    },
  },
  {
    rows: [7],
    what: 'signed token',
    old: '(JWT, HS256: sub = service, iat, exp = iat + 3600)',
    now: 'the same, made once per service and hour',
    run: async (rig) => {
      const right = await withTokens(rig, `${LOG} log('a'); log('b', { attributes: { 'redarch.service': 'mail' } });`);
      const env = { ...ONLY, RARCH_LOGGING_API_KEY: 'wrong', LOGFERRY_FLUSH_TIMEOUT: '200ms' };
      const wrong = await rig.program(`${LOG} log('c');`, { env });
      return { value: right.value, wrong };
    },
    expect: async ({ value, wrong }, rig) => {
      const { createHmac } = await import('node:crypto');
      const sink = await rig.startSink();
      const key = sink.credentials.redarchApiKey;
      await sink.close();
      const claims = value.map((header) => {
        const [head, body, signature] = header.replace('Bearer ', '').split('.');
        has(JSON.parse(Buffer.from(head, 'base64url')), { alg: 'HS256', typ: 'JWT' });
        has(createHmac('sha256', key).update(`${head}.${body}`).digest('base64url'), signature, 'signature');
        return JSON.parse(Buffer.from(body, 'base64url'));
      });
      has(claims.map(({ sub }) => sub).toSorted(), ['mail', 'pay']);
      for (const claim of claims) {
        has(claim, CLAIMS);
        has(claim.exp - claim.iat, 3_600);
      }
      has(wrong.redarch, []);
      holds(wrong.counts.redarch.refused > 0, 'the sink refuses a wrong signature');
    },
  },
  {
    rows: [8],
    what: '.env file',
    old: 'from dotenv import load_dotenv; load_dotenv()',
    now: 'node --env-file=.env --import logferry/register app.js',
    why: 'Node reads .env files itself',
    run: async (rig) => {
      const sink = await rig.startSink();
      const variables = Object.entries({ ...sink.env(), ...ONLY, OTEL_SERVICE_NAME: 'from-dotenv' });
      const seen = await rig.program(`${LOG} log('hello');`, {
        sink,
        env: Object.fromEntries(variables.map(([name]) => [name, undefined])),
        flags: ['--env-file=.env', '--import', 'logferry/register'],
        files: { '.env': variables.map(([name, value]) => `${name}="${value}"\n`).join('') },
      });
      await sink.close();
      return seen;
    },
    expect: ({ redarch }) => has(redarch, [{ service: 'from-dotenv', message: 'hello' }]),
  },
  {
    rows: [13],
    what: 'default address',
    old: 'RARCH_LOGGING_URL unset: http://localhost:8080/log',
    now: 'the same, told by the start line',
    why: 'RedArch has no public server to fall back to; only with a key in the environment anything is sent at all',
    run: async (rig) => ({
      value: await rig.program(LOG, { env: { ...ONLY, RARCH_LOGGING_URL: undefined } }),
      ...(await rig.program(LOG, { env: { ...ONLY, RARCH_LOGGING_URL: undefined, RARCH_LOGGING_API_KEY: undefined } })),
    }),
    expect: ({ value, stderr }) => {
      holds(value.stderr.includes('http://localhost:8080'), 'the address is told');
      holds(/LF001|LF007/.test(stderr) && !stderr.includes('localhost:8080'), 'without a key it is off');
    },
  },
  {
    rows: [18],
    what: 'levels',
    old: 'LOG_LEVEL_DEBUG … LOG_LEVEL_FATAL; logger.debug() … logger.fatal()',
    now: 'severityNumber 5, 9, 13, 17, 21; LOGFERRY_REDARCH_LEVEL_NAMES=stdlib for WARNING and CRITICAL',
    run: async (rig) => {
      const emit = ({ logger }) => {
        for (const [severityNumber, severityText] of [[1, 'TRACE'], ...LEVELS]) {
          logger().emit({ severityNumber, severityText, body: severityText });
        }
      };
      const stdlib = await rig.code(emit, { options: { redarch: { levelNames: 'stdlib' } } });
      return { ...(await rig.code(emit)), value: stdlib.redarch };
    },
    expect: ({ redarch, value }) => {
      for (const [, text] of LEVELS) has(record(redarch, text), { level: text });
      has(record(redarch, 'TRACE'), { level: 'DEBUG', context: { severity_text: 'TRACE' } });
      has(record(value, 'WARN'), { level: 'WARNING' });
      has(record(value, 'FATAL'), { level: 'CRITICAL' });
    },
  },
  {
    rows: [21],
    what: 'minimum level of a logger',
    old: 'ThreadedLogger(service=…, logger_name="test_logger", level=LOG_LEVEL_DEBUG)',
    now: 'LOGFERRY_REDARCH_LEVELS=test_logger=debug,*=warn',
    run: (rig) =>
      rig.program(
        `${LOG} for (const scope of ['test_logger', 'other']) {
           log(scope + ' debug', { severityNumber: 5 }, scope); log(scope + ' warn', { severityNumber: 13 }, scope);
         }`,
        { env: { LOGFERRY_REDARCH_LEVELS: 'test_logger=debug,*=warn' } },
      ),
    expect: ({ redarch, logtide }) => {
      has(texts(redarch), ['other warn', 'test_logger debug', 'test_logger warn']);
      has(logtide.length, 4);
    },
  },
  {
    rows: [22],
    what: 'change a level at run time',
    old: 'set_log_level(service="test-service", logger_name="test_logger", level=LOG_LEVEL_DEBUG)',
    now: "setLevel('test_logger', 'debug'); setLevel('redarch', 'warn'); also LOGFERRY_LEVELS_FILE, LOGFERRY_LEVEL_SIGNAL",
    why: 'by logger (scope name) or by platform; a process is one service, so there is no level by service',
    run: (rig) =>
      rig.program(
        `${LOG} import { levels, setLevel } from 'logferry';
         log('one', { severityNumber: 5 }, 'test_logger');
         console.log(setLevel('test_logger', 'debug'), setLevel('trakerr', 'error'), setLevel('x', 'nonsense'));
         log('two', { severityNumber: 5 }, 'test_logger'); log('three', { severityNumber: 5 }, 'other');
         setLevel('test_logger', undefined); log('four', { severityNumber: 5 }, 'test_logger');`,
        { env: { LOGFERRY_LEVEL: 'info' } },
      ),
    expect: ({ redarch, trakerr, stdout }) => {
      has(stdout, 'true true false\n');
      has([texts(redarch), trakerr.length], [['two'], (count) => count <= 1]);
    },
  },
  {
    rows: [25, 28],
    what: 'logger by name',
    old: 'get_logger(service="test-service", logger_name="test_logger")',
    now: "logs.getLogger('test_logger'), or the name of a pino or winston logger; attribute 'redarch.logger_name'",
    run: (rig) =>
      rig.code(({ logger }) => {
        logger('test_logger').emit({ body: 'by scope' });
        logger('test_logger').emit({ body: 'by attribute', attributes: { 'logger.name': 'Billing' } });
        logger('').emit({ body: 'no name' });
        logger('a').emit({ body: 'service', attributes: { 'redarch.service': 'test-service' } });
      }),
    expect: ({ redarch, odysseus }) => {
      has(record(redarch, 'by scope'), { service: 'shop', logger_name: 'test_logger' });
      has(record(redarch, 'by attribute'), { logger_name: 'Billing' });
      has(record(redarch, 'no name'), { logger_name: (name) => ['shop', 'unknown'].includes(name) });
      has(record(redarch, 'service'), { service: 'test-service', logger_name: 'a' });
      has(record(odysseus, 'by attribute'), { tag: 'Billing' });
    },
  },
  {
    rows: [30],
    what: 'time of the event',
    old: 'log(…, client_log_datetime="2024-05-22T22:30:00Z")',
    now: "emit({ timestamp: new Date('2024-05-22T22:30:00Z') }), default: the moment of emit()",
    run: (rig) =>
      rig.code(({ logger }) => logger().emit({ body: 'then', timestamp: new Date('2024-05-22T22:30:00Z') })),
    expect: ({ redarch, logtide, trakerr }) => {
      has(redarch, [{ client_log_datetime: /^2024-05-22T22:30:00(\.0+)?\+00:00$/ }]);
      has([logtide[0].time, trakerr[0].eventTime], ['2024-05-22T22:30:00.000Z', Date.UTC(2024, 4, 22, 22, 30)]);
    },
  },
  {
    rows: [67],
    what: 'follow a request through services',
    old: 'request_id=request_id on every call of every service',
    now: "nothing to do: the trace id of the request; an incoming x-request-id as 'request.id' with withLogContext",
    why: 'W3C trace context travels with requests by itself, ids of one’s own only where they are passed on',
    run: (rig) =>
      rig.code(({ logger, withLogContext, withNewTraceId }) =>
        withNewTraceId(() => {
          logger('gateway').emit({ body: 'in' });
          withLogContext({ 'request.id': 'req_456' }, () => logger('orders').emit({ body: 'with id' }));
          logger('mail').emit({ body: 'out' });
        }),
      ),
    expect: ({ redarch, logtide }) => {
      const { trace_id: trace } = record(logtide, 'in');
      has([record(redarch, 'in').request_id, record(redarch, 'out').request_id], [trace, trace]);
      has(record(redarch, 'with id'), { request_id: 'req_456', context: { trace_id: trace } });
    },
  },
  {
    rows: [67],
    what: 'an x-request-id that comes with the request',
    old: 'request_id=request.headers["x-request-id"]',
    now: "app.use(logRequests({ headers: ['x-request-id'] })), withLogContext({ 'request.id': … }, next)",
    run: (rig) =>
      rig.code(async ({ logger, withLogContext }) => {
        const { loggedHandler } = await middleware(rig);
        const handler = loggedHandler(
          ({ headers }, response) =>
            withLogContext({ 'request.id': headers['x-request-id'] }, () => {
              logger().emit({ body: 'inside' });
              response.end('done');
            }),
          { headers: ['x-request-id'] },
        );
        await serving(handler, async (url) => (await fetch(url, { headers: { 'x-request-id': 'req_456' } })).text());
      }),
    expect: ({ redarch }) => {
      has(record(redarch, 'inside'), { request_id: 'req_456' });
      has(
        redarch.find(({ message }) => message.startsWith('GET / 200')),
        { request_id: 'req_456' },
      );
    },
  },
  {
    rows: [71],
    what: 'retry before giving up',
    old: '(3 tries with 2 s and 4 s between, then to disk, dropped at the fifth)',
    now: 'nothing to set',
    why: 'one record that is refused does not hold up those behind it, and none is given up after a number of tries',
    run: (rig) => {
      const tries = new Map();
      const respond = ({ platform, body }) => {
        if (platform !== 'redarch') return undefined;
        const { message } = JSON.parse(body);
        tries.set(message, (tries.get(message) ?? 0) + 1);
        if (message === 'refused') return { status: 400 };
        return message === 'unlucky' && tries.get(message) <= 2 ? { status: 503 } : undefined;
      };
      const delivery = { circuitBreaker: { initialDelayMillis: 20, maxDelayMillis: 50 } };
      return rig.code(
        ({ logger }) => {
          for (const body of ['refused', 'unlucky', 'fine']) logger().emit({ body });
        },
        { sink: { respond }, delivery },
      );
    },
    expect: ({ redarch, stats }) => {
      has(texts(redarch), ['fine', 'unlucky']);
      has(
        stats.find(({ platform }) => platform === 'redarch'),
        { accepted: 3, delivered: 2, deadLettered: 1, pending: 0 },
      );
    },
  },
  {
    rows: [77, 85],
    what: 'buffer on disk that survives restarts',
    old: './var/log/<service>/buffer.jsonl, read again at start',
    now: 'LOGFERRY_SPOOL_DIR=./var/log/shop; npx logferry spool import buffer.jsonl --platform redarch, then spool replay, for what is there',
    run: async (rig) => {
      const spool = rig.files({});
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: spool, LOGFERRY_FLUSH_TIMEOUT: '100ms' };
      const down = { ...env, RARCH_LOGGING_URL: 'http://127.0.0.1:9/log' };
      const first = await rig.program(`${LOG} log('from the outage'); process.kill(process.pid, 'SIGKILL');`, {
        env: down,
      });
      const sink = await rig.startSink();
      const waiting = filesBelow(spool).filter((name) => name.endsWith('.seg')).length;
      const next = await rig.program(`${LOG} log('after it');`, {
        env: { ...env, LOGFERRY_FLUSH_TIMEOUT: '5s' },
        sink,
      });
      const line = JSON.stringify({
        ...{ level: 'WARN', service: 'old', logger_name: 'old', message: 'of the old client', user_id: null },
        ...{ tenant_id: null, request_id: 'r', context: {}, client_log_datetime: '2025-01-01T00:00:00+00:00' },
        retry_count: 1,
      });
      const old = rig.files({ 'buffer.jsonl': `${line}\n` });
      const imports = ['spool', 'import', 'buffer.jsonl', '--platform', 'redarch'];
      const variables = { ...sink.env(), ...env, LOGFERRY_FLUSH_TIMEOUT: '5s' };
      const imported = await rig.command(imports, variables, old);
      await rig.command(['spool', 'replay'], variables, old);
      const redarch = sink.records('redarch').map((one) => one.record);
      await sink.close();
      return { redarch, value: { first, waiting, next, imported } };
    },
    expect: ({ redarch, value: { first, waiting, imported } }) => {
      has([first.signal, waiting > 0], ['SIGKILL', true]);
      holds(imported.code === 0, imported.stderr);
      has(texts(redarch), ['after it', 'from the outage', 'of the old client']);
      has(record(redarch, 'of the old client'), { level: 'WARN', service: 'old', retry_count: undefined });
    },
  },
  {
    rows: [78],
    what: 'a background worker, watched and restarted',
    old: 'ThreadedLogger(…)  # monitor process and worker process',
    now: 'nothing to do',
    why: 'no second process that could die or outlive yours: sending waits for sockets, not for the processor; what a killed process left in the spool is taken over by the next of the same name',
    run: async (rig) => {
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: rig.files({}), LOGFERRY_SPOOL_NAME: 'shop' };
      const down = { ...env, RARCH_LOGGING_URL: 'http://127.0.0.1:9/log', LOGFERRY_FLUSH_TIMEOUT: '50ms' };
      const dead = await rig.program(`${LOG} log('left'); process.kill(process.pid, 'SIGKILL');`, { env: down });
      const source = `${LOG} import { stats } from 'logferry'; import { getActiveResourcesInfo } from 'node:process';
        while (stats()[0].delivered < 1) await new Promise((resolve) => setTimeout(resolve, 20));
        console.log(getActiveResourcesInfo().includes('ProcessWrap'));`;
      return { ...(await rig.program(source, { env })), value: dead };
    },
    expect: ({ redarch, stdout, value }) =>
      has([redarch, stdout, value.signal], [[{ message: 'left' }], 'false\n', 'SIGKILL']),
  },
  {
    rows: [80],
    what: 'simple logger for scripts, which blocks',
    old: 'get_logger(…)  # requests.post() in the calling thread',
    now: 'nothing to do: a script that ends delivers first; await flush() where something must have arrived before',
    why: 'a blocking call would stop the event loop and with it the request itself; Node has no blocking HTTP',
    run: (rig) =>
      rig.program(
        `${LOG} import { flush } from 'logferry'; log('step one');
         const report = await flush({ timeoutMillis: 5_000 });
         console.log(report.complete, report.destinations[0].delivered); log('step two');`,
        { env: ONLY },
      ),
    expect: ({ redarch, stdout, code }) =>
      has([texts(redarch), stdout, code], [['step one', 'step two'], 'true 1\n', 0]),
  },
  {
    rows: [82, 84],
    what: 'flush before the program exits',
    old: 'logger.flush()  # and nothing is sent afterwards',
    now: 'not needed; await flush() may be called at any time',
    run: (rig) =>
      rig.program(
        `${LOG} import { flush } from 'logferry'; log('a'); await flush(); log('b'); await flush(); log('c');`,
        {
          env: ONLY,
        },
      ),
    expect: ({ redarch, code }) => has([texts(redarch), code], [['a', 'b', 'c'], 0]),
  },
];
