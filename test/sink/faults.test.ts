import { describe, expect, it } from 'vitest';
import { failureCode } from './http.ts';
import { loggier, logtide, start, trakerr } from './sinks.ts';

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
