import { describe, expect, it, onTestFinished } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import { Attempter } from '../../src/delivery/attempt.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { CIRCUIT_BREAKER_DEFAULTS, CircuitBreaker } from '../../src/delivery/circuit-breaker.ts';
import { Diagnostics } from '../../src/delivery/diagnostics.ts';
import { HttpTransport } from '../../src/delivery/http.ts';
import { isolate } from '../../src/delivery/isolate.ts';
import { Ledger } from '../../src/delivery/ledger.ts';
import { MemoryQueue } from '../../src/delivery/memory-queue.ts';
import type { Queue, TakeOptions } from '../../src/delivery/queue.ts';
import { Sender } from '../../src/delivery/sender.ts';
import { Settlement } from '../../src/delivery/settlement.ts';
import type { Verdict } from '../../src/delivery/verdict.ts';
import { fakeChannel, serve, until } from '../support/delivery-rig.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';
import type { TestServer } from '../support/http-server.ts';

/** A queue whose records are not always at hand, as those in files are not. */
class LateQueue implements Queue {
  readonly #queue = new MemoryQueue(new ByteBudget(1_000_000), () => {});
  /** Whether records can be handed out, and from which end. */
  atHand: 'all' | 'old' | 'none' = 'none';
  takes = 0;

  get waiting(): number {
    return this.#queue.waiting;
  }
  get taken(): number {
    return this.#queue.taken;
  }
  checkpoint(): () => boolean {
    return this.#queue.checkpoint();
  }
  append(text: string): boolean {
    return this.#queue.append(text);
  }
  appendTaken(text: string): Batch | undefined {
    return this.#queue.appendTaken(text);
  }
  take(options: TakeOptions): Batch | undefined {
    this.takes += 1;
    const late = this.atHand === 'none' || (this.atHand === 'old' && options.newest);
    return late ? undefined : this.#queue.take(options);
  }
  split(batch: Batch, count: number): readonly [Batch, Batch] {
    return this.#queue.split(batch, count);
  }
  acknowledge(batch: Batch): void {
    this.#queue.acknowledge(batch);
  }
  release(batch: Batch): void {
    this.#queue.release(batch);
  }
  clear(): number {
    return this.#queue.clear();
  }
}

interface Scene {
  readonly clock: FakeClock;
  readonly queue: LateQueue;
  readonly server: TestServer;
  readonly breaker: CircuitBreaker;
  readonly ledger: Ledger;
  readonly sender: Sender;
  emit(count: number): void;
  /** Waits until no request is under way. */
  idle(): Promise<void>;
}

async function scene({ maxDelayMillis = 0, maxRecords = 64 } = {}): Promise<Scene> {
  const clock = new FakeClock();
  const server = await serve(() => clock.now());
  const queue = new LateQueue();
  const ledger = new Ledger();
  const { codec, endpoint } = fakeChannel(server.origin);
  const diagnostics = new Diagnostics('fake', clock);
  const breaker = new CircuitBreaker(CIRCUIT_BREAKER_DEFAULTS, clock);
  const transport = new HttpTransport({
    origin: server.origin,
    maxConnections: 1,
    timeoutMillis: 30_000,
    connectTimeoutMillis: 5_000,
    holdsProcess: true,
    clock,
  });
  onTestFinished(() => transport.close());
  const attempter = new Attempter({
    codec,
    endpoint,
    transport,
    clock,
    maxRetryAfterMillis: 900_000,
    metrics: undefined,
  });
  const onProgress = (): void => {};
  const settlement = new Settlement({
    queue,
    codec,
    attempter,
    ledger,
    diagnostics,
    clock,
    maxBytes: 1_000_000,
    onDeadLetter: () => {},
    onProgress,
  });
  const sender = new Sender({
    queue,
    attempter,
    settlement,
    breaker,
    clock,
    diagnostics,
    maxRecords,
    maxDelayMillis,
    concurrency: 1,
    onProgress,
  });
  onTestFinished(() => sender.stop());
  let named = 0;
  return {
    clock,
    queue,
    server,
    breaker,
    ledger,
    sender,
    emit(count) {
      for (let index = 0; index < count; index++) {
        named += 1;
        ledger.accept(1);
        queue.append(JSON.stringify({ id: `r${named}` }));
        sender.wake();
      }
    },
    async idle() {
      let calm = 0;
      await until(() => {
        calm = sender.inFlight === 0 ? calm + 1 : 0;
        return calm > 2;
      }, 'the end of all requests');
      await turn();
    },
  };
}

describe('records that are not at hand yet', () => {
  it('are asked for once, and again when they are there', async () => {
    const it = await scene();
    it.emit(3);
    await it.idle();
    expect(it.queue.takes).toBe(1);
    await it.clock.advance(3_600_000);
    expect(it.queue.takes).toBe(1);
    it.queue.atHand = 'all';
    it.sender.poke();
    await it.idle();
    expect(it.server.stored).toEqual(['r1', 'r2', 'r3']);
    expect(it.queue.takes).toBe(2);
  });

  it('go as soon as they are there when they have waited for company before', async () => {
    const it = await scene({ maxDelayMillis: 5_000 });
    it.emit(3);
    await it.clock.advance(4_999);
    expect(it.queue.takes).toBe(0);
    await it.clock.advance(1);
    expect(it.queue.takes).toBe(1);
    await it.clock.advance(500);
    it.queue.atHand = 'all';
    it.sender.poke();
    await it.idle();
    expect(it.server.seen.map(({ at, ids }) => [at, ids.length])).toEqual([[5_500, 3]]);
    // The next ones wait for company again, from when they came.
    await it.clock.advance(1_000);
    it.emit(1);
    await it.clock.advance(4_999);
    expect(it.server.seen).toHaveLength(1);
    await it.clock.advance(1);
    await it.idle();
    expect(it.server.seen).toHaveLength(2);
  });

  it('are no reason to send before company has come', async () => {
    const it = await scene({ maxDelayMillis: 5_000 });
    it.queue.atHand = 'all';
    it.emit(3);
    it.sender.poke();
    await it.idle();
    expect(it.server.seen).toHaveLength(0);
    await it.clock.advance(5_000);
    await it.idle();
    expect(it.server.stored).toHaveLength(3);
  });

  it('hold up no probe: it is made when they are there', async () => {
    const it = await scene();
    it.queue.atHand = 'all';
    it.server.answer = () => 401;
    it.emit(3);
    await it.idle();
    expect(it.breaker.state).toBe('held');
    it.server.answer = () => 200;
    it.queue.atHand = 'none';
    await it.clock.advance(60_000);
    await it.idle();
    expect(it.breaker.state).toBe('held');
    it.queue.atHand = 'all';
    it.sender.poke();
    await it.idle();
    expect(it.breaker.state).toBe('closed');
    expect(it.server.stored).toHaveLength(3);
    // The probe that did not come about has not changed its end of the queue.
    expect(it.server.seen[1]?.ids).toEqual(['r1']);
  });

  it('cost no wait when the budget of retries is spent', async () => {
    const it = await scene();
    it.queue.atHand = 'all';
    it.server.answer = (_seen, number) => (number % 4 === 0 ? 200 : 503);
    // Three failures before each success spend the budget of ten.
    while (it.server.seen.length < 24) {
      it.emit(1);
      await it.clock.advance(10_000);
      await it.idle();
    }
    expect(it.breaker.state).toBe('closed');
    it.server.answer = () => 503;
    const { length } = it.server.seen;
    it.emit(1);
    while (it.server.seen.length === length) {
      await it.clock.advance(50);
      await it.idle();
    }
    it.server.answer = () => 200;
    it.queue.atHand = 'none';
    const { takes } = it.queue;
    while (it.queue.takes === takes) await it.clock.advance(50);
    it.queue.atHand = 'all';
    const now = it.clock.now();
    it.sender.poke();
    await it.idle();
    expect(it.server.seen.at(length + 1)?.at).toBe(now);
  });

  it('may prove that a refused record is to blame, so none is given up without them', async () => {
    const it = await scene({ maxRecords: 1 });
    it.queue.atHand = 'old';
    it.server.answer = ({ ids }) => (ids.includes('r1') ? 400 : 200);
    it.emit(5);
    await it.idle();
    expect(it.ledger).toMatchObject({ deadLettered: 0, delivered: 0 });
    // It is tried again soon, and the circuit is not held as it would be if everything were refused.
    expect(it.breaker.state).toBe('closed');
    it.queue.atHand = 'all';
    await it.clock.advance(1_000);
    await it.idle();
    expect(it.ledger).toMatchObject({ deadLettered: 1, delivered: 4 });
  });

  it('are not waited for where there are none', async () => {
    const it = await scene({ maxRecords: 1 });
    it.queue.atHand = 'old';
    it.server.answer = () => 400;
    it.emit(1);
    await it.idle();
    expect(it.ledger).toMatchObject({ deadLettered: 1 });
  });
});

describe('isolate without a control record at hand', () => {
  const batch = (ids: readonly number[]): Batch & { ids: readonly number[] } => ({
    ids,
    count: ids.length,
    bytes: ids.length,
    attempts: 0,
    copy: (_target, offset) => offset,
  });
  const idsOf = (of: Batch): readonly number[] => (of as Batch & { ids: readonly number[] }).ids;

  const run = async (ids: readonly number[], judge: (ids: readonly number[]) => Verdict) => {
    const released: number[] = [];
    const dead: number[] = [];
    const result = await isolate(batch(ids), '400', {
      send: async (part) => judge(idsOf(part)),
      split: (part, at) => [batch(idsOf(part).slice(0, at)), batch(idsOf(part).slice(at))],
      takeControl: () => 'later',
      delivered: () => {},
      dead: (part) => dead.push(...idsOf(part)),
      release: (part) => released.push(...idsOf(part)),
      mayGiveUpUnproven: () => true,
    });
    return { result, released: released.toSorted(), dead };
  };

  it('decides nothing on a single record, nor when all others it has are refused too', async () => {
    const judge = (): Verdict => ({ kind: 'refused', reason: '400' });
    expect(await run([1], judge)).toEqual({ result: { kind: 'undecided' }, released: [1], dead: [] });
    expect(await run([1, 2, 3], judge)).toEqual({ result: { kind: 'undecided' }, released: [1, 2, 3], dead: [] });
  });

  it('takes the other half of the same batch for proof', async () => {
    const judge = (ids: readonly number[]): Verdict =>
      ids.includes(1) ? { kind: 'refused', reason: '400' } : { kind: 'delivered' };
    expect(await run([1, 2], judge)).toEqual({ result: { kind: 'settled' }, released: [], dead: [1] });
  });
});
