// Calls of Trakerr's client, and what becomes of them.
import { createRequire } from 'node:module';
import { everywhere, has, holds, record } from './match.mjs';
import { LOG } from './rig.mjs';

const LEVELS = [
  [5, 'DEBUG', 'debug', 'log'],
  [9, 'INFO', 'info', 'log'],
  [13, 'WARN', 'warning', 'issue'],
  [17, 'ERROR', 'error', 'issue'],
  [21, 'FATAL', 'fatal', 'issue'],
];
const ONLY = { LOGFERRY_PLATFORMS: 'trakerr' };
const TRACE = '0af7651916cd43dd8448eb211c80319c';

function texts(list) {
  return list.map(({ eventMessage }) => eventMessage).toSorted();
}

/** What has no field of its own. */
function rest({ customProperties }, slot = 10) {
  return JSON.parse(customProperties.stringData[`customData${slot}`]);
}

export const TRAKERR = [
  {
    rows: [1, 3],
    what: 'send an error or a message quickly',
    old: 'client.log({"user":"jill@trakerr.io","session":"25","eventtype":"user logon issue","eventmessage":"User refreshed the page."}, "info", "logon script", False)',
    now: "report('User refreshed the page.', { 'user.id': …, 'session.id': '25', 'trakerr.classification': 'logon script' })",
    why: 'the type of an event is its name (emitEvent) or the exception’s class, else the logger’s name',
    run: (rig) =>
      rig.code(({ report, emitEvent }) => {
        const fields = { 'user.id': 'jill@trakerr.io', 'session.id': '25', 'trakerr.classification': 'logon script' };
        report('User refreshed the page.', fields);
        emitEvent('user logon issue', undefined, { attributes: fields });
        report(new RangeError('out of reach'));
      }),
    expect: (seen) => {
      const event = { eventUser: 'jill@trakerr.io', eventSession: '25', classification: 'logon script' };
      has(record(seen.trakerr, 'User refreshed the page.'), { logLevel: 'info', eventStacktrace: undefined, ...event });
      has(record(seen.trakerr, 'user logon issue'), { eventType: 'user logon issue', ...event });
      has(record(seen.trakerr, 'out of reach'), {
        logLevel: 'error',
        eventType: 'RangeError',
        classification: 'issue',
      });
      const { odysseus, logtide } = everywhere(seen, 'User refreshed the page.');
      has([odysseus.user, logtide.metadata['session.id']], ['jill@trakerr.io', '25']);
    },
  },
  {
    rows: [10],
    what: 'key and host',
    old: 'TrakerrClient("<api-key>", "App Version number")',
    now: 'TRAKERR_API_KEY; TRAKERR_API_URL, default https://www.trakerr.io/api/v1',
    run: async (rig) => ({
      ...(await rig.program(`${LOG} log('hello');`, { env: ONLY })),
      value: await rig.program(LOG, { env: { ...ONLY, TRAKERR_API_URL: undefined } }),
    }),
    expect: ({ trakerr, value }) => {
      has(trakerr, [{ eventMessage: 'hello', apiKey: '[REDACTED]' }]);
      has(value.stderr, /trakerr \(https:\/\/www\.trakerr\.io/);
    },
  },
  {
    rows: [20],
    what: 'levels',
    old: 'logger.debug() … logger.critical(); create_new_app_event("FATAL")',
    now: 'severityNumber 5, 9, 13, 17, 21',
    run: (rig) =>
      rig.code(({ logger }) => {
        for (const [severityNumber, severityText] of LEVELS) {
          logger().emit({ severityNumber, severityText, body: severityText });
        }
        logger().emit({ severityText: 'CRITICAL', body: 'by text' });
      }),
    expect: ({ trakerr }) => {
      for (const [, text, logLevel, classification] of LEVELS) has(record(trakerr, text), { logLevel, classification });
      has(record(trakerr, 'by text'), { logLevel: 'fatal' });
    },
  },
  {
    rows: [21, 23],
    what: 'handlers with levels of their own',
    old: 'TrakerrHandler(…, level=logging.WARNING)  # infos go to another handler',
    now: 'LOGFERRY_TRAKERR_LEVEL=warn',
    why: 'the handler sends from WARNING on by default; here a platform gets everything unless you say otherwise',
    run: (rig) =>
      rig.program(`${LOG} log('info'); log('warn', { severityNumber: 13 });`, {
        env: { LOGFERRY_TRAKERR_LEVEL: 'warn' },
      }),
    expect: ({ trakerr, logtide, redarch }) => {
      has([texts(trakerr), logtide.length, redarch.length], [['warn'], 2, 2]);
    },
  },
  {
    rows: [24],
    what: 'handler on the root logger, or on one',
    old: "logging.getLogger('').addHandler(th)  # or logger.addHandler(th)",
    now: 'nothing to do for pino, winston, bunyan and console; LOGFERRY_TRAKERR_SCOPES=billing.* for some loggers only',
    run: async (rig) => {
      const source = `import pino from 'pino'; import winston from 'winston';
        pino({ name: 'billing.pino' }, pino.destination({ dest: 1, sync: true })).warn({ order: 17 }, 'from pino');
        winston.createLogger({ transports: [new winston.transports.Console()] }).warn('from winston', { order: 18 });`;
      const scopes = `${LOG} log('billing', {}, 'billing.cards'); log('http', {}, 'http');`;
      return {
        ...(await rig.program(source)),
        value: await rig.program(scopes, { env: { LOGFERRY_TRAKERR_SCOPES: 'billing.*' } }),
      };
    },
    expect: (seen) => {
      has(seen.stdout, /from pino.*from winston/s);
      for (const text of ['from pino', 'from winston']) {
        const { logtide, trakerr } = everywhere(seen, text);
        has([logtide.level, trakerr.logLevel], ['warn', 'warning']);
      }
      has(record(seen.logtide, 'from pino').metadata, { order: 17 });
      has([texts(seen.value.trakerr), seen.value.logtide.length], [['billing'], 2]);
    },
  },
  {
    rows: [25, 26],
    what: 'logger by name, and tags',
    old: 'Trakerr.get_logger("<api-key>", "App Version number here", "Logger Name"); TrakerrClient(…, tags=["client", "frontend"])',
    now: "logs.getLogger('Logger Name'); LOGFERRY_TRAKERR_TAGS=client,frontend; attribute tags: […]",
    why: 'the logger’s name is a tag of its own events only; the official handler leaves it on the client for good',
    run: (rig) =>
      rig.code(
        ({ logger }) => {
          logger('Logger Name').emit({ body: 'named' });
          logger('other').emit({ body: 'tagged', attributes: { tags: ['vip'] } });
        },
        { options: { trakerr: { tags: ['client', 'frontend'] } } },
      ),
    expect: ({ trakerr }) => {
      has(record(trakerr, 'named'), { contextTags: ['client', 'frontend', 'Logger Name'], eventType: 'Logger Name' });
      has(record(trakerr, 'tagged'), { contextTags: ['client', 'frontend', 'vip', 'other'] });
    },
  },
  {
    rows: [30],
    what: 'time of the event',
    old: 'appevent.event_time = 1767323045678',
    now: 'emit({ timestamp: 1767323045678 })',
    run: (rig) => rig.code(({ logger }) => logger().emit({ body: 'then', timestamp: 1_767_323_045_678 })),
    expect: ({ trakerr, odysseus }) => {
      has([trakerr[0].eventTime, odysseus[0].timestamp], [1_767_323_045_678, '2026-01-02T03:04:05.678000Z']);
    },
  },
  {
    rows: [35, 36],
    what: 'stage and version',
    old: 'TrakerrHandler("<api-key>", "App Version number here", "Deployment stage here")',
    now: 'LOGFERRY_ENVIRONMENT, LOGFERRY_RELEASE; for Trakerr alone LOGFERRY_TRAKERR_DEPLOYMENT_STAGE, …_APP_VERSION',
    run: async (rig) => {
      const env = { LOGFERRY_ENVIRONMENT: 'staging', LOGFERRY_RELEASE: '9.9.9', LOGFERRY_PLATFORMS: 'trakerr,logtide' };
      const own = { LOGFERRY_TRAKERR_DEPLOYMENT_STAGE: 'eu-staging', LOGFERRY_TRAKERR_APP_VERSION: '9.9.9-eu' };
      const plain = await rig.program(`${LOG} log('x');`, { env: { LOGFERRY_PLATFORMS: 'trakerr' } });
      const special = await rig.program(`${LOG} log('x');`, { env: { ...env, ...own } });
      return { ...(await rig.program(`${LOG} log('x');`, { env })), value: { plain, special } };
    },
    expect: ({ trakerr, logtide, value: { plain, special } }) => {
      has(plain.trakerr, [{ deploymentStage: 'development', contextAppVersion: '4.5.6' }]);
      has(trakerr, [{ deploymentStage: 'staging', contextAppVersion: '9.9.9' }]);
      has(logtide, [{ metadata: { environment: 'staging', release: '9.9.9' } }]);
      has(special.trakerr, [{ deploymentStage: 'eu-staging', contextAppVersion: '9.9.9-eu' }]);
      has(special.logtide, [{ metadata: { environment: 'staging', release: '9.9.9' } }]);
    },
  },
  {
    rows: [37, 38],
    what: 'language, runtime, host and operating system by themselves',
    old: '(context_env_language, _name, _version, _hostname, context_app_os, _os_version: defaults of the constructor)',
    now: 'nothing to do',
    run: (rig) => rig.program(`${LOG} log('x');`),
    expect: async ({ trakerr, logtide, loggier }) => {
      const { hostname, release } = await import('node:os');
      has(trakerr, [
        {
          contextEnvLanguage: 'JavaScript',
          contextEnvName: /./,
          contextEnvVersion: process.versions.node,
          contextEnvHostname: hostname(),
          contextAppOS: process.platform === 'linux' ? 'Linux' : /./,
          contextAppOSVersion: release(),
        },
      ]);
      has([logtide[0].metadata.hostname, loggier[0].runtime_context.hostname], [hostname(), hostname()]);
    },
  },
  {
    rows: [39],
    what: 'browser',
    old: 'appevent.context_app_browser = "Chrome"; appevent.context_app_browser_version = "67.x"',
    now: "attributes 'user_agent.name' and 'user_agent.version'",
    why: 'what a user agent parser of yours finds: none is bundled',
    run: (rig) =>
      rig.code(({ logger }) =>
        logger().emit({ body: 'x', attributes: { 'user_agent.name': 'Chrome', 'user_agent.version': '67.x' } }),
      ),
    expect: ({ trakerr }) => has(trakerr, [{ contextAppBrowser: 'Chrome', contextAppBrowserVersion: '67.x' }]),
  },
  {
    rows: [40, 50],
    what: 'data centre, and client values that an event overrides',
    old: 'client.context_data_center = "eu-1a"; appevent.context_data_center_region = "eu"',
    now: "LOGFERRY_TRAKERR_DATA_CENTER, …_REGION; resource or record: 'cloud.availability_zone', 'cloud.region'",
    run: (rig) =>
      rig.code(
        ({ logger }) => {
          logger().emit({ body: 'default' });
          const attributes = {
            ...{ 'cloud.availability_zone': 'us-2b', 'cloud.region': 'us', 'service.version': '5.0.0' },
            ...{ 'deployment.environment.name': 'canary', 'host.name': 'web-9' },
          };
          logger().emit({ body: 'own', attributes });
        },
        { options: { trakerr: { dataCenter: 'eu-1a', dataCenterRegion: 'eu', sku: 'mobile' } } },
      ),
    expect: ({ trakerr }) => {
      has(record(trakerr, 'default'), {
        contextDataCenter: 'eu-1a',
        contextDataCenterRegion: 'eu',
        contextAppSku: 'mobile',
        deploymentStage: 'production',
      });
      has(record(trakerr, 'own'), {
        contextDataCenter: 'us-2b',
        contextDataCenterRegion: 'us',
        contextAppVersion: '5.0.0',
        deploymentStage: 'canary',
        contextEnvHostname: 'web-9',
      });
    },
  },
  {
    rows: [50],
    what: 'who wins',
    old: '(client values are defaults of every event, an event’s own values win)',
    now: 'record > context > option in code > LOGFERRY_TRAKERR_… > LOGFERRY_… > OTEL_… > default',
    run: async (rig) => {
      const sources = {
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=of-otel',
        LOGFERRY_ENVIRONMENT: 'for-all',
        LOGFERRY_TRAKERR_DEPLOYMENT_STAGE: 'for-trakerr',
        LOGFERRY_CONFIG: './logferry.config.mjs',
      };
      const files = {
        'logferry.config.mjs': `export default { destinations: { trakerr: { deploymentStage: 'in-code' } } };`,
      };
      const source = `${LOG} import { setGlobalContext, withLogContext } from 'logferry';
        const stage = (value) => ({ 'deployment.environment.name': value });
        log('plain'); setGlobalContext(stage('global')); log('global');
        withLogContext(stage('context'), () => { log('context'); log('record', { attributes: stage('record') }); });`;
      const stages = [];
      for (let count = 0; count <= 4; count += 1) {
        const env = Object.fromEntries([...Object.entries(ONLY), ...Object.entries(sources).slice(0, count)]);
        const { trakerr } = await rig.program(source, { env, files });
        stages.push(['plain', 'global', 'context', 'record'].map((text) => record(trakerr, text).deploymentStage));
      }
      return { value: stages };
    },
    expect: ({ value }) => {
      const near = ['global', 'context', 'record'];
      const plain = ['development', 'of-otel', 'for-all', 'for-trakerr', 'in-code'];
      has(
        value,
        plain.map((stage) => [stage, ...near]),
      );
    },
  },
  {
    rows: [41],
    what: 'sku and device',
    old: 'appevent.context_app_sku = "mobile"; appevent.context_device = "pc"',
    now: "LOGFERRY_TRAKERR_SKU, LOGFERRY_TRAKERR_DEVICE; attributes 'trakerr.sku', 'device.id' or 'device.model.name'",
    run: (rig) =>
      rig.code(
        ({ logger }) => {
          logger().emit({ body: 'default' });
          logger().emit({ body: 'own', attributes: { 'trakerr.sku': 'tablet', 'device.id': 'd-1' } });
        },
        { options: { trakerr: { sku: 'mobile', device: 'pc' } } },
      ),
    expect: ({ trakerr }) => {
      has(record(trakerr, 'default'), { contextAppSku: 'mobile', contextDevice: 'pc' });
      has(record(trakerr, 'own'), { contextAppSku: 'tablet', contextDevice: 'd-1' });
    },
  },
  {
    rows: [42, 43, 44, 45],
    what: 'user, session, correlation id, URL and operation time',
    old: 'client.log({"user": …, "session": …, "corrid": …, "url": …, "time": "1000"}, …)',
    now: "attributes 'user.id', 'session.id', 'trakerr.correlation_id', 'url.full', 'duration_ms'",
    why: 'the correlation id is the trace id unless you say otherwise; values of query parameters are masked',
    run: (rig) =>
      rig.code(({ logger, withTraceId }) => {
        const attributes = {
          'user.id': 'john@traker.io',
          'session.id': '6',
          'url.full': 'https://a.example/x?q=1',
          duration_ms: 1000,
        };
        withTraceId(TRACE, () => logger().emit({ body: 'in a trace', attributes }));
        logger().emit({ body: 'own', attributes: { ...attributes, 'trakerr.correlation_id': 'c-17' } });
      }),
    expect: ({ trakerr, redarch }) => {
      const fields = { eventUser: 'john@traker.io', eventSession: '6', contextOperationTimeMillis: 1000 };
      has(record(trakerr, 'in a trace'), {
        ...fields,
        contextCrossAppCorrelationId: TRACE,
        contextURL: 'https://a.example/x?q=***',
      });
      has(record(trakerr, 'own'), { ...fields, contextCrossAppCorrelationId: 'c-17' });
      has(record(redarch, 'in a trace'), { request_id: TRACE, user_id: 'john@traker.io' });
    },
  },
  {
    rows: [46],
    what: 'classification',
    old: 'client.create_new_app_event("FATAL", classification="payment")',
    now: "attribute 'trakerr.classification', or LOGFERRY_TRAKERR_CLASSIFICATION",
    run: async (rig) => {
      const emit = ({ logger }) => {
        logger().emit({ body: 'info', severityNumber: 9 });
        logger().emit({ body: 'error', severityNumber: 17 });
        logger().emit({ body: 'own', attributes: { 'trakerr.classification': 'payment' } });
      };
      const set = await rig.code(emit, { options: { trakerr: { classification: 'shop' } } });
      return { ...(await rig.code(emit)), value: set.trakerr };
    },
    expect: ({ trakerr, value }) => {
      const of = (list) => ['info', 'error', 'own'].map((text) => record(list, text).classification);
      has(
        [of(trakerr), of(value)],
        [
          ['log', 'issue', 'payment'],
          ['shop', 'shop', 'payment'],
        ],
      );
    },
  },
  {
    rows: [47],
    what: 'type and message filled by themselves',
    old: 'create_new_app_event(…, event_type="unknown", event_message="unknown")',
    now: 'nothing to do: class and message of the exception, the event’s name, the logger’s name',
    run: (rig) =>
      rig.code(({ logger, report }) => {
        report(new TypeError('of the exception'));
        logger('cart').emit({ body: 'of the record' });
        logger('cart').emit({ eventName: 'cart.emptied' });
      }),
    expect: ({ trakerr }) => {
      has(record(trakerr, 'of the exception'), { eventType: 'TypeError' });
      has(record(trakerr, 'of the record'), { eventType: 'cart' });
      has(record(trakerr, 'cart.emptied'), { eventType: 'cart.emptied' });
    },
  },
  {
    rows: [48],
    what: 'custom properties and segments',
    old: 'appevent.custom_properties = CustomData(CustomStringData("Custom String Data 1", …))',
    now: 'LOGFERRY_TRAKERR_CUSTOM_PROPERTIES=order.id=1,order.total=d1; …_CUSTOM_SEGMENTS=plan=1',
    why: 'attributes go to the slots that you name, so that a slot means the same in every event; the rest is JSON in slot 10',
    run: (rig) =>
      rig.program(
        `${LOG} log('x', { attributes: { 'order.id': 'o-17', 'order.total': 99.5, plan: 'gold', more: true } });`,
        {
          env: {
            ...ONLY,
            LOGFERRY_TRAKERR_CUSTOM_PROPERTIES: 'order.id=1,order.total=d1',
            LOGFERRY_TRAKERR_CUSTOM_SEGMENTS: 'plan=2',
          },
        },
      ),
    expect: ({ trakerr }) => {
      has(trakerr, [
        {
          customProperties: { stringData: { customData1: 'o-17' }, doubleData: { customData1: 99.5 } },
          customSegments: { stringData: { customData2: 'gold' } },
        },
      ]);
      has(rest(trakerr[0]), { more: true, 'order.id': undefined });
    },
  },
  {
    rows: [49],
    what: 'CPU and memory',
    old: '(performance monitoring thread, TrakerrClient.shutdown() ends it)',
    now: 'nothing to do; LOGFERRY_TRAKERR_SYSTEM_LOAD=false ends it',
    why: 'an unref’ed timer every five seconds: no thread that keeps the process alive; left out until there is a figure',
    run: async (rig) => {
      const source = `${LOG} log('first'); await new Promise((resolve) => setTimeout(resolve, 5_500)); log('later');`;
      const [on, off] = await Promise.all([
        rig.program(source, { env: ONLY }),
        rig.program(source, { env: { ...ONLY, LOGFERRY_TRAKERR_SYSTEM_LOAD: 'false' } }),
      ]);
      return { ...on, value: off.trakerr };
    },
    expect: ({ trakerr, value }) => {
      const percent = (number) => Number.isInteger(number) && number >= 0 && number <= 100;
      has(record(trakerr, 'later'), { contextCpuPercentage: percent, contextMemoryPercentage: percent });
      has(record(value, 'later'), { contextCpuPercentage: undefined, contextMemoryPercentage: undefined });
    },
  },
  {
    rows: [53, 54],
    what: 'exceptions with and without stack',
    old: 'logger.exception("Bad math."); client.log({…}, exc_info=True|False|tuple)',
    now: "report(error, {}, { message: 'Bad math.' }), emit({ exception: error }), report('text') without",
    why: 'no current exception in JavaScript; callSite: true adds file, line and function to records without one',
    run: (rig) =>
      rig.code(
        ({ report, logger }) => {
          report(new RangeError('Bad Math'), {}, { message: 'Bad math.' });
          logger().emit({ severityNumber: 17, body: 'emitted', exception: new TypeError('given') });
          logger().emit({ severityNumber: 17, body: 'without' });
        },
        { context: { callSite: true } },
      ),
    expect: ({ trakerr, odysseus }) => {
      const lines = ([first]) =>
        first.function.length > 0 && Number.isInteger(first.line) && /trakerr\.mjs/.test(first.file);
      has(record(trakerr, 'Bad math.'), {
        eventType: 'RangeError',
        eventStacktrace: [{ message: 'Bad Math', traceLines: lines }],
      });
      has(record(trakerr, 'emitted'), {
        eventType: 'TypeError',
        eventStacktrace: [{ message: 'given', traceLines: lines }],
      });
      has(record(trakerr, 'without'), { eventStacktrace: undefined });
      has(record(odysseus, 'without'), { file: 'trakerr.mjs', line: Number.isInteger });
    },
  },
  {
    rows: [55],
    what: 'structured stack traces, causes included',
    old: '(eventStacktrace: type, message, traceLines[{function, line, file}], inner traces)',
    now: 'nothing to do',
    run: (rig) =>
      rig.code(({ report }) => {
        const inner = new TypeError('socket closed');
        report(new AggregateError([new RangeError('first')], 'all failed', { cause: inner }));
      }),
    expect: ({ trakerr }) => {
      const [event] = trakerr;
      has(event.eventStacktrace.map(({ type }) => type).slice(0, 2), ['AggregateError', 'TypeError']);
      has(event.eventStacktrace[1], { message: 'socket closed', traceLines: (list) => list.length > 0 });
    },
  },
  {
    rows: [59],
    what: 'change an event before it is sent',
    old: 'appevent = client.create_new_app_event(…); appevent.event_user = …; client.send_event_async(appevent)',
    now: 'beforeSend: (record, destination) => record | null',
    run: (rig) =>
      rig.code(
        ({ logger }) => {
          logger().emit({ body: 'changed' });
          logger().emit({ body: 'dropped' });
        },
        {
          delivery: {
            beforeSend: (one, destination) => {
              if (one.body === 'dropped') return null;
              if (destination === 'trakerr') one.attributes['user.id'] = 'john@traker.io';
              return one;
            },
          },
        },
      ),
    expect: ({ trakerr, redarch, stats }) => {
      has(trakerr, [{ eventMessage: 'changed', eventUser: 'john@traker.io' }]);
      has(redarch, [{ message: 'changed', user_id: null }]);
      has(stats[0].leftOut, { hook: 1 });
    },
  },
  {
    rows: [79],
    what: 'requests in parallel',
    old: 'TrakerrClient(…, threads=4, connnections=4)',
    now: 'LOGFERRY_TRAKERR_CONCURRENCY=4 (16 if not set)',
    run: async (rig) => {
      const { createServer } = await import('node:http');
      const open = { now: 0, most: 0 };
      const server = createServer((request, response) => {
        open.now += 1;
        open.most = Math.max(open.most, open.now);
        request.resume().once('end', () =>
          setTimeout(() => {
            open.now -= 1;
            response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
          }, 20),
        );
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const TRAKERR_API_URL = `http://127.0.0.1:${server.address().port}/api/v1`;
      const env = { ...ONLY, TRAKERR_API_URL, LOGFERRY_TRAKERR_CONCURRENCY: '4' };
      const seen = await rig.program(`${LOG} for (let n = 0; n < 40; n += 1) log('n');`, { env });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      return { ...seen, value: open.most };
    },
    expect: ({ value }) => has(value, 4),
  },
  {
    rows: [83],
    what: 'shutdown',
    old: 'TrakerrClient.shutdown()  # once, else the process never ends',
    now: 'nothing to do: the process ends by itself once everything is delivered',
    run: (rig) => rig.program(`${LOG} log('x');`, { env: ONLY }),
    expect: ({ code, trakerr }) => has([code, trakerr.length], [0, 1]),
  },
  {
    rows: [117],
    what: 'a user that could be encrypted if privacy is required',
    old: 'appevent.event_user = encrypt(user)',
    now: 'LOGFERRY_HASH_FIELDS=user.id, LOGFERRY_HASH_KEY_FILE; in code redact: { hash: { fields, key } }',
    why: 'a keyed hash: what belongs to one user is still found together, but nobody reads who it is',
    run: async (rig) => {
      const emit = ({ logger }) => {
        for (const id of ['jill@trakerr.io', 'jill@trakerr.io', 'john@traker.io']) {
          logger().emit({ body: id === 'john@traker.io' ? 'john' : 'jill', attributes: { 'user.id': id } });
        }
      };
      const hash = { fields: ['user.id'], key: 'a key of at least 16 characters' };
      return rig.code(emit, { delivery: { redact: { hash } } });
    },
    expect: (seen) => {
      holds(!/jill@|john@/.test(JSON.stringify(seen)), 'nobody reads who it is');
      const [first, second] = seen.trakerr.filter(({ eventMessage }) => eventMessage === 'jill');
      has([first.eventUser, second.eventUser === first.eventUser], [/^\S{8,}$/, true]);
      holds(record(seen.trakerr, 'john').eventUser !== first.eventUser, 'others are others');
      has(record(seen.redarch, 'jill'), { user_id: first.eventUser });
    },
  },
  {
    rows: [117],
    what: 'the same by variable',
    old: 'appevent.event_user = encrypt(user)',
    now: 'LOGFERRY_HASH_FIELDS=user.id LOGFERRY_HASH_KEY=…',
    run: (rig) =>
      rig.program(`${LOG} log('x', { attributes: { 'user.id': 'jill@trakerr.io' } });`, {
        env: { LOGFERRY_HASH_FIELDS: 'user.id', LOGFERRY_HASH_KEY: 'a-key-of-at-least-16-characters' },
      }),
    expect: (seen) => {
      has(seen.trakerr, [{ eventUser: /^\S{8,}$/ }]);
      holds(!JSON.stringify(seen).includes('jill@'), 'nobody reads who it is');
    },
  },
  {
    rows: [124],
    what: 'a handler around a client of one’s own',
    old: 'TrakerrHandler(client=client)  # key, version and stage of the handler do not count then',
    now: 'LOGFERRY_CONFIG=./logferry.config.mjs: code wins over variables; or a processor around trakerr({ … })',
    run: (rig) =>
      rig.program(`${LOG} log('x');`, {
        env: { ...ONLY, LOGFERRY_CONFIG: './logferry.config.mjs', LOGFERRY_TRAKERR_SKU: 'by variable' },
        files: {
          'logferry.config.mjs': `import { defineConfig } from 'logferry';
            export default defineConfig({ destinations: { trakerr: { sku: 'by code', tags: ['mine'] } } });`,
        },
      }),
    expect: ({ trakerr, stderr }) => {
      holds(!/LF01[45]/.test(stderr), stderr);
      has(trakerr, [{ contextAppSku: 'by code', contextTags: ['mine', 'shop'] }]);
    },
  },
  {
    rows: [11],
    what: 'nothing heavy in the package',
    old: '(pip installs urllib3, six, certifi, psutil, future)',
    now: 'npm install logferry: undici, and eventsource-parser for reading',
    run: async (rig) => ({ value: createRequire(`${rig.folder}/app.js`)('logferry/package.json').dependencies }),
    expect: ({ value }) => has(Object.keys(value).toSorted(), ['eventsource-parser', 'undici']),
  },
];
