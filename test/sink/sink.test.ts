import { Agent } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Sink, type SinkOptions, type SinkRequest, startSink } from '../../src/sink/sink.ts';
import { call, failureCode, json, type Reply } from './http.ts';

const open: Sink[] = [];
const start = async (options?: SinkOptions): Promise<Sink> => {
  const sink = await startSink(options);
  open.push(sink);
  return sink;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((sink) => sink.close()));
});

const entry = { time: '2026-01-02T03:04:05.678Z', service: 'api', level: 'info', message: 'hello' };
const record = {
  message: 'hello',
  level: 'INFO',
  environment: 'production',
  timestamp: '2026-01-02T03:04:05.678901Z',
  runtime_context: {},
};

/** One good record for LogTide. */
const logtide = (sink: Sink, entries: unknown[] = [entry]): Promise<Reply> =>
  call(sink.port, {
    path: '/api/v1/ingest',
    headers: { ...json, 'x-api-key': sink.credentials.logtideApiKey },
    body: JSON.stringify({ logs: entries }),
  });
/** One good record for Loggier. */
const loggier = (sink: Sink): Promise<Reply> =>
  call(sink.port, {
    path: `/api/ingest/${sink.credentials.loggierApiKey}`,
    headers: { ...json, 'x-loggier-key': sink.credentials.loggierApiKey },
    body: JSON.stringify(record),
  });
const trakerr = (sink: Sink): Promise<Reply> =>
  call(sink.port, {
    path: '/api/v1/events',
    headers: json,
    body: JSON.stringify({
      apiKey: sink.credentials.trakerrApiKey,
      classification: 'log',
      eventType: 'T',
      eventMessage: 'M',
    }),
  });

describe('routes', () => {
  it('answers the health check as either LogTide line', async () => {
    for (const [logtideServer, version] of [
      ['A', '0.5.0'],
      ['B', '1.0.2'],
    ] as const) {
      const sink = await start({ logtideServer, now: () => 0 });
      const reply = await call(sink.port, { method: 'GET', path: '/health' });
      expect([reply.status, reply.json()]).toEqual([
        200,
        { status: 'ok', timestamp: '1970-01-01T00:00:00.000Z', version },
      ]);
    }
  });

  it.each([
    ['GET', '/api/v1/ingest'],
    ['POST', '/api/v1/ingest/'],
    ['PUT', '/log'],
    ['GET', '/'],
  ])('does not know %s %s', async (method, path) => {
    const unrouted: string[] = [];
    const sink = await start({ onUnrouted: (...seen) => unrouted.push(seen.join(' ')) });
    const reply = await call(sink.port, { method, path });
    expect(reply.status).toBe(404);
    expect(reply.json()).toEqual({
      message: `Route ${method}:${path} not found`,
      error: 'Not Found',
      statusCode: 404,
    });
    expect(unrouted).toEqual([`${method} ${path}`]);
  });

  it('listens on the loopback interface, on a port of its own', async () => {
    const [one, two] = [await start(), await start()];
    expect(one.port).not.toBe(two.port);
    expect(one.url).toBe(`http://127.0.0.1:${one.port}`);
    await expect(startSink({ port: one.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('points the clients at itself', async () => {
    const sink = await start({ credentials: { loggierApiKey: 'mine' } });
    expect(sink.env()).toEqual({
      ODYSSEUS_APP_ID: sink.credentials.odysseusAppId,
      ODYSSEUS_APP_KEY: sink.credentials.odysseusAppKey,
      ODYSSEUS_URL: sink.url,
      LOGTIDE_API_URL: sink.url,
      LOGTIDE_API_KEY: expect.stringMatching(/^lp_[0-9a-f]{64}$/),
      RARCH_LOGGING_URL: `${sink.url}/log`,
      RARCH_LOGGING_API_KEY: sink.credentials.redarchApiKey,
      RARCH_LOGGING_SERVICE: expect.any(String),
      LOGGIER_API_URL: sink.url,
      LOGGIER_API_KEY: 'mine',
      TRAKERR_API_URL: `${sink.url}/api/v1`,
      TRAKERR_API_KEY: sink.credentials.trakerrApiKey,
    });
  });

  it('advertises how long it keeps idle connections', async () => {
    const sink = await start();
    const agent = new Agent({ keepAlive: true });
    const reply = await call(sink.port, { method: 'GET', path: '/health', agent });
    agent.destroy();
    expect(reply.headers['keep-alive']).toBe('timeout=72');
  });
});

describe('records and counts', () => {
  it('keeps what it accepts, in order, by platform', async () => {
    const sink = await start();
    await logtide(sink, [entry, { ...entry, message: 'second' }]);
    await loggier(sink);
    expect(sink.records().map(({ platform, channel, record: { message } }) => [platform, channel, message])).toEqual([
      ['logtide', 'logs', 'hello'],
      ['logtide', 'logs', 'second'],
      ['loggier', 'logs', 'hello'],
    ]);
    expect(sink.records('loggier')).toHaveLength(1);
    expect(sink.counts().logtide).toEqual({ requests: 1, accepted: 2, refused: 0, faulted: 0 });
    expect(sink.counts().odysseus).toEqual({ requests: 0, accepted: 0, refused: 0, faulted: 0 });
    sink.clear();
    expect([sink.records(), sink.counts().logtide.requests]).toEqual([[], 0]);
  });

  it('forgets the oldest beyond keepRecords, and counts all', async () => {
    const sink = await start({ keepRecords: 3 });
    for (const message of ['1', '2', '3', '4', '5']) await logtide(sink, [{ ...entry, message }]);
    expect(sink.records().map(({ record: { message } }) => message)).toEqual(['3', '4', '5']);
    expect(sink.counts().logtide.accepted).toBe(5);
    const none = await start({ keepRecords: 0 });
    await logtide(none);
    expect([none.records(), none.counts().logtide.accepted]).toEqual([[], 1]);
  });

  it('refuses bad options by name', async () => {
    await expect(startSink({ keepRecords: -1 })).rejects.toThrow(/keepRecords/);
    await expect(startSink({ faults: { status: 99 } })).rejects.toThrow(/faults\.status/);
    await expect(startSink({ faults: { fail: { status: 503, ratio: 2 } } })).rejects.toThrow(/faults\.fail\.ratio/);
    await expect(startSink({ faults: { stauts: 503 } as object })).rejects.toThrow(/faults\.stauts is unknown/);
  });

  it('counts a LogTide batch that B loses as refused, with the reason', async () => {
    const reasons: unknown[] = [];
    const sink = await start({ onRequest: (_request, answer) => reasons.push(answer.reason) });
    const reply = await logtide(sink, [entry, { ...entry, metadata: { 'a\0': 1 } }]);
    expect([reply.status, reply.json()]).toEqual([200, { received: 0, timestamp: expect.any(String) }]);
    expect(sink.counts().logtide).toEqual({ requests: 1, accepted: 0, refused: 1, faulted: 0 });
    expect(reasons).toEqual([expect.stringMatching(/received 0/)]);
  });
});

describe('faults', () => {
  it('answers a status to one platform only, and heals', async () => {
    const sink = await start();
    sink.setFaults({ status: 429, retryAfterSeconds: 7 }, 'loggier');
    const faulted = await loggier(sink);
    expect([faulted.status, faulted.headers['retry-after']]).toEqual([429, '7']);
    expect((await logtide(sink)).status).toBe(200);
    expect(sink.counts().loggier).toEqual({ requests: 1, accepted: 0, refused: 0, faulted: 1 });
    sink.setFaults({});
    expect((await loggier(sink)).status).toBe(200);
  });

  it.each([
    ['A', { statusCode: 429, error: 'Too Many Requests', message: 'Rate limit exceeded, retry in 10 seconds' }],
    ['B', { statusCode: 429, error: 'Rate limit exceeded, retry in 10 seconds' }],
  ] as const)("limits the rate in LogTide %s's words", async (logtideServer, body) => {
    const sink = await start({ logtideServer, faults: { status: 429, retryAfterSeconds: 10 } });
    expect((await logtide(sink)).json()).toEqual(body);
  });

  it("speaks Trakerr's error model", async () => {
    const sink = await start({ faults: { status: 503 } });
    expect((await trakerr(sink)).json()).toEqual({ code: 503, message: 'injected fault', fields: '' });
  });

  it('fails for the share it was given', async () => {
    const draws = [0.29, 0.3, 0.99, 0];
    const sink = await start({ faults: { fail: { status: 503, ratio: 0.3 } }, random: () => draws.shift() ?? 1 });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await loggier(sink)).status);
    expect(statuses).toEqual([503, 200, 200, 503]);
    expect(sink.counts().loggier).toEqual({ requests: 4, accepted: 2, refused: 0, faulted: 2 });
  });

  it('resets the connection after reading', async () => {
    const sink = await start({ faults: { reset: true } });
    expect(await failureCode(loggier(sink))).toBe('ECONNRESET');
    expect(sink.counts().loggier.faulted).toBe(1);
  });

  it('hangs without answering, and others are answered meanwhile', async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const sink = await start({ onRequest: (request) => request.platform === 'loggier' && arrived() });
    sink.setFaults({ hang: true }, 'loggier');
    const hanging = failureCode(loggier(sink));
    await arrival;
    expect((await logtide(sink)).status).toBe(200);
    expect(sink.records()).toHaveLength(1);
    // Only closing ends it; had it been answered, failureCode would throw.
    await sink.close();
    expect(await hanging).toBe('ECONNRESET');
  });

  it('delays answers but stores at once, so an impatient client makes duplicates', async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const sink = await start({ onRecord: () => arrived() });
    // Far longer than the test may take: the answer cannot have been sent when the second one arrives.
    sink.setFaults({ latencyMillis: 3_600_000 }, 'loggier');
    const slow = failureCode(loggier(sink));
    await arrival;
    expect((await logtide(sink)).status).toBe(200);
    expect(sink.records('loggier')).toHaveLength(1);
    await sink.close();
    expect(await slow).toBe('ECONNRESET');
  });

  it('answers after the delay', async () => {
    const sink = await start({ faults: { latencyMillis: 1, status: 503 } });
    expect((await loggier(sink)).status).toBe(503);
  });
});

describe('scripted answers', () => {
  it('come before faults and checks, and are not stored', async () => {
    const script = [
      { status: 418, headers: { 'x-tea': 'green' }, body: 'short and stout' },
      { status: 200, body: { received: 0 } },
      undefined,
    ];
    const sink = await start({ respond: () => script.shift() });
    const tea = await logtide(sink);
    expect([tea.status, tea.headers['x-tea'], tea.text]).toEqual([418, 'green', 'short and stout']);
    expect((await logtide(sink)).json()).toEqual({ received: 0 });
    expect(sink.records()).toEqual([]);
    expect((await logtide(sink)).json()).toEqual({ received: 1, timestamp: expect.any(String) });
    expect(sink.counts().logtide).toEqual({ requests: 3, accepted: 1, refused: 0, faulted: 2 });
  });

  it('can cut the connection', async () => {
    const sink = await start({ respond: () => 'reset' });
    expect(await failureCode(logtide(sink))).toBe('ECONNRESET');
  });
});

describe('outages', () => {
  it('refuses connections while paused and comes back on the same port with its records', async () => {
    const sink = await start();
    const agent = new Agent({ keepAlive: true });
    await call(sink.port, { method: 'GET', path: '/health', agent });
    await logtide(sink);
    await sink.pause();
    await sink.pause();
    expect(await failureCode(logtide(sink))).toBe('ECONNREFUSED');
    await sink.resume();
    await sink.resume();
    expect((await logtide(sink)).status).toBe(200);
    expect(sink.records()).toHaveLength(2);
    agent.destroy();
  });

  it('cuts busy connections', async () => {
    const sink = await start();
    const socket = connect(sink.port, '127.0.0.1');
    const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
    socket.write('POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    // The health check goes in after the half request, so that one has been seen by then.
    await call(sink.port, { method: 'GET', path: '/health' });
    await sink.pause();
    await ended;
    expect(sink.counts().redarch.requests).toBe(0);
  });

  it('stays closed once closed', async () => {
    const sink = await start();
    await sink.close();
    await sink.close();
    await expect(sink.resume()).rejects.toThrow(/closed/);
    expect(await failureCode(logtide(sink))).toBe('ECONNREFUSED');
  });
});

describe('limits', () => {
  it('answers 413 from the header alone', async () => {
    const sink = await start();
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = connect(sink.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
      socket.write('POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 52428801\r\n\r\n');
    });
    expect(reply).toMatch(/^HTTP\/1\.1 413 /);
    expect(reply).toMatch(/connection: close/i);
    expect(reply).toContain('{"code":413,"message":"Request body is too large","fields":"body"}');
    expect(sink.counts().trakerr).toEqual({ requests: 1, accepted: 0, refused: 1, faulted: 0 });
  });

  it('answers 413 to a chunked body beyond the limit', async () => {
    const sink = await start();
    const piece = 'x'.repeat(1 << 20);
    const reply = await call(sink.port, {
      path: '/log',
      headers: { ...json, 'transfer-encoding': 'chunked' },
      body: piece.repeat(51),
    }).catch((error: NodeJS.ErrnoException) => error.code);
    // The server may cut the connection while the client is still writing; the count tells what it decided.
    expect(typeof reply === 'object' ? reply.status : reply).toSatisfy((seen: unknown) =>
      [413, 'EPIPE', 'ECONNRESET'].includes(seen as number),
    );
    expect(sink.counts().redarch.refused).toBe(1);
  });
});

describe('credentials', () => {
  it('never reach hooks or records', async () => {
    const seen: SinkRequest[] = [];
    const wrong = 'wrong-key-0123456789';
    const unrouted: string[] = [];
    const sink = await start({
      onRequest: (request) => seen.push(request),
      respond: (request) => {
        seen.push(request);
        return undefined;
      },
      onUnrouted: (_method, path) => unrouted.push(path),
    });
    await Promise.all([logtide(sink), loggier(sink), trakerr(sink)]);
    const { odysseusAppId, odysseusAppKey, loggierApiKey, logtideApiKey } = sink.credentials;
    await call(sink.port, { path: `/api/logs/${odysseusAppId}/${odysseusAppKey}`, headers: json, body: '[]' });
    await call(sink.port, { path: `/api/logs/${odysseusAppId}/${wrong}/${wrong}`, body: '[]' });
    await call(sink.port, { path: `/api/ingest/${wrong}/batch`, headers: { 'x-loggier-key': wrong }, body: '[]' });
    await call(sink.port, { path: `/api/v1/ingest?token=${logtideApiKey}`, body: '{}' });
    await call(sink.port, { path: '/log', headers: { authorization: `Bearer ${wrong}` }, body: '{}' });
    await call(sink.port, { path: '/api/v1/events', headers: json, body: `{ "apiKey" : "${wrong}" }` });
    const lost = await call(sink.port, { path: `/base/api/ingest/${loggierApiKey}?k=${wrong}`, body: '{}' });
    expect(seen).toHaveLength(18);
    const told = JSON.stringify([seen, sink.records(), unrouted, lost.text]);
    for (const secret of [odysseusAppKey, loggierApiKey, logtideApiKey, sink.credentials.trakerrApiKey, wrong]) {
      expect(told).not.toContain(secret);
    }
    expect(seen.find(({ platform }) => platform === 'redarch')?.headers.authorization).toBe('Bearer [REDACTED]');
    expect(seen.map(({ path }) => path)).toContain('/api/ingest/[REDACTED]/batch');
    expect(unrouted).toEqual(['/base/api/ingest/[REDACTED]?[REDACTED]']);
    expect(sink.records('trakerr')[0]?.record.apiKey).toBe('[REDACTED]');
  });

  it('leave the rest of a request readable', async () => {
    const seen: SinkRequest[] = [];
    const sink = await start({ onRequest: (request) => seen.push(request), now: () => 42 });
    await trakerr(sink);
    expect(seen).toEqual([
      {
        platform: 'trakerr',
        channel: 'logs',
        method: 'POST',
        path: '/api/v1/events',
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
        body: '{"apiKey":"[REDACTED]","classification":"log","eventType":"T","eventMessage":"M"}',
        bytes: expect.any(Number),
        atMillis: 42,
      },
    ]);
  });
});

describe('control endpoints', () => {
  const control = (sink: Sink, method: string, path: string, body?: string, headers = {}): Promise<Reply> =>
    call(sink.port, { method, path: `/_sink/${path}`, headers, body });

  it('tell counts and records', async () => {
    const sink = await start();
    await logtide(sink, [entry, { ...entry, message: 'second' }]);
    await loggier(sink);
    expect((await control(sink, 'GET', 'summary')).json()).toEqual(sink.counts());
    const messages = async (query: string): Promise<unknown[]> => {
      const reply = (await control(sink, 'GET', `records?${query}`)).json() as { records: { record: object }[] };
      return reply.records.map(({ record: kept }) => (kept as { message: string }).message);
    };
    expect(await messages('')).toEqual(['hello', 'second', 'hello']);
    expect(await messages('platform=logtide&limit=1')).toEqual(['second']);
    expect(await messages('channel=events')).toEqual([]);
    await control(sink, 'POST', 'clear');
    expect(await messages('')).toEqual([]);
  });

  it('set faults', async () => {
    const sink = await start();
    const set = await control(sink, 'POST', 'faults', '{"platform":"loggier","status":503}');
    expect(set.status).toBe(200);
    expect([(await loggier(sink)).status, (await logtide(sink)).status]).toEqual([503, 200]);
    await control(sink, 'POST', 'faults', '{"status":500}');
    expect([(await loggier(sink)).status, (await logtide(sink)).status]).toEqual([500, 500]);
    await control(sink, 'POST', 'faults', '{}');
    expect((await loggier(sink)).status).toBe(200);
  });

  it.each([
    ['POST', 'faults', '{"platform":"nowhere"}', /platform "nowhere" is unknown/],
    ['POST', 'faults', '{"status":"503"}', /faults\.status must be an integer/],
    ['POST', 'faults', '{"fail":{"status":503}}', /faults\.fail\.ratio/],
    ['POST', 'faults', 'nonsense', /must be JSON/],
    ['GET', 'records?limit=0', undefined, /limit/],
    ['GET', 'records?platform=x', undefined, /platform/],
  ])('explain what is wrong with %s %s %s', async (method, path, body, message) => {
    const sink = await start();
    const reply = await control(sink, method, path, body);
    expect([reply.status, (reply.json() as { error: string }).error]).toEqual([400, expect.stringMatching(message)]);
    expect((await loggier(sink)).status).toBe(200);
  });

  it('are closed to web pages', async () => {
    const sink = await start({ faults: { status: 503 } });
    const page = await control(sink, 'POST', 'faults', '{}', { origin: 'https://example.com' });
    const rebound = await control(sink, 'GET', 'summary', undefined, { host: 'example.com' });
    expect([page.status, rebound.status]).toEqual([403, 403]);
    expect((await loggier(sink)).status).toBe(503);
  });
});
