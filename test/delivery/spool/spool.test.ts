import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { atExit, beforeExit } from '../../../src/delivery/spool/exit.ts';
import { OWNER_FILE, RELEASED_FILE } from '../../../src/delivery/spool/names.ts';
import { FakeClock, turn } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import { idsOf, type Life, life, textOf } from './life.ts';
import { temporaryDirectory } from './places.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const byNumber = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);
const YEAR = 365 * 86_400_000;

const instanceOf = (own: Life): string => dirname(own.disk().segments.at(-1)?.path ?? '');

/** Another process on the same directory, whose wall clock shows `later` more. */
async function another(of: Life, later = 60_000, options: Parameters<typeof life>[0] = {}): Promise<Life> {
  const clock = new FakeClock();
  clock.jumpWall(later);
  const next = life({ directory: of.directory, clock, ...options });
  await next.pass(1);
  return next;
}

/** A disk that never answers what is asked of it in the background. */
function hanging(what: 'fdatasync' | 'write'): { files: FaultFiles; held: (() => void)[] } {
  const files = faultFiles({ fileSystemType: what === 'write' ? 0x6969 : 0xef53 });
  const held: (() => void)[] = [];
  const real = files[what] as (...args: unknown[]) => void;
  (files as unknown as Record<string, unknown>)[what] = (...args: unknown[]) => held.push(() => real(...args));
  return { files, held };
}

/** How long closing takes, on the clock of the process. */
async function closingTime(own: Life): Promise<number> {
  const begun = own.clock.now();
  let end: number | undefined;
  void own.spool.close().then(() => {
    end = own.clock.now();
  });
  for (let step = 0; step < 100 && end === undefined; step += 1) {
    await own.clock.advance(100);
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
  return (end ?? Number.POSITIVE_INFINITY) - begun;
}

describe('closing', () => {
  it('leaves what waits to the next one, at once, and nothing when nothing waits', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    const folder = instanceOf(first);
    await first.close();
    expect(fs.readdirSync(folder).sort()).toEqual(['00000000-logs.seg', RELEASED_FILE]);
    expect(first.files.watch.open).toBe(0);
    const second = await another(first);
    expect(await second.deliverAll()).toEqual(range(0, 5));
    await second.close();
    expect(fs.readdirSync(second.destination)).toEqual([]);
    expect(second.files.watch.open).toBe(0);
    second.expectConsistent();
  });

  it('twice is closing once, and nothing is opened again afterwards', async () => {
    const own = life();
    own.append(textOf(0));
    await Promise.all([own.close(), own.close()]);
    await own.close();
    own.queue().drain();
    expect(own.spool.isUsable()).toBe(false);
    own.spool.fail({ code: 'EIO' });
    await own.pass(60_000);
    expect(own.spool.isUsable()).toBe(false);
    expect(fs.readdirSync(own.destination).length).toBe(1);
  });

  it('is not held up by a disk that never confirms: two seconds at most, and the records are there', async () => {
    const { files } = hanging('fdatasync');
    const own = life({ files, settings: { segmentBytes: 16_384 } });
    own.files.watch.delayed = () => 99;
    own.appendMany(range(0, 40), 1_000);
    expect(await closingTime(own)).toBeLessThanOrEqual(2_100);
    const next = await another(own);
    expect(await next.deliverAll()).toEqual(range(0, 40));
  });

  it('is not held up by a disk that never writes; what is on its way to it is nobody else’s yet', async () => {
    const { files, held } = hanging('write');
    const own = life({ files });
    own.files.watch.delayed = () => 99;
    own.appendMany(range(0, 10));
    const folder = instanceOf(own);
    expect(await closingTime(own)).toBeLessThanOrEqual(2_100);
    expect(fs.readdirSync(folder)).toContain(OWNER_FILE);
    expect((await another(own)).pending).toBe(0);
    // At the end of the process it is written without asking, and then anybody's.
    held.length = 0;
    own.exit();
    expect(fs.readdirSync(folder)).toContain(RELEASED_FILE);
    const next = await another(own, 120_000);
    expect(await next.deliverAll()).toEqual(range(0, 10));
  });

  it('is completed by the end of the process when that comes first', async () => {
    const { files } = hanging('write');
    const own = life({ files });
    own.files.watch.delayed = () => 99;
    own.appendMany(range(0, 10));
    void own.spool.close();
    await turn();
    own.exit();
    const next = await another(own);
    expect(await next.deliverAll()).toEqual(range(0, 10));
  });

  it('deletes first what has ended: nothing of it comes again', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 60), 1_000);
    const batch = (await own.take({ maxRecords: 50 })) as Batch;
    own.acknowledge(batch);
    own.exit();
    const next = await another(own);
    expect(await next.deliverAll()).toEqual(range(50, 60));
  });

  it('works again and again in one process', async () => {
    const directory = temporaryDirectory();
    for (const round of range(0, 5)) {
      const clock = new FakeClock();
      clock.jumpWall(round * 60_000);
      const own = life({ directory, clock });
      own.append(textOf(round));
      await own.pass(1_000);
      expect(own.pending).toBe(round + 1);
      await own.close();
    }
  });
});

describe('the end of the process', () => {
  it('is listened to once, however many spools there are', async () => {
    const count = (): number[] => ['exit', 'beforeExit'].map((event) => process.listenerCount(event));
    const first = life();
    const before = count();
    const more = range(0, 30).map(() => life());
    expect(count()).toEqual(before);
    for (const own of [first, ...more]) await own.close();
    expect(count()).toEqual(before);
  });

  it('closes and drains what has not been closed, whatever throws', () => {
    const heard: string[] = [];
    const forget = [
      atExit(() => heard.push('a')),
      atExit(() => {
        throw new Error('mine');
      }),
      atExit(() => heard.push('b')),
      beforeExit(() => heard.push('drain')),
    ];
    const gone = atExit(() => heard.push('never'));
    gone();
    const { closers, drains } = (
      globalThis as unknown as Record<symbol, { closers: Set<unknown>; drains: Set<unknown> }>
    )[Symbol.for('logferry.spool.end')] as { closers: Set<unknown>; drains: Set<unknown> };
    expect([closers.size, drains.size]).toEqual([3, 1]);
    for (const undo of forget) undo();
    expect([closers.size, drains.size]).toEqual([0, 0]);
    expect(heard).toEqual([]);
  });

  it('moves what waits in memory to a disk that has come back', async () => {
    const files = faultFiles();
    const own = life({ files });
    const heal = files.add({ on: 'write', path: '.seg', code: 'EIO' });
    own.appendMany(range(0, 5));
    heal();
    own.clock.skip(30_000);
    own.exit();
    expect(await (await another(own)).deliverAll()).toEqual(range(0, 5));
  });
});

describe('a heartbeat', () => {
  it('is given every ten seconds', async () => {
    const own = life();
    own.append(textOf(0));
    const owner = join(instanceOf(own), OWNER_FILE);
    const beats = new Set<number>();
    for (let second = 0; second < 60; second += 1) {
      await own.pass(1_000);
      beats.add(fs.statSync(owner).mtimeMs);
    }
    expect(beats.size).toBe(7);
    expect(Math.max(...beats)).toBe(own.clock.wallNow());
  });
});

describe('row 52: another process has taken this one for dead', () => {
  /** What an adopter does, one that is alive. */
  function takeOver(own: Life): string {
    const path = instanceOf(own);
    const other = join(dirname(path), 'mjw00000-1-0-0123abcd');
    fs.mkdirSync(other, { recursive: true, mode: 0o700 });
    fs.copyFileSync(join(path, OWNER_FILE), join(other, OWNER_FILE));
    const adopted = `${other}.adopt-${basename(path)}`;
    fs.renameSync(path, adopted);
    return adopted;
  }

  it('after a pause it is noticed before the first append, and nothing more is written there', async () => {
    const own = life();
    own.appendMany(range(0, 10));
    const held = (await own.take({ maxRecords: 3 })) as Batch;
    const back = (await own.take({ maxRecords: 2 })) as Batch;
    const adopted = takeOver(own);
    const before = fs.readFileSync(join(adopted, '00000000-logs.seg'));
    own.clock.skip(600_000);
    own.append(textOf(10));
    expect([own.dropped('taken_over'), own.pending]).toEqual([5, 6]);
    own.acknowledge(held);
    own.release(back);
    expect([own.dropped('taken_over'), own.pending]).toEqual([7, 1]);
    own.expectConsistent();
    await own.pass(20_000);
    expect(fs.readFileSync(join(adopted, '00000000-logs.seg')).equals(before)).toBe(true);
    expect(fs.existsSync(adopted)).toBe(true);
    expect(own.told.join()).toContain('taken over');
    expect(own.spool.state).toBe('disk');
    expect(await own.deliverAll()).toEqual([10]);
  });

  it('without a pause it is noticed within ten seconds', async () => {
    const own = life();
    own.appendMany(range(0, 3));
    takeOver(own);
    own.append(textOf(3));
    await own.pass(11_000);
    expect([own.dropped('taken_over'), own.pending]).toEqual([4, 0]);
    own.append(textOf(4));
    expect(await own.deliverAll()).toEqual([4]);
    own.expectConsistent();
  });

  it('what it had itself taken over from others is found and delivered again, by whoever is there', async () => {
    const first = life();
    first.appendMany(range(0, 20));
    await first.kill();
    const own = await another(first);
    own.appendMany(range(20, 30));
    const batch = (await own.take({ maxRecords: 4 })) as Batch;
    fs.rmSync(instanceOf(own), { recursive: true });
    await own.pass(22_000);
    own.acknowledge(batch);
    own.expectConsistent();
    const again = await own.deliverAll();
    expect(byNumber([...new Set([...idsOf(batch), ...again])]).filter((id) => id < 20)).toEqual(range(0, 20));
    own.expectConsistent();
    expect(own.pending).toBe(0);
    await own.pass(1_000);
    expect(own.filesLeft()).toEqual([]);
  });

  it('twice in a row, while records are written all the time: each is delivered or counted', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    let id = 0;
    for (const round of range(0, 60)) {
      own.appendMany(range(id, id + 10), 500);
      id += 10;
      if (round === 20 || round === 40) takeOver(own);
      if (round % 5 === 0) own.acknowledge((await own.take({ maxRecords: 7 })) as Batch);
      await own.pass(700);
      own.expectConsistent();
    }
    const ids = await own.deliverAll();
    expect(own.ledger.delivered + own.dropped('taken_over')).toBe(id);
    expect(ids.at(-1)).toBe(id - 1);
    expect(own.files.watch.open).toBeLessThanOrEqual(3);
  });
});

describe('queue.maxAgeMillis', () => {
  const AGE = 600_000;

  it('ends what has waited longer, a minute more at most, and nothing that is younger', async () => {
    const own = life({ maxAgeMillis: AGE });
    for (const minute of range(0, 30)) {
      own.appendMany([minute * 2, minute * 2 + 1]);
      await own.pass(60_000);
      own.expectConsistent();
      const oldest = own.disk().segments[0]?.openedAt ?? own.clock.now();
      expect(own.clock.now() - oldest).toBeLessThanOrEqual(AGE + 61_000);
    }
    const ids = await own.deliverAll();
    expect(own.dropped('expired')).toBe(60 - ids.length);
    expect(ids).toEqual(range(60 - ids.length, 60));
    expect(ids.length).toBeGreaterThanOrEqual(20);
  });

  it('ends what is in flight when it comes back, and counts it as delivered when it does not', async () => {
    const own = life({ maxAgeMillis: AGE });
    own.appendMany(range(0, 6));
    const delivered = (await own.take({ maxRecords: 2 })) as Batch;
    const back = (await own.take({ maxRecords: 2 })) as Batch;
    await own.pass(AGE + 62_000);
    expect(own.dropped('expired')).toBe(2);
    own.acknowledge(delivered);
    own.release(back);
    expect(own.dropped('expired')).toBe(4);
    own.expectConsistent();
    expect(own.filesLeft()).toEqual([]);
  });

  it.each([YEAR, -YEAR])('row 61: is not moved by a jump of the wall clock by %i ms', async (jump) => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    const own = await another(first, 60_000, { maxAgeMillis: AGE });
    own.appendMany(range(5, 10));
    own.clock.jumpWall(jump);
    await own.pass(AGE - 70_000);
    expect([own.dropped('expired'), own.pending]).toEqual([0, 10]);
    own.append(textOf(10));
    expect(byNumber(await own.deliverAll())).toEqual(range(0, 11));
  });

  it('row 61: judges what an earlier process has left by the wall clock; what is from the future is new', async () => {
    for (const [later, left] of [
      [AGE / 2, 5],
      [-YEAR, 5],
      [AGE + 120_000, 0],
    ] as const) {
      const first = life();
      first.appendMany(range(0, 5));
      await first.kill();
      const own = await another(first, later, { maxAgeMillis: AGE });
      await own.pass(2_000);
      expect([later, own.pending, own.dropped('expired')]).toEqual([later, left, 5 - left]);
      own.expectConsistent();
    }
  });

  it('is no limit by default', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    const own = await another(first, 10 * YEAR);
    await own.pass(120_000);
    expect(await own.deliverAll()).toEqual(range(0, 5));
  });
});

describe('several processes', () => {
  it('keep to their own directories, and take over what the first of them to die has left', async () => {
    const first = life();
    const second = await another(first);
    const third = await another(first, 120_000);
    first.appendMany(range(0, 10));
    second.appendMany(range(10, 20));
    third.appendMany(range(20, 30));
    for (const own of [first, second, third]) await own.pass(30_000);
    expect([first, second, third].map(({ pending }) => pending)).toEqual([10, 10, 10]);
    await first.kill();
    await second.pass(11_000);
    await third.pass(11_000);
    expect([second.pending, third.pending]).toEqual([20, 10]);
    await second.kill();
    await third.pass(11_000);
    expect(third.ledger.recovered).toBe(20);
    expect(byNumber(await third.deliverAll())).toEqual(range(0, 30));
    await third.pass(61_000);
    expect(third.filesLeft()).toEqual([]);
    third.expectConsistent();
  });

  it('of which one dies in the middle of taking over lose nothing', async () => {
    for (const steps of [0, 1, 2, 3, 5, 8, 13, 21, 34]) {
      const first = life({ settings: { segmentBytes: 16_384 } });
      first.appendMany(range(0, 100), 1_000);
      await first.kill();
      const clock = new FakeClock();
      clock.jumpWall(60_000);
      const second = life({ directory: first.directory, clock });
      for (let count = 0; count < steps; count += 1) await turn();
      await second.kill();
      const third = await another(first, 120_000);
      await third.pass(11_000);
      third.expectConsistent();
      expect([steps, await third.deliverAll()]).toEqual([steps, range(0, 100)]);
    }
  });
});
