import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckFiles, joined, type Range, readAcks, writeAck } from '../../../src/delivery/spool/acks.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { temporaryDirectory } from './places.ts';
import { watched } from './support.ts';

const ENTRY = 12;
const range = fc
  .tuple(fc.nat(5_000), fc.integer({ min: 1, max: 400 }))
  .map(([from, size]) => ({ from, to: from + size }));

function entriesOf(ranges: readonly Range[]): Buffer {
  const bytes = Buffer.alloc(ranges.length * ENTRY);
  for (const [index, one] of ranges.entries()) writeAck(bytes.subarray(index * ENTRY), one);
  return bytes;
}

/** Every offset that ranges cover. */
function offsetsOf(ranges: readonly Range[]): Set<number> {
  return new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index)));
}

describe('acknowledgements', () => {
  it('come back joined, in order, covering the same offsets', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
        const read = readAcks(entriesOf(ranges));
        expect(read).toEqual(joined(ranges));
        expect(offsetsOf(read)).toEqual(offsetsOf(ranges));
        for (const [index, one] of read.entries()) expect(one.from).toBeGreaterThan(read[index - 1]?.to ?? -1);
      }),
    );
  });

  it('row 44: torn at any byte, whole entries count and half ones do not', () => {
    const ranges = [1, 3, 5, 7].map((from) => ({ from: from * 100, to: from * 100 + 50 }));
    const bytes = entriesOf(ranges);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(readAcks(bytes.subarray(0, cut))).toEqual(ranges.slice(0, Math.floor(cut / ENTRY)));
    }
  });

  it('row 44: with any bit flipped, no record is acknowledged that was not', () => {
    const ranges = [1, 3, 5].map((from) => ({ from: from * 100, to: from * 100 + 50 }));
    const bytes = entriesOf(ranges);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const hit = Math.floor(bit / 8 / ENTRY);
      expect(readAcks(damaged)).toEqual(ranges.filter((_, index) => index !== hit));
    }
  });

  it('row 44: garbage and zeros acknowledge nothing', () => {
    expect(readAcks(Buffer.alloc(ENTRY * 100))).toEqual([]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
        expect(readAcks(Buffer.from(garbage))).toEqual([]);
      }),
    );
  });
});

describe.each([false, true])('files of acknowledgements (in the thread pool: %s)', (asynchronous) => {
  it('hold what was written to them, few open at a time', async () => {
    const folder = temporaryDirectory();
    const files = watched();
    const acks = new AckFiles(files);
    const paths = Array.from({ length: 6 }, (_, index) => join(folder, `0000000${index}-logs.ack`));
    for (let round = 0; round < 5; round += 1) {
      for (const path of paths) acks.write(path, { from: round * 10, to: round * 10 + 5 }, asynchronous);
      await files.watch.idle();
    }
    expect(files.watch.mostOpen).toBeLessThanOrEqual(asynchronous ? paths.length : 2);
    expect(files.watch.open).toBe(2);
    acks.closeAll();
    await files.watch.idle();
    expect(files.watch.open).toBe(0);
    expect(files.watch.violations).toEqual([]);
    const expected = Array.from({ length: 5 }, (_, round) => ({ from: round * 10, to: round * 10 + 5 }));
    for (const path of paths) expect(readAcks(fs.readFileSync(path))).toEqual(expected);
    expect(fs.statSync(paths[0] as string).mode & 0o777).toBe(0o600);
  });

  it('go on behind what is whole when an earlier life has left half an entry', async () => {
    const path = join(temporaryDirectory(), '00000000-logs.ack');
    fs.writeFileSync(path, entriesOf([{ from: 1, to: 2 }]).subarray(0, ENTRY));
    fs.appendFileSync(path, Buffer.alloc(5, 7));
    const files = watched();
    const acks = new AckFiles(files);
    acks.write(path, { from: 10, to: 20 }, asynchronous);
    await files.watch.idle();
    acks.closeAll();
    expect(readAcks(fs.readFileSync(path))).toEqual([
      { from: 1, to: 2 },
      { from: 10, to: 20 },
    ]);
  });

  it('keep no half entry on a full disk, and take more when there is room', async () => {
    const path = join(temporaryDirectory(), '00000000-logs.ack');
    const files = watched(faultFiles({ capacityBytes: ENTRY + 5 }));
    const acks = new AckFiles(files);
    const write = async (from: number): Promise<void> => {
      acks.write(path, { from, to: from + 1 }, asynchronous);
      await files.watch.idle();
    };
    for (const from of [0, 10, 20]) await write(from);
    files.faults.disk.capacityBytes = 1_000;
    for (const from of [30, 40]) await write(from);
    acks.closeAll();
    expect(readAcks(fs.readFileSync(path)).map(({ from }) => from)).toEqual([0, 30, 40]);
  });

  it.each(['open', 'write', 'fstat', 'ftruncate', 'close'] as const)(
    'fail without anybody hearing of it, and leave no file open (%s)',
    async (on) => {
      const path = join(temporaryDirectory(), '00000000-logs.ack');
      const files = watched(faultFiles({ faults: [{ on, code: 'EIO', times: 3 }] }));
      const acks = new AckFiles(files);
      acks.write(join(path, 'no', 'such', 'folder.ack'), { from: 0, to: 1 }, asynchronous);
      for (let from = 0; from < 100; from += 10) {
        fs.appendFileSync(path, 'torn');
        acks.write(path, { from, to: from + 5 }, asynchronous);
        await files.watch.idle();
        if (from < 50) acks.closeAll();
      }
      expect(files.watch.open).toBe(1);
      acks.closeAll();
      expect(files.watch.open).toBe(0);
      expect(readAcks(fs.readFileSync(path)).length).toBeGreaterThan(0);
    },
  );

  it('do not follow a symbolic link', async () => {
    const folder = temporaryDirectory();
    const victim = join(folder, 'victim');
    fs.writeFileSync(victim, 'precious');
    fs.symlinkSync(victim, join(folder, '00000000-logs.ack'));
    const files = watched();
    new AckFiles(files).write(join(folder, '00000000-logs.ack'), { from: 0, to: 1 }, asynchronous);
    await files.watch.idle();
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
  });
});
