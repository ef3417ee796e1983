import fs from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { FakeClock, turn } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import type { FaultScript } from '../../support/fault-script.ts';
import { idsOf, type Life, type LifeOptions, life, textOf } from './life.ts';

// A disk that hangs, is not there any more, has no descriptors or no room for us, or lost its power.

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const MEBIBYTE = 1_048_576;
const NFS = 0x6969;
const EXT4 = 0xef53;

function faulty(options: LifeOptions<FaultFiles> = {}, script: FaultScript = {}): Life<FaultFiles> {
  return life({ files: faultFiles(script), ...options });
}

/** One that was killed, and one that has taken over what it left. */
async function successor(of: Life<FaultFiles>, options: LifeOptions<FaultFiles> = {}): Promise<Life<FaultFiles>> {
  await of.kill();
  const next = faulty({ directory: of.directory, ...options });
  next.clock.jumpWall(60_000);
  await next.pass(1);
  return next;
}

function told(own: Life<FaultFiles>, what: string): number {
  return own.told.filter((text) => text.includes(what)).length;
}

const byNumber = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

describe('row 34: no descriptors left', () => {
  const codes = ['EMFILE', 'ENFILE'];
  const places = [
    { on: 'readdir', path: '' },
    { on: 'readdir', path: '.adopt-' },
    { on: 'open', path: '.seg' },
  ] as const;

  it.each(codes)('%s for the next segment: the current one is kept', async (code) => {
    const own = faulty({ settings: { segmentBytes: 400 } });
    own.appendMany(range(10, 12));
    const [only] = own.disk().segments;
    const end = own.files.faults.add({ on: 'open', path: '.seg', code });
    own.appendMany(range(12, 60));
    await own.pass(70_000);
    own.appendMany(range(60, 80));
    expect(own.disk().segments).toEqual([only]);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['disk', 70, 0]);
    end();
    own.appendMany(range(80, 82));
    expect(own.disk().segments.length).toBe(2);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual(range(10, 82));
  });

  it.each(codes)('%s for the very first: memory, and the disk as soon as there is one', async (code) => {
    const own = faulty();
    const end = own.files.faults.add({ on: 'open', path: '.seg', code });
    own.appendMany(range(10, 20));
    expect([own.spool.state, own.memory().waiting]).toEqual(['memory', 10]);
    end();
    await own.pass(30_000);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['disk', 10, 0]);
    expect(await own.deliverAll()).toEqual(range(10, 20));
  });

  it.each(codes)('%s for reading: tried again for as long as it takes, nothing is lost', async (code) => {
    const first = faulty();
    first.appendMany(range(10, 20));
    const own = await successor(first);
    own.files.faults.add({ on: 'open', path: '.seg', code, times: 20 });
    expect([await own.deliverAll(), own.dropped('spool_lost')]).toEqual([range(10, 20), 0]);
    expect(own.clock.now()).toBeGreaterThanOrEqual(20_000);
  });

  it.each(codes.flatMap((code) => places.map((place) => ({ code, ...place }))))(
    '$code ($on $path) while it takes over what others left: postponed, and tried again',
    async ({ code, on, path }) => {
      const first = faulty({ settings: { segmentBytes: 400 } });
      first.appendMany(range(10, 40));
      await first.kill();
      const own = faulty({ directory: first.directory });
      const end = own.files.faults.add({ on, code, path });
      own.clock.jumpWall(60_000);
      await own.pass(25_000);
      expect(own.ledger.recovered).toBe(0);
      end();
      await own.pass(20_000);
      expect(own.ledger.recovered).toBe(30);
      own.expectConsistent();
      expect(await own.deliverAll()).toEqual(range(10, 40));
    },
  );
});

describe('row 35: a directory that is deleted under us', () => {
  it.each(['instance', 'all'])('is noticed at the next round, and made anew (%s)', async (what) => {
    const own = faulty();
    own.appendMany(range(10, 20));
    const instance = dirname(own.disk().segments[0]?.path ?? '');
    fs.rmSync(what === 'all' ? own.directory : instance, { recursive: true });
    await own.pass(11_000);
    expect([own.dropped('spool_lost'), own.disk().waiting]).toEqual([10, 0]);
    own.appendMany(range(20, 30));
    expect(dirname(own.disk().segments[0]?.path ?? '')).not.toBe(instance);
    own.expectConsistent();
    expect([own.spool.state, own.told.length]).toEqual(['disk', 1]);
    expect(await (await successor(own)).deliverAll()).toEqual(range(20, 30));
  });

  it('is noticed when the next segment is to begin: that record is not lost', async () => {
    const own = faulty({ settings: { segmentBytes: 400 } });
    own.appendMany(range(10, 20));
    own.disk().appender.seal();
    fs.rmSync(own.destination, { recursive: true });
    own.appendMany(range(20, 30));
    expect([own.dropped('spool_lost'), own.disk().waiting, own.memory().waiting]).toEqual([10, 10, 0]);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual(range(20, 30));
  });

  it('is noticed after a pause, before the first record is written', async () => {
    const own = faulty();
    await own.pass(1);
    own.appendMany(range(10, 20));
    fs.rmSync(own.destination, { recursive: true });
    own.clock.skip(6_000);
    own.appendMany(range(20, 25));
    expect([own.dropped('spool_lost'), own.disk().waiting]).toEqual([10, 5]);
    expect(await own.deliverAll()).toEqual(range(20, 25));
  });
});

describe('row 36: a disk that hangs', () => {
  /** Every write to a segment takes so long. */
  function hanging(millis: number, options: LifeOptions<FaultFiles> = {}, type = EXT4) {
    const clock = new FakeClock();
    const files = faultFiles({ clock, skip: (time) => clock.skip(time), fileSystemType: type });
    const own = faulty({ clock, files, ...options });
    const end = millis > 0 ? files.add({ on: 'write', path: '.seg', millis }) : () => {};
    return { own, clock, files, end };
  }

  /** How long the application waits in one call. */
  function stall(own: Life<FaultFiles>, id: number, bytes = 0): number {
    const begun = own.clock.now();
    own.append(textOf(id, bytes));
    return own.clock.now() - begun;
  }

  async function written(own: Life<FaultFiles>): Promise<void> {
    while (own.disk().appender.unwrittenBytes > 0) await own.clock.advance(1_000);
  }

  it('holds the application up three times, then it is written to in the background, in order', async () => {
    const { own, files } = hanging(0, { settings: { segmentMillis: 600_000 } });
    own.appendMany(range(10, 12));
    const gone = files.add({ on: 'write', path: '.seg', millis: 5_000 });
    expect(range(12, 30).map((id) => stall(own, id))).toEqual([5_000, 5_000, 5_000, ...Array(15).fill(0)]);
    expect([own.spool.state, own.disk().waiting, own.memory().waiting]).toEqual(['delayed', 20, 0]);
    expect(told(own, 'slow')).toBe(1);
    const begun = own.clock.now();
    await written(own);
    expect(own.clock.now()).toBeGreaterThan(begun);
    gone();
    await own.clock.advance(60_000);
    expect(own.spool.state).toBe('disk');
    const calls = own.files.watch.calls.get('writeSync') ?? 0;
    expect(stall(own, 30)).toBe(0);
    expect(own.files.watch.calls.get('writeSync')).toBe(calls + 1);
    own.expectConsistent();
    expect(await (await successor(own)).deliverAll()).toEqual(range(10, 31));
  });

  it('is not called slow for two slow writes in a minute, nor for many short ones', async () => {
    const { own, files } = hanging(0);
    own.appendMany([9]);
    files.add({ on: 'write', path: '.seg', millis: 200 });
    expect(
      range(10, 30)
        .map((id) => stall(own, id))
        .at(-1),
    ).toBe(200);
    expect(own.spool.state).toBe('disk');
    files.add({ on: 'write', path: '.seg', millis: 1, times: 2 });
    own.appendMany(range(30, 32));
    expect([own.spool.state, own.told]).toEqual(['disk', []]);
    await own.clock.advance(61_000);
    files.add({ on: 'write', path: '.seg', millis: 1, times: 3 });
    own.appendMany(range(32, 35));
    expect(own.spool.state).toBe('delayed');
    await written(own);
  });

  it('takes a mebibyte in the background; the rest waits in memory, and nothing is lost', async () => {
    const { own } = hanging(5_000, { memoryBytes: 8 * MEBIBYTE, settings: { segmentBytes: 8 * MEBIBYTE } });
    for (const id of range(0, 4_000)) {
      own.append(textOf(id, 1_000));
      expect(own.disk().appender.unwrittenBytes).toBeLessThanOrEqual(MEBIBYTE);
    }
    expect([own.spool.state, own.ledger.pending]).toEqual(['delayed', 4_000]);
    expect(own.memory().waiting).toBeGreaterThan(2_000);
    while (own.memory().waiting > 0) {
      await own.clock.advance(1_000);
      expect(own.disk().appender.unwrittenBytes).toBeLessThanOrEqual(MEBIBYTE);
    }
    await written(own);
    expect(own.ledger.dropped).toMatchObject({ overflow: 0, spool_lost: 0 });
    own.expectConsistent();
    expect(await (await successor(own)).deliverAll()).toEqual(range(0, 4_000));
  });

  it('delivers in order what is still on its way to the disk', async () => {
    const { own } = hanging(5_000);
    own.appendMany(range(10, 40));
    expect(own.disk().appender.unwrittenBytes).toBeGreaterThan(0);
    expect(await own.deliverAll()).toEqual(range(10, 40));
    await written(own);
    own.expectConsistent();
  });

  it('loses nothing when the background write fails', async () => {
    const { own, files, end } = hanging(5_000);
    own.appendMany(range(10, 13));
    end();
    files.add({ on: 'write', path: '.seg', code: 'EIO', times: 1 });
    own.appendMany(range(13, 40));
    await own.clock.advance(100_000);
    expect([own.disk().waiting, own.memory().waiting]).toEqual([30, 0]);
    expect(own.told.some((text) => text.includes('EIO'))).toBe(true);
    own.expectConsistent();
    expect(byNumber(await (await successor(own)).deliverAll())).toEqual(range(10, 40));
  });

  it('on NFS is never waited for', async () => {
    const { own } = hanging(5_000, {}, NFS);
    expect(range(10, 30).map((id) => stall(own, id))).toEqual(Array(20).fill(0));
    expect([own.files.watch.calls.get('writeSync') ?? 0, own.spool.state]).toEqual([0, 'delayed']);
    await written(own);
    await own.clock.advance(120_000);
    expect(stall(own, 30)).toBe(0);
    await written(own);
    expect(await (await successor(own)).deliverAll()).toEqual(range(10, 31));
  });
});

describe('row 37: the cap of the spool', () => {
  const settings = { segmentBytes: 8_192, maxDiskBytes: 65_536 };

  it('drops the oldest segments, and counts exactly', async () => {
    const own = faulty({ settings });
    for (const start of range(0, 60)) {
      own.appendMany(range(start * 10, start * 10 + 10), 500);
      expect(own.spool.diskBytes).toBeLessThanOrEqual(65_536 + 512);
      if (start % 7 === 0) await own.pass(100);
      own.expectConsistent();
    }
    const lost = own.dropped('overflow');
    expect(own.ledger.accepted).toBe(lost + own.pending);
    expect([lost > 450, lost < 500, own.memory().waiting]).toEqual([true, true, 0]);
    expect(await own.deliverAll()).toEqual(range(lost, 600));
    expect(own.ledger.pending).toBe(0);
  });

  it('counts what is taken and comes back after its segment had to go', async () => {
    const own = faulty({ settings });
    own.appendMany(range(0, 40), 500);
    const kept = (await own.take({ maxRecords: 5 })) as Batch;
    const back = (await own.take({ maxRecords: 5 })) as Batch;
    own.appendMany(range(40, 300), 500);
    own.acknowledge(kept);
    own.release(back);
    own.expectConsistent();
    const rest = await own.deliverAll();
    expect([...idsOf(kept), ...rest].length + own.dropped('overflow')).toBe(300);
    expect(rest).toEqual(range(300 - rest.length, 300));
  });

  it.each([
    ['first', ['events', 'logs']],
    ['second', ['logs', 'events']],
  ])('is one for all lanes: the oldest goes, also when it is of the %s', async (_which, lanes) => {
    const own = faulty({ settings, lanes });
    own.appendMany(range(0, 60), 500, 'events');
    await own.clock.advance(1_000);
    own.appendMany(range(1_000, 1_100), 500, 'logs');
    own.expectConsistent();
    expect(own.spool.diskBytes).toBeLessThanOrEqual(65_536 + 512);
    const events = await own.deliverAll('events');
    const logs = await own.deliverAll('logs');
    expect(logs).toEqual(range(1_000, 1_100));
    expect(events).toEqual(range(60 - events.length, 60));
    expect([events.length < 40, own.dropped('overflow')]).toEqual([true, 60 - events.length]);
  });

  it('is one for all processes: what others use is not to be had', async () => {
    const other = faulty({ settings: { name: 'other', segmentBytes: 8_192 } });
    other.appendMany(range(0, 64), 500);
    const used = other.spool.diskBytes;
    const own = faulty({ settings, directory: other.directory });
    await own.pass(10_000);
    own.appendMany(range(0, 300), 500);
    expect(own.spool.diskBytes).toBeLessThanOrEqual(65_536 - used + 512);
    expect(own.spool.diskBytes).toBeGreaterThan(65_536 - used - 2 * 8_192);
    own.expectConsistent();
    const lost = own.dropped('overflow');
    expect(await own.deliverAll()).toEqual(range(lost, 300));
    expect(other.disk().waiting).toBe(64);
  });
});

describe('row 38: a disk that others fill', () => {
  it('is kept off: records wait in memory, and only what that cannot hold is dropped', async () => {
    const own = faulty(
      { memoryBytes: 10_000, settings: { segmentBytes: 2_000, minFreeBytes: 50_000 } },
      { capacityBytes: 1_000_000 },
    );
    const { disk } = own.files.faults;
    own.appendMany(range(100, 110), 500);
    await own.pass(1_000);
    const before = own.disk().waiting;
    const others = disk.room - 49_000;
    disk.usedBytes += others;
    own.appendMany(range(110, 120), 500);
    const onDisk = own.disk().waiting;
    expect(onDisk - before).toBeLessThan(4);
    expect([own.spool.state, told(own, 'too little space')]).toEqual(['memory', 1]);
    expect([own.memory().waiting, own.dropped('overflow')]).toEqual([20 - onDisk, 0]);
    own.appendMany(range(120, 200), 500);
    await own.pass(60_000);
    const lost = own.dropped('overflow');
    expect([own.disk().waiting, own.memory().waiting + lost]).toEqual([onDisk, 100 - onDisk]);
    expect(lost).toBeGreaterThan(50);
    disk.usedBytes -= others;
    await own.pass(30_000);
    expect([own.spool.state, own.memory().waiting]).toEqual(['disk', 0]);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual([...range(100, 100 + onDisk), ...range(100 + onDisk + lost, 200)]);
  });

  it('may be filled more when it is small: a tenth of it stays free', () => {
    const own = faulty({ settings: { segmentBytes: 2_000, minFreeBytes: MEBIBYTE } }, { capacityBytes: 100_000 });
    own.appendMany(range(100, 400), 500);
    expect([own.spool.state, own.memory().waiting > 0]).toEqual(['memory', true]);
    expect(own.spool.diskBytes).toBeGreaterThan(80_000);
    expect(own.files.faults.disk.room).toBeGreaterThan(10_000 - 2_512);
    own.expectConsistent();
  });
});

describe('row 39: file systems', () => {
  it.each([
    ['NFS', 0x6969, 'delayed'],
    ['SMB', 0x517b, 'delayed'],
    ['CIFS', 0xff534d42, 'delayed'],
    ['CIFS as a signed number', 0xff534d42 | 0, 'delayed'],
    ['SMB2', 0xfe534d42, 'delayed'],
    ['FUSE', 0x65735546, 'delayed'],
    ['9p', 0x01021997, 'delayed'],
    ['Ceph', 0x00c36400, 'delayed'],
    ['ext4', 0xef53, 'disk'],
    ['xfs', 0x58465342, 'disk'],
    ['btrfs', 0x9123683e, 'disk'],
    ['tmpfs', 0x01021994, 'disk'],
    ['overlay', 0x794c7630, 'disk'],
    ['unknown', 0, 'disk'],
  ])('%s (%i): %s', async (_name, fileSystemType, state) => {
    const own = faulty({}, { fileSystemType });
    own.appendMany(range(10, 20));
    expect(own.spool.state).toBe(state);
    await own.pass(1_000);
    const next = await successor(own, { files: faultFiles({ fileSystemType }) });
    expect(await next.deliverAll()).toEqual(range(10, 20));
  });

  it('that do not say what they are count as local', () => {
    const own = faulty({}, { faults: [{ on: 'statfs', code: 'ENOSYS' }] });
    own.appendMany(range(10, 20));
    expect([own.spool.state, own.disk().waiting]).toEqual(['disk', 10]);
  });
});

describe('row 43: power loss', () => {
  async function afterPowerLoss(own: Life<FaultFiles>, zeroes: boolean): Promise<Life<FaultFiles>> {
    await own.kill();
    own.files.faults.powerLoss(zeroes);
    const next = faulty({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    next.expectConsistent();
    return next;
  }

  it('a segment of zeros is skipped and counted, those behind it are intact', async () => {
    const first = faulty({ settings: { segmentBytes: 400, fsync: 'never' } });
    first.appendMany(range(10, 40));
    const [, bad] = first.disk().segments;
    const lost = bad?.waiting ?? 0;
    const start = 10 + (first.disk().segments[0]?.waiting ?? 0);
    await first.kill();
    const { path } = bad as { path: string };
    fs.writeFileSync(path, Buffer.alloc(fs.statSync(path).size));
    const next = faulty({ directory: first.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect(await next.deliverAll()).toEqual([...range(10, start), ...range(start + lost, 40)]);
    expect([next.dropped('corrupt'), next.ledger.pending]).toEqual([1, 0]);
  });

  it.each([true, false])('costs, with `interval`, only what came after the last sync (zeros: %s)', async (zeroes) => {
    const own = faulty({ settings: { fsync: 'interval', fsyncMillis: 1_000 } });
    own.appendMany(range(10, 20));
    await own.pass(2_000);
    own.appendMany(range(20, 30));
    const next = await afterPowerLoss(own, zeroes);
    expect(await next.deliverAll()).toEqual(range(10, 20));
    expect(next.dropped('corrupt')).toBe(zeroes ? 1 : 0);
    next.appendMany([30]);
    expect(await next.deliverAll()).toEqual([30]);
  });

  it.each([true, false])('costs, with `batch`, nothing that the disk has confirmed (zeros: %s)', async (zeroes) => {
    const own = faulty({ settings: { fsync: 'batch', segmentBytes: 400 } });
    for (const start of range(1, 6)) {
      own.appendMany(range(start * 10, start * 10 + 10));
      expect(await own.spool.sync()).toBe(true);
    }
    expect(await (await afterPowerLoss(own, zeroes)).deliverAll()).toEqual(range(10, 60));
  });

  it('with `batch` the disk is asked after every turn of the event loop', async () => {
    const own = faulty({ settings: { fsync: 'batch' } });
    own.appendMany(range(10, 20));
    await turn();
    await own.files.watch.idle();
    expect(own.files.watch.calls.get('fdatasync')).toBe(1);
    expect(await (await afterPowerLoss(own, true)).deliverAll()).toEqual(range(10, 20));
  });

  it('costs, with `never`, everything that the disk had not kept by itself', async () => {
    const own = faulty({ settings: { fsync: 'never' } });
    own.appendMany(range(10, 20));
    await own.pass(5_000);
    expect(await (await afterPowerLoss(own, true)).deliverAll()).toEqual([]);
  });
});
