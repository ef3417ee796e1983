import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sink, SinkPlatform } from '../../src/sink/sink.ts';
import { startSink } from '../../src/sink/sink.ts';
import { examplesFolder, payloads, runNode } from './run-example.ts';

const PLATFORMS: readonly SinkPlatform[] = ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'];
const SESSION = '3f2b8c1e6a4d4f7e9b0a5d1c2e3f4a5b';
const TRACE_ID = expect.stringMatching(/^[0-9a-f]{32}$/);

interface Case {
  /** First words of the variables that the example needs. */
  readonly variables: readonly string[];
  /** What each platform stores, sorted by message, as far as it matters. */
  readonly stores: Partial<Record<SinkPlatform, readonly object[]>>;
}

const paid = (key: 'message' | 'eventMessage'): readonly object[] =>
  [1001, 1002, 1003].map((order) => ({ [key]: `order ${order} is paid` }));

/** Every runnable file directly in `examples/`. */
const CASES: Readonly<Record<string, Case>> = {
  'odysseus.mjs': {
    variables: ['ODYSSEUS_'],
    stores: {
      odysseus: [
        { message: 'nightly settlement is complete', severity: 3 },
        { message: 'order 1001 is paid', severity: 3, session_id: SESSION, user: 'user-42' },
        { message: 'payment service is ready', severity: 2, tag: 'checkout.payment' },
        { name: 'payment.charged', type: 7, session_id: SESSION, data: { order: 1001, amount: 49.9, currency: 'EUR' } },
      ],
    },
  },
  'logtide.mjs': {
    variables: ['LOGTIDE_'],
    stores: {
      logtide: [
        { level: 'info', message: 'order 1001 is paid', metadata: { user_id: 'user-42', region: 'eu-central' } },
        {
          level: 'error',
          message: 'payment of order 1001 failed',
          metadata: {
            exception: {
              type: 'Error',
              message: 'the answer of the bank cannot be read',
              cause: { type: 'SyntaxError', message: expect.stringContaining('JSON') },
            },
          },
        },
      ],
    },
  },
  'redarch.mjs': {
    variables: ['RARCH_'],
    stores: {
      redarch: [
        { level: 'INFO', service: 'checkout', user_id: 'user-42', tenant_id: 'acme', request_id: 'req-7f3a' },
        { level: 'WARN', service: 'checkout', user_id: null, tenant_id: 'tenant-default', request_id: 'req-7f3b' },
      ],
    },
  },
  'loggier.mjs': {
    variables: ['LOGGIER_'],
    stores: {
      loggier: [
        {
          message: 'order 1001 is paid',
          environment: 'staging',
          tags: ['shop', 'eu', 'payment'],
          context: { service_name: 'checkout', team: 'payments', region: 'eu-west', 'order.id': 1001 },
        },
        {
          message: 'payment of order 1002 failed',
          tags: ['shop', 'eu', 'payment', 'alert'],
          context: { region: 'eu-central' },
          exception: { type: 'RangeError', message: 'the amount is negative' },
        },
      ],
    },
  },
  'trakerr.mjs': {
    variables: ['TRAKERR_'],
    stores: {
      trakerr: [
        {
          classification: 'log',
          eventMessage: 'order 1001 is paid',
          eventUser: 'user-42',
          eventSession: 'visit-9',
          contextAppVersion: '2.1.0',
          customProperties: { stringData: { customData1: '1001' }, doubleData: { customData1: 49.9 } },
        },
        {
          classification: 'issue',
          eventType: 'TypeError',
          eventStacktrace: [{ type: 'TypeError', message: 'printer is undefined' }],
        },
        { classification: 'fraud', logLevel: 'warning', contextTags: ['shop', 'cards', 'checkout.payment'] },
      ],
    },
  },
  'all-platforms.mjs': {
    variables: ['ODYSSEUS_', 'LOGTIDE_', 'RARCH_', 'LOGGIER_', 'TRAKERR_'],
    stores: {
      odysseus: paid('message'),
      logtide: paid('message'),
      redarch: paid('message'),
      loggier: paid('message'),
      trakerr: paid('eventMessage'),
    },
  },
  'span-events.mjs': {
    variables: ['ODYSSEUS_', 'LOGTIDE_'],
    stores: {
      odysseus: [
        { message: 'no receipt for order 1001', severity: 5, context: { exception: { type: 'Error' } } },
        { message: 'order 1001 is placed', context: { trace_id: TRACE_ID } },
        { name: 'order.validated', position: 0, stream_id: TRACE_ID, meta: { span: { name: 'POST /orders' } } },
        { name: 'payment.charged', position: 1, stream_id: TRACE_ID, data: { 'payment.amount': 49.9 } },
      ],
      logtide: [
        { message: 'no receipt for order 1001', level: 'error', trace_id: TRACE_ID },
        { message: 'order 1001 is placed', trace_id: TRACE_ID },
        { message: 'order.validated', trace_id: TRACE_ID, metadata: { 'otel.event_name': 'order.validated' } },
        { message: 'payment.charged', trace_id: TRACE_ID },
      ],
    },
  },
};

describe('examples', () => {
  let sink: Sink;

  beforeAll(async () => {
    sink = await startSink();
  });
  beforeEach(() => sink.clear());
  afterAll(() => sink.close());

  /** The sink's variables with these beginnings; the rest is not set. */
  function variables(beginnings: readonly string[]): Record<string, string> {
    const entries = Object.entries(sink.env());
    return Object.fromEntries(entries.filter(([name]) => beginnings.some((beginning) => name.startsWith(beginning))));
  }

  function expectNoSecrets(text: string): void {
    for (const secret of Object.values(sink.credentials)) expect(text).not.toContain(secret);
  }

  it('are all tested', () => {
    const files = readdirSync(examplesFolder, { withFileTypes: true });
    const runnable = files.filter((file) => file.isFile() && /\.[cm]?js$/.test(file.name)).map(({ name }) => name);
    expect(runnable.sort()).toEqual(Object.keys(CASES).sort());
    // A folder of examples has a test file of its own; `support` is no example.
    const folders = files.filter((file) => file.isDirectory() && file.name !== 'support').map(({ name }) => name);
    const tests = readdirSync(new URL('.', import.meta.url));
    expect(tests).toEqual(expect.arrayContaining(folders.map((folder) => `${folder}.test.ts`)));
  });

  describe.each(Object.entries(CASES))('%s', (file, { variables: needed, stores }) => {
    it('sends what it says to the server that the variables name', async () => {
      const { code, stdout, stderr } = await runNode([file], { env: variables(needed) });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expectNoSecrets(stdout);
      for (const platform of PLATFORMS) {
        const expected = stores[platform] ?? [];
        expect(payloads(sink.records(platform))).toMatchObject(expected);
        expect(sink.counts()[platform]).toMatchObject({ accepted: expected.length, refused: 0, faulted: 0 });
        if (expected.length > 0) {
          const { length } = expected;
          expect(stdout).toContain(`${platform}: ${length} of ${length} delivered to the real platform, 0 pending`);
        }
      }
    });

    it('runs without any variable and shows what arrived', async () => {
      const { code, stdout, stderr } = await runNode([file]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expectNoSecrets(stdout);
      for (const [platform, { length }] of Object.entries(stores)) {
        expect(stdout).toContain(`${platform} stored in logs: {`);
        expect(stdout).toContain(`${platform}: ${length} of ${length} delivered to a local sink, 0 pending, 0 refused`);
      }
      expect(sink.records()).toEqual([]);
    });
  });

  it('logtide.mjs takes a DSN as well', async () => {
    const { host } = new URL(sink.url);
    const env = { LOGTIDE_DSN: `http://${sink.credentials.logtideApiKey}@${host}` };
    const { code, stdout, stderr } = await runNode(['logtide.mjs'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectNoSecrets(stdout);
    expect(payloads(sink.records('logtide'))).toMatchObject(CASES['logtide.mjs']?.stores.logtide ?? []);
  });

  it('all-platforms.mjs shows that an outage of one platform does not delay the others', async () => {
    const { stdout } = await runNode(['all-platforms.mjs']);
    const during = stdout.slice(stdout.indexOf('While'), stdout.indexOf('At the end'));
    for (const platform of PLATFORMS) {
      const counts = platform === 'trakerr' ? '0 delivered, 3 pending' : '3 delivered, 0 pending';
      expect(during).toMatch(new RegExp(`${platform} +3 accepted, ${counts}`));
    }
  });

  it('fail when something cannot be delivered', async () => {
    const picky = await startSink({
      respond: ({ body }) => (body.includes('printer is undefined') ? { status: 400 } : undefined),
    });
    try {
      const { code, stdout } = await runNode(['trakerr.mjs'], { env: picky.env() });
      expect(code).toBe(1);
      expect(stdout).toContain('trakerr: 2 of 3 delivered to the real platform, 0 pending, 1 refused');
    } finally {
      await picky.close();
    }
  });
});
