import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeadLetter } from '../../src/delivery/dead-letter.ts';
import { HttpTransport } from '../../src/delivery/http.ts';
import { expectConserved, type Rig, rig, until } from '../support/delivery-rig.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { Seen } from '../support/http-server.ts';

const has = (seen: Seen, name: string): boolean => seen.ids.includes(name);
const sorted = (names: readonly string[]): string[] => names.toSorted();
const HOUR = 3_600_000;
const TIMEOUT = 30_000;

/** Requests that the server leaves without an answer. */
class Hangs {
  readonly #rig: Rig;
  readonly #since: number[] = [];

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  hang(): 'hang' {
    this.#since.push(this.#rig.clock.now());
    return 'hang';
  }

  /** Like `Rig.pass`, but the requests without an answer are not waited for. */
  async pass(millis: number): Promise<void> {
    const { clock } = this.#rig;
    const end = clock.now() + millis;
    await this.#calm();
    while (clock.next <= end) {
      await clock.advance(clock.next - clock.now());
      await this.#calm();
    }
    await clock.advance(end - clock.now());
  }

  async #calm(): Promise<void> {
    const { clock, server, stats } = this.#rig;
    let calm = 0;
    await until(() => {
      const open = this.#since.filter((at) => clock.now() < at + TIMEOUT).length;
      const { requests } = this.#rig.stats;
      calm = server.seen.length === requests && this.#rig.finished === requests - open ? calm + 1 : 0;
      return calm > 2;
    }, `the end of the requests after ${stats.requests}`);
  }
}

describe('a record that breaks the server (fault matrix row 20b)', () => {
  it.each([1, 4])(
    'row 20b: at the head of the queue it holds nothing else up (concurrency %d)',
    async (concurrency) => {
      const it = await rig({ concurrency, maxRecords: 64 });
      const probes: number[] = [];
      it.server.answer = (seen) => {
        if (it.stats.circuit.state === 'half-open') probes.push(seen.at);
        return has(seen, 'r1') ? 500 : 200;
      };
      const names = it.emit(600);
      while (it.stats.delivered < 600 - 64) {
        await it.pass(1_000);
        expect(probes.length).toBeLessThanOrEqual(3);
        expect(it.clock.now()).toBeLessThan(60_000);
      }
      // Of its own batch the others follow, one request per ten seconds.
      await it.pass(150_000);
      expect(it.stats).toMatchObject({ delivered: 599, pending: 1, deadLettered: 0, circuit: { state: 'closed' } });
      expect(sorted(it.server.stored)).toEqual(sorted(names.slice(1)));
      const blamed = it.server.seen.filter(({ at }) => at > probes.length * 4_000 + 10_000);
      expect(Math.min(...blamed.slice(1).map(({ at }, n) => at - (blamed[n]?.at ?? 0)))).toBeGreaterThanOrEqual(10_000);
      await it.expectAlive();
    },
  );

  it('row 20b: alone it is tried every ten minutes for a day, then it becomes a dead letter', async () => {
    const letters: DeadLetter[] = [];
    const it = await rig({ maxRecords: 8, delivery: { onDeadLetter: (letter) => letters.push(letter) } });
    it.server.answer = (seen) => (has(seen, 'r3') ? 500 : 200);
    it.emit(20);
    await it.pass(HOUR / 4);
    const before = it.server.seen.length;
    await it.pass(23 * HOUR);
    expect(it.stats).toMatchObject({ delivered: 19, pending: 1, deadLettered: 0, circuit: { state: 'closed' } });
    const tries = it.server.seen.slice(before);
    expect(tries).toHaveLength(6 * 23);
    expect(tries.every(({ ids }) => ids.length === 1 && ids[0] === 'r3')).toBe(true);
    await it.pass(HOUR);
    expect(it.stats).toMatchObject({ delivered: 19, pending: 0, deadLettered: 1 });
    expect(letters).toMatchObject([{ record: { id: 'r3' }, reason: '500 at every try for 24 hours' }]);
    const { requests } = it.stats;
    await it.pass(HOUR);
    expect(it.stats.requests).toBe(requests);
    await it.expectAlive();
  });

  it('row 20b: it is delivered as soon as the server can take it', async () => {
    const it = await rig({ maxRecords: 8 });
    it.server.answer = (seen) => (has(seen, 'r3') ? 500 : 200);
    it.emit(20);
    await it.pass(HOUR);
    expect(it.stats.pending).toBe(1);
    it.server.answer = () => 200;
    await it.pass(HOUR / 6);
    expect(it.stats).toMatchObject({ delivered: 20, pending: 0, deadLettered: 0 });
    await it.expectAlive();
  });

  it('row 20b: a timeout instead of an answer is no different', async () => {
    const it = await rig({ maxRecords: 32, concurrency: 2 });
    const hangs = new Hangs(it);
    it.server.answer = (seen) => (has(seen, 'r40') ? hangs.hang() : 200);
    const names = it.emit(200);
    await hangs.pass(15 * 60_000);
    expect(it.stats).toMatchObject({ delivered: 199, pending: 1, deadLettered: 0, circuit: { state: 'closed' } });
    expect(sorted(it.server.stored)).toEqual(sorted(names.filter((name) => name !== 'r40')));
    it.server.answer = () => 200;
    await hangs.pass(15 * 60_000);
    expect(it.stats).toMatchObject({ delivered: 200, pending: 0 });
    await it.expectAlive();
  });

  it('row 20b: also where a request has one record, and with many of them', async () => {
    const it = await rig({ maxRecords: 1, concurrency: 4 });
    it.server.answer = ({ ids }) => (ids.some((id) => id.startsWith('bad')) ? 500 : 200);
    const names: string[] = [];
    for (let index = 0; index < 12; index++) {
      it.emit(1, 'bad');
      names.push(...it.emit(40));
      await it.pass(60_000);
    }
    await it.pass(HOUR);
    expect(sorted(it.server.stored)).toEqual(sorted(names));
    expect(it.stats).toMatchObject({ delivered: 480, pending: 12, deadLettered: 0, circuit: { state: 'closed' } });
    await it.expectAlive();
  });

  it('row 20b: alone in the queue it waits for others to show that the platform works', async () => {
    const it = await rig();
    it.server.answer = (seen) => (has(seen, 'r1') ? 500 : 200);
    it.emit(1);
    await it.pass(5 * HOUR);
    expect(it.stats).toMatchObject({ pending: 1, deadLettered: 0, circuit: { state: 'open' } });
    await it.expectAlive();
    expect(it.stats).toMatchObject({ delivered: 1, pending: 1, circuit: { state: 'closed' } });
    it.emit(1);
    await it.pass(25 * HOUR);
    expect(it.stats).toMatchObject({ delivered: 2, pending: 0, deadLettered: 1 });
  });

  it.each([500, 503])('row 20b: an outage of %d makes no suspects and costs no record', async (status) => {
    const it = await rig({ concurrency: 4, maxRecords: 16 });
    const names = it.emit(64);
    await it.pass(1_000);
    it.server.answer = () => status;
    names.push(...it.emit(200));
    await it.pass(6 * HOUR);
    expect(it.stats).toMatchObject({ delivered: 64, pending: 200, deadLettered: 0, circuit: { state: 'open' } });
    it.server.answer = () => 200;
    await it.expectAlive();
    // Within the two minutes of a fresh record, at the pace of a circuit that closes.
    expect(it.stats).toMatchObject({ delivered: 265, pending: 0, deadLettered: 0 });
    expect(sorted(it.server.stored.filter((name) => name.startsWith('r')))).toEqual(sorted(names));
  });

  it('row 20b: a platform that only takes the probes makes no dead letters', async () => {
    const circuitBreaker = { maxDelayMillis: 1_000 };
    const it = await rig({ concurrency: 2, maxRecords: 1, delivery: { circuitBreaker } });
    it.server.answer = () => (it.stats.circuit.state === 'half-open' ? 200 : 500);
    it.emit(200);
    await it.pass(HOUR / 6);
    expect(it.stats.deadLettered).toBe(0);
    expect(it.stats.pending).toBeGreaterThan(0);
    it.server.answer = () => 200;
    await it.expectAlive();
    await it.pass(HOUR);
    expect(it.stats).toMatchObject({ accepted: 201, delivered: 201, pending: 0 });
  });

  it.each([
    ['throttled', 'throttled', { status: 429, headers: { 'retry-after': '60' } }],
    ['refused for its key', 'held', 401],
  ] as const)(
    'row 20b: a part that is %s goes back to the queue, and the circuit hears of it',
    async (_, state, answer) => {
      const it = await rig({ maxRecords: 8 });
      it.server.answer = (seen) => (has(seen, 'r3') ? 500 : 200);
      it.emit(40);
      while (it.stats.delivered < 32) await it.pass(1_000);
      it.server.answer = () => answer;
      const { requests } = it.stats;
      while (it.stats.requests === requests) await it.pass(1_000);
      expect(it.stats).toMatchObject({ delivered: 32, pending: 8, circuit: { state } });
      await it.pass(58_000);
      expect(it.stats.requests).toBe(requests + 1);
      it.server.answer = () => 200;
      await it.expectAlive();
      expect(it.stats).toMatchObject({ delivered: 41, pending: 0 });
    },
  );

  it('row 20b: holds nothing up either where a single failure opens the circuit', async () => {
    const it = await rig({ maxRecords: 8, delivery: { circuitBreaker: { failureThreshold: 1 } } });
    it.server.answer = (seen) => (has(seen, 'r1') ? 500 : 200);
    it.emit(80);
    await it.pass(60_000);
    expect(it.stats.delivered).toBeGreaterThanOrEqual(72);
    await it.pass(180_000);
    expect(it.stats).toMatchObject({ delivered: 79, pending: 1 });
    await it.expectAlive();
  });

  it('row 20b: waits for no circuit to close when there is nobody else to probe with', async () => {
    const it = await rig({ delivery: { circuitBreaker: { failureThreshold: 1 } } });
    it.server.answer = (seen, number) => (has(seen, 'r1') && number < 6 ? 500 : 200);
    it.emit(1);
    await it.pass(1_000);
    it.emit(1);
    await it.pass(HOUR);
    // Twice and once more as the oldest, then the newest closes the circuit, and it fails again at once.
    expect(it.server.seen.map(({ ids }) => ids.join())).toEqual(['r1', 'r1', 'r1', 'r2', 'r1', 'r1']);
    expect(it.stats).toMatchObject({ delivered: 2, pending: 0, circuit: { state: 'closed' } });
  });

  it('row 20b: flush ends in time, and shutdown counts what is under suspicion', async () => {
    const it = await rig({ maxRecords: 8 });
    it.server.answer = (seen) => (has(seen, 'r3') || has(seen, 'r20') ? 500 : 200);
    it.emit(40);
    await it.pass(100_000);
    expect(it.stats.pending).toBeGreaterThan(1);
    const flushed = it.destination.flush({ timeoutMillis: 10_000 });
    const begun = it.clock.now();
    await it.pass(10_000);
    expect((await flushed).complete).toBe(false);
    expect(it.clock.now()).toBe(begun + 10_000);
    const { pending } = it.stats;
    const shutdown = it.destination.shutdown(0);
    await it.idle();
    await shutdown;
    expect(it.stats).toMatchObject({ pending: 0, dropped: { shutdown: pending } });
    expectConserved(it.stats);
  });

  it('row 20b: a shutdown in the middle of a try counts the part that was being sent', async () => {
    const it = await rig({ maxRecords: 8 });
    it.server.answer = (seen) => (has(seen, 'r3') ? 500 : 200);
    it.emit(40);
    while (it.stats.delivered < 32) await it.pass(1_000);
    it.server.answer = () => 'hang';
    const { requests } = it.stats;
    while (it.stats.requests === requests) await it.clock.advance(1_000);
    await until(() => it.server.seen.length > requests);
    const shutdown = it.destination.shutdown(1_000);
    await it.clock.advance(1_000);
    await shutdown;
    expect(it.stats).toMatchObject({ delivered: 32, pending: 0, dropped: { shutdown: 8 } });
    expectConserved(it.stats);
  });
});

describe('requests that are too much for the server', () => {
  it('halves the records of a request after a timeout and doubles them after successes', async () => {
    const it = await rig({ maxRecords: 64 });
    const hangs = new Hangs(it);
    let most = 20;
    it.server.answer = ({ ids }) => (ids.length > most ? hangs.hang() : 200);
    const names = it.emit(400);
    await hangs.pass(100_000);
    expect(it.server.seen.slice(0, 4).map(({ ids }) => ids.length)).toEqual([64, 32, 16, 16]);
    // After five successes 32 are tried again, once each time.
    await hangs.pass(600_000);
    expect(it.server.seen.map(({ ids }) => ids.length).filter((count) => count === 32).length).toBeLessThan(8);
    expect(new Set(it.server.stored)).toEqual(new Set(names));
    expect(it.stats).toMatchObject({ delivered: 400, pending: 0, deadLettered: 0 });
    most = 1_000;
    it.emit(400);
    await it.idle();
    expect(it.server.seen.at(-3)?.ids).toHaveLength(64);
    await it.expectAlive();
  });

  it('does not take its own sleep for a timeout', async () => {
    const it = await rig();
    let slept = 0;
    const clock = Object.assign(new FakeClock(), { now: () => FakeClock.prototype.now.call(clock) + slept });
    const { origin } = it.server;
    const limits = { timeoutMillis: TIMEOUT, connectTimeoutMillis: 5_000, maxConnections: 1, holdsProcess: true };
    const transport = new HttpTransport({ ...limits, origin, clock });
    onTestFinished(() => transport.close());
    it.server.answer = () => 'hang';
    for (const [millis, phase] of [
      [0, 'timeout'],
      [14_000, 'timeout'],
      [16_000, 'request'],
    ] as const) {
      const { length } = it.server.seen;
      const outcome = transport.send({ path: '/', headers: {}, body: Buffer.from('[]') });
      await until(() => it.server.seen.length > length);
      slept += millis;
      await clock.advance(TIMEOUT);
      expect(await outcome).toEqual({ kind: 'failure', reason: 'TIMEOUT', phase });
    }
  });

  it('does not halve what is refused at once or cannot be reached', async () => {
    const it = await rig({ maxRecords: 64 });
    await it.server.pause();
    it.emit(200);
    await it.pass(5_000);
    await it.server.open();
    it.server.answer = (_seen, number) => (number === 1 ? 503 : 200);
    await it.pass(120_000);
    // Nor is it probed from the young end: without a connection the content cannot be the reason.
    expect(it.server.seen.map(({ ids }) => ids.length)).toEqual([64, 64, 64, 64, 8]);
  });
});
