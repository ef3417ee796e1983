// Calls of LogTide's client, and what becomes of them.
import { service } from './http.mjs';
import { everywhere, has, holds, record } from './match.mjs';
import { filesBelow, LOG } from './rig.mjs';

const LEVELS = [
  [1, 'TRACE', 'debug'],
  [5, 'DEBUG', 'debug'],
  [9, 'INFO', 'info'],
  [13, 'WARN', 'warn'],
  [17, 'ERROR', 'error'],
  [21, 'FATAL', 'critical'],
];
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const HEX_TRACE = /^(?!0{32})[0-9a-f]{32}$/;
const ONLY = { LOGFERRY_PLATFORMS: 'logtide' };

/** Resolves when it is so; throws after ten seconds. */
async function until(condition) {
  for (const deadline = Date.now() + 10_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function ofLogTide(stats) {
  return stats.find(({ platform }) => platform === 'logtide');
}

/** Quick failures: what takes seconds in production takes milliseconds. */
const QUICK = { circuitBreaker: { initialDelayMillis: 20, maxDelayMillis: 100, failureThreshold: 5 } };

export const LOGTIDE = [
  {
    rows: [1, 27, 29, 33],
    what: 'info(service, message, metadata)',
    old: "client.info('api-gateway', 'Server started', {'port': 3000})",
    now: "logger.emit({ severityNumber: 9, body: 'Server started', attributes: { port: 3000 } })",
    why: 'the service is the resource’s (OTEL_SERVICE_NAME, else package.json); for one record: `logtide.service`',
    run: (rig) =>
      rig.code(({ logger }) => {
        logger().emit({ severityNumber: 9, body: 'Server started', attributes: { port: 3000 } });
        logger().emit({ body: 'elsewhere', attributes: { 'logtide.service': 'api-gateway' } });
      }),
    expect: (seen) => {
      has(record(seen.logtide, 'Server started'), { service: 'shop', level: 'info', metadata: { port: 3000 } });
      has(record(seen.logtide, 'elsewhere'), { service: 'api-gateway' });
      has(record(seen.redarch, 'Server started'), { service: 'shop', context: { port: 3000 } });
      has(record(seen.loggier, 'Server started'), { context: { service_name: 'shop', port: 3000 } });
    },
  },
  {
    rows: [5],
    what: 'api_url and api_key, or a DSN',
    old: "ClientOptions(api_url='http://localhost:8080', api_key='lp_your_api_key_here')",
    now: 'LOGTIDE_API_URL and LOGTIDE_API_KEY, or LOGTIDE_DSN=https://lp_KEY@host',
    why: '`npx logferry doctor` says when a key does not begin with lp_; a proxy in front may use others, so it is tried',
    run: async (rig) => {
      const pair = await rig.program(`${LOG} log('pair');`, { env: ONLY });
      const dsn = await rig.program(`${LOG} log('dsn');`, {
        env: ({ url, credentials }) => ({
          ...ONLY,
          LOGTIDE_API_URL: undefined,
          LOGTIDE_API_KEY: undefined,
          LOGTIDE_DSN: url.replace('://', `://${credentials.logtideApiKey}@`),
        }),
      });
      const sink = await rig.startSink();
      const doctor = await rig.command(['doctor'], { ...sink.env(), ...ONLY, LOGTIDE_API_KEY: 'other' }, rig.files({}));
      await sink.close();
      return { ...pair, value: { dsn, doctor } };
    },
    expect: (seen) => {
      has([seen.logtide, seen.value.dsn.logtide], [[{ message: 'pair' }], [{ message: 'dsn' }]]);
      has(seen.value.doctor, { code: 1, stdout: /does not begin with lp_/ });
    },
  },
  {
    rows: [11],
    what: 'extras for frameworks',
    old: 'pip install logtide-sdk[flask]',
    now: "import { logRequests, fastifyRequestLogs, koaRequestLogs, honoRequestLogs } from 'logferry/http'",
    why: 'a subpath of one package, which brings no framework along',
    run: async (rig) => ({ value: Object.keys(await rig.load('http')) }),
    expect: ({ value }) => {
      for (const name of ['logRequests', 'fastifyRequestLogs', 'koaRequestLogs', 'honoRequestLogs']) {
        holds(value.includes(name), `${name} is exported`);
      }
    },
  },
  {
    rows: [17],
    what: 'five levels',
    old: "client.debug('svc', …) … client.critical('svc', …)",
    now: 'severityNumber 1–24; TRACE becomes debug, FATAL critical',
    run: (rig) =>
      rig.code(({ logger }) => {
        for (const [severityNumber, severityText] of LEVELS) {
          logger().emit({ severityNumber, severityText, body: severityText });
        }
      }),
    expect: (seen) => {
      for (const [severityNumber, text, level] of LEVELS) {
        has(record(seen.logtide, text), { level, metadata: { 'otel.severity_number': severityNumber } });
      }
    },
  },
  {
    rows: [34],
    what: 'metadata of every log',
    old: "global_metadata={'env': …, 'version': '1.0.0', 'hostname': …, 'region': 'us-east-1'}",
    now: 'LOGFERRY_GLOBAL_ATTRIBUTES=region=us-east-1 (all platforms), LOGFERRY_LOGTIDE_METADATA (LogTide alone)',
    why: 'environment, version and host name are there without a word: the resource has them',
    run: (rig) =>
      rig.program(`${LOG} log('plain'); log('own', { attributes: { region: 'eu', team: 'b' } });`, {
        env: {
          LOGFERRY_GLOBAL_ATTRIBUTES: 'region=us-east-1',
          LOGFERRY_LOGTIDE_METADATA: 'team=a',
          LOGFERRY_ENVIRONMENT: 'staging',
        },
      }),
    expect: (seen) => {
      has(record(seen.logtide, 'plain').metadata, {
        region: 'us-east-1',
        team: 'a',
        environment: 'staging',
        release: '4.5.6',
        hostname: /./,
      });
      has(record(seen.logtide, 'own').metadata, { region: 'eu', team: 'b' });
      const { odysseus, redarch, loggier } = everywhere(seen, 'plain');
      for (const { context } of [odysseus, redarch, loggier]) has(context, { region: 'us-east-1', team: undefined });
    },
  },
  {
    rows: [33, 52],
    what: 'an error in place of metadata',
    old: "client.error('database', 'Query failed', e)",
    now: "report(error, { 'db.name': 'orders' }, { message: 'Query failed' }), or emit({ body, exception: error })",
    why: 'metadata.exception, the form that its servers group by since 0.8.4, not the older metadata.error',
    run: (rig) =>
      rig.code(({ report, logger }) => {
        const error = new RangeError('Database timeout', { cause: new TypeError('socket closed') });
        report(error, { 'db.name': 'orders' }, { message: 'Query failed' });
        logger('database').emit({ severityNumber: 17, body: 'emitted', exception: error });
      }),
    expect: (seen) => {
      const { odysseus, logtide, redarch, loggier, trakerr } = everywhere(seen, 'Query failed');
      const thrown = { type: 'RangeError', message: 'Database timeout' };
      has(logtide, {
        level: 'error',
        metadata: {
          'db.name': 'orders',
          exception: { ...thrown, language: 'nodejs', cause: { type: 'TypeError', message: 'socket closed' } },
        },
      });
      has(logtide.metadata.exception.stacktrace[0], { file: /logtide\.mjs$/, line: Number.isInteger });
      has(odysseus.context.exception, { ...thrown, stack: /logtide\.mjs/, inner: { type: 'TypeError' } });
      has(redarch.context.exception, { ...thrown, stacktrace: /logtide\.mjs/, cause: { message: 'socket closed' } });
      has(loggier.exception, { ...thrown, traceback: /Caused by: TypeError: socket closed/i });
      has(trakerr, { eventType: 'RangeError', eventStacktrace: [thrown, { type: 'TypeError' }] });
      has(record(seen.logtide, 'emitted').metadata.exception, thrown);
    },
  },
  {
    rows: [60],
    what: 'set and get the trace id',
    old: "client.set_trace_id('request-123'); client.get_trace_id()",
    now: 'withTraceId(id, fn), getTraceId(); inside a span nothing is to be done',
    why: 'an id that holds until it is taken away would mix up concurrent requests: here it holds for what fn starts',
    run: (rig) =>
      rig.code(({ logger, withTraceId, getTraceId }) => {
        const inside = withTraceId(TRACE, () => {
          logger().emit({ body: 'inside' });
          return getTraceId();
        });
        logger().emit({ body: 'outside' });
        return { inside, outside: getTraceId() };
      }),
    expect: (seen) => {
      has(seen.value, { inside: TRACE, outside: undefined });
      const { odysseus, logtide, redarch, loggier, trakerr } = everywhere(seen, 'inside');
      has([logtide.trace_id, redarch.request_id, trakerr.contextCrossAppCorrelationId], [TRACE, TRACE, TRACE]);
      has([odysseus.context.trace_id, loggier.context.trace_id], [TRACE, TRACE]);
      has(record(seen.logtide, 'outside'), { trace_id: undefined });
    },
  },
  {
    rows: [61],
    what: 'a trace id for a block',
    old: "with client.with_trace_id('request-456'): …",
    now: "withTraceId('request-456', fn)",
    why: 'an id that is no W3C trace id cannot travel with requests; it is kept as `trace.custom_id`',
    run: (rig) =>
      rig.code(async ({ logger, withTraceId }) => {
        await withTraceId('request-456', async () => {
          await null;
          logger('api').emit({ body: 'Processing in context' });
        });
        logger('api').emit({ body: 'after' });
      }),
    expect: (seen) => {
      has(record(seen.logtide, 'Processing in context'), { trace_id: 'request-456' });
      has(record(seen.loggier, 'Processing in context').context, { 'trace.custom_id': 'request-456' });
      has(record(seen.logtide, 'after'), { trace_id: undefined });
    },
  },
  {
    rows: [62],
    what: 'a new trace id for a block',
    old: 'with client.with_new_trace_id(): …',
    now: 'withNewTraceId(fn)',
    run: (rig) =>
      rig.code(({ logger, withNewTraceId }) => {
        withNewTraceId(() => {
          logger('worker').emit({ body: 'Background job started' });
          logger('worker').emit({ body: 'Job completed' });
        });
        withNewTraceId(() => logger('worker').emit({ body: 'another job' }));
      }),
    expect: ({ logtide }) => {
      const ids = logtide.map(({ trace_id }) => trace_id);
      has(ids, [HEX_TRACE, ids[0], HEX_TRACE]);
      holds(ids[2] !== ids[0], 'another job has another id');
    },
  },
  {
    rows: [63],
    what: 'a trace id for every log',
    old: 'ClientOptions(…, auto_trace_id=True)',
    now: 'LOGFERRY_AUTO_TRACE_ID=true, or new LogContextProcessor({ autoTraceId: true })',
    run: async (rig) => ({
      ...(await rig.code(
        ({ logger }) => {
          logger().emit({ body: 'one' });
          logger().emit({ body: 'two' });
        },
        { context: { autoTraceId: true } },
      )),
      value: await rig.program(`${LOG} log('one');`, { env: { ...ONLY, LOGFERRY_AUTO_TRACE_ID: 'true' } }),
    }),
    expect: ({ logtide, value }) => {
      has(logtide, [{ trace_id: HEX_TRACE }, { trace_id: HEX_TRACE }]);
      holds(logtide[0].trace_id !== logtide[1].trace_id, 'one each');
      has(value.logtide, [{ trace_id: HEX_TRACE }]);
    },
  },
  {
    rows: [68],
    what: 'logs per request',
    old: 'ClientOptions(…, batch_size=100)',
    now: 'LOGFERRY_LOGTIDE_BATCH_RECORDS=100 (LOGFERRY_BATCH_RECORDS for all), and by bytes LOGFERRY_BATCH_SIZE',
    run: async (rig) => {
      const sizes = [];
      const onRequest = ({ body }) => sizes.push(JSON.parse(body).logs.length);
      const sink = await rig.startSink({ onRequest });
      const env = { ...ONLY, LOGFERRY_LOGTIDE_BATCH_RECORDS: '100' };
      const seen = await rig.program(`${LOG} for (let n = 0; n < 250; n += 1) log('n');`, { env, sink });
      await sink.close();
      return { ...seen, value: sizes };
    },
    expect: ({ logtide, value }) => {
      has([logtide.length, Math.max(...value)], [250, 100]);
    },
  },
  {
    rows: [69],
    what: 'flush interval',
    old: 'ClientOptions(…, flush_interval=5000)',
    now: 'LOGFERRY_BATCH_DELAY=5s (1 s if not set)',
    run: async (rig) => {
      let stop = () => {};
      const sink = await rig.startSink({ onRecord: () => setImmediate(() => stop()) });
      const source = `${LOG} log('one'); setTimeout(() => log('two'), 10); setInterval(() => {}, 1_000);`;
      const act = (child) => {
        stop = () => child.kill('SIGKILL');
      };
      const seen = await rig.program(source, { env: { ...ONLY, LOGFERRY_BATCH_DELAY: '800ms' }, sink, act });
      await sink.close();
      return seen;
    },
    expect: (seen) => {
      // It was killed once they had arrived: nobody asked for a flush.
      has(seen, { signal: 'SIGKILL', logtide: [{ message: 'one' }, { message: 'two' }] });
      has(seen.counts.logtide, { requests: 1 });
    },
  },
  {
    rows: [70],
    what: 'bounded buffer with a drop policy',
    old: 'ClientOptions(…, max_buffer_size=10000)',
    now: 'LOGFERRY_QUEUE_SIZE=32mb, with a spool LOGFERRY_SPOOL_SIZE=256mb',
    why: 'bounded in bytes, since records differ a hundredfold; the oldest go and are counted, with their level not looked at',
    run: async (rig) => {
      const sink = await rig.startSink();
      await sink.pause();
      const { PlatformLogExporter, logtide } = rig.logferry;
      const { logtideApiKey: apiKey } = sink.credentials;
      const exporter = new PlatformLogExporter(logtide({ url: sink.url, apiKey }), { queue: { maxBytes: 65_536 } });
      const record = (body) => ({
        hrTime: [1_767_323_045, 0],
        hrTimeObserved: [1_767_323_045, 0],
        ...{ body, attributes: {}, droppedAttributesCount: 0, instrumentationScope: { name: 'a' } },
        resource: { attributes: {} },
      });
      exporter.export(
        Array.from({ length: 1_000 }, (_, n) => record(`record ${n}`)),
        () => {},
      );
      await sink.resume();
      await exporter.forceFlush();
      const [stats] = [exporter.stats()].flat();
      const logtideRecords = sink.records('logtide').map((one) => one.record);
      await exporter.shutdown();
      await sink.close();
      return { logtide: logtideRecords, stats };
    },
    expect: ({ logtide, stats }) => {
      has(stats, { accepted: 1_000, pending: 0, dropped: { overflow: 1_000 - logtide.length } });
      holds(logtide.length > 50 && logtide.length < 500, 'what fits is kept');
      has(logtide.at(-1).message, 'record 999');
    },
  },
  {
    rows: [71, 72],
    what: 'retries with growing pauses',
    old: 'ClientOptions(…, max_retries=3, retry_delay_ms=1000)',
    now: 'nothing to set; LOGFERRY_MAX_AGE bounds how long a record is tried',
    why: 'an outage does not end after three tries: records wait (memory or spool) with jittered back-off, Retry-After is obeyed, and what is refused for good is set aside',
    run: (rig) => {
      let answers = 0;
      const respond = ({ platform }) => {
        if (platform !== 'logtide') return undefined;
        answers += 1;
        return answers <= 4 ? { status: 503 } : undefined;
      };
      return rig.code(({ logger }) => logger().emit({ body: 'through it' }), {
        sink: { respond },
        delivery: QUICK,
      });
    },
    expect: (seen) => {
      has(seen.logtide, [{ message: 'through it' }]);
      has(ofLogTide(seen.stats), { delivered: 1, retries: 4, requests: 5 });
    },
  },
  {
    rows: [73, 88],
    what: 'circuit breaker and its state',
    old: 'ClientOptions(…, circuit_breaker_threshold=5, circuit_breaker_reset_ms=30000); client.get_circuit_breaker_state()',
    now: 'LOGFERRY_BREAKER_FAILURES=5, LOGFERRY_BREAKER_PAUSE=1s … _MAX_PAUSE=1m; stats()[n].circuit.state',
    why: 'pauses grow from a second to a minute; a probe is one real batch; while it is open nothing is dropped',
    run: (rig) => {
      let healthy = false;
      const respond = () => (healthy ? undefined : { status: 500 });
      return rig.code(
        async ({ logger, processor }) => {
          const states = new Set();
          const look = () => {
            const { state } = ofLogTide(processor.stats()).circuit;
            states.add(state);
            return state;
          };
          look();
          logger().emit({ body: 'kept' });
          await until(() => look() === 'open');
          healthy = true;
          await until(() => look() === 'closed');
          return [...states];
        },
        { sink: { respond }, delivery: QUICK },
      );
    },
    expect: (seen) => {
      holds(seen.value.includes('open') && seen.value.includes('closed'), 'it opened and closed');
      has(seen.logtide, [{ message: 'kept' }]);
      has(ofLogTide(seen.stats).circuit, { state: 'closed', trips: (trips) => trips >= 1 });
    },
  },
  {
    rows: [82],
    what: 'flush',
    old: 'client.flush()',
    now: 'const report = await flush()  // of logferry, or of the processor: { complete, destinations: […] }',
    run: (rig) =>
      rig.program(`${LOG} import { flush } from 'logferry'; log('now'); console.log(JSON.stringify(await flush()));`),
    expect: ({ stdout }) => {
      has(JSON.parse(stdout), { complete: true, destinations: ({ length }) => length === 5 });
      has(JSON.parse(stdout).destinations[1], { platform: 'logtide', delivered: 1, pending: 0 });
    },
  },
  {
    rows: [83],
    what: 'close',
    old: 'client.close()',
    now: 'nothing to do with register; else await provider.shutdown()',
    run: (rig) =>
      rig.code(async ({ logger, provider }) => {
        logger().emit({ body: 'last words' });
        await Promise.all([provider.shutdown(), provider.shutdown()]);
        logger().emit({ body: 'too late' });
        await provider.shutdown();
      }),
    expect: (seen) => {
      has(seen.logtide, [{ message: 'last words' }]);
      has(seen.trakerr, [{ eventMessage: 'last words' }]);
    },
  },
  {
    rows: [84],
    what: 'flush at exit',
    old: 'atexit.register(client.close)  # done by the client',
    now: 'nothing to do: natural end, SIGTERM and SIGINT deliver; process.exit() and crashes with LOGFERRY_SPOOL_DIR',
    run: async (rig) => {
      const natural = await rig.program(`${LOG} log('natural end');`, { env: ONLY });
      const source = `${LOG} log('SIGTERM'); console.log('up'); setInterval(() => {}, 1_000);`;
      const act = (child) => child.stdout.once('data', () => child.kill('SIGTERM'));
      const signal = await rig.program(source, { env: ONLY, act });
      const spool = { ...ONLY, LOGFERRY_SPOOL_DIR: rig.files({}) };
      const sink = await rig.startSink();
      const exited = await rig.program(`${LOG} log('process.exit()'); process.exit(4);`, { env: spool, sink });
      const next = await rig.program(`${LOG}`, { env: spool, sink });
      await sink.close();
      return { ...natural, value: { signal, exited, next } };
    },
    expect: ({ logtide, code, value: { signal, exited, next } }) => {
      has({ logtide, code }, { logtide: [{ message: 'natural end' }], code: 0 });
      has(signal, { logtide: [{ message: 'SIGTERM' }], signal: 'SIGTERM' });
      has(exited.code, 4);
      has(next.logtide, [{ message: 'process.exit()' }]);
    },
  },
  {
    rows: [86],
    what: 'metrics',
    old: 'client.get_metrics()  # logs_sent logs_dropped errors retries avg_latency_ms circuit_breaker_trips',
    now: 'stats(): delivered, dropped by reason, deadLettered, retries, circuit.trips; latency with a meterProvider',
    why: 'latency is a histogram, otel.sdk.exporter.operation.duration: an average hides what matters',
    run: async (rig) => {
      const { MeterProvider, PeriodicExportingMetricReader, InMemoryMetricExporter, AggregationTemporality } =
        await import('@opentelemetry/sdk-metrics');
      const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const meterProvider = new MeterProvider({ readers: [reader] });
      const seen = await rig.code(({ logger }) => logger().emit({ body: 'measured' }), { delivery: { meterProvider } });
      await meterProvider.forceFlush();
      const names = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
      await meterProvider.shutdown();
      return { ...seen, value: names.map(({ descriptor }) => descriptor.name) };
    },
    expect: ({ stats, value }) => {
      has(ofLogTide(stats), {
        accepted: 1,
        delivered: 1,
        deadLettered: 0,
        retries: 0,
        dropped: { overflow: 0, expired: 0 },
        circuit: { trips: 0 },
      });
      holds(value.includes('otel.sdk.exporter.operation.duration'), 'latency is measured');
    },
  },
  {
    rows: [87],
    what: 'counts since a moment',
    old: 'client.reset_metrics()',
    now: 'const before = stats(); … statsSince(before)',
    why: 'counts only grow, so that they add up at every moment and two readers do not disturb each other',
    run: (rig) =>
      rig.code(async ({ logger, processor, statsSince }) => {
        logger().emit({ body: 'before' });
        await processor.flush();
        const before = processor.stats();
        logger().emit({ body: 'after' });
        await processor.flush();
        return statsSince(before, processor.stats());
      }),
    expect: ({ value, stats }) => {
      has(ofLogTide(value), { accepted: 1, delivered: 1, pending: 0, requests: 1, circuit: { state: 'closed' } });
      has(ofLogTide(stats), { accepted: 2, delivered: 2 });
    },
  },
  {
    rows: [90],
    what: 'be told of drops and of an open circuit',
    old: 'threading.Thread(target=monitor_metrics, daemon=True)  # prints when logs_dropped > 0 or the circuit trips',
    now: 'nothing to do: one line on stderr, and LF011 at the end; in code: onDrop, stats()',
    run: (rig) =>
      rig.program(
        `${LOG} for (let n = 0; n < 3_000; n += 1) log('x'.repeat(200)); await new Promise((f) => setTimeout(f, 300));`,
        {
          env: {
            ...ONLY,
            LOGTIDE_API_URL: 'http://127.0.0.1:9',
            LOGFERRY_QUEUE_SIZE: '64kb',
            LOGFERRY_FLUSH_TIMEOUT: '100ms',
          },
        },
      ),
    expect: ({ stderr }) => {
      holds(/logtide: .*dropp/i.test(stderr), 'drops are told while they happen');
      holds(/LF011/.test(stderr), 'and at the end');
    },
  },
  {
    rows: [91],
    what: 'debug output',
    old: "ClientOptions(…, debug=os.getenv('ENV') == 'development')",
    now: 'OTEL_LOG_LEVEL=debug',
    why: 'the variable OpenTelemetry has for it; written to stderr itself, so that it is never logged again',
    run: (rig) =>
      rig.program(`${LOG} log('hello'); await new Promise((resolve) => setTimeout(resolve, 300));`, {
        env: {
          ...ONLY,
          OTEL_LOG_LEVEL: 'debug',
          LOGTIDE_API_URL: 'http://127.0.0.1:9',
          LOGFERRY_BREAKER_CONNECT_FAILURES: '1',
          LOGFERRY_BATCH_DELAY: '0',
          LOGFERRY_FLUSH_TIMEOUT: '100ms',
        },
      }),
    expect: ({ stderr, stdout }) => {
      holds(/logtide/.test(stderr) && /ECONNREFUSED|refused|connect/i.test(stderr), 'why nothing arrives is told');
      has(stdout, '');
    },
  },
  {
    rows: [92, 93, 94],
    what: 'middleware that logs requests and responses',
    old: 'LogTideFlaskMiddleware(app, client=client, log_requests=True, log_responses=True)',
    now: 'LOGFERRY_HTTP_LOG=all (responses, errors, off)',
    why: 'from the spans of the server, for any framework and without a line of code',
    run: (rig) =>
      rig.program(service('/api/users?page=2', '/missing', '/broken'), {
        env: { LOGFERRY_HTTP_LOG: 'all', LOGFERRY_PLATFORMS: 'logtide,trakerr' },
      }),
    expect: ({ logtide, trakerr }) => {
      const of = (pattern) => logtide.find(({ message }) => pattern.test(message));
      has(of(/^GET \/api\/users$/), { level: 'info', metadata: { 'url.query': 'page=2' } });
      has(of(/^GET \/api\/users 200 \(\d+ms\)$/), {
        level: 'info',
        trace_id: HEX_TRACE,
        metadata: { 'http.response.status_code': 200, 'url.path': '/api/users', duration_ms: Number.isFinite },
      });
      has(of(/^GET \/missing 404 \(\d+ms\)$/), { level: 'warn' });
      has(of(/^GET \/broken 500 \(\d+ms\)$/), { level: 'error' });
      const inside = record(logtide, 'inside /api/users');
      has(inside.trace_id, of(/^GET \/api\/users 200/).trace_id);
      has(
        trakerr.find(({ eventMessage }) => /^GET \/broken 500/.test(eventMessage)),
        {
          logLevel: 'error',
          contextURL: /\/broken$/,
        },
      );
    },
  },
  {
    rows: [95],
    what: 'paths that are not logged',
    old: "LogTideFlaskMiddleware(…, skip_paths=['/metrics'])",
    now: 'LOGFERRY_HTTP_SKIP=/metrics,/healthz*',
    run: (rig) =>
      rig.program(service('/metrics?x=1', '/healthz/live', '/api'), {
        env: { ...ONLY, LOGFERRY_HTTP_LOG: 'responses', LOGFERRY_HTTP_SKIP: '/metrics,/healthz*' },
      }),
    expect: ({ logtide }) => {
      const lines = logtide.map(({ message }) => message).filter((message) => message.startsWith('GET '));
      has(lines, [/^GET \/api 200/]);
    },
  },
  {
    rows: [96],
    what: 'service name of the middleware',
    old: "service_name='flask-api'; LOGTIDE_SERVICE_NAME = 'django-api'",
    now: 'OTEL_SERVICE_NAME=flask-api',
    run: (rig) =>
      rig.program(service('/api'), {
        env: { ...ONLY, OTEL_SERVICE_NAME: 'flask-api', LOGFERRY_HTTP_LOG: 'responses' },
      }),
    expect: ({ logtide }) => {
      has(record(logtide, 'inside /api'), { service: 'flask-api' });
      has(
        logtide.find(({ message }) => message.startsWith('GET ')),
        { service: 'flask-api' },
      );
    },
  },
  {
    rows: [76],
    what: 'keep what cannot be sent',
    old: '(in memory only: an open circuit drops)',
    now: 'LOGFERRY_SPOOL_DIR=/var/lib/shop/logs',
    run: async (rig) => {
      const directory = rig.files({});
      const env = { ...ONLY, LOGFERRY_SPOOL_DIR: directory, LOGFERRY_FLUSH_TIMEOUT: '100ms' };
      const down = { ...env, LOGTIDE_API_URL: 'http://127.0.0.1:9' };
      const offline = await rig.program(`${LOG} log('kept');`, { env: down });
      return { ...offline, value: filesBelow(directory).filter((name) => name.endsWith('.seg')) };
    },
    expect: ({ value, stderr }) => {
      holds(value.length > 0, 'a segment waits on disk');
      holds(/LF013/.test(stderr), 'that is told');
    },
  },
];
