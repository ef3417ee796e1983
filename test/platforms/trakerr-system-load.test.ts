import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { LoadSource } from '../../src/platforms/trakerr-system-load.ts';
import { SystemLoad } from '../../src/platforms/trakerr-system-load.ts';

/** A clock whose sleeps end when the test says so. */
function handClock() {
  const sleeps: { millis: number; wake: () => void; ref: boolean | undefined }[] = [];
  const clock: Clock = {
    now: () => 0,
    wallNow: () => 0,
    random: () => 0,
    after: () => () => undefined,
    sleep: (millis, signal, ref) =>
      new Promise((resolve) => {
        const wake = (): void => {
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        signal?.addEventListener('abort', wake);
        sleeps.push({ millis, wake, ref });
      }),
  };
  const tick = async (): Promise<void> => {
    sleeps.at(-1)?.wake();
    // The sampling loop runs in micro-tasks behind the sleep.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { clock, sleeps, tick };
}

/** A machine that was busy for `busy` of every 100 clock ticks, with three quarters of its memory in use. */
function machine(busy: () => number): LoadSource {
  let user = 0;
  let idle = 0;
  return {
    cpus: () => {
      user += busy();
      idle += 100 - busy();
      return [{ times: { user, idle } }, { times: { user, idle } }];
    },
    freemem: () => 250,
    totalmem: () => 1000,
  };
}

describe('SystemLoad', () => {
  test('nothing before the first sample, then whole percents; it starts with the first reader', async () => {
    let busy = 30.4;
    const { clock, sleeps, tick } = handClock();
    const load = new SystemLoad(
      clock,
      machine(() => busy),
    );
    expect(sleeps).toEqual([]);
    expect(load.current()).toBeUndefined();
    expect(sleeps[0]).toMatchObject({ millis: 1_000 });
    expect(sleeps[0]?.ref).not.toBe(true);
    await tick();
    expect(load.current()).toEqual({ cpu: 30, memory: 75 });
    busy = 100;
    await tick();
    expect(sleeps.at(-1)?.millis).toBe(5_000);
    expect(load.current()).toEqual({ cpu: 100, memory: 75 });
  });

  test('stops without readers and forgets what it knew; the next reader starts it again', async () => {
    const { clock, sleeps, tick } = handClock();
    const load = new SystemLoad(
      clock,
      machine(() => 50),
    );
    load.current();
    for (let index = 0; index < 20; index++) await tick();
    expect(sleeps).toHaveLength(13);
    expect(load.current()).toBeUndefined();
    expect(sleeps).toHaveLength(14);
    await tick();
    expect(load.current()).toEqual({ cpu: 50, memory: 75 });
  });

  test('stop() ends it for good', async () => {
    const { clock, sleeps, tick } = handClock();
    const load = new SystemLoad(
      clock,
      machine(() => 50),
    );
    load.current();
    await tick();
    load.stop();
    await tick();
    expect(load.current()).toBeUndefined();
    expect(sleeps).toHaveLength(2);
  });

  test('a system that tells nothing gives no figures and no errors', async () => {
    const { clock, tick } = handClock();
    const silent = new SystemLoad(clock, { cpus: () => [], freemem: () => 1, totalmem: () => 2 });
    const refusing = new SystemLoad(clock, {
      cpus: () => {
        throw new Error('EPERM');
      },
      freemem: () => 1,
      totalmem: () => 2,
    });
    expect([silent.current(), refusing.current()]).toEqual([undefined, undefined]);
    await tick();
    expect([silent.current(), refusing.current()]).toEqual([undefined, undefined]);
  });
});
