import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { spoolSettings } from '../../../src/spool-options.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { type Life, life, textOf } from './life.ts';

// Corners of rows 30–38: limits that meet restarts, hand-overs and each other.

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const byNumber = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);
const KIBIBYTE = 1_024;

async function inherited(own: Life): Promise<readonly number[]> {
  await own.kill();
  const next = life({ directory: own.directory });
  next.clock.jumpWall(60_000);
  await next.pass(1);
  return next.deliverAll();
}

describe('row 30: a full disk', () => {
  it('when a process starts with a backlog on it: that is delivered as soon as there is room', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    const files = faultFiles({ capacityBytes: 0 });
    const own = life({ directory: first.directory, files });
    own.clock.jumpWall(60_000);
    own.append(textOf(10));
    await own.pass(60_000);
    own.expectConsistent();
    files.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await own.pass(41_000);
    expect(byNumber(await own.deliverAll())).toEqual([...range(0, 5), 10]);
  });

  it('gets room at once from a segment whose file is still open', async () => {
    const files = faultFiles();
    const own = life({ files, settings: { segmentBytes: 16 * KIBIBYTE } });
    own.appendMany(range(0, 100), 1_000);
    // None of them has been closed yet: the disk is being asked to keep them.
    files.disk.capacityBytes = files.disk.usedBytes + 500;
    own.appendMany(range(100, 110), 1_000);
    expect([own.spool.state, own.memory().waiting]).toEqual(['disk', 0]);
    expect(own.dropped('overflow')).toBeLessThan(20);
    own.expectConsistent();
  });

  it('gets room from damaged segments as well, although others are kept to be looked at', async () => {
    const own = life({ settings: { maxDiskBytes: 100 * KIBIBYTE, segmentBytes: 10 * KIBIBYTE } });
    own.appendMany(range(0, 150), 500);
    const [oldest] = own.disk().segments;
    if (oldest !== undefined) oldest.damaged = true;
    own.appendMany(range(150, 300), 500);
    expect(fs.existsSync(oldest?.path ?? '')).toBe(false);
    expect(fs.existsSync(join(own.destination, 'dead'))).toBe(false);
    own.expectConsistent();
  });

  it('does not take the records of a segment whose torn end cannot be cut off, if the process is killed then', async () => {
    for (const room of [1, 9, 20]) {
      const files = faultFiles({ faults: [{ on: 'ftruncate', code: 'EROFS' }] });
      const own = life({ files });
      own.appendMany(range(0, 3));
      files.disk.capacityBytes = files.disk.usedBytes + room;
      files.add({ on: 'open', path: '.seg', code: 'EROFS' });
      own.append(textOf(3));
      const dropped = own.dropped('overflow');
      expect(await inherited(own)).toEqual(dropped > 0 ? [] : range(0, 3));
    }
  });
});

describe('row 32: EIO', () => {
  it('when what others have left is looked at: it is tried again', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    for (const on of ['readdir', 'lstat', 'rename', 'open'] as const) {
      const files = faultFiles();
      const own = life({ directory: first.directory, files });
      own.clock.jumpWall(60_000);
      const heal = files.add({ on, path: first.destination, code: 'EIO' });
      await own.pass(12_000);
      heal();
      await own.pass(42_000);
      expect([on, own.pending]).toEqual([on, 5]);
      own.expectConsistent();
      await own.kill();
    }
  });

  it('when an adopted directory is listed: that is tried again too', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    const files = faultFiles();
    const own = life({ directory: first.directory, files });
    own.clock.jumpWall(60_000);
    const heal = files.add({ on: ['readdir', 'lstat'], path: '.adopt-', code: 'EIO' });
    await own.pass(25_000);
    expect(own.pending).toBe(0);
    heal();
    await own.pass(11_000);
    expect(await own.deliverAll()).toEqual(range(0, 5));
    await own.pass(1_000);
    expect(own.filesLeft()).toEqual([]);
  });

  it('twice before every read is no reason to give a file up', async () => {
    const first = life({ settings: { segmentBytes: 8 * 1_048_576 } });
    first.appendMany(range(0, 40), 100_000);
    await first.kill();
    const files = faultFiles();
    const own = life({ directory: first.directory, files });
    own.clock.jumpWall(60_000);
    await own.pass(1);
    const { open } = own.files.promises;
    let count = 0;
    (own.files.promises as { open: typeof open }).open = (...args) => {
      count += 1;
      if (count % 3 === 0) return open(...args);
      return Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
    };
    expect(await own.deliverAll()).toEqual(range(0, 40));
    expect([count > 9, own.dropped('spool_lost')]).toEqual([true, 0]);
  });

  it('of a file that is not there any more ends the attempts', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    await first.kill();
    const files = faultFiles();
    const own = life({ directory: first.directory, files });
    own.clock.jumpWall(60_000);
    const heal = files.add({ on: 'open', path: '.seg', code: 'ENOENT' });
    await own.pass(5_000);
    heal();
    const opened = files.count('open');
    await own.pass(40_000);
    expect(files.count('open')).toBe(opened);
    own.expectConsistent();
  });
});

describe('row 33: EIO on fdatasync', () => {
  it('while records are in flight: those are not lost either, whether they are delivered or not', async () => {
    const files = faultFiles();
    const own = life({ files });
    own.appendMany(range(0, 10), 1_000);
    const first = (await own.take({ maxRecords: 3 })) as Batch;
    const second = (await own.take({ maxRecords: 3 })) as Batch;
    const heal = files.add({ on: 'fdatasync', code: 'EIO', times: 1 });
    await own.pass(2_000);
    heal();
    own.acknowledge(first);
    own.release(second);
    await own.pass(3_000);
    own.expectConsistent();
    await own.kill();
    files.powerLoss();
    const next = life({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect(await next.deliverAll()).toEqual(expect.arrayContaining(range(3, 10)));
  });

  it('for good: disk use does not grow', async () => {
    const files = faultFiles({ faults: [{ on: 'fdatasync', code: 'EIO' }] });
    const own = life({ files });
    own.appendMany(range(0, 20), 500);
    await own.pass(60_000);
    expect(own.spool.diskBytes).toBeLessThan(3 * 20 * 600);
    expect(own.files.watch.open).toBeLessThanOrEqual(3);
    expect(byNumber(await own.deliverAll())).toEqual(range(0, 20));
  });
});

describe('a segment', () => {
  it.each(['by its options', 'for want of descriptors'])(
    'never grows beyond what others take over (%s)',
    async (why) => {
      const files = faultFiles();
      const large = { segmentBytes: 48 * 1_048_576 };
      const own = life({ files, memoryBytes: 64 * 1_048_576, ...(why === 'by its options' && { settings: large }) });
      own.append(textOf(0));
      const heal = why === 'by its options' ? () => {} : files.add({ on: 'open', path: '.seg', code: 'EMFILE' });
      for (const id of range(1, 75)) own.append(textOf(id, 1_000_000));
      const sizes = own.disk().segments.map(({ size }) => size);
      expect(Math.max(...sizes)).toBeLessThan(48 * 1_048_576);
      heal();
      await own.pass(31_000);
      expect(own.memory().waiting).toBe(0);
      expect(await inherited(own)).toEqual(range(0, 75));
    },
  );
});

describe('row 34: few descriptors', () => {
  it('two are enough', async () => {
    const files = faultFiles({ maxOpen: 2 });
    const own = life({ files, settings: { segmentBytes: 16 * KIBIBYTE } });
    own.appendMany(range(0, 200), 1_000);
    expect(own.memory().waiting).toBe(0);
    await own.pass(5_000);
    expect(await own.deliverAll('logs', 20)).toEqual(range(0, 200));
    await own.pass(61_000);
    expect([own.filesLeft(), own.files.watch.open]).toEqual([[], 0]);
    own.expectConsistent();
  });

  it('none from the start: memory, and the disk as soon as there are some', async () => {
    const files = faultFiles({ maxOpen: 0 });
    const own = life({ files });
    own.appendMany(range(0, 5));
    await own.pass(31_000);
    expect(own.memory().waiting).toBe(5);
    files.disk.maxOpen = 10;
    await own.pass(31_000);
    expect(own.memory().waiting).toBe(0);
    expect(await inherited(own)).toEqual(range(0, 5));
  });
});

describe('row 35: the directory is deleted', () => {
  it.each(['instance', 'destination', 'directory'])(
    '(%s) while files are being written, and noticed at the next one',
    async (what) => {
      const own = life({ settings: { segmentBytes: 16 * KIBIBYTE } });
      own.appendMany(range(0, 3), 1_000);
      const path = { instance: dirname(own.disk().segments[0]?.path ?? ''), destination: own.destination }[what];
      fs.rmSync(path ?? own.directory, { recursive: true });
      own.appendMany(range(3, 40), 1_000);
      expect([own.spool.state, own.memory().waiting]).toEqual(['disk', 0]);
      const lost = own.dropped('spool_lost');
      expect(lost).toBeGreaterThanOrEqual(3);
      expect(lost).toBeLessThan(20);
      own.expectConsistent();
      expect(own.files.watch.open).toBeLessThanOrEqual(3);
      expect(await inherited(own)).toEqual(range(lost, 40));
    },
  );

  it('and cannot be made again: memory until it can', async () => {
    const files = faultFiles();
    const own = life({ files });
    own.appendMany(range(0, 3));
    fs.rmSync(own.directory, { recursive: true });
    const heal = files.add({ on: 'mkdir', code: 'EACCES' });
    await own.pass(11_000);
    own.appendMany(range(3, 6));
    expect([own.spool.state, own.memory().waiting, own.dropped('spool_lost')]).toEqual(['memory', 3, 3]);
    heal();
    await own.pass(31_000);
    expect(await inherited(own)).toEqual(range(3, 6));
  });
});

describe('row 37: the cap', () => {
  const settings = { maxDiskBytes: 100 * KIBIBYTE, segmentBytes: 10 * KIBIBYTE };

  it('counts what changes hands once', async () => {
    const first = life({ settings: { segmentBytes: settings.segmentBytes } });
    first.appendMany(range(0, 120), 500);
    const own = life({ directory: first.directory, settings });
    own.clock.jumpWall(60_000);
    await own.pass(1);
    own.appendMany(range(200, 400), 500);
    expect(own.spool.diskBytes).toBeLessThanOrEqual(settings.maxDiskBytes - 120 * 500);
    const dropped = own.dropped('overflow');
    expect(dropped).toBeGreaterThan(100);
    await first.kill();
    await own.adopt();
    expect(own.ledger.recovered).toBe(120);
    own.appendMany(range(400, 420), 500);
    own.expectConsistent();
    expect(own.dropped('overflow')).toBeLessThanOrEqual(dropped + 45);
    expect(own.spool.diskBytes).toBeGreaterThan(settings.maxDiskBytes * 0.75);
    expect(own.spool.diskBytes).toBeLessThanOrEqual(settings.maxDiskBytes);
  });

  it('counts it once even when it cannot be measured again', async () => {
    const first = life({ settings: { segmentBytes: settings.segmentBytes } });
    first.appendMany(range(0, 120), 500);
    const files = faultFiles();
    const own = life({ directory: first.directory, files, settings });
    own.clock.jumpWall(60_000);
    await own.pass(1);
    await first.kill();
    files.add({ on: 'lstat', path: /logferry-v1$/, code: 'EMFILE' });
    await own.adopt();
    expect(own.ledger.recovered).toBe(120);
    own.appendMany(range(200, 240), 500);
    expect(own.dropped('overflow')).toBe(0);
    expect(own.spool.diskBytes).toBeGreaterThan(150 * 500);
  });

  it('does not make a backlog go that a restart finds, whatever is written meanwhile', async () => {
    const first = life({ settings });
    first.appendMany(range(0, 150), 500);
    await first.kill();
    const own = life({ directory: first.directory, settings });
    own.clock.jumpWall(60_000);
    for (const id of range(200, 206)) {
      own.append(textOf(id, 500));
      await own.pass(10_000);
    }
    expect(own.dropped('overflow')).toBe(0);
    expect(byNumber(await own.deliverAll())).toEqual([...range(0, 150), ...range(200, 206)]);
  });

  it('that was lowered since makes the oldest go, counted', async () => {
    const first = life({ settings: { segmentBytes: 10 * KIBIBYTE } });
    first.appendMany(range(0, 400), 500);
    await first.kill();
    const own = life({ directory: first.directory, settings });
    own.clock.jumpWall(60_000);
    await own.pass(1);
    own.append(textOf(1_000, 500));
    own.expectConsistent();
    expect(own.spool.diskBytes).toBeLessThanOrEqual(settings.maxDiskBytes);
    const ids = byNumber(await own.deliverAll());
    expect(ids).toEqual([...range(own.dropped('overflow'), 400), 1_000]);
  });
});

describe('spool.segmentBytes', () => {
  it.each([
    [{ segmentBytes: 1e9 }, 32 * 1_048_576],
    [{ segmentBytes: 1e9, maxDiskBytes: 1_048_576 }, 262_144],
    [{ maxDiskBytes: 65_536 }, 16_384],
    [{ segmentBytes: 20_000 }, 20_000],
  ])('%j is %i: whole segments make room for others, and others take them over', (options, bytes) => {
    expect(spoolSettings({ directory: '/spool', ...options }).segmentBytes).toBe(bytes);
  });
});
