import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Alarm } from '../../src/delivery/alarm.ts';
import { FakeClock, turn } from '../support/fake-clock.ts';

describe('systemClock.sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime', 'Date'] });
    // Node's own `performance`, which the fake timers leave alone, follows their monotonic time.
    vi.spyOn(performance, 'now').mockImplementation(() => Number(process.hrtime.bigint() / 1_000n) / 1_000);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** A flag that turns true when the promise settles. */
  function watch(promise: Promise<void>): { readonly done: boolean } {
    const state = { done: false };
    void promise.then(() => {
      state.done = true;
    });
    return state;
  }

  it('waits as long as asked', async () => {
    const sleep = watch(systemClock.sleep(1_000));
    await vi.advanceTimersByTimeAsync(999);
    expect(sleep.done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.done).toBe(true);
  });

  it('takes waits beyond the 2³¹ ms of a timer in pieces instead of firing at once', async () => {
    const sleep = watch(systemClock.sleep(2 ** 31 + 5_000));
    await vi.advanceTimersByTimeAsync(2 ** 31 - 1);
    expect(sleep.done).toBe(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sleep.done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.done).toBe(true);
  });

  it('waits for its signal when asked to wait for ever', async () => {
    const end = new AbortController();
    const sleep = watch(systemClock.sleep(Number.POSITIVE_INFINITY, end.signal));
    await vi.advanceTimersByTimeAsync(2 ** 33);
    expect(sleep.done).toBe(false);
    end.abort();
    await turn();
    expect(sleep.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is ended by its signal and leaves no timer behind', async () => {
    const end = new AbortController();
    const sleep = watch(systemClock.sleep(60_000, end.signal));
    expect(vi.getTimerCount()).toBe(1);
    end.abort();
    await turn();
    expect(sleep.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    await systemClock.sleep(60_000, end.signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])(
    'takes %d as the next turn of the event loop',
    async (millis) => {
      const sleep = watch(systemClock.sleep(millis));
      await Promise.resolve();
      expect(sleep.done).toBe(false);
      await turn();
      expect(sleep.done).toBe(true);
    },
  );

  it('does not look at the wall clock', async () => {
    const sleep = watch(systemClock.sleep(1_000));
    vi.setSystemTime(Date.now() + 365 * 86_400_000);
    await vi.advanceTimersByTimeAsync(500);
    vi.setSystemTime(0);
    await vi.advanceTimersByTimeAsync(499);
    expect(sleep.done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.done).toBe(true);
  });
});

describe('Alarm', () => {
  function setUp(): { clock: FakeClock; alarm: Alarm; rung: number[] } {
    const clock = new FakeClock();
    const rung: number[] = [];
    return { clock, alarm: new Alarm(clock, () => rung.push(clock.now())), rung };
  }

  it('rings once, at the earliest of the times it was set to', async () => {
    const { clock, alarm, rung } = setUp();
    for (const at of [500, 200, 300, 200, 900]) alarm.set(at);
    expect(alarm.at).toBe(200);
    await clock.advance(10_000);
    expect(rung).toEqual([200]);
    expect(alarm.at).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps one wait at a time', () => {
    const { clock, alarm } = setUp();
    for (let at = 1_000; at > 0; at -= 10) alarm.set(at);
    expect(clock.sleeping()).toBe(1);
  });

  it('can be set again when it has rung, also from its own action', async () => {
    const clock = new FakeClock();
    const rung: number[] = [];
    const alarm: Alarm = new Alarm(clock, () => {
      rung.push(clock.now());
      if (rung.length < 3) alarm.set(clock.now() + 100);
    });
    alarm.set(100);
    await clock.advance(1_000);
    expect(rung).toEqual([100, 200, 300]);
    alarm.set(1_500);
    await clock.advance(1_000);
    expect(rung).toEqual([100, 200, 300, 1_500]);
  });

  it('takes a time in the past as the next turn, never as now', async () => {
    const { clock, alarm, rung } = setUp();
    await clock.advance(1_000);
    alarm.set(5);
    expect(rung).toEqual([]);
    await turn();
    expect(rung).toEqual([1_000]);
  });

  it('never rings for Infinity, nor after clear()', async () => {
    const { clock, alarm, rung } = setUp();
    alarm.set(Number.POSITIVE_INFINITY);
    expect(clock.sleeping()).toBe(0);
    alarm.set(100);
    alarm.clear();
    alarm.set(200);
    alarm.clear();
    await clock.advance(1_000);
    expect(rung).toEqual([]);
    expect(clock.sleeping()).toBe(0);
  });
});
