import { describe, expect, it, onTestFinished } from 'vitest';
import type { TailEvent, TailOptions } from '../../src/client/logtide.ts';
import { LogTideApiError, LogTideClient } from '../../src/client/logtide.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';
import type { FakeLogTide } from './fake-logtide.ts';
import { fakeLogTide, row } from './fake-logtide.ts';

const KEY = `lp_${'5ec'.repeat(21)}5`;

interface Rig {
  readonly clock: FakeClock;
  readonly server: FakeLogTide;
  readonly client: LogTideClient;
  readonly events: TailEvent[];
  /** Opens a tail whose logs go to `messages`; waits until it is live. */
  follow(options?: TailOptions): Promise<Followed>;
}

interface Followed {
  readonly messages: string[];
  /** Waits until so many logs have come. */
  has(count: number): Promise<void>;
  /** How the iteration ended. */
  readonly end: Promise<unknown>;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

async function rig(line: 'A' | 'B' = 'B'): Promise<Rig> {
  const clock = new FakeClock();
  const server = await fakeLogTide(line, () => clock.wallNow());
  const client = new LogTideClient({ url: server.url, apiKey: KEY }, { clock });
  onTestFinished(() => client.close());
  const events: TailEvent[] = [];
  const follow = async (options: TailOptions = {}): Promise<Followed> => {
    const messages: string[] = [];
    const logs = client.tail({ onEvent: (event) => events.push(event), ...options });
    onTestFinished(async () => void (await logs.return?.()));
    const end = (async () => {
      for await (const { message } of logs) messages.push(message);
    })().then(
      () => 'ended',
      (error: unknown) => error,
    );
    await until(() => events.some(({ kind }) => kind === 'connected'));
    return { messages, end, has: (count) => until(() => messages.length >= count) };
  };
  return { clock, server, client, events, follow };
}

const message = (number: number): string => `message ${number}`;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const fills = (events: readonly TailEvent[]): unknown[] => events.filter(({ kind }) => kind === 'filled');

/** One second and the server's poll in it. */
async function second({ clock, server }: Rig): Promise<void> {
  await clock.advance(1_000);
  server.tick();
}

/** The same, and waits until the tail has dealt with it and waits for more. */
async function heardSecond(lab: Rig): Promise<void> {
  const waits = () => lab.clock.slept.filter((millis) => millis === 10_000).length;
  const before = waits();
  await second(lab);
  await until(() => waits() > before);
}

describe.each(['A', 'B'] as const)('a live tail of server line %s', (line) => {
  it('gives each log once and in the order of time, however often it is sent', async () => {
    const lab = await rig(line);
    const tail = await lab.follow();
    await lab.clock.advance(500);
    // Stored in another order than that of their times.
    const at = lab.clock.wallNow();
    lab.server.store(row(2, at + 20), row(1, at + 10));
    for (const _ of range(4)) await second(lab);
    lab.server.store(row(3, lab.clock.wallNow()));
    await second(lab);
    await second(lab);
    await tail.has(3);
    lab.server.store(row(4, lab.clock.wallNow()));
    await second(lab);
    await tail.has(4);
    expect(tail.messages).toEqual([1, 2, 3, 4].map(message));
    expect(fills(lab.events)).toEqual([]);
  });

  it('a burst of 300 comes whole: what a poll leaves out is found by query', async () => {
    const lab = await rig(line);
    const tail = await lab.follow();
    const at = lab.clock.wallNow();
    lab.server.store(...range(300).map((number) => row(number, at + number)));
    await second(lab);
    await tail.has(300);
    expect(tail.messages).toEqual(range(300).map(message));
    expect(fills(lab.events)).toEqual([{ kind: 'filled', cause: 'burst', logs: 300 }]);
    // Line A now sends the same hundred every second, which is no new burst.
    const { length } = lab.server.asked;
    await second(lab);
    await second(lab);
    lab.server.store(row(300, lab.clock.wallNow()));
    await second(lab);
    await tail.has(301);
    expect(lab.server.asked.length).toBe(length);
  });

  it('nothing is lost and nothing comes twice across a restart of the server', async () => {
    const lab = await rig(line);
    const tail = await lab.follow();
    lab.server.store(row(0, lab.clock.wallNow() + 1), row(1, lab.clock.wallNow() + 2));
    await second(lab);
    await tail.has(2);
    // Stored before the cut, not polled yet.
    lab.server.store(row(2, lab.clock.wallNow()));
    await lab.server.close();
    await until(() => lab.events.some(({ kind }) => kind === 'disconnected'));
    lab.server.store(row(3, lab.clock.wallNow() + 100));
    await lab.server.open();
    await lab.clock.advance(1_000);
    await tail.has(4);
    lab.server.store(row(4, lab.clock.wallNow() + 1));
    await second(lab);
    await tail.has(5);
    expect(tail.messages).toEqual(range(5).map(message));
    expect(lab.events).toEqual([
      { kind: 'connected' },
      { kind: 'disconnected', reason: expect.stringContaining('the live stream broke'), retryMillis: 750 },
      { kind: 'filled', cause: 'gap', logs: 2 },
      { kind: 'connected' },
    ]);
  });
});

describe('a live tail', () => {
  it('finds what is stored late, after newer logs were already given', async () => {
    const lab = await rig();
    const tail = await lab.follow();
    const at = lab.clock.wallNow();
    for (const _ of range(3)) await second(lab);
    lab.server.store(row(1, at + 2_500));
    await second(lab);
    await tail.has(1);
    // A batch of another service, whose time the stream has passed.
    lab.server.store(row(2, at + 1_000));
    for (const _ of range(7)) await second(lab);
    await tail.has(2);
    // And one that is also older than the last query.
    lab.server.store(row(3, at + 2_000));
    for (const _ of range(10)) await second(lab);
    await tail.has(3);
    expect(tail.messages).toEqual([1, 2, 3].map(message));
    const late = { kind: 'filled', cause: 'late', logs: 1 };
    expect(fills(lab.events)).toEqual([late, late]);
  });

  it('asks with an end that is never the same, because servers keep answers for a while', async () => {
    const lab = await rig();
    await lab.follow({ since: new Date(lab.clock.wallNow()), lateMillis: 3_000 });
    const queries = () => lab.server.asked.filter(({ path }) => path === '/api/v1/logs');
    for (let seconds = 0; queries().length < 4; seconds += 1) {
      await second(lab);
      for (const _ of range(20)) await turn();
      expect(seconds).toBeLessThan(100);
    }
    const ends = queries().map(({ parameters }) => parameters.get('to'));
    expect(new Set(ends).size).toBe(ends.length);
  });

  it('begins with the past that was asked for, oldest first, also when it is long', async () => {
    const lab = await rig();
    const at = lab.clock.wallNow() - 20_000;
    lab.server.store(...range(12_345).map((number) => row(number, at + number)));
    const tail = await lab.follow({ since: new Date(at + 5) });
    await tail.has(12_340);
    expect(tail.messages).toEqual(range(12_345).slice(5).map(message));
    expect(fills(lab.events)).toEqual([{ kind: 'filled', cause: 'since', logs: 12_340 }]);
    // 13 pages, and three that were not kept in memory on the way back.
    expect(lab.server.paths.filter((path) => path === '/api/v1/logs').length).toBe(16);
  });

  it('leaves out what is older than its beginning, also when it is stored later', async () => {
    const lab = await rig();
    const tail = await lab.follow({ lateMillis: 3_000 });
    lab.server.store(row(1, lab.clock.wallNow() - 1), row(2, lab.clock.wallNow()));
    for (const _ of range(3)) await second(lab);
    lab.server.store(row(3, lab.clock.wallNow() - 1));
    for (const _ of range(3)) await second(lab);
    await tail.has(2);
    expect(tail.messages).toEqual([2, 3].map(message));
  });

  it('finds after a gap also what has a clock that is ahead, and begins its pauses anew', async () => {
    const lab = await rig();
    const tail = await lab.follow();
    for (const loss of [1, 2]) {
      await heardSecond(lab);
      await lab.server.close();
      await until(() => lab.events.filter(({ kind }) => kind === 'disconnected').length === loss);
      lab.server.store(row(loss, lab.clock.wallNow() + 60_000));
      await lab.server.open();
      await lab.clock.advance(750);
      await tail.has(loss);
    }
    expect(lab.events.flatMap((event) => (event.kind === 'disconnected' ? [event.retryMillis] : []))).toEqual([
      750, 750,
    ]);
  });

  it('takes silence for a lost connection, and counts none while heartbeats come', async () => {
    const lab = await rig();
    const tail = await lab.follow();
    for (const _ of range(30)) await heardSecond(lab);
    expect(lab.events).toEqual([{ kind: 'connected' }]);
    await until(() => lab.clock.sleeping(10_000) === 1);
    lab.server.store(row(1, lab.clock.wallNow()));
    await lab.clock.advance(10_000);
    await until(() => lab.events.length === 2);
    expect(lab.events[1]).toMatchObject({ kind: 'disconnected', reason: expect.stringContaining('IDLE') });
    await lab.server.until(() => lab.server.streams === 0);
    await lab.clock.advance(1_000);
    await tail.has(1);
  });

  it('waits longer each time, with jitter, and as long as Retry-After asks', async () => {
    const lab = await rig();
    await lab.follow();
    await lab.server.close();
    const lost = () => lab.events.flatMap((event) => (event.kind === 'disconnected' ? [event.retryMillis] : []));
    for (const count of [1, 2, 3, 4, 5, 6, 7]) {
      await until(() => lost().length === count && lab.clock.sleeping(lost().at(-1) ?? 0) > 0);
      if (count < 7) await lab.clock.advance(lost().at(-1) ?? 0);
    }
    expect(lost()).toEqual([750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500]);
    lab.server.script = () => ({ status: 503, headers: { 'retry-after': '90' } });
    await lab.server.open();
    await lab.clock.advance(22_500);
    await until(() => lost().length === 8);
    expect(lost().at(-1)).toBe(90_000);
    expect(lab.events.at(-1)).toMatchObject({ reason: 'GET /api/v1/logs/stream: 503' });
  });

  it.each([400, 401, 403, 404])('ends with the typed error at %i, which shows no key', async (status) => {
    const lab = await rig();
    lab.server.script = () => ({ status, body: { error: 'Refused', message: `no: ${KEY}`, code: 'WORD' } });
    const error: unknown = await lab.client
      .tail()
      .next()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LogTideApiError);
    expect(error).toMatchObject({ status, code: 'WORD', message: `GET /api/v1/logs/stream: ${status}: no: ****` });
    expect(lab.server.asked.length).toBe(1);
  });

  it('ends when the key is refused after a restart', async () => {
    const lab = await rig();
    const tail = await lab.follow();
    lab.server.script = () => ({ status: 401, body: { error: 'Unauthorized' } });
    await lab.server.close();
    await lab.server.open();
    await until(() => lab.events.length === 2);
    await lab.clock.advance(1_000);
    expect(await tail.end).toMatchObject({ name: 'LogTideApiError', status: 401 });
  });

  it('keeps one service and one level to the server, and filters more than one, trace and text itself', async () => {
    const lab = await rig();
    const one = await lab.follow({ service: 'api', level: ['error'] });
    const many = await lab.follow({ service: ['api', 'web'], level: ['error', 'warn'], traceId: 't1', q: 'BOOM' });
    await lab.server.until(() => lab.server.streams === 2);
    expect(lab.server.asked.map(({ parameters }) => String(parameters))).toEqual(['service=api&level=error', '']);
    const at = lab.clock.wallNow() + 1;
    const hit = { traceId: 't1', message: 'a Boom', level: 'error' };
    lab.server.store(
      row(1, at, hit),
      row(2, at + 1, { ...hit, message: 'no' }),
      row(3, at + 2, { ...hit, traceId: 't2' }),
      row(4, at + 3, { ...hit, level: 'info' }),
      row(5, at + 4, { ...hit, service: 'db' }),
      row(6, at + 5, { ...hit, service: 'web', message: 'last boom' }),
    );
    await second(lab);
    await many.has(2);
    await one.has(3);
    expect(many.messages).toEqual(['a Boom', 'last boom']);
    expect(one.messages).toEqual(['a Boom', 'no', 'a Boom']);
  });

  it('ends without an error when the signal aborts: at once, in a pause, with logs at hand, and before it began', async () => {
    const lab = await rig();
    const live = new AbortController();
    const tail = await lab.follow({ signal: live.signal });
    live.abort();
    expect(await tail.end).toBe('ended');
    await lab.server.until(() => lab.server.streams === 0);

    const paused = new AbortController();
    const other = await lab.follow({ signal: paused.signal });
    await lab.server.close();
    await until(() => lab.clock.sleeping(750) === 1);
    paused.abort();
    expect(await other.end).toBe('ended');
    await lab.server.open();
    const full = new AbortController();
    const at = lab.clock.wallNow();
    lab.server.store(row(1, at), row(2, at));
    const backlog = lab.client.tail({ since: new Date(at), signal: full.signal });
    expect(await backlog.next()).toMatchObject({ done: false });
    full.abort();
    expect(await backlog.next()).toEqual({ done: true, value: undefined });
    expect(await lab.client.tail({ signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
  });

  it('asks for the past with the same filters', async () => {
    const lab = await rig();
    await lab.follow({ since: new Date(0), q: 'Boom', service: ['api', 'web'], level: 'error', traceId: 't1' });
    const query = lab.server.asked.find(({ path }) => path === '/api/v1/logs')?.parameters;
    const names = ['service', 'level', 'traceId', 'q', 'searchMode', 'from'];
    expect(names.map((name) => query?.getAll(name).join())).toEqual([
      ...['api,web', 'error', 't1', 'Boom', 'substring'],
      '1970-01-01T00:00:00.000Z',
    ]);
  });

  it('closes its connection when the loop is left, and when return() is called while it waits', async () => {
    const lab = await rig();
    const at = lab.clock.wallNow();
    lab.server.store(row(1, at), row(2, at));
    for await (const log of lab.client.tail({ since: new Date(at) })) {
      expect(log).toMatchObject({ service: 'api', level: 'info', metadata: {} });
      break;
    }
    await lab.server.until(() => lab.server.streams === 0);
    const tail = lab.client.tail();
    const pending = tail.next();
    await lab.server.until(() => lab.server.streams === 1);
    expect(await tail.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    await lab.server.until(() => lab.server.streams === 0);
  });

  it('reads nothing ahead of a slow reader, and loses nothing by it', async () => {
    const lab = await rig();
    const at = lab.clock.wallNow();
    lab.server.store(row(0, at));
    const tail = lab.client.tail({ since: new Date(at) });
    await tail.next();
    const text = 'x'.repeat(100_000);
    for (const tick of range(3)) {
      const time = lab.clock.wallNow() + 1;
      lab.server.store(...range(99).map((number) => row(1 + tick * 99 + number, time + number, { message: text })));
      await lab.clock.advance(1_000);
      lab.server.tick();
    }
    // 30 MB were sent; what does not fit into the system's own buffers stays with the server.
    for (let unsent = -1; unsent !== lab.server.unsent; ) {
      unsent = lab.server.unsent;
      for (const _ of range(300)) await turn();
    }
    expect(lab.server.unsent).toBeGreaterThan(5_000_000);
    const ids = new Set<string>();
    while (ids.size < 297) ids.add((await tail.next()).value?.id as string);
    expect(ids.size).toBe(297);
    await tail.return?.();
  });

  it.each([
    [{ since: '2026-01-02T03:04:05' }, 'since has no time zone'],
    [{ level: 'fatal' }, 'level must be'],
    [{ service: '' }, 'service must be'],
    [{ lateMillis: 10 }, 'lateMillis must be'],
    [{ idleTimeoutMillis: 2_000 }, 'idleTimeoutMillis must be'],
    [{ trace: 'x' }, 'unknown option trace'],
  ])('refuses %j before anything is sent', async (options, text) => {
    const lab = await rig();
    expect(() => lab.client.tail(options as TailOptions)).toThrow(text);
    expect(lab.server.asked).toEqual([]);
  });
});
