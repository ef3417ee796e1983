import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import type { Attempt } from '../../src/delivery/attempt.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { MemoryQueue } from '../../src/delivery/memory-queue.ts';
import type { PartFailure } from '../../src/delivery/suspects.ts';
import { Suspects } from '../../src/delivery/suspects.ts';
import { Suspicion } from '../../src/delivery/suspicion.ts';
import type { Verdict } from '../../src/delivery/verdict.ts';
import { FakeClock } from '../support/fake-clock.ts';

const PERMIT = { generation: 0, probe: false, small: false };
const PROBE = { ...PERMIT, probe: true };
const attempt = (verdict: Verdict, aborted = false): Attempt => ({
  verdict,
  aborted,
  retryAfterMillis: undefined,
  timedOut: false,
});
const DELIVERED = attempt({ kind: 'delivered' });
const SERVER_ERROR = attempt({ kind: 'transient', reason: '500' });
const FAILED: PartFailure = { reason: '500', retryAfterMillis: undefined };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function namesOf(batch: Batch): readonly string[] {
  const bytes = Buffer.alloc(batch.bytes + batch.count - 1);
  batch.copy(bytes, 0);
  return JSON.parse(`[${bytes.toString('utf8')}]`) as string[];
}

/** Suspects before a platform that the test plays. */
class Scene {
  readonly clock = new FakeClock();
  readonly queue = new MemoryQueue(new ByteBudget(1_000_000), () => {});
  readonly delivered: string[] = [];
  readonly givenUp: { readonly name: string; readonly reason: string; readonly at: number }[] = [];
  readonly requests: { readonly at: number; readonly names: readonly string[] }[] = [];
  fails: (names: readonly string[]) => boolean = () => false;
  failure = FAILED;
  readonly suspects = new Suspects({
    queue: this.queue,
    clock: this.clock,
    giveUp: (record, reason) => {
      for (const name of namesOf(record)) this.givenUp.push({ name, reason, at: this.clock.now() });
      this.queue.acknowledge(record);
    },
  });

  /** Appends records and takes them as one batch. */
  batch(names: readonly string[]): Batch {
    for (const name of names) this.queue.append(JSON.stringify(name));
    return this.queue.take({ maxRecords: names.length, maxBytes: 1_000_000 }) as Batch;
  }

  admit(names: readonly string[]): boolean {
    const batch = this.batch(names);
    const admitted = this.suspects.admit(batch);
    if (!admitted) this.queue.release(batch);
    return admitted;
  }

  examine(): Promise<void> {
    return this.suspects.examine(async (part) => {
      const names = namesOf(part);
      this.requests.push({ at: this.clock.now(), names });
      if (this.fails(names)) return this.failure;
      this.delivered.push(...names);
      this.queue.acknowledge(part);
      this.suspects.heard(DELIVERED, PERMIT);
      return undefined;
    });
  }

  /** A request that fails when it is told to. */
  underWay(): { readonly fail: () => void; readonly examined: Promise<void> } {
    let fail = (): void => {};
    const failure = new Promise<PartFailure>((resolve) => {
      fail = () => resolve(FAILED);
    });
    return { examined: this.suspects.examine(() => failure), fail: () => fail() };
  }

  /** Lets time pass, with a request whenever one is due. */
  async pass(millis: number, others = false): Promise<void> {
    const end = this.clock.now() + millis;
    while (this.suspects.dueAt <= end) {
      await this.clock.advance(Math.max(0, this.suspects.dueAt - this.clock.now()));
      if (others) this.suspects.heard(DELIVERED, PERMIT);
      await this.examine();
    }
    await this.clock.advance(end - this.clock.now());
  }

  /** What waits in the queue. */
  waiting(): readonly string[] {
    const batches: Batch[] = [];
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) batches.push(batch);
    const names = batches.flatMap(namesOf);
    for (const batch of batches) this.queue.release(batch);
    return names;
  }

  #take(): Batch | undefined {
    return this.queue.take({ maxRecords: 1_000, maxBytes: 1_000_000 });
  }
}

const range = (count: number, prefix = 'r'): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe('Suspicion', () => {
  const often = { attempts: 2 } as Batch;
  const rarely = { attempts: 1 } as Batch;
  const having = (...heard: readonly Attempt[]): Suspicion => {
    const suspicion = new Suspicion();
    for (const one of heard) suspicion.heard(one);
    return suspicion;
  };

  it('falls on what failed often although others were just delivered', () => {
    expect(having(DELIVERED).fallsOn(often, PERMIT, SERVER_ERROR)).toBe(true);
    expect(having(DELIVERED, SERVER_ERROR).fallsOn(often, PERMIT, SERVER_ERROR)).toBe(true);
  });

  it('falls on nothing else', () => {
    expect(having(DELIVERED).fallsOn(rarely, PERMIT, SERVER_ERROR)).toBe(false);
    expect(having(DELIVERED).fallsOn(often, PROBE, SERVER_ERROR)).toBe(false);
    expect(having().fallsOn(often, PERMIT, SERVER_ERROR)).toBe(false);
    expect(having(DELIVERED, SERVER_ERROR, SERVER_ERROR).fallsOn(often, PERMIT, SERVER_ERROR)).toBe(false);
    for (const other of [
      attempt({ kind: 'transient', reason: 'ECONNREFUSED', connect: true }),
      attempt({ kind: 'transient', reason: 'TIMEOUT' }, true),
      attempt({ kind: 'throttled', reason: '429' }),
      attempt({ kind: 'held', reason: '401' }),
      DELIVERED,
    ]) {
      expect(having(DELIVERED).fallsOn(often, PERMIT, other)).toBe(false);
      expect(having(DELIVERED, other, other).fallsOn(often, PERMIT, SERVER_ERROR)).toBe(true);
    }
  });
});

describe('Suspects', () => {
  it('sends the whole batch first, then halves, oldest first, one request per ten seconds', async () => {
    const scene = new Scene();
    scene.fails = (names) => names.includes('r2');
    scene.admit(range(8));
    expect(scene.suspects.dueAt).toBe(10_000);
    await scene.pass(MINUTE);
    expect(scene.requests).toEqual([
      { at: 10_000, names: range(8) },
      { at: 20_000, names: ['r0', 'r1', 'r2', 'r3'] },
      { at: 30_000, names: ['r0', 'r1'] },
      { at: 40_000, names: ['r2', 'r3'] },
      { at: 50_000, names: ['r2'] },
      { at: 60_000, names: ['r3'] },
    ]);
    await scene.pass(10_000);
    expect(scene.requests.at(-1)?.names).toEqual(['r4', 'r5', 'r6', 'r7']);
    expect(scene.queue.taken).toBe(1);
    // The parked one: ten minutes after it failed alone.
    expect(scene.suspects.dueAt).toBe(50_000 + 10 * MINUTE);
  });

  it('gives a record up after a day, and no other', async () => {
    const scene = new Scene();
    scene.fails = (names) => names.includes('r2');
    scene.admit(range(8));
    await scene.pass(DAY - 1_000);
    expect(scene.givenUp).toEqual([]);
    await scene.pass(11 * MINUTE);
    expect(scene.givenUp).toMatchObject([{ name: 'r2', reason: '500 at every try for 24 hours' }]);
    expect(scene.givenUp[0]?.at).toBeGreaterThanOrEqual(DAY);
    expect(scene.queue.taken).toBe(0);
    expect(scene.suspects.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives nothing up while nothing else was delivered since the suspicion arose', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.admit(['r0']);
    await scene.pass(3 * DAY);
    expect(scene.givenUp).toEqual([]);
    scene.suspects.heard(SERVER_ERROR, PERMIT);
    scene.suspects.heard(DELIVERED, PROBE);
    await scene.pass(10 * MINUTE);
    expect(scene.givenUp).toEqual([]);
    scene.suspects.heard(DELIVERED, PERMIT);
    await scene.pass(10 * MINUTE);
    expect(scene.givenUp).toHaveLength(1);
  });

  it('finds a record that is the oldest of many although nothing else is delivered', async () => {
    const scene = new Scene();
    scene.fails = (names) => names.includes('r0');
    scene.admit(range(512));
    await scene.pass(5 * MINUTE);
    expect(scene.delivered.toSorted()).toEqual(range(512).slice(1).toSorted());
    expect(scene.requests).toHaveLength(10 + 9);
    expect(scene.queue.taken).toBe(1);
  });

  it('lets everything go when more parts fail in a row than one record can be the reason for', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.admit(range(16));
    scene.admit(range(16, 's'));
    await scene.pass(5 * MINUTE);
    expect(scene.requests).toHaveLength(6);
    expect(scene.queue).toMatchObject({ waiting: 31, taken: 1 });
    expect(scene.givenUp).toEqual([]);
  });

  it('goes on as long as others are delivered', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.admit(range(16));
    await scene.pass(6 * MINUTE, true);
    expect(scene.requests).toHaveLength(31);
    expect(scene.queue).toMatchObject({ waiting: 0, taken: 16 });
  });

  it('takes eight batches and no more', () => {
    const scene = new Scene();
    const admitted = Array.from({ length: 10 }, (_, n) => scene.admit(range(2, `b${n}.`)));
    expect(admitted).toEqual([...Array(8).fill(true), false, false]);
    expect(scene.queue).toMatchObject({ waiting: 4, taken: 16 });
  });

  it('keeps 64 parked records, and gives up the one that is longest under suspicion for a further one', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    for (let round = 0; round < 9; round++) {
      scene.admit(range(8, `b${round}.`));
      // The tries of those that are parked come between.
      await scene.pass(4 * MINUTE, true);
    }
    await scene.pass(HOUR, true);
    expect(scene.givenUp).toHaveLength(8);
    expect(scene.givenUp.map(({ name }) => name).toSorted()).toEqual(range(8, 'b0.'));
    expect(scene.givenUp[0]?.reason).toBe('500, like too many others');
    expect(scene.queue).toMatchObject({ waiting: 0, taken: 64 });
  });

  it('lets the one longest under suspicion go when nothing speaks against it', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    for (let index = 0; index < 64; index++) {
      scene.admit([`r${index}`]);
      await scene.pass(10 * MINUTE);
    }
    expect(scene.queue).toMatchObject({ waiting: 0, taken: 64 });
    scene.admit(['last']);
    await scene.pass(10 * MINUTE);
    expect(scene.waiting()).toEqual(['r0']);
    expect(scene.queue.taken).toBe(64);
    expect(scene.givenUp).toEqual([]);
  });

  it('counts failures anew for a new suspect', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.admit(range(16));
    await scene.pass(2 * MINUTE);
    expect(scene.requests).toHaveLength(6);
    scene.admit(range(16, 's'));
    await scene.pass(30_000);
    expect(scene.requests.map(({ names }) => names.length)).toEqual([16, 8, 4, 2, 1, 1, 16, 8, 4]);
  });

  it('releases a parked record that is being sent when it is stopped', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.admit(['r0']);
    await scene.pass(10_000);
    await scene.clock.advance(10 * MINUTE);
    const { fail, examined } = scene.underWay();
    scene.suspects.stop();
    expect(scene.queue.taken).toBe(1);
    fail();
    await examined;
    expect(scene.waiting()).toEqual(['r0']);
  });

  it('waits as long as the platform asks', async () => {
    const scene = new Scene();
    scene.fails = () => true;
    scene.failure = { reason: '503', retryAfterMillis: 90_000 };
    scene.admit(range(4));
    await scene.pass(10_000);
    expect(scene.requests).toHaveLength(1);
    expect(scene.suspects.dueAt).toBe(100_000);
  });

  it('a part that is settled elsewhere is gone, the others go on', async () => {
    const scene = new Scene();
    scene.admit(range(4));
    await scene.clock.advance(10_000);
    await scene.suspects.examine(async () => FAILED);
    await scene.clock.advance(10_000);
    await scene.suspects.examine(async (part) => void scene.queue.release(part));
    expect(scene.waiting()).toEqual(['r0', 'r1']);
    await scene.pass(10_000);
    expect(scene.delivered).toEqual(['r2', 'r3']);
  });

  it('releases everything when it is stopped, the part under way once it has failed', async () => {
    const scene = new Scene();
    scene.fails = (names) => names.includes('r0');
    scene.admit(range(1));
    await scene.pass(10_000);
    scene.admit(range(4, 's'));
    scene.admit(range(4, 't'));
    await scene.clock.advance(10_000);
    const { fail, examined } = scene.underWay();
    expect(scene.suspects.dueAt).toBe(Number.POSITIVE_INFINITY);
    scene.suspects.stop();
    expect(scene.queue.taken).toBe(4);
    fail();
    await examined;
    expect(scene.queue).toMatchObject({ waiting: 9, taken: 0 });
    expect(scene.admit(['u'])).toBe(false);
    expect(scene.suspects.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('releases the part under way, too, when everything was released meanwhile', async () => {
    const scene = new Scene();
    scene.admit(range(4));
    const { fail, examined } = scene.underWay();
    scene.suspects.release();
    scene.admit(range(2, 's'));
    fail();
    await examined;
    expect(scene.waiting()).toEqual(range(4));
    expect(scene.queue.taken).toBe(2);
  });

  it('loses nothing, keeps its pace and its bounds, whatever happens', async () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant('admit' as const), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant('pass' as const), millis: fc.nat(DAY / 4) }),
      fc.record({ kind: fc.constant('outage' as const), on: fc.boolean() }),
      fc.record({ kind: fc.constant('delivered' as const) }),
      fc.record({ kind: fc.constant('release' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), fc.nat(9), async (events, poisonous) => {
        const scene = new Scene();
        let outage = false;
        let named = 0;
        let proofs = 0;
        const admittedAt = new Map<string, number>();
        scene.fails = (names) => {
          const fails = outage || names.some((name) => name.endsWith(String(poisonous)));
          if (!fails) proofs += 1;
          return fails;
        };
        for (const step of events) {
          if (step.kind === 'admit') {
            const names = Array.from({ length: step.count }, () => {
              named += 1;
              return `r${named}`;
            });
            for (const name of names) admittedAt.set(name, proofs);
            scene.admit(names);
          } else if (step.kind === 'pass') await scene.pass(step.millis);
          else if (step.kind === 'outage') outage = step.on;
          else if (step.kind === 'release') scene.suspects.release();
          else {
            proofs += 1;
            scene.suspects.heard(DELIVERED, PERMIT);
          }
          expect(scene.queue.taken).toBeLessThanOrEqual(8 * 40 + 64);
          // Nothing is given up that nothing speaks against.
          for (const { name } of scene.givenUp) expect(proofs).toBeGreaterThan(admittedAt.get(name) ?? 0);
        }
        const { requests } = scene;
        const gaps = requests.slice(1).map(({ at }, n) => at - (requests[n]?.at ?? 0));
        expect(Math.min(10_000, ...gaps)).toBe(10_000);
        scene.suspects.stop();
        expect(scene.queue.taken).toBe(0);
        const ended = [...scene.delivered, ...scene.givenUp.map(({ name }) => name)];
        expect(scene.queue.waiting + ended.length).toBe(named);
        expect(new Set([...ended, ...scene.waiting()]).size).toBe(named);
      }),
      { numRuns: 150 },
    );
  });
});
