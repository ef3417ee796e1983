import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Permit } from '../../src/delivery/circuit-breaker.ts';
import { CIRCUIT_BREAKER_DEFAULTS, CircuitBreaker } from '../../src/delivery/circuit-breaker.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A clock without a calendar: whoever asks for the date fails the test. */
class MonotonicOnly extends FakeClock {
  override wallNow(): number {
    throw new Error('the circuit breaker looked at the wall clock');
  }
}

interface Fixture {
  readonly clock: FakeClock;
  readonly breaker: CircuitBreaker;
  /** A permit that must be given. */
  permit(): Permit;
  /** Milliseconds until a permit is given; 0 when at once. */
  wait(): number;
}

function fixture(...randoms: readonly number[]): Fixture {
  const clock = new MonotonicOnly(...(randoms.length === 0 ? [0] : randoms));
  const breaker = new CircuitBreaker(CIRCUIT_BREAKER_DEFAULTS, clock);
  return {
    clock,
    breaker,
    permit() {
      const permit = breaker.admit(clock.now());
      if ('retryAt' in permit) throw new Error(`not admitted before ${permit.retryAt}`);
      return permit;
    },
    wait() {
      const permit = breaker.admit(clock.now());
      if ('retryAt' in permit) return permit.retryAt - clock.now();
      breaker.unused(permit);
      return 0;
    },
  };
}

/** Opens the circuit with five failures in a row. */
async function open({ clock, permit, breaker, wait }: Fixture): Promise<void> {
  for (let index = 0; index < 5; index++) {
    await clock.advance(wait());
    breaker.failed(permit(), '503');
  }
}

describe('CircuitBreaker', () => {
  it('admits any number of requests while closed', () => {
    const { breaker, clock } = fixture();
    const permits = Array.from({ length: 100 }, () => breaker.admit(clock.now()));
    expect(permits.every((permit) => !('retryAt' in permit) && !permit.probe && !permit.small)).toBe(true);
    expect(breaker.state).toBe('closed');
    expect(breaker.reason).toBeUndefined();
  });

  it('opens with the fifth failure in a row, backing off before', async () => {
    const it = fixture();
    const waits: number[] = [];
    for (let index = 0; index < 5; index++) {
      await it.clock.advance(it.wait());
      it.breaker.failed(it.permit(), '503');
      waits.push(it.wait());
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 500]);
    expect(it.breaker.state).toBe('open');
    expect(it.breaker.reason).toBe('503');
    expect(it.breaker.trips).toBe(1);
  });

  it('opens with the third failure to connect in a row', async () => {
    const it = fixture();
    for (let index = 0; index < 3; index++) {
      await it.clock.advance(it.wait());
      expect(it.breaker.state).toBe('closed');
      it.breaker.failed(it.permit(), 'ECONNREFUSED', true);
    }
    expect(it.breaker.state).toBe('open');
  });

  it('counts failures in a row only: a success between them starts over', async () => {
    const it = fixture();
    for (let index = 0; index < 20; index++) {
      await it.clock.advance(it.wait());
      it.breaker.failed(it.permit(), '503');
      if (index % 4 !== 3) continue;
      await it.clock.advance(it.wait());
      it.breaker.succeeded(it.permit());
    }
    expect(it.breaker.state).toBe('closed');
    expect(it.breaker.trips).toBe(0);
  });

  it('lets exactly one probe through when the break is over', async () => {
    const it = fixture();
    await open(it);
    await it.clock.advance(it.wait() - 1);
    expect(it.breaker.admit(it.clock.now())).toEqual({ retryAt: it.clock.now() + 1 });
    await it.clock.advance(1);
    const probe = it.permit();
    expect(probe.probe).toBe(true);
    expect(probe.small).toBe(false);
    expect(it.breaker.state).toBe('half-open');
    await it.clock.advance(3_600_000);
    expect(it.breaker.admit(it.clock.now())).toEqual({ retryAt: Number.POSITIVE_INFINITY });
    it.breaker.succeeded(probe);
    expect(it.breaker.state).toBe('closed');
    expect(it.permit().probe).toBe(false);
  });

  it('doubles the break with each failed probe up to the cap', async () => {
    const it = fixture();
    await open(it);
    const breaks: number[] = [];
    for (let index = 0; index < 8; index++) {
      await it.clock.advance(it.wait());
      it.breaker.failed(it.permit(), '503');
      breaks.push(it.wait());
    }
    expect(breaks).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(it.breaker.trips).toBe(1);
  });

  it('forgets earlier openings after ten successes, not after one', async () => {
    const it = fixture();
    const nextBreak = async (successes: number): Promise<number> => {
      for (let index = 0; index < successes; index++) it.breaker.succeeded(it.permit());
      await open(it);
      const millis = it.wait();
      await it.clock.advance(millis);
      it.breaker.succeeded(it.permit());
      return millis;
    };
    expect(await nextBreak(0)).toBe(500);
    expect(await nextBreak(1)).toBe(1_000);
    expect(await nextBreak(8)).toBe(2_000);
    expect(await nextBreak(9)).toBe(500);
  });

  it('waits at least what a failing platform asked for', async () => {
    const it = fixture();
    it.breaker.failed(it.permit(), '503', false, 120_000);
    expect(it.wait()).toBe(120_000);
    expect(it.breaker.state).toBe('closed');
  });

  it('pauses for as long as the platform asks when throttled, plus at most a tenth, and does not open', () => {
    const plain = fixture(0);
    plain.breaker.throttled(plain.permit(), '429', 20_000);
    expect(plain.wait()).toBe(20_000);
    expect(plain.breaker.state).toBe('throttled');
    expect(plain.breaker.trips).toBe(0);
    const spread = fixture(0.999);
    spread.breaker.throttled(spread.permit(), '429', 20_000);
    expect(spread.wait()).toBeCloseTo(21_998, 5);
    const far = fixture(0.999);
    far.breaker.throttled(far.permit(), '429', 900_000);
    expect(far.wait()).toBeCloseTo(904_995, 5);
  });

  it.each([undefined, 0, 1, 999])('backs off by itself when throttled with a pause of %s ms', async (millis) => {
    const it = fixture(0);
    const waits: number[] = [];
    for (let index = 0; index < 4; index++) {
      it.breaker.throttled(it.permit(), '429', millis);
      waits.push(it.wait());
      await it.clock.advance(it.wait());
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
  });

  it('holds, and probes once per holdMillis with little data', async () => {
    const it = fixture();
    it.breaker.held(it.permit(), '401');
    expect(it.breaker.state).toBe('held');
    expect(it.wait()).toBe(60_000);
    for (let index = 0; index < 3; index++) {
      await it.clock.advance(60_000);
      const probe = it.permit();
      expect(probe).toMatchObject({ probe: true, small: true });
      it.breaker.held(probe, '401');
      expect(it.wait()).toBe(60_000);
    }
    expect(it.breaker.trips).toBe(1);
    await it.clock.advance(60_000);
    it.breaker.succeeded(it.permit());
    expect(it.breaker.state).toBe('closed');
  });

  it('gives a probe back that came to nothing', async () => {
    const it = fixture();
    await open(it);
    await it.clock.advance(it.wait());
    it.breaker.unused(it.permit());
    expect(it.breaker.state).toBe('open');
    expect(it.permit().probe).toBe(true);
  });

  it('ignores reports of requests that began before the state changed', async () => {
    const it = fixture();
    const late = Array.from({ length: 6 }, () => it.permit());
    it.breaker.held(it.permit(), '401');
    const [a, b, c, d, e, f] = late as [Permit, Permit, Permit, Permit, Permit, Permit];
    it.breaker.succeeded(a);
    it.breaker.failed(b, '503', true, 900_000);
    it.breaker.throttled(c, '429', 900_000);
    it.breaker.held(d, '403', 900_000);
    it.breaker.unused(e);
    expect(it.breaker.state).toBe('held');
    expect(it.breaker.reason).toBe('401');
    expect(it.wait()).toBe(60_000);
    await it.clock.advance(60_000);
    const probe = it.permit();
    it.breaker.unused(f);
    it.breaker.succeeded(f);
    expect(it.breaker.state).toBe('half-open');
    it.breaker.succeeded(probe);
    expect(it.breaker.state).toBe('closed');
  });
});

describe('CircuitBreaker against a model', () => {
  /** What must hold, in the fewest words: which reports count, and before when nothing may be sent. */
  interface Model {
    now: number;
    generation: number;
    failures: number;
    connects: number;
    /** Nothing may be admitted before. */
    earliest: number;
    probe: Permit | undefined;
    permits: { readonly permit: Permit; readonly generation: number }[];
  }
  interface Real {
    readonly clock: FakeClock;
    readonly breaker: CircuitBreaker;
  }
  const { failureThreshold, connectFailureThreshold, holdMillis, initialDelayMillis } = CIRCUIT_BREAKER_DEFAULTS;

  class Admit implements fc.AsyncCommand<Model, Real> {
    check(): boolean {
      return true;
    }
    async run(model: Model, { breaker }: Real): Promise<void> {
      const permit = breaker.admit(model.now);
      if (model.probe !== undefined) {
        expect(permit).toEqual({ retryAt: Number.POSITIVE_INFINITY });
      } else if ('retryAt' in permit) {
        expect(permit.retryAt).toBeGreaterThan(model.now);
        expect(permit.retryAt).toBeLessThan(Number.POSITIVE_INFINITY);
      } else {
        expect(model.now).toBeGreaterThanOrEqual(model.earliest);
        if (permit.probe) model.probe = permit;
        model.permits.push({ permit, generation: model.generation });
      }
    }
    toString(): string {
      return 'admit';
    }
  }

  class Pass implements fc.AsyncCommand<Model, Real> {
    readonly millis: number;
    constructor(millis: number) {
      this.millis = millis;
    }
    check(): boolean {
      return true;
    }
    async run(model: Model, { clock }: Real): Promise<void> {
      await clock.advance(this.millis);
      model.now += this.millis;
    }
    toString(): string {
      return `pass ${this.millis}`;
    }
  }

  type Outcome = 'succeeded' | 'failed' | 'refusedConnection' | 'throttled' | 'held' | 'unused';

  class Report implements fc.AsyncCommand<Model, Real> {
    readonly outcome: Outcome;
    readonly pick: number;
    readonly millis: number | undefined;
    constructor(outcome: Outcome, pick: number, millis: number | undefined) {
      this.outcome = outcome;
      this.pick = pick;
      this.millis = millis;
    }
    check(model: Readonly<Model>): boolean {
      return model.permits.length > 0;
    }
    async run(model: Model, { breaker }: Real): Promise<void> {
      const [taken] = model.permits.splice(this.pick % model.permits.length, 1);
      const { permit, generation } = taken as Model['permits'][number];
      const before = { state: breaker.state, reason: breaker.reason, trips: breaker.trips };
      this.#tell(breaker, permit);
      if (generation !== model.generation) {
        expect({ state: breaker.state, reason: breaker.reason, trips: breaker.trips }).toEqual(before);
        return;
      }
      if (model.probe === permit) model.probe = undefined;
      this.#learn(model, permit);
    }
    #tell(breaker: CircuitBreaker, permit: Permit): void {
      const { millis } = this;
      if (this.outcome === 'succeeded') breaker.succeeded(permit);
      else if (this.outcome === 'failed') breaker.failed(permit, '503', false, millis);
      else if (this.outcome === 'refusedConnection') breaker.failed(permit, 'ECONNREFUSED', true);
      else if (this.outcome === 'throttled') breaker.throttled(permit, '429', millis);
      else if (this.outcome === 'held') breaker.held(permit, '401', millis);
      else breaker.unused(permit);
    }
    #learn(model: Model, permit: Permit): void {
      const own = initialDelayMillis / 2;
      const enter = (millis: number): void => {
        model.generation += 1;
        model.earliest = model.now + millis;
      };
      switch (this.outcome) {
        case 'succeeded':
          model.failures = 0;
          model.connects = 0;
          if (permit.probe) enter(0);
          break;
        case 'failed':
        case 'refusedConnection': {
          const connect = this.outcome === 'refusedConnection';
          const millis = Math.max(own, connect ? 0 : (this.millis ?? 0));
          model.failures += 1;
          model.connects = connect ? model.connects + 1 : 0;
          const opens = model.failures >= failureThreshold || model.connects >= connectFailureThreshold;
          if (permit.probe || opens) enter(millis);
          else model.earliest = Math.max(model.earliest, model.now + millis);
          break;
        }
        case 'throttled':
          // A pause below our own first back-off counts as none, or `Retry-After: 0` would be a hot loop.
          enter(this.millis === undefined || this.millis < initialDelayMillis ? own : this.millis);
          break;
        case 'held':
          enter(this.millis ?? holdMillis);
          break;
      }
    }
    toString(): string {
      return `${this.outcome}(#${this.pick}, ${this.millis})`;
    }
  }

  const millis = fc.oneof(fc.constant(undefined), fc.nat(2_000), fc.nat(900_000));
  const outcome = fc.constantFrom<Outcome>('succeeded', 'failed', 'refusedConnection', 'throttled', 'held', 'unused');
  const commands = fc.commands(
    [
      fc.constant(new Admit()),
      fc.constant(new Admit()),
      fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 1_000_000 })).map((ms) => new Pass(ms)),
      fc.tuple(outcome, fc.nat(20), millis).map((parts) => new Report(...parts)),
      fc.tuple(outcome, fc.nat(20), millis).map((parts) => new Report(...parts)),
    ],
    { maxCommands: 60, size: 'max' },
  );

  it('sends one probe at a time, nothing too early, hears nothing late, and never stays shut', async () => {
    const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
    await fc.assert(
      fc.asyncProperty(commands, chance, async (steps, random) => {
        const clock = new MonotonicOnly(random);
        const breaker = new CircuitBreaker(CIRCUIT_BREAKER_DEFAULTS, clock);
        const model: Model = {
          now: 0,
          generation: 0,
          failures: 0,
          connects: 0,
          earliest: 0,
          probe: undefined,
          permits: [],
        };
        await fc.asyncModelRun(() => ({ model, real: { clock, breaker } }), steps);
        // Whatever happened: once the requests under way have ended, in any way, time alone opens the door again.
        if (model.probe !== undefined) breaker.unused(model.probe);
        expect('retryAt' in breaker.admit(model.now + 2_000_000)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
