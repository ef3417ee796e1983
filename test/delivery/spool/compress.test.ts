import fs from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { turn } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import type { Operation } from '../../support/fault-script.ts';
import { idsOf, type Life, type LifeOptions, life } from './life.ts';

vi.mock(import('node:zlib'), async (original) => (await import('./zlib-watch.ts')).watchedZlib(await original()));

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const SEGMENT_BYTES = 70_000;

/** A process whose delivery is interrupted; records of 1,000 bytes, 70 to a segment. */
function interrupted(options: LifeOptions<FaultFiles> = {}): Life<FaultFiles> {
  const settings = { compress: true, segmentBytes: SEGMENT_BYTES, ...options.settings };
  const own = life({ files: faultFiles(), ...options, settings });
  own.impaired = true;
  return own;
}

async function successor(of: Life<FaultFiles>): Promise<Life<FaultFiles>> {
  await of.kill();
  const next = life({ directory: of.directory, files: faultFiles() });
  next.clock.jumpWall(60_000);
  await next.pass(1);
  return next;
}

const packedFiles = (own: Life): string[] => own.filesLeft().filter((name) => name.endsWith('.gz'));
const plainFiles = (own: Life): string[] => own.filesLeft().filter((name) => name.endsWith('.seg'));

describe('compression', () => {
  it('begins when delivery is interrupted, and leaves the segment that is written to alone', async () => {
    const own = interrupted();
    own.impaired = false;
    own.appendMany(range(0, 300), 1_000);
    await own.pass(3_000);
    expect(packedFiles(own)).toEqual([]);
    own.impaired = true;
    await own.pass(1_000);
    expect([packedFiles(own).length, plainFiles(own).length]).toEqual([4, 1]);
    expect(own.spool.diskBytes).toBeLessThan(SEGMENT_BYTES * 1.5);
    own.expectConsistent();
    const path = own.disk().segments[0]?.path ?? '';
    expect(gunzipSync(fs.readFileSync(path)).toString()).toContain('"id":5,');
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    expect(await own.deliverAll()).toEqual(range(0, 300));
    await own.pass(61_000);
    expect([own.filesLeft(), own.files.watch.open]).toEqual([[], 0]);
  });

  it('changes nothing for what is taken, acknowledged, released or left behind meanwhile', async () => {
    const own = interrupted();
    own.appendMany(range(0, 300), 1_000);
    const batches: Batch[] = [];
    for (let count = 0; count < 6; count += 1) batches.push((await own.take({ maxRecords: 30 })) as Batch);
    own.acknowledge(batches[1] as Batch);
    await own.pass(1_000);
    expect(packedFiles(own).length).toBeGreaterThan(1);
    own.acknowledge(batches[3] as Batch);
    own.release(batches[0] as Batch);
    own.release(batches[4] as Batch);
    own.expectConsistent();
    await own.pass(1_000);
    const next = await successor(own);
    const acknowledged = [...range(30, 60), ...range(90, 120)];
    expect(await next.deliverAll()).toEqual(range(0, 300).filter((id) => !acknowledged.includes(id)));
    await next.pass(1_000);
    expect(next.filesLeft()).toEqual([]);
  });

  it('spares small segments, and those that are not worth it any more', async () => {
    const own = interrupted();
    own.appendMany(range(0, 40), 1_000);
    await own.pass(61_000);
    own.appendMany(range(100, 300), 1_000);
    const delivered = new Set<number>();
    while (delivered.size < 110) {
      const batch = (await own.take({ maxRecords: 10 })) as Batch;
      for (const id of idsOf(batch)) delivered.add(id);
      own.acknowledge(batch);
    }
    await own.pass(1_000);
    expect(packedFiles(own).some((name) => name.startsWith('00000000'))).toBe(false);
    own.expectConsistent();
  });

  it('compresses what was taken over as well', async () => {
    const first = interrupted();
    first.impaired = false;
    first.appendMany(range(0, 210), 1_000);
    await first.kill();
    const own = interrupted({ directory: first.directory });
    own.clock.jumpWall(60_000);
    await own.pass(2_000);
    expect(packedFiles(own).length).toBe(3);
    expect(await own.deliverAll()).toEqual(range(0, 210));
    await own.pass(1_000);
    expect(own.filesLeft()).toEqual([]);
  });

  it('is not done to a segment that is being written in the background', async () => {
    const files = faultFiles({ fileSystemType: 0x6969 });
    const held: (() => void)[] = [];
    const { write } = files;
    files.write = ((...args: Parameters<typeof write>) => {
      held.push(() => write(...args));
    }) as typeof write;
    const own = interrupted({ files });
    own.files.watch.delayed = () => held.length;
    own.appendMany(range(0, 200), 1_000);
    await own.pass(2_000);
    expect(packedFiles(own)).toEqual([]);
    while (held.length > 0) {
      held.shift()?.();
      await turn();
      await own.files.watch.idle();
    }
    await own.pass(1_000);
    expect(packedFiles(own).length).toBe(2);
    expect(await (await successor(own)).deliverAll()).toEqual(range(0, 200));
  });
});

describe('a crash in the middle of it', () => {
  const gone = Object.assign(new Error('the process is gone'), { code: 'GONE' });

  /** Runs until one asynchronous operation on a compressed or plain segment, which is never answered. */
  async function diesAt(operation: 'readFile' | 'open' | 'unlink', nth: number): Promise<Life<FaultFiles>> {
    const files = faultFiles();
    const own = interrupted({ files });
    const { promises } = own.files;
    const real = promises[operation] as (...args: unknown[]) => Promise<unknown>;
    let count = 0;
    (promises as unknown as Record<string, unknown>)[operation] = async (...args: unknown[]) => {
      if (!String(args[0]).includes('.seg')) return real(...args);
      count += 1;
      if (count < nth) return real(...args);
      if (count === nth && operation === 'open') await ((await real(...args)) as fs.promises.FileHandle).close();
      throw gone;
    };
    own.appendMany(range(0, 250), 1_000);
    await own.pass(2_000);
    return own;
  }

  it.each([
    ['readFile', 1],
    ['readFile', 2],
    ['open', 1],
    ['open', 2],
    ['unlink', 1],
    ['unlink', 2],
  ] as const)('(%s, %i): every record is there once', async (operation, nth) => {
    const own = await diesAt(operation, nth);
    const next = await successor(own);
    expect(await next.deliverAll()).toEqual(range(0, 250));
    await next.pass(2_000);
    expect(next.filesLeft()).toEqual([]);
    expect(next.dropped('corrupt')).toBe(0);
  });

  it('with both files there, the plain one counts, and acknowledgements hold for it', async () => {
    const own = interrupted();
    own.impaired = false;
    own.appendMany(range(0, 75), 1_000);
    const batch = (await own.take({ maxRecords: 20 })) as Batch;
    own.acknowledge(batch);
    const [first] = own.disk().segments;
    const path = first?.path ?? '';
    await own.kill();
    fs.writeFileSync(`${path}.gz`, gzipSync(fs.readFileSync(path)).subarray(0, 500));
    const next = await successor(own);
    expect(await next.deliverAll()).toEqual(range(20, 75));
    await next.pass(1_000);
    expect(next.filesLeft()).toEqual([]);
    expect(next.dropped('corrupt')).toBe(0);
  });
});

describe('a failure in the middle of it', () => {
  it.each<[Operation, string]>([
    ['readFile', 'EIO'],
    ['open', 'EMFILE'],
    ['open', 'ENOSPC'],
    ['write', 'ENOSPC'],
    ['fdatasync', 'EIO'],
  ])('(%s: %s) leaves the plain segment, and no file open', async (on, code) => {
    const own = interrupted();
    own.impaired = false;
    own.appendMany(range(0, 250), 1_000);
    await own.pass(500);
    own.impaired = true;
    const heal = own.files.faults.add({ on, code, path: on === 'readFile' ? '.seg' : '.gz' });
    await own.pass(4_000);
    expect(plainFiles(own).length).toBeGreaterThanOrEqual(4);
    own.expectConsistent();
    expect(own.files.watch.open).toBeLessThanOrEqual(2);
    expect(own.told.join()).toContain(code);
    heal();
    await own.pass(2_000);
    expect(own.disk().segments.filter(({ compressed }) => compressed).length).toBe(3);
    expect(await own.deliverAll()).toEqual(range(0, 250));
    own.expectConsistent();
  });

  it('that is damage to a compressed file costs what it hit; the file is kept aside', async () => {
    const own = interrupted();
    own.appendMany(range(0, 250), 1_000);
    await own.pass(1_000);
    const packed = own.disk().segments.find(({ compressed }) => compressed);
    const bytes = fs.readFileSync(packed?.path ?? '');
    fs.writeFileSync(packed?.path ?? '', bytes.subarray(0, Math.floor(bytes.length / 2)));
    const next = await successor(own);
    next.expectConsistent();
    const ids = await next.deliverAll();
    expect(next.dropped('corrupt')).toBe(1);
    expect(ids.length).toBeGreaterThan(180);
    expect(ids.filter((id) => id >= 70)).toEqual(range(70, 250));
    await next.pass(1_000);
    expect(fs.readdirSync(join(next.destination, 'dead')).filter((name) => name.endsWith('.gz.bad')).length).toBe(1);
  });

  it('that is damage found while delivering is counted by the record', async () => {
    const own = interrupted();
    own.appendMany(range(0, 250), 1_000);
    await own.pass(1_000);
    const next = await successor(own);
    const packed = next.disk().segments.find(({ compressed }) => compressed);
    const bytes = fs.readFileSync(packed?.path ?? '');
    fs.writeFileSync(packed?.path ?? '', bytes.subarray(0, Math.floor(bytes.length / 2)));
    const ids = await next.deliverAll();
    expect(ids.length + next.dropped('corrupt')).toBe(250);
    expect(next.dropped('corrupt')).toBeGreaterThan(5);
    expect(next.dropped('corrupt')).toBeLessThan(70);
    next.expectConsistent();
  });
});
