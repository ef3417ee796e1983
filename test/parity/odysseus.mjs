// Calls of Odysseus's client, and what becomes of them.
import { everywhere, has, holds, record } from './match.mjs';
import { LOG } from './rig.mjs';

const TIME = Date.parse('2026-01-02T03:04:05.678Z');
const STREAM = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
/** Odysseus's severities in order, as numbers and texts of OpenTelemetry. */
const LEVELS = [
  [1, 'TRACE'],
  [5, 'DEBUG'],
  [9, 'INFO'],
  [9, 'SUCCESS'],
  [13, 'WARN'],
  [17, 'ERROR'],
  [21, 'FATAL'],
];

export const ODYSSEUS = [
  {
    rows: [1, 29, 30],
    what: 'log a message with tag and time',
    old: "odysseus.log(message='Invoking presentation request', severity=LogSeverity.DEBUG, tag=__tag, timestamp=now)",
    now: "logs.getLogger('presentation').emit({ severityNumber: 5, body: 'Invoking presentation request', timestamp })",
    run: (rig) =>
      rig.code(({ logger }) =>
        logger('presentation').emit({ severityNumber: 5, body: 'Invoking presentation request', timestamp: TIME }),
      ),
    expect: (seen) => {
      const { odysseus, logtide, redarch, loggier, trakerr } = everywhere(seen, 'Invoking presentation request');
      has(odysseus, {
        session_id: /^[0-9a-f]{32}$/,
        severity: 1,
        timestamp: '2026-01-02T03:04:05.678000Z',
        tag: 'presentation',
        user: undefined,
      });
      has(logtide, { level: 'debug', time: '2026-01-02T03:04:05.678Z' });
      has(redarch, { level: 'DEBUG', client_log_datetime: '2026-01-02T03:04:05.678000+00:00' });
      has(loggier, { level: 'DEBUG', timestamp: '2026-01-02T03:04:05.678000Z' });
      has(trakerr, { logLevel: 'debug', eventTime: TIME });
    },
  },
  {
    rows: [2],
    what: 'custom event with type, stream, position and meta',
    old: 'odysseus.event(name, data, type=0, stream_id=None, position=None, meta=None)',
    now: "emitEvent('invoicing-started', { ref: 'o-17', amount: 99.5 }, { type, streamId, position, meta })",
    why: 'a log record with an event name, so that the other platforms have it as well',
    run: (rig) =>
      rig.code(({ emitEvent }) => {
        const data = { 'requested-for': 'c-1', ref: 'o-17', amount: 99.5 };
        emitEvent('invoicing-started', data, { type: 3, streamId: STREAM, position: 4, meta: { source: 'web' } });
        emitEvent('invoicing-ended', data);
      }),
    expect: (seen) => {
      holds(seen.odysseus.length === 0, 'events are no logs');
      has(record(seen.odysseusEvents, 'invoicing-started'), {
        id: /^[0-9a-f]{32}$/,
        type: 3,
        stream_id: STREAM.replaceAll('-', ''),
        position: 4,
        data: { 'requested-for': 'c-1', ref: 'o-17', amount: 99.5 },
        meta: { source: 'web' },
      });
      has(record(seen.odysseusEvents, 'invoicing-ended'), { type: 0, stream_id: /^[0-9a-f]{32}$/, position: 0 });
      has(seen.logtide[0].metadata, { 'otel.event_name': 'invoicing-started', 'otel.body': { ref: 'o-17' } });
      has(seen.loggier[0].context, { event_name: 'invoicing-started' });
      holds(
        seen.trakerr.some(({ eventType }) => eventType === 'invoicing-ended'),
        'the name is the type at Trakerr',
      );
    },
  },
  {
    rows: [4],
    what: 'credentials',
    old: "OdysseusClient(app_id='app_XXX', app_key='<key>')",
    now: 'ODYSSEUS_APP_ID=app_XXX ODYSSEUS_APP_KEY=<key> node --import logferry/register app.js',
    run: async (rig) => {
      const right = await rig.program(`${LOG} log('hello');`, { env: { LOGFERRY_PLATFORMS: 'odysseus' } });
      const wrong = { LOGFERRY_PLATFORMS: 'odysseus', ODYSSEUS_APP_KEY: 'other', LOGFERRY_FLUSH_TIMEOUT: '300ms' };
      return { ...right, value: await rig.program(`${LOG} log('hello');`, { env: wrong }) };
    },
    expect: (seen) => {
      has(seen.odysseus, [{ message: 'hello' }]);
      has([seen.logtide, seen.trakerr, seen.value.odysseus], [[], [], []]);
    },
  },
  {
    rows: [15],
    what: 'never costs the service anything',
    old: '(a disclaimer: no claims for downtime of your services)',
    now: 'nothing to do: nothing is thrown, nothing waits, exit codes stay',
    why: 'a promise that is tested in place of a disclaimer',
    run: (rig) =>
      rig.program(
        `${LOG} const begun = performance.now();
         const circle = { at: new Date() }; circle.self = circle;
         for (let n = 0; n < 2_000; n += 1) log('x', { attributes: { circle, n: 1n } });
         log(undefined); log(circle);
         console.log('ran', performance.now() - begun < 5_000); process.exitCode = 3;`,
        {
          env: {
            ODYSSEUS_URL: 'http://127.0.0.1:9',
            LOGFERRY_PLATFORMS: 'odysseus',
            LOGFERRY_FLUSH_TIMEOUT: '100ms',
          },
        },
      ),
    expect: (seen) => {
      has(seen, { code: 3, signal: null, stdout: 'ran true\n' });
      holds(seen.stderr.includes('LF011') && seen.stderr.includes('2002'), 'what was lost is told');
    },
  },
  {
    rows: [16],
    what: 'seven severities, SUCCESS among them',
    old: 'LogSeverity.TRACE … CRITICAL (0–6)',
    now: "emit({ severityNumber: 9, severityText: 'SUCCESS' }), or the attribute 'odysseus.severity': 3",
    why: 'OpenTelemetry has no level for success: its text says it, and a number of WARN or above wins over the text',
    run: (rig) =>
      rig.code(({ logger }) => {
        for (const [severityNumber, severityText] of LEVELS) {
          logger().emit({ severityNumber, severityText, body: severityText });
        }
        logger().emit({ severityNumber: 9, body: 'by attribute', attributes: { 'odysseus.severity': 'success' } });
        logger().emit({ severityNumber: 17, severityText: 'SUCCESS', body: 'an error' });
      }),
    expect: (seen) => {
      const severities = LEVELS.map(([, text]) => record(seen.odysseus, text).severity);
      has(severities, [0, 1, 2, 3, 4, 5, 6]);
      has(record(seen.odysseus, 'by attribute').severity, 3);
      has(record(seen.odysseus, 'an error').severity, 5);
      has(record(seen.logtide, 'SUCCESS'), { level: 'info', metadata: { 'otel.severity_text': 'SUCCESS' } });
      has(record(seen.loggier, 'SUCCESS'), { level: 'INFO', context: { severity_text: 'SUCCESS' } });
    },
  },
  {
    rows: [21],
    what: 'minimum severity',
    old: 'OdysseusClient(…, min_severity=LogSeverity.INFO)',
    now: 'LOGFERRY_ODYSSEUS_LEVEL=info (LOGFERRY_LEVEL for all)',
    why: 'Odysseus’s own default, DEBUG, is not taken over: everything is sent unless you say otherwise',
    run: (rig) =>
      rig.program(`${LOG} log('debug', { severityNumber: 5 }); log('info');`, {
        env: { LOGFERRY_ODYSSEUS_LEVEL: 'info' },
      }),
    expect: (seen) => {
      has(seen.odysseus, [{ message: 'info' }]);
      has(
        seen.logtide.map(({ message }) => message),
        ['debug', 'info'],
      );
    },
  },
  {
    rows: [26],
    what: 'tag of a message',
    old: "odysseus.log(message, severity, tag='db')",
    now: "logs.getLogger('db'), or the attribute 'odysseus.tag'",
    run: (rig) =>
      rig.code(({ logger }) => {
        logger('db').emit({ body: 'by logger' });
        logger('db').emit({ body: 'by attribute', attributes: { 'odysseus.tag': 'cache' } });
      }),
    expect: (seen) => {
      has(record(seen.odysseus, 'by logger'), { tag: 'db' });
      has(record(seen.odysseus, 'by attribute'), { tag: 'cache', context: { 'odysseus.tag': undefined } });
    },
  },
  {
    rows: [42],
    what: 'user and session',
    old: "OdysseusClient(…, user='u-1'); client.session = uuid4()",
    now: "attributes 'user.id' and 'session.id', or LOGFERRY_ODYSSEUS_USER, LOGFERRY_ODYSSEUS_SESSION",
    why: 'per record or per request (withLogContext), never one mutable value for all of a server’s requests',
    run: (rig) =>
      rig.code(
        ({ logger, withLogContext }) => {
          logger().emit({ body: 'own', attributes: { 'user.id': 'u-2', 'session.id': STREAM } });
          withLogContext({ 'user.id': 'u-3' }, () => logger().emit({ body: 'context' }));
          logger().emit({ body: 'default' });
        },
        { options: { odysseus: { user: 'u-1', session: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' } } },
      ),
    expect: (seen) => {
      const session = 'aaaaaaaabbbb4ccc8dddeeeeeeeeeeee';
      has(record(seen.odysseus, 'own'), { user: 'u-2', session_id: STREAM.replaceAll('-', '') });
      has(record(seen.odysseus, 'context'), { user: 'u-3', session_id: session });
      has(record(seen.odysseus, 'default'), { user: 'u-1', session_id: session });
      has(record(seen.redarch, 'context'), { user_id: 'u-3' });
      has(record(seen.trakerr, 'own'), { eventUser: 'u-2', eventSession: STREAM });
      has(record(seen.logtide, 'own'), { session_id: STREAM });
    },
  },
  {
    rows: [114],
    what: 'find the application online',
    old: '(register at the platform; app id and key identify the service there)',
    now: 'npx logferry doctor: address, masked key and the answer to a test record of every destination',
    why: 'the platforms publish no address of a record; the doctor names the server that has the logs',
    run: async (rig) => {
      const sink = await rig.startSink();
      const ended = await rig.command(['doctor', '--json'], sink.env(), rig.files({}));
      await sink.close();
      return { ...ended, value: { url: sink.url, key: sink.credentials.odysseusAppKey } };
    },
    expect: ({ stdout, value }) => {
      holds(stdout.includes(value.url), 'the address is told');
      holds(!stdout.includes(value.key), 'the key is not');
    },
  },
  {
    rows: [117],
    what: 'TRACE may print sensitive information',
    old: '(“lowest level, should be used only during development, it can potentially print some sensitive info”)',
    now: 'secrets are taken out at every level; LOGFERRY_LEVEL=debug leaves TRACE out',
    run: (rig) =>
      rig.code(({ logger }) => {
        const attributes = { password: 'hunter2', headers: { authorization: 'Bearer abc.def.ghi' } };
        logger().emit({ severityNumber: 1, body: 'sending password=hunter2', attributes });
      }),
    expect: (seen) => {
      holds(!JSON.stringify(seen).includes('hunter2'), 'no password anywhere');
      holds(!JSON.stringify(seen).includes('abc.def.ghi'), 'no token anywhere');
      has(seen.odysseus, [{ severity: 0, context: { password: '[REDACTED]' } }]);
    },
  },
];
