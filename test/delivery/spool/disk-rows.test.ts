import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frameOf } from '../../../src/delivery/spool/frame.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import type { FaultScript } from '../../support/fault-script.ts';
import { idsOf, type Life, type LifeOptions, life, textOf } from './life.ts';

// A disk that is full, refuses, or has errors: what happens to records, and what operators hear.

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
/** All of the same length. */
const FRAME_BYTES = frameOf(textOf(10)).length;
const HALF_A_MINUTE = 30_000;

function faulty(options: LifeOptions<FaultFiles> = {}, script: FaultScript = {}): Life<FaultFiles> {
  return life({ files: faultFiles(script), ...options });
}

/** Leaves room for so many bytes. */
function leave(own: Life<FaultFiles>, bytes: number): void {
  own.files.faults.disk.capacityBytes = own.files.faults.disk.usedBytes + bytes;
}

function giveRoom(own: Life<FaultFiles>): void {
  own.files.faults.disk.capacityBytes = Number.POSITIVE_INFINITY;
}

/** A process that was killed and one that has taken over what it left. */
async function successor(of: Life<FaultFiles>, script: FaultScript = {}): Promise<Life<FaultFiles>> {
  await of.kill();
  const next = faulty({ directory: of.directory }, script);
  next.clock.jumpWall(60_000);
  await next.pass(1);
  return next;
}

/** How often operators heard that records wait in memory. */
function warnings(own: Life<FaultFiles>): number {
  return own.told.filter((text) => text.includes('records wait in memory')).length;
}

describe('row 30: a disk that is full', () => {
  it.each(range(0, FRAME_BYTES))('after %i bytes of a frame: cut back, memory, and back again', async (room) => {
    const own = faulty();
    own.appendMany(range(10, 13));
    const [segment] = own.disk().segments;
    const before = fs.readFileSync(segment?.path ?? '');
    leave(own, room);
    own.appendMany(range(13, 20));
    expect(fs.readFileSync(segment?.path ?? '').equals(before)).toBe(true);
    expect([own.disk().waiting, own.memory().waiting, own.spool.state]).toEqual([3, 7, 'memory']);
    expect(warnings(own)).toBe(1);
    giveRoom(own);
    await own.pass(HALF_A_MINUTE);
    expect([own.disk().waiting, own.memory().waiting, own.spool.state]).toEqual([10, 0, 'disk']);
    expect(own.cleared).toEqual(['the spool can be used again']);
    own.appendMany([20]);
    own.expectConsistent();
    const next = await successor(own);
    expect(await next.deliverAll()).toEqual(range(10, 21));
    expect(next.dropped('corrupt')).toBe(0);
  });

  it.each(range(0, FRAME_BYTES))('after %i bytes, with sealed segments: the oldest makes room', async (room) => {
    const own = faulty({ settings: { segmentBytes: 400 } });
    own.appendMany(range(10, 60));
    await own.pass(1);
    const { segments } = own.disk();
    const [oldest] = segments;
    const lost = oldest?.waiting ?? 0;
    expect([segments.length > 2, lost > 1]).toEqual([true, true]);
    leave(own, room);
    own.appendMany([60]);
    expect([own.dropped('overflow'), own.disk().waiting, own.memory().waiting]).toEqual([lost, 51 - lost, 0]);
    expect(fs.existsSync(oldest?.path ?? '')).toBe(false);
    expect([own.spool.state, own.told]).toEqual(['disk', []]);
    own.expectConsistent();
    giveRoom(own);
    expect(await (await successor(own)).deliverAll()).toEqual(range(10 + lost, 61));
  });

  it('within the first line of a new segment leaves no file behind', async () => {
    const header = fs.statSync(headerOnly().path).size - FRAME_BYTES;
    for (const room of range(0, header + FRAME_BYTES)) {
      const own = faulty({ settings: { segmentBytes: 100 } });
      own.appendMany(range(10, 13));
      await own.pass(1);
      const files = own.filesLeft().length;
      const { waiting: lost } = own.disk().segments[0] as { waiting: number };
      own.disk().appender.seal();
      await own.pass(1);
      leave(own, room);
      own.appendMany([13]);
      expect([own.dropped('overflow'), own.disk().waiting, own.spool.state]).toEqual([lost, 4 - lost, 'disk']);
      await own.pass(1);
      expect(own.filesLeft().length).toBe(files);
      own.expectConsistent();
      expect(await own.deliverAll()).toEqual(range(10 + lost, 14));
    }
  });

  function headerOnly(): { path: string } {
    const own = life();
    own.appendMany([10]);
    return own.disk().segments[0] as { path: string };
  }

  it('where not even the torn frame can be cut off: nothing is written behind it', async () => {
    const own = faulty({}, { faults: [{ on: 'ftruncate', code: 'EIO' }] });
    own.appendMany(range(10, 13));
    const path = own.disk().segments[0]?.path ?? '';
    leave(own, FRAME_BYTES / 2);
    own.files.faults.add({ on: 'write', path: '.seg', code: 'EROFS', after: 1, times: 1 });
    const { size } = fs.statSync(path);
    own.appendMany([13]);
    expect(fs.statSync(path).size).toBe(size + Math.floor(FRAME_BYTES / 2));
    giveRoom(own);
    await own.pass(HALF_A_MINUTE);
    own.appendMany([14]);
    expect(fs.statSync(path).size).toBe(size + Math.floor(FRAME_BYTES / 2));
    expect([own.memory().waiting, own.disk().segments.length]).toEqual([0, 2]);
    const next = await successor(own);
    expect([await next.deliverAll(), next.dropped('corrupt')]).toEqual([range(10, 15), 0]);
  });

  it('drops from memory, counted, only what memory cannot hold either', async () => {
    const own = faulty({ memoryBytes: 10_000 });
    own.appendMany(range(100, 110), 100);
    leave(own, 0);
    own.appendMany(range(110, 310), 100);
    const lost = own.dropped('overflow');
    expect([lost > 90, lost < 110, own.disk().waiting]).toEqual([true, true, 10]);
    giveRoom(own);
    await own.pass(HALF_A_MINUTE);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual([...range(100, 110), ...range(110 + lost, 310)]);
  });
});

function mount(options: string, path: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
}

/** Whether this user may have a file system of his own. */
const mayMount = (() => {
  const path = fs.mkdtempSync(join(tmpdir(), 'logferry-tmpfs-'));
  try {
    mount('size=2m', path);
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(path);
  }
})();

describe(`row 30: a small disk (tmpfs ${mayMount ? 'mounted' : 'not permitted here, so a simulated one'})`, () => {
  /** Two mebibytes: a real disk with `real`, where there may be one. */
  function small(real: boolean, options: LifeOptions<FaultFiles>): { own: Life<FaultFiles>; grow: () => void } {
    if (!real || !mayMount) {
      const own = faulty(options, { capacityBytes: 2 * 1_048_576 });
      return { own, grow: () => giveRoom(own) };
    }
    const directory = fs.mkdtempSync(join(tmpdir(), 'logferry-tmpfs-'));
    mount('size=2m,mode=0700', directory);
    // Runs after the process has ended: what is registered first is called last.
    onTestFinished(() => {
      execFileSync('umount', [directory]);
      fs.rmdirSync(directory);
    });
    return { own: faulty({ directory, ...options }), grow: () => mount('remount,size=16m', directory) };
  }

  it.each([true, false])('keeps in memory what does not fit, and loses nothing (real: %s)', async (real) => {
    const { own, grow } = small(real, { settings: { segmentBytes: 8 * 1_048_576 }, memoryBytes: 8 * 1_048_576 });
    own.appendMany(range(0, 4_000), 1_000);
    expect([own.spool.state, warnings(own)]).toEqual(['memory', 1]);
    expect(own.disk().waiting).toBeGreaterThan(1_800);
    expect(own.memory().waiting).toBeGreaterThan(1_800);
    grow();
    await own.pass(HALF_A_MINUTE);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['disk', 4_000, 0]);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual(range(0, 4_000));
  });

  it.each([true, false])('keeps the youngest when it has sealed segments to give up (real: %s)', async (real) => {
    const { own } = small(real, { settings: { segmentBytes: 65_536 } });
    for (const start of range(0, 80)) {
      own.appendMany(range(start * 50, start * 50 + 50), 1_000);
      await own.files.watch.idle();
    }
    const lost = own.dropped('overflow');
    expect(lost).toBeGreaterThan(1_900);
    expect(lost).toBeLessThan(2_400);
    expect([own.spool.state, own.memory().waiting]).toEqual(['disk', 0]);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual(range(lost, 4_000));
  });
});

describe('row 31: a disk that refuses', () => {
  const codes = ['EDQUOT', 'EROFS', 'EACCES', 'EPERM'];
  const cases = codes.flatMap((code) => (['open', 'write', 'mkdir'] as const).map((on) => ({ code, on })));

  it.each(cases)('with $code on $on: one message, every half minute a try, and back', async ({ code, on }) => {
    const files = faultFiles();
    const path = on === 'mkdir' ? '' : '.seg';
    const end = files.add({ on, path, code });
    const own = faulty({ files });
    own.appendMany(range(10, 15));
    const tries = (): number => files.count(on);
    const first = tries();
    await own.pass(HALF_A_MINUTE - 1);
    expect(tries()).toBe(first);
    await own.pass(1_001);
    expect(tries()).toBeGreaterThan(first);
    own.appendMany(range(15, 20));
    await own.pass(60_000);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['memory', 0, 10]);
    expect(own.told.length).toBe(1);
    expect(own.told[0]).toContain(code);
    end();
    await own.pass(HALF_A_MINUTE + 1_000);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['disk', 10, 0]);
    expect([own.told.length, own.cleared.length]).toEqual([1, 1]);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual(range(10, 20));
  });
});

describe('row 32: a disk with errors', () => {
  /** How often a file was opened for reading from now on. */
  function attempts(own: Life<FaultFiles>, path: string): () => number {
    const { promises } = own.files;
    const { open } = promises;
    let count = 0;
    (promises as { open: typeof open }).open = (of, ...rest) => {
      count += Number(String(of).includes(path));
      return open(of, ...rest);
    };
    return () => count;
  }

  it('on writing: the segment is given up, and another one is used', async () => {
    const own = faulty();
    own.appendMany(range(10, 13));
    const [bad] = own.disk().segments;
    const size = fs.statSync(bad?.path ?? '').size;
    const end = own.files.faults.add({ on: 'write', path: '.seg', code: 'EIO' });
    own.appendMany(range(13, 16));
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['memory', 3, 3]);
    end();
    await own.pass(HALF_A_MINUTE);
    expect([own.spool.state, own.memory().waiting, own.disk().segments.length]).toEqual(['disk', 0, 2]);
    expect(fs.statSync(bad?.path ?? '').size).toBe(size);
    own.expectConsistent();
    expect(await (await successor(own)).deliverAll()).toEqual(range(10, 16));
  });

  it('on reading: three attempts, then its records are counted as lost, and other segments are as they were', async () => {
    const first = faulty({ settings: { segmentBytes: 400 } });
    first.appendMany(range(10, 40));
    const own = await successor(first);
    own.told.length = 0;
    const [bad, ...good] = own.disk().segments;
    const lost = bad?.waiting ?? 0;
    expect(good.length).toBeGreaterThan(1);
    const reads = attempts(own, bad?.path ?? '');
    own.files.faults.add({ on: 'read', path: bad?.path ?? '', code: 'EIO' });
    expect(await own.deliverAll()).toEqual(range(10 + lost, 40));
    expect(own.dropped('spool_lost')).toBe(lost);
    expect(reads()).toBe(3);
    expect(own.told).toEqual(['the spool has trouble (read: EIO)']);
    own.expectConsistent();
  });

  it('on reading, twice only: nothing is lost', async () => {
    const first = faulty();
    first.appendMany(range(10, 20));
    const own = await successor(first);
    const reads = attempts(own, '.seg');
    own.files.faults.add({ on: 'read', path: '.seg', code: 'EIO', times: 2 });
    expect([await own.deliverAll(), own.dropped('spool_lost')]).toEqual([range(10, 20), 0]);
    expect(reads()).toBe(3);
  });
});

describe('row 33: a disk that cannot keep what was written', () => {
  /** Remembers which file the disk was asked to keep. */
  function remembering(asked: string[]): FaultFiles {
    const files = faultFiles();
    const { fdatasync } = files;
    files.fdatasync = ((descriptor: number, done: (error: NodeJS.ErrnoException | null) => void) => {
      asked.push(files.disk.pathOf(descriptor));
      fdatasync(descriptor, done);
    }) as typeof fdatasync;
    return files;
  }

  it('is not asked about that file again: its records are written to another', async () => {
    const asked: string[] = [];
    const own = faulty({ files: remembering(asked) });
    own.files.faults.add({ on: 'fdatasync', code: 'EIO', times: 1 });
    own.appendMany(range(10, 20));
    const taken = await own.take({ maxRecords: 2 });
    const bad = own.disk().segments[0]?.path ?? '';
    expect(await own.spool.sync()).toBe(false);
    await own.pass(5_000);
    expect(asked.filter((path) => path === bad).length).toBe(1);
    expect(
      own
        .disk()
        .segments.filter(({ waiting }) => waiting > 0)
        .some(({ path }) => path === bad),
    ).toBe(false);
    expect(await own.spool.sync()).toBe(true);
    expect(idsOf(taken)).toEqual([10, 11]);
    own.release(taken as never);
    await own.pass(5_000);
    expect(asked.filter((path) => path === bad).length).toBe(1);
    own.expectConsistent();
    own.appendMany([20]);
    expect(await own.spool.sync()).toBe(true);
    await own.kill();
    own.files.faults.powerLoss();
    const next = faulty({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect([...(await next.deliverAll())].sort()).toEqual(range(10, 21));
  });

  it('loses nothing, and goes on, when it never can', async () => {
    const own = faulty({ settings: { segmentBytes: 400 } });
    own.files.faults.add({ on: 'fdatasync', code: 'EIO' });
    own.appendMany(range(10, 60));
    await own.pass(20_000);
    own.appendMany(range(60, 70));
    own.expectConsistent();
    expect([...(await own.deliverAll())].sort()).toEqual(range(10, 70));
    expect(own.ledger.pending).toBe(0);
  });
});
