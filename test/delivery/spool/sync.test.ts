import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { SpoolSettings } from '../../../src/delivery/spool/spool-settings.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import { Life, life, textOf } from './life.ts';
import { temporaryDirectory } from './places.ts';

vi.mock(import('node:zlib'), async (original) => (await import('./zlib-watch.ts')).watchedZlib(await original()));

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

interface Timed {
  readonly own: Life<FaultFiles>;
  readonly files: FaultFiles;
  /** When the disk was asked, and the most times it was asked at once. */
  readonly asked: number[];
  most: number;
}

/** A process whose disk takes `millis` to confirm. */
function timed(millis: () => number, settings: Partial<SpoolSettings> = {}): Timed {
  const clock = new FakeClock();
  const asked: number[] = [];
  let [now, delayed] = [0, 0];
  const files = faultFiles();
  const result: Timed = { files, asked, most: 0, own: life({ clock, files, settings }) };
  const { fdatasync } = files;
  files.fdatasync = ((descriptor: number, done: (error: Error | null) => void) => {
    asked.push(clock.now());
    now += 1;
    delayed += 1;
    result.most = Math.max(result.most, now);
    const ended = (error: Error | null): void => {
      now -= 1;
      done(error);
    };
    void clock.sleep(millis()).then(() => {
      delayed -= 1;
      // The real one ends at no time of this clock.
      if (settings.fsync === 'batch') fdatasync(descriptor, ended);
      else ended(null);
    });
  }) as typeof fs.fdatasync;
  result.own.files.watch.delayed = () => delayed;
  return result;
}

const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, index) => at - (times[index] as number));

describe('fdatasync every second', () => {
  it('is asked for once a second while there is something new, however long the answer takes', async () => {
    const running = timed(() => 40);
    const { own, asked } = running;
    for (const id of range(0, 20)) {
      own.append(textOf(id));
      await own.pass(500);
    }
    expect(gaps(asked)).toEqual(Array(gaps(asked).length).fill(1_000));
    expect(asked.length).toBeGreaterThanOrEqual(9);
    expect(running.most).toBe(1);
    await own.pass(20_000);
    const last = asked.at(-1) as number;
    expect(last).toBeLessThanOrEqual(11_000);
  });

  it('is asked for less often when the disk is slow, down to every half minute, and again when it is not', async () => {
    let millis = 300;
    const running = timed(() => millis, { segmentMillis: 1e9 });
    const { own, asked } = running;
    for (const id of range(0, 120)) {
      own.append(textOf(id));
      await own.pass(1_000);
    }
    const slow = gaps(asked);
    expect(slow.slice(0, 5).every((gap, index) => index === 0 || gap > (slow[index - 1] as number))).toBe(true);
    expect(Math.max(...slow)).toBeGreaterThan(29_000);
    expect(Math.max(...slow)).toBeLessThanOrEqual(32_000);
    expect(running.most).toBe(1);
    millis = 10;
    for (const id of range(120, 170)) {
      own.append(textOf(id));
      await own.pass(1_000);
    }
    expect(gaps(asked).slice(-5)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
  });

  it('is never asked for twice at once, and what is written meanwhile is asked for next', async () => {
    const running = timed(() => 5_000, { segmentMillis: 1e9 });
    const { own } = running;
    own.append(textOf(0));
    const first = own.spool.sync();
    await own.pass(1_000);
    own.append(textOf(1));
    const second = own.spool.sync();
    const third = own.spool.sync();
    await own.pass(1_000);
    expect(running.asked.length).toBe(1);
    await own.pass(20_000);
    expect(await Promise.all([first, second, third])).toEqual([true, true, true]);
    expect([running.asked.length, running.most]).toEqual([2, 1]);
  });
});

describe('fdatasync after every batch', () => {
  it('is one for all that was written in one turn of the event loop', async () => {
    const { own, asked } = timed(() => 0, { fsync: 'batch' });
    await own.pass(1);
    own.appendMany(range(0, 50));
    expect(asked.length).toBe(0);
    await own.files.watch.idle();
    expect(asked.length).toBe(1);
    own.appendMany(range(50, 60));
    expect(await own.spool.sync()).toBe(true);
    await own.files.watch.idle();
    expect(asked.length).toBe(2);
  });

  it('confirms what was in segments that have ended since as well', async () => {
    const { own } = timed(() => 10, { fsync: 'batch', segmentBytes: 16_384 });
    own.appendMany(range(0, 60), 1_000);
    const synced = own.spool.sync();
    await own.pass(1_000);
    expect(await synced).toBe(true);
    await own.kill();
    own.files.faults.powerLoss();
    const next = life({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect(await next.deliverAll()).toEqual(range(0, 60));
  });

  it('is not confirmed when the disk refuses, nor while records are in memory only', async () => {
    const { own, files } = timed(() => 0, { fsync: 'batch' });
    files.add({ on: 'fdatasync', code: 'EIO', times: 1 });
    own.append(textOf(0));
    expect(await own.spool.sync()).toBe(false);
  });
});

describe('never', () => {
  it('the disk is not asked at all, not even at the end', async () => {
    const { own, asked } = timed(() => 0, { fsync: 'never', segmentBytes: 16_384 });
    own.appendMany(range(0, 60), 1_000);
    await own.pass(120_000);
    await own.close();
    expect(asked).toEqual([]);
  });
});

/** What a power loss may take, with each policy, at any moment. */
describe('power loss at any moment', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant('append' as const), count: fc.integer({ min: 1, max: 12 }) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('sync' as const), count: fc.constant(0) }) },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant('pass' as const), count: fc.integer({ min: 1, max: 3_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('compress' as const), count: fc.constant(0) }) },
  );

  it.each(['interval', 'batch', 'never'] as const)(
    '%s: what was confirmed is there, and recovery never breaks',
    async (fsync) => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, zeroes) => {
        const directory = temporaryDirectory();
        const files = faultFiles();
        const own = new Life({ directory, files, settings: { fsync, segmentBytes: 80_000, compress: true } });
        const confirmed = new Set<number>();
        const ended = new Set<number>();
        let next = 0;
        try {
          for (const { act, count } of steps) {
            if (act === 'append') {
              own.appendMany(range(next, next + count), 900 + count * 700);
              next += count;
            } else if (act === 'sync' && fsync !== 'never') {
              const before = next;
              if (await own.spool.sync()) for (const id of range(0, before)) confirmed.add(id);
            } else if (act === 'pass') {
              await own.pass(count);
            } else if (act === 'deliver') {
              const batch = await own.take({ maxRecords: count });
              if (batch === undefined) continue;
              for (const { id } of JSON.parse(`[${text(batch)}]`) as { id: number }[]) ended.add(id);
              own.acknowledge(batch);
            } else if (act === 'compress') {
              own.impaired = !own.impaired;
            }
          }
        } finally {
          await own.kill();
        }
        files.powerLoss(zeroes);
        const heir = new Life({ directory, clock: later(), settings: {} });
        try {
          await heir.pass(11_000);
          heir.expectConsistent();
          const found = new Set(await heir.deliverAll());
          const due = [...confirmed].filter((id) => !ended.has(id));
          expect(due.filter((id) => !found.has(id))).toEqual([]);
          expect([...found].every((id) => id < next)).toBe(true);
          await heir.pass(61_000);
          heir.expectConsistent();
          expect(heir.pending).toBe(0);
        } finally {
          await heir.kill();
          fs.rmSync(directory, { recursive: true, force: true });
        }
      });
      await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 40) });
    },
  );

  function text(batch: { bytes: number; count: number; copy(target: Buffer, offset: number): number }): string {
    const bytes = Buffer.alloc(batch.bytes + batch.count - 1);
    batch.copy(bytes, 0);
    return bytes.toString('utf8');
  }

  function later(): FakeClock {
    const clock = new FakeClock();
    clock.jumpWall(600_000);
    return clock;
  }
});
