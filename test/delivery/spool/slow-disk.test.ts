import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { Batch } from '../../../src/codec/batch.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import type { Fault } from '../../support/fault-script.ts';
import { idsOf, type Life, type LifeOptions, life, textOf } from './life.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const MEBIBYTE = 1_048_576;
const NFS = 0x6969;

interface Slow {
  readonly clock: FakeClock;
  readonly files: FaultFiles;
  readonly own: Life<FaultFiles>;
  /** How long the application has been held up by the disk, per append. */
  readonly stalls: number[];
  append(id: number, bytes?: number): boolean;
}

function slow(faults: readonly Fault[], options: LifeOptions = {}, fileSystemType?: number): Slow {
  const clock = new FakeClock();
  const stalls: number[] = [];
  let delayed = 0;
  const lateClock: Clock = {
    ...{ now: () => clock.now(), wallNow: () => clock.wallNow(), random: () => 0, after: clock.after.bind(clock) },
    sleep: async (millis) => {
      delayed += 1;
      await clock.sleep(millis);
      delayed -= 1;
    },
  };
  const files = faultFiles({
    ...{ clock: lateClock, faults, skip: (millis: number) => clock.skip(millis) },
    ...(fileSystemType !== undefined && { fileSystemType }),
  });
  const own = life({ ...options, clock, files });
  own.files.watch.delayed = () => delayed;
  const append = (id: number, bytes = 0): boolean => {
    const begun = clock.now();
    const kept = own.append(textOf(id, bytes));
    stalls.push(clock.now() - begun);
    return kept;
  };
  return { clock, files, own, stalls, append };
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

async function inherited(own: Life): Promise<readonly number[]> {
  await own.kill();
  const next = life({ directory: own.directory });
  next.clock.jumpWall(600_000);
  await next.pass(1);
  expect(next.dropped('corrupt')).toBe(0);
  return next.deliverAll();
}

describe('row 36: a disk that hangs', () => {
  it('holds up neither delivery nor housekeeping: acknowledgements and syncs happen in the background', async () => {
    const { own, clock, append } = slow([{ on: ['write', 'fdatasync'], millis: 5_000 }], {}, NFS);
    for (const id of range(0, 10)) append(id);
    const begun = clock.now();
    const batch = (await own.take({ maxRecords: 4 })) as Batch;
    own.acknowledge(batch);
    own.drain();
    expect(clock.now()).toBe(begun);
    expect(await own.deliverAll()).toEqual(range(4, 10));
    expect(clock.now()).toBe(begun);
    own.expectConsistent();
    await own.pass(120_000);
    expect([own.pending, own.filesLeft(), own.files.watch.open]).toEqual([0, [], 0]);
    own.expectConsistent();
  });
});

describe('a disk that is never waited for', () => {
  it('has nothing written to it by the application itself, and everything in the end, in order', async () => {
    const { own, stalls, append } = slow([{ on: 'write', millis: 20 }], { settings: { segmentBytes: 64_000 } }, NFS);
    for (const round of range(0, 20)) {
      for (const id of range(round * 20, round * 20 + 20)) append(id, 500);
      await own.pass(100);
      own.expectConsistent();
    }
    expect(total(stalls)).toBe(0);
    expect(own.files.watch.calls.get('writeSync')).toBeUndefined();
    await own.pass(5_000);
    expect(own.disk().appender.unwrittenBytes).toBe(0);
    expect(await inherited(own)).toEqual(range(0, 400));
  });

  it('ends its segments although writing never pauses, so that the cap holds', async () => {
    const settings = { segmentBytes: 20_000, maxDiskBytes: 200_000 };
    const { own, append } = slow([{ on: 'write', path: '.seg', millis: 5 }], { settings }, NFS);
    for (const round of range(0, 300)) {
      for (const id of range(round * 3, round * 3 + 3)) append(id, 1_000);
      await own.clock.advance(5);
      expect(own.spool.diskBytes).toBeLessThan(settings.maxDiskBytes + settings.segmentBytes);
    }
    expect(own.disk().segments.length).toBeGreaterThan(5);
    expect(own.dropped('overflow')).toBeGreaterThan(500);
    await own.files.watch.idle();
    own.expectConsistent();
  });

  it('takes a record that is larger than that, and those behind it', async () => {
    const { own, append } = slow([{ on: 'write', millis: 50 }], { memoryBytes: 4 * MEBIBYTE }, NFS);
    append(0);
    append(1, 1.5 * MEBIBYTE);
    append(2);
    await own.pass(3_000);
    expect(own.memory().waiting).toBe(0);
    expect(await inherited(own)).toEqual([0, 1, 2]);
  });

  it.each(['EIO', 'ENOSPC', 'EDQUOT'])(
    'keeps what it could not write (%s) in memory and writes it again',
    async (code) => {
      const { own, files, append } = slow([], { settings: { segmentBytes: 5_000 } }, NFS);
      for (const id of range(0, 5)) append(id, 500);
      await own.pass(1_000);
      const heal = files.add({ on: 'write', path: '.seg', code, millis: 100 });
      // Some of them are in the segment that fails, others in one that was begun while it was being written to.
      for (const id of range(5, 25)) append(id, 500);
      await own.pass(1_000);
      own.expectConsistent();
      // A full disk makes room by the oldest segment, half of which was on it; nothing else is given up.
      const dropped = own.dropped('overflow');
      expect(dropped).toBe(code === 'EIO' ? 0 : 10);
      expect(own.pending).toBe(25 - dropped);
      heal();
      await own.pass(40_000);
      own.expectConsistent();
      expect(own.disk().appender.unwrittenBytes).toBe(0);
      const ids = [...(await inherited(own))].sort((a, b) => a - b);
      expect([...new Set(ids)]).toEqual(range(dropped, 25));
    },
  );

  it('a write that takes only a part of what it is given goes on with the rest', async () => {
    const { own, files, append } = slow([], {}, NFS);
    const { write } = files;
    files.write = ((descriptor: number, bytes: Buffer, from: number, length: number, at: null, done: () => void) => {
      write(descriptor, bytes, from, Math.min(length, 100), at, done);
    }) as typeof fs.write;
    for (const id of range(0, 30)) append(id, 350);
    await own.pass(3_000);
    expect(own.disk().appender.unwrittenBytes).toBe(0);
    expect(await inherited(own)).toEqual(range(0, 30));
  });

  it('is synced without a file being closed or reused in between, whatever fails', async () => {
    const faults = [
      { on: 'write', path: '.seg', millis: 30 },
      { on: 'fdatasync', millis: 700 },
    ] as const;
    const { own, files, append } = slow(faults, { settings: { segmentBytes: 20_000 } }, NFS);
    let id = 0;
    for (const round of range(0, 60)) {
      for (const _ of range(0, 8)) append(id++, 700);
      if (round % 7 === 3) files.add({ on: 'fdatasync', code: 'EIO', times: 1 });
      if (round % 11 === 5) files.add({ on: 'write', path: '.seg', code: 'EIO', times: 1 });
      await own.pass(400);
      own.expectConsistent();
      expect(own.files.watch.open).toBeLessThanOrEqual(8);
    }
    await own.pass(120_000);
    own.expectConsistent();
    expect(own.ledger.droppedTotal).toBe(0);
    const ids = [...(await own.deliverAll())].sort((a, b) => a - b);
    expect(ids).toEqual(range(0, id));
    await own.pass(61_000);
    expect([own.filesLeft(), own.files.watch.open]).toEqual([[], 0]);
    own.expectConsistent();
  });

  it('is abandoned when the directory is lost, without a byte of it getting into the next one', async () => {
    const { own, files, append } = slow([], {}, NFS);
    const heal = files.add({ on: 'write', path: '.seg', millis: 3_000 });
    for (const id of range(0, 10)) append(id, 300);
    fs.rmSync(own.destination, { recursive: true });
    await own.pass(11_000);
    heal();
    for (const id of range(10, 20)) append(id, 300);
    await own.pass(5_000);
    own.expectConsistent();
    expect(own.dropped('spool_lost')).toBe(10);
    expect(await inherited(own)).toEqual(range(10, 20));
  });

  it('has what waits for it written at once when the process exits', async () => {
    const { own, files, append } = slow([], {}, NFS);
    files.add({ on: 'write', path: '.seg', millis: 30_000, times: 1 });
    for (const id of range(0, 10)) append(id, 300);
    own.exit();
    const ids = await inherited(own);
    // What was on its way just then may be there twice.
    expect([...new Set(ids)]).toEqual(range(0, 10));
  });
});

describe.each([
  ['that is waited for', 0xef53],
  ['that is not', NFS],
])('whatever goes wrong with a disk %s', (_, type) => {
  const count = fc.integer({ min: 1, max: 12 });
  const trouble = fc.record({
    on: fc.constantFrom(
      'write' as const,
      'fdatasync' as const,
      'open' as const,
      'ftruncate' as const,
      'unlink' as const,
    ),
    code: fc.constantFrom('EIO', 'ENOSPC', 'EROFS', 'EMFILE', undefined),
    millis: fc.constantFrom(0, 5, 300, 2_000),
    times: fc.integer({ min: 1, max: 4 }),
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('append' as const), count, fc.nat(3_000)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('pass' as const), count, fc.nat(4_000)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('take' as const), count, fc.nat(2)) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('trouble' as const), trouble) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('full' as const), fc.nat(3_000)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('room' as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const)) },
  );

  it('every record is delivered or counted, no file is mistaken for another, and in the end all is well', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (script) => {
      const options = { settings: { segmentBytes: 16_384, maxDiskBytes: 400_000 }, memoryBytes: 60_000 };
      const { own, files, append } = slow([], options, type);
      const held: Batch[] = [];
      const heals: (() => void)[] = [];
      const ended: number[] = [];
      const deliver = (batch: Batch): void => {
        ended.push(...idsOf(batch));
        own.acknowledge(batch);
      };
      let id = 0;
      for (const one of script) {
        if (one[0] === 'append') for (let left = one[1]; left > 0; left -= 1) append(id++, one[2]);
        else if (one[0] === 'pass') await own.pass(one[2]);
        else if (one[0] === 'trouble') heals.push(files.add({ path: /\.seg|\.ack/, ...withoutUndefined(one[1]) }));
        else if (one[0] === 'full') files.disk.capacityBytes = files.disk.usedBytes + one[1];
        else if (one[0] === 'room') files.disk.capacityBytes = Number.POSITIVE_INFINITY;
        else if (one[0] === 'delete') fs.rmSync(own.destination, { recursive: true, force: true });
        else {
          const batch = own.queue().take({ maxRecords: one[1], maxBytes: 50_000 });
          if (batch !== undefined) held.push(batch);
          const first = one[2] > 0 ? held.shift() : undefined;
          if (first !== undefined && one[2] === 1) deliver(first);
          else if (first !== undefined) own.release(first);
        }
        own.expectConsistent();
      }
      for (const heal of heals) heal();
      files.disk.capacityBytes = Number.POSITIVE_INFINITY;
      for (const batch of held) own.release(batch);
      await own.pass(45_000);
      own.expectConsistent();
      expect(own.memory().waiting).toBe(0);
      for (let batch = await own.take(); batch !== undefined; batch = await own.take()) deliver(batch);
      expect(new Set(ended).size).toBe(ended.length);
      expect(ended.length + own.ledger.droppedTotal).toBe(id);
      expect(own.dropped('corrupt')).toBe(0);
      await own.pass(130_000);
      own.expectConsistent();
      expect([own.pending, own.files.watch.open, own.disk().appender.unwrittenBytes]).toEqual([0, 0, 0]);
      await own.kill();
    });
    await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 40) });
  });

  function withoutUndefined<T extends { readonly code: string | undefined }>({ code, ...rest }: T) {
    return { ...rest, ...(code !== undefined && { code }) };
  }
});
