import { Agent } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startSink } from '../../src/sink/sink.ts';
import { call, failureCode, json } from './http.ts';
import { entry, loggier, logtide, start } from './sinks.ts';

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
