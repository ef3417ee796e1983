import { inspect } from 'node:util';
import { context, DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { HttpTransport } from '../../src/delivery/http.ts';
import { PlatformLogExporter } from '../../src/exporter.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { droppedOf, expectConserved, record, rig, serve, until } from '../support/delivery-rig.ts';
import { turn } from '../support/fake-clock.ts';

/** Every diag message of the test. */
function listenToDiag(): string[] {
  const messages: string[] = [];
  const keep = (...parts: unknown[]): void => {
    messages.push(parts.map(String).join(' '));
  };
  diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep }, DiagLogLevel.ALL);
  messages.length = 0;
  return messages;
}

afterEach(() => {
  diag.disable();
  context.disable();
});

describe('flush and shutdown (fault matrix row 57)', () => {
  it('flushes at once what would otherwise wait for company', async () => {
    const it = await rig({ delivery: { batch: { maxDelayMillis: 60_000 } } });
    const names = it.emit(3);
    await it.idle();
    expect(it.server.seen).toHaveLength(0);
    const flushed = it.destination.flush();
    await it.idle();
    expect(await flushed).toMatchObject({ complete: true });
    expect(it.server.stored).toEqual(names);
    expect(it.clock.now()).toBe(0);
  });

  it('collects records for maxDelayMillis, and sends a full batch at once', async () => {
    const it = await rig({ maxRecords: 4, delivery: { batch: { maxDelayMillis: 1_000 } } });
    it.emit(2);
    await it.pass(999);
    expect(it.server.seen).toHaveLength(0);
    it.emit(1);
    await it.pass(1);
    expect(it.server.seen.map(({ ids }) => ids.length)).toEqual([3]);
    it.emit(9);
    await it.idle();
    expect(it.server.seen.map(({ ids }) => ids.length)).toEqual([3, 4, 4]);
    await it.pass(1_000);
    expect(it.server.seen.map(({ ids }) => ids.length)).toEqual([3, 4, 4, 1]);
  });

  it('sends records that came back, although no new one arrives', async () => {
    const it = await rig({ delivery: { batch: { maxDelayMillis: 5_000 } } });
    it.server.answer = (_seen, number) => (number === 1 ? 503 : 200);
    it.emit(3);
    await it.pass(60_000);
    expect(it.stats).toMatchObject({ delivered: 3, requests: 2 });
  });

  it('is not taken in by younger records that end before older ones', async () => {
    const it = await rig({ maxRecords: 1, concurrency: 2, delivery: { http: { timeoutMillis: 60_000 } } });
    it.server.answer = (_seen, number) => (number === 1 ? 'hang' : 200);
    it.emit(1);
    await until(() => it.server.seen.length === 1);
    const flushed = it.destination.flush({ timeoutMillis: 10_000 });
    it.emit(5);
    await until(() => it.stats.delivered === 5);
    await it.clock.advance(10_000);
    expect(it.stats).toMatchObject({ delivered: 5, pending: 1 });
    expect((await flushed).complete).toBe(false);
    await it.clock.advance(60_000);
    await it.pass(60_000);
    expect(it.stats).toMatchObject({ delivered: 6, pending: 0 });
  });

  it('answers false when the time is up, and loses nothing', async () => {
    const it = await rig();
    await it.server.pause();
    it.emit(5);
    const flushed = it.destination.flush({ timeoutMillis: 10_000 });
    await it.pass(10_000);
    expect((await flushed).complete).toBe(false);
    expect(it.stats.pending).toBe(5);
    await it.server.open();
    await it.expectAlive();
  });

  it('serves many flushes at once', async () => {
    const it = await rig({ maxRecords: 1 });
    const flushes = [it.destination.flush()];
    for (let index = 0; index < 20; index++) {
      it.emit();
      flushes.push(it.destination.flush());
    }
    await it.idle();
    expect((await Promise.all(flushes)).map(({ complete }) => complete)).toEqual(Array(21).fill(true));
    expect(it.stats.delivered).toBe(20);
  });

  it('delivers at shutdown and takes nothing afterwards', async () => {
    const it = await rig();
    const names = it.emit(5);
    const first = it.destination.shutdown();
    expect(it.destination.accept(record('late'))).toBe(false);
    await it.idle();
    await first;
    await it.destination.shutdown();
    expect(await it.destination.flush()).toMatchObject({ complete: true });
    expect(it.destination.accept(record('later'))).toBe(false);
    expect(it.server.stored).toEqual(names);
    expect(it.stats).toMatchObject({ accepted: 7, delivered: 5, pending: 0 });
    expect(it.stats.dropped).toMatchObject({ overflow: 0, shutdown: 0, after_shutdown: 2 });
    expectConserved(it.stats);
    expect(it.clock.sleeping()).toBe(0);
  });

  it('ends a shutdown in an outage within its bound, every record counted', async () => {
    const it = await rig();
    await it.server.pause();
    it.emit(5);
    await it.idle();
    let ended = false;
    const shutdown = it.destination.shutdown(5_000).then(() => {
      ended = true;
    });
    await it.pass(4_999);
    expect(ended).toBe(false);
    await it.pass(1);
    await shutdown;
    expect(it.clock.now()).toBe(5_000);
    expect(it.stats).toMatchObject({ pending: 0, dropped: { shutdown: 5 } });
    expectConserved(it.stats);
    expect(it.clock.sleeping()).toBe(0);
  });

  it('cuts requests off at the deadline of a shutdown while the server hangs, every record counted once', async () => {
    const it = await rig({ maxRecords: 2, concurrency: 3 });
    it.server.answer = () => 'hang';
    it.emit(10);
    await until(() => it.server.seen.length === 3);
    const shutdown = it.destination.shutdown(5_000);
    await it.clock.advance(5_000);
    await shutdown;
    expect(it.clock.now()).toBe(5_000);
    expect(it.stats).toMatchObject({ delivered: 0, pending: 0, requests: 3, dropped: { shutdown: 10 } });
    expectConserved(it.stats);
    await until(() => it.server.closed.size === it.server.connections);
    expect(it.server.seen).toHaveLength(3);
  });

  it('counts what an interrupted isolation had in its hands', async () => {
    const it = await rig();
    it.server.answer = ({ ids }, number) => (number > 3 ? 'hang' : ids.includes('r60') ? 400 : 200);
    it.emit(64);
    await until(() => it.server.seen.length === 4);
    const shutdown = it.destination.shutdown(5_000);
    await it.clock.advance(5_000);
    await shutdown;
    expect(it.stats.delivered).toBe(48);
    expect(it.stats.dropped.shutdown).toBe(16);
    expectConserved(it.stats);
  });

  it('never writes a request that was cut off while it waited for a connection', async () => {
    const server = await serve();
    server.answer = () => 'hang';
    const { origin } = server;
    const limits = { timeoutMillis: 60_000, connectTimeoutMillis: 5_000, maxConnections: 1, holdsProcess: true };
    const transport = new HttpTransport({ ...limits, origin, clock: systemClock });
    onTestFinished(() => transport.close());
    const send = (id: string): ReturnType<HttpTransport['send']> =>
      transport.send({ path: '/', headers: {}, body: Buffer.from(JSON.stringify({ id })) });
    const outcomes = [send('first'), send('second')];
    await until(() => server.seen.length === 1);
    transport.abort();
    expect(await Promise.all(outcomes)).toMatchObject([{ phase: 'aborted' }, { phase: 'aborted' }]);
    server.answer = () => 200;
    expect(await send('third')).toMatchObject({ kind: 'answer' });
    expect(server.seen.map(({ ids }) => ids[0])).toEqual(['first', 'third']);
  });
});

describe('bounds in memory', () => {
  it('drops the oldest beyond its bytes and counts them exactly', async () => {
    const it = await rig({ delivery: { queue: { maxBytes: 10_000 } } });
    await it.server.pause();
    const bytes = (name: string): number => JSON.stringify({ id: name }).length;
    const names = it.emit(2_000);
    let kept = 0;
    for (let used = 0; used + bytes(names.at(-1 - kept) ?? '') <= 10_000; kept++)
      used += bytes(names.at(-1 - kept) ?? '');
    expect(it.stats).toMatchObject({ accepted: 2_000, pending: kept, dropped: { overflow: 2_000 - kept } });
    expect(it.stats.pendingBytes).toBeLessThanOrEqual(10_000);
    expectConserved(it.stats);
    await it.server.open();
    await it.expectAlive();
    expect(it.server.stored.slice(0, kept - 1)).toEqual(names.slice(-kept + 1));
  });

  it('counts a record larger than the whole queue as overflow and goes on', async () => {
    const it = await rig({ delivery: { queue: { maxBytes: 1_024 } } });
    expect(it.destination.accept(record('x'.repeat(2_000)))).toBe(false);
    expect(it.stats).toMatchObject({ accepted: 1, pending: 0, dropped: { overflow: 1 } });
    await it.expectAlive();
  });

  it('respects the byte limit of a body, framing included', async () => {
    // Records of 19 bytes each: 55 of them and their commas would fill 1,099 bytes, and the brackets come on top.
    const encode = ({ body }: EmittedRecord): string =>
      JSON.stringify({ id: String(body).padStart(10, '0') }).padEnd(19);
    const it = await rig({ maxBytes: 1_099, encode });
    const names = it.emit(1_000);
    await it.idle();
    expect(it.server.stored).toEqual(names.map((name) => name.padStart(10, '0')));
    expect(Math.max(...it.server.seen.map(({ body }) => body.length))).toBe(54 * 20 - 1 + 2);
  });

  it('keeps what a caller changes after handing over (row 69)', async () => {
    const it = await rig({ encode: ({ attributes }) => JSON.stringify({ id: attributes.name }) });
    const attributes: Record<string, string> = { name: 'before' };
    it.destination.accept(record('x', { attributes }));
    attributes.name = 'after';
    await it.idle();
    expect(it.server.stored).toEqual(['before']);
  });
});

describe('clocks (fault matrix row 61)', () => {
  it.each([365 * 86_400_000, -365 * 86_400_000, -3_600_000])(
    'a wall clock that jumps by %d ms changes no delay',
    async (jump) => {
      const it = await rig({ randoms: [0] });
      it.server.answer = () => 503;
      it.emit();
      for (let index = 0; index < 20; index++) {
        it.clock.jumpWall(index % 2 === 0 ? jump : -jump);
        await it.pass(1_000);
      }
      expect(it.server.seen.map(({ at }) => at)).toEqual([0, 500, 1_500, 3_500, 7_500, 8_000, 9_000, 11_000, 15_000]);
      it.server.answer = () => 200;
      await it.expectAlive();
    },
  );
});

describe("the application's own callbacks and values (fault matrix rows 70, 75)", () => {
  it.each([
    [
      'throws',
      (): void => {
        throw new Error('from the application');
      },
    ],
    [
      'rejects',
      async (): Promise<void> => {
        throw new Error('from the application');
      },
    ],
    ['never ends', (): Promise<void> => new Promise(() => {})],
  ])('onDeadLetter that %s disturbs nothing', async (_name, onDeadLetter) => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', listen);
    onTestFinished(() => void process.off('unhandledRejection', listen));
    const it = await rig({ delivery: { onDeadLetter } });
    it.server.answer = ({ ids }) => (ids.includes('r3') || ids.includes('r7') ? 400 : 200);
    it.emit(10);
    await it.pass(1_000);
    expect(it.stats).toMatchObject({ delivered: 8, deadLettered: 2, pending: 0 });
    await turn();
    expect(rejections).toEqual([]);
    await it.expectAlive();
  });

  it('onDeadLetter may log into the same exporter', async () => {
    const it = await rig({
      delivery: { onDeadLetter: ({ reason }) => void it.destination.accept(record(`note ${reason}`)) },
    });
    it.server.answer = ({ ids }) => (ids.includes('r3') ? 400 : 200);
    it.emit(10);
    await it.pass(5_000);
    expect(it.stats).toMatchObject({ accepted: 11, delivered: 10, deadLettered: 1 });
    expect(it.server.stored).toContain('note 400');
  });

  it('records of any shape are taken without a throw', async () => {
    const server = await serve();
    const sink = logtide({ url: server.origin, apiKey: `lp_${'0'.repeat(64)}` });
    const exporter = new PlatformLogExporter(sink);
    onTestFinished(() => exporter.shutdown());
    server.answer = ({ ids }) => ({ status: 200, body: JSON.stringify({ received: ids.length }) });
    const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const odd: Partial<Record<keyof EmittedRecord, unknown>>[] = [
      {},
      { severityNumber: 0 },
      { severityNumber: 25 },
      { severityNumber: -1 },
      { severityNumber: Number.NaN },
      { severityNumber: '9' },
      { body: undefined },
      { body: null },
      { body: Symbol('x') },
      { resource: undefined },
      {
        resource: {
          get attributes(): never {
            throw new Error('no');
          },
        },
      },
      {
        resource: {
          attributes: {
            get 'service.name'(): never {
              throw new Error('no');
            },
          },
        },
      },
      { instrumentationScope: undefined },
      { attributes: undefined },
      { attributes: undefined, spanContext },
      { spanContext, attributes: { 'exception.message': Object.create(null) } },
      {
        spanContext,
        attributes: {
          get 'exception.message'(): never {
            throw new Error('no');
          },
        },
      },
      { hrTime: [Number.NaN, Number.NaN] },
      { hrTime: [0, 0] },
      { hrTime: [32_503_680_000, 0] },
      { hrTime: [9_007_199_254_740_991, 999_999_999] },
      { hrTime: undefined },
      { hrTimeObserved: [Number.POSITIVE_INFINITY, 0] },
    ];
    let code = -1;
    exporter.export(
      odd.map((part) => record('x', part as Partial<EmittedRecord>)),
      (result) => {
        code = result.code;
      },
    );
    expect(code).toBe(0);
    await exporter.forceFlush();
    expect(exporter.stats()).toMatchObject({ accepted: odd.length, delivered: odd.length, pending: 0 });
    expect(server.stored).toHaveLength(odd.length);
  });

  it('a platform object that throws when a request is built holds the records', async () => {
    let broken = true;
    const it = await rig({
      request: (body) => {
        if (broken) throw new Error('the key is lp_secret');
        return { path: '/', headers: {}, body };
      },
    });
    const messages = listenToDiag();
    it.emit(3);
    await it.pass(1_000);
    expect(it.stats).toMatchObject({ pending: 3, circuit: { state: 'held', reason: 'request could not be built' } });
    expect(messages.join()).not.toContain('lp_secret');
    broken = false;
    await it.expectAlive();
  });
});

describe('configuration (fault matrix rows 71, 72)', () => {
  const apiKey = `lp_${'a1'.repeat(32)}`;

  it.each(['', ' ', `${apiKey}\n`, `${apiKey}\r\nx-evil: 1`, `${apiKey}é`, undefined, 5, null])(
    'refuses the key %j without showing it',
    (value) => {
      let message = '';
      try {
        logtide({ url: 'https://logs.example.com', apiKey: value as string });
      } catch (error) {
        message = (error as Error).message;
        expect(error).toBeInstanceOf(TypeError);
      }
      expect(message).toContain('apiKey');
      expect(message).not.toContain('a1a1');
    },
  );

  it.each([
    '',
    'logs',
    'file:///etc/passwd',
    'data:text/plain,x',
    'https://user:hunter2@host',
    'https://host:0',
    'ftp://host',
    'https://host?x=hunter2',
    'https://',
    5,
    null,
  ])('refuses the address %j in a safe message', (value) => {
    let message = '';
    try {
      logtide({ url: value as string, apiKey });
    } catch (error) {
      message = (error as Error).message;
      expect(error).toBeInstanceOf(TypeError);
    }
    expect(message).toContain('url');
    expect(message).not.toContain('hunter2');
  });

  it('takes an address with spaces around it', () => {
    expect(logtide({ url: ' https://host:8443/base/ ', apiKey }).logs.endpoint.origin).toBe('https://host:8443');
  });
});

describe('secrets (fault matrix row 76)', () => {
  it('appear nowhere but in the request: not in diag, stats, errors, dead letters or inspected objects', async () => {
    const secret = `lp_${'5ec2e7'.repeat(10)}5ec2`;
    const messages = listenToDiag();
    const letters: unknown[] = [];
    const said: unknown[] = [];
    let platform: Platform | undefined;
    const it = await rig({
      platform: (origin) => {
        platform = logtide({ url: origin, apiKey: secret });
        return platform;
      },
      delivery: { onDeadLetter: (letter) => letters.push(letter) },
    });
    const body = JSON.stringify({ error: `bad key ${secret}`, code: secret, details: { logs: { [secret]: secret } } });
    const headers = { 'x-echo': secret, location: `/${secret}` };
    for (const status of [401, 500, 429, 413, 302]) {
      it.server.answer = () => ({ status, headers, body });
      it.emit(2);
      await it.pass(130_000);
      said.push(it.stats);
    }
    it.server.answer = ({ ids }) =>
      ids.includes('r5')
        ? { status: 400, headers, body }
        : { status: 200, body: JSON.stringify({ received: ids.length }) };
    await it.pass(130_000);
    expect(it.stats).toMatchObject({ delivered: 9, deadLettered: 1 });
    await it.server.pause();
    it.emit();
    await it.idle();
    expect(it.server.seen.every((seen) => seen.headers['x-api-key'] === secret)).toBe(true);
    expect(messages.length).toBeGreaterThan(2);
    expect(letters).toHaveLength(1);
    const exporter = new PlatformLogExporter(platform as Platform);
    said.push(messages, letters, inspect(exporter, { depth: 20, showHidden: true }), JSON.stringify(exporter));
    said.push(inspect(platform, { depth: 20, showHidden: true }), JSON.stringify(platform));
    await exporter.shutdown();
    exporter.export([record('x')], ({ error }) => said.push(inspect(error)));
    const shutdown = it.destination.shutdown(0);
    await it.clock.advance(2_000);
    await shutdown;
    said.push(it.stats, inspect(it.destination, { depth: 20, showHidden: true }));
    expect(inspect(said, { depth: 20, maxArrayLength: null, maxStringLength: null })).not.toContain('5ec2e75ec2e7');
    expect(droppedOf(it.stats)).toBe(1);
  });
});
