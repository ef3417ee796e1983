import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { HttpTransport } from '../../src/delivery/http.ts';
import { frameOf, readFrames, textEnd, textStart } from '../../src/delivery/spool/frame.ts';
import { DurableLogRecordProcessor } from '../../src/durable-processor.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { redarch } from '../../src/platforms/redarch.ts';
import type { PlatformName } from '../../src/platforms/registry.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { record, rig, serve, until } from '../support/delivery-rig.ts';
import { memberOf, PLATFORM_NAMES, platformAt, platformRig, within } from '../support/platform-rig.ts';
import { SecretScan } from '../support/secret-scan.ts';

const KEYS: Readonly<Record<PlatformName, string>> = {
  odysseus: defaultCredentials.odysseusAppKey,
  logtide: defaultCredentials.logtideApiKey,
  redarch: defaultCredentials.redarchApiKey,
  loggier: defaultCredentials.loggierApiKey,
  trakerr: defaultCredentials.trakerrApiKey,
};
const LF = 0x0a;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'security-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('secrets', () => {
  it.each(PLATFORM_NAMES)(
    'row 76: %s: a scan of everything said and left behind finds no planted secret',
    async (name) => {
      const scan = new SecretScan();
      const key = scan.plant('the key', KEYS[name]);
      const server = await serve();
      const platform = platformAt(name, server.origin, defaultCredentials);
      const directory = folder();
      // Whatever a request carried comes back in headers and bodies of every kind of answer.
      const statuses = [401, 400, 500, 429, 413, 302, 200, 400];
      server.answer = ({ headers, path, body }, number) => {
        const { authorization } = headers;
        if (authorization !== undefined && number === 1) scan.plant('the token', authorization.replace('Bearer ', ''));
        const echo = JSON.stringify({ error: `bad ${key}`, headers, path, body });
        const status = statuses[(number - 1) % statuses.length] ?? 500;
        return { status, headers: { location: `http://x/${key}`, 'x-echo': key, 'retry-after': '0' }, body: echo };
      };
      scan.listen();
      const meters: unknown[] = [];
      const reader = new PeriodicExportingMetricReader({
        exporter: {
          export: (metrics, done) => {
            meters.push(metrics);
            done({ code: 0 });
          },
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      });
      const meterProvider = new MeterProvider({ readers: [reader] });
      const processor = new DurableLogRecordProcessor(platform, {
        spool: { directory, segmentBytes: 16_384 },
        meterProvider,
        circuitBreaker: { initialDelayMillis: 1, maxDelayMillis: 5, holdMillis: 5 },
        timeouts: { shutdownMillis: 100 },
        onDeadLetter: (letter) => scan.hear('a dead letter', letter),
      });
      const logger = new LoggerProvider({ processors: [processor] }).getLogger('secrets');
      for (let index = 0; index < 20; index += 1) logger.emit({ body: `record ${index}`, severityNumber: 9 });
      await until(() => server.seen.length >= statuses.length, 'all kinds of answers');
      scan.hear('the processor', processor);
      scan.hear('the stats', processor.stats());
      await processor.shutdown();
      await reader.forceFlush();
      await meterProvider.shutdown();
      scan.hear('metrics', meters);
      expect(scan.hearFolder('the spool', directory)).toBeGreaterThan(0);
      expect(scan.count('diag')).toBeGreaterThan(0);
      expect(scan.found()).toEqual([]);
      // It would have found one: the requests do carry the key or a token made with it.
      for (const seen of server.seen) scan.hear('the wire', [seen.path, seen.headers, seen.body]);
      expect(scan.found().filter((find) => find.endsWith('in the wire'))).not.toEqual([]);
    },
  );

  it('row 76: the scan sees a secret in any spelling', () => {
    const scan = new SecretScan();
    const secret = scan.plant('it', 'pass/word+1ü"2');
    const bytes = Buffer.from(`xy${secret}z`.slice(2));
    const spelled = [secret, encodeURIComponent(secret), JSON.stringify(secret), bytes.toString('base64')];
    for (const text of [...spelled, bytes.toString('base64url'), bytes.toString('hex')]) {
      const fresh = new SecretScan();
      fresh.plant('it', secret);
      fresh.hear('there', { nested: [`<${text}>`] });
      expect(fresh.found()).toEqual(['it in there']);
    }
    scan.hear('there', 'pass/word');
    expect(scan.found()).toEqual([]);
  });
});

describe('header injection', () => {
  const EVIL = 'shop\r\nx-evil: 1\r\n\r\nPOST /evil HTTP/1.1\r\nhost: x';
  const hostile = record(EVIL, {
    eventName: EVIL,
    attributes: Object.fromEntries(
      ['tenant.id', 'redarch.tenant_id', 'user.id', 'logtide.service', 'session.id', 'request_id', EVIL].map((key) => [
        key,
        EVIL,
      ]),
    ),
    resource: { attributes: { 'service.name': EVIL, 'host.name': EVIL } } as unknown as EmittedRecord['resource'],
    instrumentationScope: { name: EVIL },
  });

  it.each(PLATFORM_NAMES)('row 77: %s: nothing of a record reaches a header or the path', async (name) => {
    const { channels, sink } = await platformRig(name);
    onTestFinished(() => sink.close());
    for (const { codec, endpoint } of channels) {
      const texts = [record('plain'), hostile].map((each) => Buffer.from(codec.encode(each)));
      const [plain, evil] = texts.map((text) => endpoint.request(text, 1));
      expect(evil?.path).toBe(plain?.path);
      expect(Object.keys(evil?.headers ?? {})).toEqual(Object.keys(plain?.headers ?? { none: 1 }));
      for (const value of [evil?.path, ...Object.values(evil?.headers ?? {})]) expect(value).toMatch(/^[\x21-\x7e ]+$/);
      const { authorization: _, ...usual } = plain?.headers ?? {};
      const { authorization, ...others } = evil?.headers ?? {};
      expect(others).toEqual(usual);
      // RedArch signs the service of the record: within the claims, in base64.
      if (authorization !== undefined) expect(authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    }
  });

  it.each(['x-tenant', 'authorization'])('row 77: a line break in a %s header is never written', async (header) => {
    const server = await serve();
    let requests = 0;
    const lines = await rig({
      request: (body) => {
        requests += 1;
        return { path: '/logs', headers: { 'content-type': 'application/json', [header]: `a\r\nx-evil: 1` }, body };
      },
    });
    lines.emit(3);
    await lines.pass(120_000);
    expect(requests).toBeGreaterThan(1);
    expect(lines.server.seen).toEqual([]);
    expect(lines.stats).toMatchObject({ delivered: 0, pending: 3 });
    const transport = new HttpTransport({ origin: server.origin, clock: systemClock, ...TRANSPORT });
    onTestFinished(() => transport.close());
    const path = '/logs HTTP/1.1\r\nx-evil: 1\r\n';
    const body = Buffer.from('{}');
    const outcome = await transport.send({ path, headers: {}, body });
    expect(outcome).toMatchObject({ kind: 'failure', phase: 'request' });
    expect(inspect(outcome)).not.toContain('evil');
    expect(server.seen).toEqual([]);
    expect(await transport.send({ path: '/logs', headers: {}, body })).toMatchObject({ kind: 'answer' });
  });
});

const TRANSPORT = {
  maxConnections: 1,
  timeoutMillis: 10_000,
  connectTimeoutMillis: 5_000,
  holdsProcess: true,
} as const;

/** Bodies that pretend to be more than one record, a terminal's commands, or a line of the spool. */
const FORGED = [
  'ok\n{"level":"CRITICAL","message":"forged"}\n',
  'ok"},{"message":"forged',
  '\u001b[2J\u001b[1;31mforged\u001b[0m\r',
  '\n1c291ca3 {"time":"2026","message":"forged"}\n00000000 {"message":"forged"}',
  `\n${frameOf('{"message":"forged"}').toString('utf8')}`,
];

describe('log injection', () => {
  it.each(PLATFORM_NAMES)('row 78: %s: one record stays one record, as it was', async (name) => {
    const target = await platformRig(name);
    onTestFinished(() => target.sink.close());
    const records = FORGED.flatMap((body) => [record(body), record('attribute', { attributes: { probe: body } })]);
    const stored = await target.deliver(records);
    const texts = stored.flatMap((each) => [...within(each.record)].map(({ value }) => value));
    for (const body of FORGED) expect(texts.filter((value) => value === body)).toHaveLength(2);
    for (const { codec } of target.channels) {
      for (const each of records) expect(codec.encode(each)).not.toMatch(/[\n\r\u001b]/);
    }
  });

  it('row 78: in the spool, one record is one line, whatever it says', () => {
    const hear = (bytes: Buffer): readonly string[] => {
      const texts: string[] = [];
      readFrames(bytes, 0, bytes.length, {
        frame: (start, end) => texts.push(bytes.toString('utf8', textStart(start), textEnd(end))),
        corrupt: () => texts.push('corrupt'),
      });
      return texts;
    };
    const text = fc
      .oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...FORGED))
      .map((body) => JSON.stringify({ body }));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (texts) => {
        const bytes = Buffer.concat(texts.map(frameOf));
        expect(hear(bytes)).toEqual(texts.map((each) => Buffer.from(each).toString('utf8')));
        expect(bytes.filter((byte) => byte === LF)).toHaveLength(texts.length);
      }),
    );
    // A codec of somebody else's that leaves line breaks in its texts cannot forge one either.
    expect(hear(frameOf(`{"a":1,\n1c291ca3 {"forged":1}\n"b":2}`))).toHaveLength(1);
  });
});

describe('prototype pollution', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  const DATA = 'polluted-value';
  const own = (key: string): object => JSON.parse(`{${JSON.stringify(key)}:{"polluted":"${DATA}"}}`) as object;
  const hostile = (): readonly EmittedRecord[] => {
    const error = Object.defineProperty(new Error('e'), '__proto__', { value: own('polluted'), enumerable: true });
    const deep = { 'constructor.prototype.polluted': DATA, '__proto__.polluted': DATA, 'a.__proto__.polluted': DATA };
    const attributes = [
      own('__proto__'),
      own('constructor'),
      own('prototype'),
      { nested: own('__proto__') },
      { map: new Map([['__proto__', { polluted: DATA }]]) },
      deep,
      { error },
    ];
    return attributes.map((each) => record('b', { attributes: each as EmittedRecord['attributes'] }));
  };

  it.each(PLATFORM_NAMES)('row 79: %s: hostile keys are data like any other', async (name) => {
    const target = await platformRig(name);
    onTestFinished(() => target.sink.close());
    for (const each of hostile()) {
      for (const text of target.encode(each)) expect(JSON.stringify(text)).toContain(DATA);
    }
    const bodies = [own('__proto__'), own('constructor')].map((body) => record(body, { eventName: 'e' }));
    for (const each of bodies) for (const text of target.encode(each)) expect(JSON.stringify(text)).toContain(DATA);
    await target.deliver([...hostile(), ...bodies]);
  });

  it('row 79: also where dotted names become nested objects', () => {
    const { codec } = redarch({ url: 'http://127.0.0.1/log', apiKey: 'k'.repeat(32), attributeKeys: 'nested' }).logs;
    for (const each of hostile()) {
      const text = JSON.parse(codec.encode(each)) as Record<string, unknown>;
      expect(JSON.stringify(text)).toContain(DATA);
      expect(memberOf(text, 'polluted')).not.toBe(undefined);
    }
  });

  it('row 79: nor does an answer of the server, in its headers or its body', async () => {
    const it = await rig({ platform: (url) => logtide({ url, apiKey: `lp_${'0'.repeat(64)}` }) });
    const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
    it.server.answer = ({ ids }, number) => ({
      status: number === 1 ? 400 : 200,
      headers: { constructor: 'x', prototype: 'x', ['__proto__']: 'x' },
      body: `${polluted},"received":${ids.length},"details":{"__proto__":{"polluted":1},"logs":{"__proto__":{}}}}`,
    });
    it.emit(2);
    await it.pass(120_000);
    await it.expectAlive();
    expect(it.stats.delivered).toBe(3);
  });
});

describe('requests to elsewhere', () => {
  it.each([301, 302, 303, 307, 308])(
    'row 84: a redirect (%d) is not followed, and takes no credential along',
    async (status) => {
      let strangers = 0;
      const stranger = createServer(() => {
        strangers += 1;
      });
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void stranger.close());
      const { port } = stranger.address() as { port: number };
      const targets = [
        ...[`http://127.0.0.1:${port}/x`, `//127.0.0.1:${port}/x`, `https://127.0.0.1:${port}/x`],
        ...[
          'file:///etc/passwd',
          'ftp://127.0.0.1/x',
          'http://169.254.169.254/latest/meta-data/',
          'gopher://x/',
          '/same',
        ],
      ];
      for (const location of targets) {
        const it = await rig({ platform: (url) => logtide({ url, apiKey: `lp_${'0'.repeat(64)}` }) });
        it.server.answer = () => ({ status, headers: { location }, body: '' });
        it.emit(1);
        await it.pass(10_000);
        expect(it.server.seen).toHaveLength(1);
        expect(it.stats).toMatchObject({ delivered: 0, pending: 1, circuit: { state: 'held' } });
        expect(inspect(it.stats)).not.toContain('127.0.0.1');
      }
      expect(strangers).toBe(0);
    },
  );
});
