import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DestinationStats } from '../../src/delivery/stats.ts';
import { judgeStatus } from '../../src/delivery/verdict.ts';
import { Destination } from '../../src/destination.ts';
import { expectConserved, fakePlatform, record, rig, serve, until } from '../support/delivery-rig.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

const sorted = (names: readonly string[]): string[] => names.toSorted();

describe('network faults (fault matrix rows 1–14)', () => {
  it('row 1: waits out ten minutes of refused connections, one probe per break', async () => {
    const attempts: number[] = [];
    const it = await rig({
      request: (body) => {
        attempts.push(it.clock.now());
        return { path: '/', headers: {}, body };
      },
    });
    await it.server.pause();
    const names = it.emit(100);
    await it.pass(600_000);
    expect(it.stats).toMatchObject({ delivered: 0, pending: 100, circuit: { state: 'open', trips: 1 } });
    expect(it.stats.circuit.reason).toBe('ECONNREFUSED');
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    // Two ordinary retries, then breaks of 0.75 s (chance 0.5) doubled up to 45 s.
    expect(gaps.slice(0, 8)).toEqual([750, 1_500, 750, 1_500, 3_000, 6_000, 12_000, 24_000]);
    expect(Math.min(...gaps.slice(8))).toBe(45_000);
    await it.server.open();
    await it.expectAlive();
    expect(sorted(it.server.stored).slice(-100)).toEqual(sorted(names));
  });

  it('row 4: gives up on a server that never answers, frees the socket, sends again', async () => {
    const it = await rig();
    it.server.answer = () => 'hang';
    it.emit(3);
    await until(() => it.server.seen.length === 1);
    await it.clock.advance(29_999);
    expect(it.finished).toBe(0);
    await it.clock.advance(1);
    await it.idle();
    expect(it.finished).toBe(1);
    await until(() => it.server.closed.has(1));
    // undici opens the next connection at once; it is never more than one.
    expect(it.server.connections - it.server.closed.size).toBeLessThanOrEqual(1);
    expect(it.stats).toMatchObject({ pending: 3, delivered: 0 });
    it.server.answer = () => 200;
    await it.expectAlive();
    expect(it.stats).toMatchObject({ delivered: 4, pending: 0 });
  });

  it('row 5: has one deadline over everything, so a byte now and then does not keep a request alive', async () => {
    const it = await rig();
    let bytes = 0;
    it.server.answer = () => (response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      const drip = setInterval(() => {
        bytes += 1;
        response.write('x');
      }, 2);
      response.on('close', () => clearInterval(drip));
    };
    it.emit(1);
    for (let second = 0; second < 30; second++) {
      const before = bytes;
      await until(() => bytes > before + 1);
      expect(it.finished).toBe(0);
      await it.clock.advance(1_000);
    }
    await it.idle();
    expect(it.finished).toBe(1);
    expect(it.stats.pending).toBe(1);
    it.server.answer = () => 200;
    await it.expectAlive();
  });

  it('row 6: sends again after a reset between body and status', async () => {
    const it = await rig();
    it.server.answer = (_seen, number) => (number <= 2 ? 'reset' : 200);
    const names = it.emit(10);
    await it.pass(10_000);
    expect(it.server.stored).toEqual(names);
    expect(it.stats).toMatchObject({ delivered: 10, requests: 3, retries: 2 });
    await it.expectAlive();
  });

  it('row 7: sends again after a reset in the middle of the upload', async () => {
    const it = await rig();
    let resets = 0;
    it.server.early = (request) => {
      if (resets === 2) return false;
      resets += 1;
      request.once('data', () => request.socket.resetAndDestroy());
      return true;
    };
    const big = 'x'.repeat(600_000);
    it.destination.accept(record(big));
    await it.pass(10_000);
    expect(it.server.stored).toEqual([big]);
    expect(it.stats).toMatchObject({ delivered: 1, requests: 3 });
    await it.expectAlive();
  });

  it('uses one connection for requests one after the other', async () => {
    const it = await rig();
    for (let index = 0; index < 10; index++) {
      it.emit();
      await it.idle();
    }
    expect(it.server.seen).toHaveLength(10);
    expect(it.server.connections).toBe(1);
  });

  it('row 8: repeats at once when the server closed a kept-alive connection, which is no failure', async () => {
    const it = await rig();
    const begun = new Set<number>();
    it.server.early = (request, connection) => {
      const reused = begun.has(connection);
      begun.add(connection);
      if (reused) request.socket.resetAndDestroy();
      return reused;
    };
    const names: string[] = [];
    for (let index = 0; index < 12; index++) {
      names.push(...it.emit());
      await it.idle();
    }
    expect(it.clock.now()).toBe(0);
    expect(it.server.stored).toEqual(names);
    expect(it.server.connections).toBe(12);
    expect(it.stats).toMatchObject({ delivered: 12, requests: 12, retries: 0, circuit: { state: 'closed', trips: 0 } });
    await it.expectAlive();
  });

  it('row 8: repeats once only', async () => {
    const it = await rig();
    it.emit();
    await it.idle();
    let resets = 0;
    it.server.early = (request) => {
      resets += 1;
      request.socket.resetAndDestroy();
      return true;
    };
    it.emit();
    await it.idle();
    expect(resets).toBe(2);
    expect(it.stats).toMatchObject({ requests: 2, pending: 1 });
    it.server.early = undefined;
    await it.expectAlive();
  });

  it('row 9: adds at most a tenth of load while 30 % of requests fail and new records wait', async () => {
    let seed = 42;
    const chance = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const fresh = new Set<string>();
    let successes = 0;
    let probes = 0;
    let checked = 0;
    const it = await rig({
      maxRecords: 10,
      concurrency: 4,
      request: (body) => {
        const { retries, circuit }: DestinationStats = it.stats;
        if (circuit.state === 'half-open') probes += 1;
        if (fresh.size < 4_000) {
          checked += 1;
          expect(retries).toBeLessThanOrEqual(10 + successes * 0.1 + probes);
        }
        return { path: '/', headers: {}, body };
      },
      judge: (answer) => {
        if (answer.status === 200) successes += 1;
        return judgeStatus(answer);
      },
    });
    it.server.answer = ({ ids }) => {
      for (const id of ids) fresh.add(id);
      return chance() < 0.3 ? 503 : 200;
    };
    const names = it.emit(4_000);
    await it.pass(900_000);
    expect(checked).toBeGreaterThan(400);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    it.server.answer = () => 200;
    await it.expectAlive();
  });

  it('row 12: never talks to a server whose certificate it cannot verify, and holds the records', async () => {
    let seen = 0;
    const tls = createServer(SELF_SIGNED, (_request, response) => {
      seen += 1;
      response.end();
    });
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void tls.close());
    const it = await rig({ origin: `https://127.0.0.1:${(tls.address() as AddressInfo).port}` });
    it.emit(5);
    await it.pass(600_000);
    expect(seen).toBe(0);
    expect(it.stats).toMatchObject({
      pending: 5,
      circuit: { state: 'held', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT', trips: 1 },
    });
    expect(it.stats.requests).toBeLessThanOrEqual(11);
    expectConserved(it.stats);
  });

  it('row 13: refuses plain http to other machines unless told otherwise', () => {
    const make = (origin: string, allowInsecure?: boolean): Destination =>
      new Destination(fakePlatform(origin), allowInsecure === undefined ? {} : { http: { allowInsecure } });
    expect(() => make('http://logs.example.com')).toThrow(TypeError);
    expect(() => make('http://logs.example.com')).toThrow('fake: http://logs.example.com');
    expect(() => make('http://127.0.0.1.evil.example')).toThrow(TypeError);
    expect(() => make('http://localhost.evil.example', false)).toThrow(TypeError);
    for (const origin of ['http://localhost:1', 'http://127.9.9.9', 'http://[::1]:9', 'https://logs.example.com']) {
      expect(make(origin).stats().accepted).toBe(0);
    }
    expect(make('http://logs.example.com', true).stats().accepted).toBe(0);
  });

  it('row 59: survives an event loop that was blocked beyond every deadline', async () => {
    const server = await serve();
    const destination = new Destination(fakePlatform(server.origin, { concurrency: 4, maxRecords: 5 }), {
      http: { timeoutMillis: 300 },
    });
    onTestFinished(() => destination.shutdown(0));
    for (let index = 0; index < 20; index++) destination.accept(record(`r${index}`));
    await until(() => server.connections === 4);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    expect(await destination.flush({ timeoutMillis: 20_000 })).toMatchObject({ complete: true });
    expect(new Set(server.stored).size).toBe(20);
    expect(destination.stats()).toMatchObject({ delivered: 20, circuit: { state: 'closed', trips: 0 } });
    expect(destination.stats().requests).toBeLessThanOrEqual(8);
    expectConserved(destination.stats());
  });
});
