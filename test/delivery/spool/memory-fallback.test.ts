import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { DiskBatch } from '../../../src/delivery/spool/disk-batch.ts';
import { rig } from '../../support/delivery-rig.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import { idsOf, type Life, type LifeOptions, life, textOf, textsOf } from './life.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const NFS = 0x6969;

interface Broken {
  readonly own: Life<FaultFiles>;
  readonly files: FaultFiles;
  /** Records cannot be written from now on, until the result is called. */
  readonly breakDisk: () => () => void;
}

function broken(options: LifeOptions<FaultFiles> = {}): Broken {
  const files = options.files ?? faultFiles();
  const own = life({ ...options, files });
  return { own, files, breakDisk: () => files.add({ on: ['write', 'open'], path: '.seg', code: 'EROFS' }) };
}

describe('a queue whose disk comes and goes', () => {
  it('keeps order: what is in memory is younger than what is on the disk, and goes there as soon as it can', async () => {
    const { own, breakDisk } = broken();
    let id = 0;
    for (const round of range(0, 4)) {
      own.appendMany(range(id, id + 5));
      const heal = breakDisk();
      own.appendMany(range(id + 5, id + 10));
      expect([own.memory().waiting, own.spool.state]).toEqual([5, 'memory']);
      heal();
      await own.pass(30_000);
      // At the next record, or within a second.
      if (round % 2 === 0) await own.pass(1_000);
      own.append(textOf(id + 10));
      expect([own.memory().waiting, own.spool.state]).toEqual([0, 'disk']);
      own.expectConsistent();
      id += 11;
    }
    expect(await own.deliverAll()).toEqual(range(0, id));
  });

  it('does not let a small record overtake a large one that waits in memory', async () => {
    const files = faultFiles({ fileSystemType: NFS });
    let hold = true;
    const held: (() => void)[] = [];
    const { write } = files;
    files.write = ((...args: Parameters<typeof write>) => {
      if (hold) held.push(() => write(...args));
      else write(...args);
    }) as typeof write;
    const { own } = broken({ files, memoryBytes: 4e6, settings: { segmentBytes: 8e6 } });
    own.files.watch.delayed = () => held.length;
    own.appendMany(range(0, 4), 200_000);
    own.append(textOf(4, 400_000));
    expect(own.memory().waiting).toBe(1);
    own.append(textOf(5));
    own.appendMany(range(6, 9), 100_000);
    expect(own.memory().waiting).toBe(5);
    own.expectConsistent();
    hold = false;
    for (const go of held.splice(0)) go();
    await own.pass(5_000);
    expect(own.memory().waiting).toBe(0);
    expect(await own.deliverAll('logs', 1)).toEqual(range(0, 9));
  });

  it('delivers from memory while the disk is away, after what can be read from the disk', async () => {
    const { own, breakDisk } = broken();
    own.appendMany(range(0, 3));
    const heal = breakDisk();
    own.appendMany(range(3, 6));
    expect(await own.deliverAll('logs', 2)).toEqual(range(0, 6));
    own.expectConsistent();
    heal();
    await own.pass(61_000);
    own.expectConsistent();
    expect([own.pending, own.budget.used, own.filesLeft()]).toEqual([0, 0, []]);
  });

  it('takes the newest record from where it is', async () => {
    const { own, breakDisk } = broken();
    own.appendMany(range(0, 3));
    breakDisk();
    own.appendMany(range(3, 5));
    for (const id of [4, 3, 2, 1, 0]) expect(idsOf(await own.take({ newest: true }))).toEqual([id]);
  });

  it('takes back what was sent from memory into memory, whatever has moved meanwhile, and nothing is lost', async () => {
    const { own, breakDisk } = broken();
    const heal = breakDisk();
    own.appendMany(range(0, 10));
    const first = (await own.take({ maxRecords: 3 })) as Batch;
    const second = (await own.take({ maxRecords: 3 })) as Batch;
    expect([first, second].some((batch) => batch instanceof DiskBatch)).toBe(false);
    heal();
    await own.pass(31_000);
    expect([own.memory().waiting, own.disk().waiting]).toEqual([0, 4]);
    own.release(first);
    const [left, right] = own.queue().split(second, 1);
    own.acknowledge(left);
    own.release(right);
    own.expectConsistent();
    await own.pass(1_000);
    expect(own.memory().waiting).toBe(0);
    expect([...(await own.deliverAll())].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
    own.expectConsistent();
  });

  it('makes room on a full disk for what waits in memory, the oldest first', async () => {
    const files = faultFiles();
    const { own } = broken({ files, settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 80), 1_000);
    await own.pass(1_000);
    const heal = files.add({ on: 'write', path: '.seg', code: 'EROFS' });
    own.appendMany(range(80, 110), 1_000);
    expect(own.memory().waiting).toBe(30);
    heal();
    files.disk.capacityBytes = files.disk.usedBytes + 100;
    await own.pass(31_000);
    expect([own.memory().waiting, own.spool.state]).toEqual([0, 'disk']);
    own.expectConsistent();
    const dropped = own.dropped('overflow');
    expect(dropped).toBeGreaterThan(20);
    expect(await own.deliverAll()).toEqual(range(dropped, 110));
  });

  it('says that everything accepted before has ended only when it has, wherever it went meanwhile', async () => {
    const { own, breakDisk } = broken();
    own.appendMany(range(0, 2));
    const heal = breakDisk();
    own.appendMany(range(2, 4));
    const check = own.queue().checkpoint();
    const batch = (await own.take()) as Batch;
    expect(idsOf(batch)).toEqual([0, 1]);
    own.acknowledge(batch);
    expect(check()).toBe(false);
    heal();
    await own.pass(31_000);
    expect(own.memory().waiting).toBe(0);
    expect(check()).toBe(false);
    own.appendMany([4]);
    const moved = (await own.take({ maxRecords: 2 })) as Batch;
    expect(idsOf(moved)).toEqual([2, 3]);
    expect(check()).toBe(false);
    own.acknowledge(moved);
    expect([check(), own.pending]).toEqual([true, 1]);
  });

  it('says so of what is written again because the disk may not have kept it', async () => {
    const files = faultFiles({ faults: [{ on: 'fdatasync', code: 'EIO', times: 1 }] });
    const { own } = broken({ files });
    own.appendMany(range(0, 3));
    const check = own.queue().checkpoint();
    await own.pass(3_000);
    expect(check()).toBe(false);
    const batch = (await own.take()) as Batch;
    expect(idsOf(batch)).toEqual([0, 1, 2]);
    own.acknowledge(batch);
    expect(check()).toBe(true);
    own.expectConsistent();
  });
});

describe('a record that is handed out at once', () => {
  it('is on the disk like any other, and waits there if nobody replaces it', async () => {
    const { own } = broken();
    own.append(textOf(0));
    const batch = own.appendTaken(textOf(1)) as Batch;
    own.append(textOf(2));
    expect(textsOf(batch)).toBe(textOf(1));
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual([0, 2]);
    await own.kill();
    const next = life({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect(await next.deliverAll()).toEqual([1]);
  });

  it('goes to memory when the disk is away, and does not overtake others there', async () => {
    const { own, breakDisk } = broken();
    const heal = breakDisk();
    own.append(textOf(0));
    const batch = own.appendTaken(textOf(1)) as Batch;
    expect(batch instanceof DiskBatch).toBe(false);
    expect(own.memory().waiting).toBe(1);
    heal();
    await own.pass(30_000);
    own.append(textOf(2));
    own.acknowledge(batch);
    own.expectConsistent();
    expect(await own.deliverAll()).toEqual([0, 2]);
    expect(own.budget.used).toBe(0);
  });

  it('makes room on a full disk like any other', async () => {
    const files = faultFiles();
    const { own } = broken({ files, settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 60), 1_000);
    await own.pass(1_000);
    files.disk.capacityBytes = files.disk.usedBytes + 10;
    const batch = own.appendTaken(textOf(100, 1_000)) as Batch;
    expect(batch instanceof DiskBatch).toBe(true);
    expect(own.dropped('overflow')).toBeGreaterThan(0);
    own.expectConsistent();
    own.release(batch);
    expect((await own.deliverAll()).at(-1)).toBe(100);
  });

  it('that fails to be written says so to the disk: the next ones do not try', async () => {
    const { own, files, breakDisk } = broken();
    breakDisk();
    own.appendTaken(textOf(0));
    expect(own.spool.state).toBe('memory');
    const tries = files.count('open');
    own.appendTaken(textOf(1));
    own.append(textOf(2));
    expect(files.count('open')).toBe(tries);
    own.expectConsistent();
  });
});

describe('the end', () => {
  it('moves what waits in memory to a disk that is well, and counts it when it is not', async () => {
    const { own, breakDisk } = broken();
    const heal = breakDisk();
    own.appendMany(range(0, 5));
    expect(own.queue().clear()).toBe(5);
    own.ledger.drop(5, 'shutdown');
    own.expectConsistent();
    own.appendMany(range(5, 8));
    heal();
    await own.clock.advance(29_000);
    own.clock.skip(1_000);
    expect(own.queue().clear()).toBe(0);
    own.expectConsistent();
    await own.close();
    const next = life({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1);
    expect(await next.deliverAll()).toEqual([5, 6, 7]);
  });
});

describe('without a spool', () => {
  it('delivery goes on when all that waited was too old', async () => {
    const it = await rig({ maxRecords: 2, delivery: { queue: { maxAgeMillis: 60_000 } } });
    await it.server.pause();
    for (let round = 0; round < 5; round += 1) {
      it.emit(3);
      await it.pass(400_000);
      expect(it.stats).toMatchObject({ pending: 0, dropped: { expired: 3 * (round + 1) } });
    }
    await it.server.open();
    await it.expectAlive();
  });
});
