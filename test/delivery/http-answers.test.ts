import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../src/delivery/endpoint.ts';
import { judgeStatus } from '../../src/delivery/verdict.ts';
import { rig, serve, until } from '../support/delivery-rig.ts';
import type { Seen } from '../support/http-server.ts';

const gapsOf = (seen: readonly Seen[]): number[] => seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? 0));

describe('answers (fault matrix rows 15–19, 26–29)', () => {
  it.each([500, 502, 503, 504, 408, 425, 599])(
    'row 15: backs off from %d, opens after five, resumes',
    async (status) => {
      const it = await rig({ randoms: [0] });
      it.server.answer = () => status;
      const names = it.emit(20);
      await it.pass(7_499);
      expect(it.server.seen).toHaveLength(4);
      expect(it.stats.circuit).toEqual({ state: 'closed', trips: 0 });
      await it.pass(1);
      expect(it.stats.circuit).toEqual({ state: 'open', reason: String(status), trips: 1 });
      await it.pass(60_000);
      expect(gapsOf(it.server.seen)).toEqual(
        [500, 1_000, 2_000, 4_000, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000].slice(0, it.server.seen.length - 1),
      );
      it.server.answer = () => 200;
      await it.expectAlive();
      expect(it.server.stored.filter((name) => name.startsWith('r'))).toEqual(names);
      expect(it.stats).toMatchObject({ delivered: 21, pending: 0, circuit: { state: 'closed', trips: 1 } });
    },
  );

  it('row 16: sends nothing within Retry-After of a 429, and does not open the circuit', async () => {
    const it = await rig({ concurrency: 4, maxRecords: 10 });
    it.server.answer = (_seen, number) => (number <= 3 ? { status: 429, headers: { 'retry-after': '5' } } : 200);
    const names = it.emit(10);
    await it.pass(4_999);
    it.emit(10);
    expect(it.server.seen).toHaveLength(1);
    expect(it.stats.circuit).toEqual({ state: 'throttled', reason: '429', trips: 0 });
    await it.pass(60_000);
    expect(Math.min(...gapsOf(it.server.seen).slice(0, 3))).toBeGreaterThanOrEqual(5_000);
    expect(it.server.stored.slice(0, 10)).toEqual(names);
    expect(it.stats).toMatchObject({ delivered: 20, circuit: { state: 'closed', trips: 0 } });
    await it.expectAlive();
  });

  it('row 16: waits out the Retry-After of a 503, too, which does count as a failure', async () => {
    const it = await rig();
    it.server.answer = () => ({ status: 503, headers: { 'retry-after': '20' } });
    it.emit();
    await it.pass(80_000);
    expect(gapsOf(it.server.seen)).toEqual([20_000, 20_000, 20_000, 20_000]);
    expect(it.stats.circuit.state).toBe('open');
    it.server.answer = () => 200;
    await it.expectAlive();
  });

  it.each([
    '0',
    '-5',
    'abc',
    '1e9',
    '1000000000000',
    '999999999',
    '',
    '120, 5',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Thu, 01 Jan 2099 00:00:00 GMT',
  ])('row 17: neither spins nor sleeps for ever on Retry-After: %j', async (value) => {
    const it = await rig({ randoms: [0] });
    it.server.answer = () => ({ status: 429, headers: { 'retry-after': value } });
    it.emit();
    await it.pass(120_000);
    expect(Math.min(Number.POSITIVE_INFINITY, ...gapsOf(it.server.seen))).toBeGreaterThanOrEqual(500);
    it.server.answer = () => 200;
    await it.pass(900_000);
    expect(it.stats).toMatchObject({ delivered: 1, pending: 0 });
    await it.expectAlive();
  });

  it.each([401, 403, 404, 405, 407, 410, 415, 501, 301, 304])(
    'rows 18, 19: holds for an hour of %d with one small probe a minute, then delivers all',
    async (status) => {
      const it = await rig({ concurrency: 4, maxRecords: 10 });
      it.server.answer = () => status;
      const names = it.emit(100);
      await it.idle();
      // Up to `concurrency` requests were under way before the first answer came.
      const begun = it.server.seen.length;
      expect(begun).toBeLessThanOrEqual(4);
      await it.pass(3_600_000);
      const probes = it.server.seen.slice(begun);
      expect(probes).toHaveLength(60);
      expect(Math.min(...gapsOf(probes))).toBeGreaterThanOrEqual(60_000);
      expect(Math.max(...probes.map(({ ids }) => ids.length))).toBe(1);
      expect(it.stats).toMatchObject({
        pending: 100,
        deadLettered: 0,
        circuit: { state: 'held', reason: String(status), trips: 1 },
      });
      it.server.answer = () => 200;
      await it.expectAlive();
      expect(it.server.stored.filter((name) => name.startsWith('r')).toSorted()).toEqual(names.toSorted());
    },
  );

  it.each([402, 507])('waits five minutes between probes for a quota (%d)', async (status) => {
    const it = await rig();
    it.server.answer = () => status;
    it.emit();
    await it.pass(1_499_000);
    expect(gapsOf(it.server.seen)).toEqual([300_000, 300_000, 300_000, 300_000]);
    it.server.answer = () => 200;
    await it.pass(300_000);
    await it.expectAlive();
  });

  it.each([301, 302, 307, 308])('row 26: never follows a redirect (%d) to another host', async (status) => {
    const it = await rig();
    const other = await serve();
    it.server.answer = () => ({ status, headers: { location: `${other.origin}/logs` } });
    it.emit(3);
    await it.pass(300_000);
    expect(other.connections).toBe(0);
    expect(it.stats).toMatchObject({ pending: 3, circuit: { state: 'held', reason: String(status) } });
    it.server.answer = () => 200;
    await it.expectAlive();
    expect(other.connections).toBe(0);
  });

  it('row 27: reads 64 KiB of an endless answer, uses its status and hangs up', async () => {
    const bodies: number[] = [];
    const judge = (answer: HttpAnswer): ReturnType<typeof judgeStatus> => {
      bodies.push(answer.body.length);
      return judgeStatus(answer);
    };
    const it = await rig({ judge });
    let closed = false;
    it.server.answer = () => (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(16_384, 'x');
      const more = (): void => {
        if (closed) return;
        if (response.write(chunk)) setImmediate(more);
        else response.once('drain', more);
      };
      response.on('close', () => {
        closed = true;
      });
      more();
    };
    it.emit(2);
    await until(() => closed);
    await it.idle();
    expect(bodies).toEqual([65_536]);
    expect(it.clock.now()).toBe(0);
    expect(it.stats).toMatchObject({ delivered: 2, pending: 0 });
    it.server.answer = () => 200;
    await it.expectAlive();
  });

  it('row 27: does not inflate a compressed answer, and asks for none', async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    const bodies: string[] = [];
    const it = await rig({
      judge: (answer) => {
        bodies.push(answer.body);
        return judgeStatus(answer);
      },
    });
    it.server.answer = () => (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length });
      response.end(bomb);
    };
    it.emit();
    await it.idle();
    expect(it.server.seen[0]?.headers['accept-encoding']).toBeUndefined();
    expect(bodies[0]?.length).toBeLessThanOrEqual(bomb.length);
    expect(it.stats.delivered).toBe(1);
  });

  it('row 28: takes 204 as stored', async () => {
    const it = await rig();
    it.server.answer = () => 204;
    const names = it.emit(3);
    await it.idle();
    expect(it.server.stored).toEqual(names);
    expect(it.stats.delivered).toBe(3);
  });

  it('row 28: waits for the final answer after an interim one', async () => {
    const it = await rig();
    it.server.answer = (_seen, number) => (response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(number === 1 ? 503 : 200).end();
    };
    it.emit(3);
    await it.idle();
    expect(it.stats).toMatchObject({ delivered: 0, pending: 3 });
    await it.pass(2_000);
    expect(it.stats).toMatchObject({ delivered: 3, requests: 2 });
  });

  it('row 28: keeps its records when a server switches protocols', async () => {
    const it = await rig();
    it.server.answer = () => (response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    };
    it.emit(3);
    await until(() => it.finished > 0);
    expect(it.stats).toMatchObject({ delivered: 0, pending: 3 });
    it.server.answer = () => 200;
    await it.expectAlive();
  });

  it('row 29: works with a server that closes each connection', async () => {
    const it = await rig();
    it.server.answer = () => ({ status: 200, headers: { connection: 'close' } });
    const names: string[] = [];
    for (let index = 0; index < 5; index++) {
      names.push(...it.emit());
      await it.idle();
    }
    expect(it.server.stored).toEqual(names);
    expect(it.server.connections).toBe(5);
    expect(it.stats).toMatchObject({ requests: 5, retries: 0 });
  });

  it('row 29: works with HTTP/1.0 answers that end with the connection', async () => {
    const it = await rig();
    it.server.answer = () => (response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\n\r\nfine');
    };
    for (let index = 0; index < 5; index++) {
      it.emit();
      await it.idle();
    }
    expect(it.stats).toMatchObject({ delivered: 5, requests: 5, retries: 0 });
  });
});
