import fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { Chunk } from '../../../src/delivery/spool/chunk.ts';
import { ChunkCache, SLAB_BYTES } from '../../../src/delivery/spool/chunk-cache.ts';
import { frameOf } from '../../../src/delivery/spool/frame.ts';
import { Segment } from '../../../src/delivery/spool/segment.ts';
import { until } from '../../support/delivery-rig.ts';
import { turn } from '../../support/fake-clock.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { EVERYTHING, idsOf, type Life, life, textOf, textsOf } from './life.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const MEBIBYTE = 1_048_576;

/** A process that was killed and one that has taken over what it left. */
async function successor(of: Life, settings: Parameters<typeof life>[0] = {}): Promise<Life> {
  await of.kill();
  const next = life({ directory: of.directory, ...settings });
  next.clock.jumpWall(60_000);
  await next.pass(1);
  return next;
}

describe('the queue on disk', () => {
  it('keeps texts of any script byte for byte, across slabs and segments and larger than both', async () => {
    const first = life({ settings: { segmentBytes: 400_000 } });
    const texts = [
      '"a"',
      '"ä€𝄞"',
      `"${'€'.repeat(SLAB_BYTES)}"`,
      '"\\ud800"',
      `"${'x'.repeat(SLAB_BYTES - 12)}"`,
      `"${'x'.repeat(3 * MEBIBYTE)}"`,
      '"z"',
    ];
    for (const text of texts) expect(first.append(text)).toBe(true);
    const everything = async (own: Life, end: (batch: Batch) => void): Promise<string> => {
      const seen: Batch[] = [];
      for (let batch = await own.take(); batch !== undefined; batch = await own.take()) seen.push(batch);
      const text = seen.map(textsOf).join(',');
      seen.forEach(end);
      return text;
    };
    expect((await everything(first, (batch) => first.release(batch))) === texts.join(',')).toBe(true);
    first.expectConsistent();
    const second = await successor(first);
    expect(second.ledger.recovered).toBe(texts.length);
    expect((await everything(second, (batch) => second.acknowledge(batch))) === texts.join(',')).toBe(true);
    await second.pass(1_000);
    expect(second.filesLeft()).toEqual([]);
  });

  it('keeps a record in the file when append returns, mode 0600', () => {
    const own = life();
    own.append(textOf(7));
    const [segment] = own.disk().segments;
    expect(fs.readFileSync(segment?.path ?? '', 'utf8')).toContain(` ${textOf(7)}\n`);
    expect(fs.statSync(segment?.path ?? '').mode & 0o777).toBe(0o600);
  });

  it('takes what dead processes have left and what is fresh in turn', async () => {
    const first = life();
    first.appendMany(range(0, 6));
    const second = await successor(first);
    second.appendMany(range(10, 16));
    const order = await second.deliverAll('logs', 2);
    // While the bytes of the older ones are read, others need not wait.
    expect(order).toEqual([10, 11, 0, 1, 12, 13, 2, 3, 14, 15, 4, 5]);
  });

  it('takes what fits: records, bytes, one larger record alone', async () => {
    const own = life();
    for (const text of ['"1234567890"', '"2"', '"3"', '"4"']) own.append(text);
    expect(textsOf((await own.take({ maxBytes: 5 })) as Batch)).toBe('"1234567890"');
    expect(textsOf((await own.take({ maxBytes: 7 })) as Batch)).toBe('"2","3"');
    expect(textsOf((await own.take({ maxRecords: 1 })) as Batch)).toBe('"4"');
    expect(await own.take()).toBeUndefined();
  });

  it('has files for what waits only: they go when all of a segment has ended', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 40), 2_000);
    const files = own.filesLeft().length;
    expect(files).toBeGreaterThan(3);
    const first = (await own.take({ maxRecords: 20 })) as Batch;
    const second = (await own.take()) as Batch;
    own.acknowledge(second);
    await own.pass(1);
    expect(own.filesLeft().length).toBeLessThan(files);
    own.acknowledge(first);
    await own.pass(61_000);
    expect(own.filesLeft()).toEqual([]);
    expect([own.disk().pendingBytes, own.spool.diskBytes, own.pending]).toEqual([0, 0, 0]);
  });

  it('holds no file while it is idle, and few while it is busy', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    const held: Batch[] = [];
    for (const round of range(0, 40)) {
      own.appendMany([round * 2, round * 2 + 1], 8_000);
      if (round % 3 === 0) held.push((await own.take({ maxRecords: 3 })) as Batch);
      if (round % 4 === 0) own.acknowledge(held.splice(round % held.length, 1)[0] as Batch);
      await own.pass(300);
      expect(own.files.watch.open).toBeLessThanOrEqual(4);
    }
    for (const batch of held) own.acknowledge(batch);
    await own.deliverAll();
    await own.pass(61_000);
    expect(own.files.watch.open).toBe(0);
    own.expectConsistent();
  });

  it('tells when everything accepted before has ended, whatever came after', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 10), 3_000);
    const check = own.disk().checkpoint();
    own.appendMany(range(10, 30), 3_000);
    const first = (await own.take({ maxRecords: 4 })) as Batch;
    const second = (await own.take({ maxRecords: 6 })) as Batch;
    const third = (await own.take({ maxRecords: 2 })) as Batch;
    own.acknowledge(second);
    expect(check()).toBe(false);
    own.release(third);
    own.acknowledge(first);
    expect(check()).toBe(true);
    expect(own.disk().checkpoint()()).toBe(false);
  });

  it('tells so of what dead processes have left as well', async () => {
    const first = life();
    first.appendMany(range(0, 5));
    const second = await successor(first);
    const check = second.disk().checkpoint();
    const batch = (await second.take()) as Batch;
    second.appendMany([10]);
    expect(check()).toBe(false);
    expect(idsOf(batch)).toEqual(range(0, 5));
    second.acknowledge(batch);
    expect(check()).toBe(true);
  });

  it('counts what comes back to a segment that had to make room as dropped', async () => {
    const own = life({ settings: { segmentBytes: 16_384 } });
    own.appendMany(range(0, 12), 4_000);
    const first = (await own.take({ maxRecords: 2 })) as Batch;
    const second = (await own.take({ maxRecords: 1 })) as Batch;
    expect(own.spool.relieve({ code: 'ENOSPC' })).toBe(true);
    const waited = own.dropped('overflow');
    expect(waited).toBeGreaterThan(0);
    own.acknowledge(second);
    own.release(first);
    expect(own.dropped('overflow')).toBe(waited + 2);
    own.expectConsistent();
    expect([...(await own.deliverAll())].length).toBe(12 - waited - 3);
  });
});

describe('reading back', () => {
  it('gives what is at hand rather than wait for more than memory may hold', async () => {
    const first = life({ settings: { segmentBytes: 4 * MEBIBYTE } });
    first.appendMany(range(0, 60), 200_000);
    const second = await successor(first);
    const sizes: number[] = [];
    for (let batch = await second.take(); batch !== undefined; batch = await second.take()) {
      sizes.push(batch.bytes);
      second.acknowledge(batch);
    }
    expect(Math.max(...sizes)).toBeLessThan(6 * MEBIBYTE);
    expect(second.ledger.delivered).toBe(60);
  });

  it('the same with compressed segments, of which each alone fills the memory', async () => {
    const first = life({ settings: { segmentBytes: 3 * MEBIBYTE, compress: true } });
    first.impaired = true;
    first.appendMany(range(0, 50), 200_000);
    const compressed = (): number => first.disk().segments.filter((segment) => segment.compressed).length;
    while (compressed() < 3) await first.pass(1_000);
    const second = await successor(first);
    await until(() => second.ledger.recovered === 50);
    const ids: number[] = [];
    for (let batch = await second.take({ maxBytes: 4 * MEBIBYTE }); batch !== undefined; ) {
      ids.push(...idsOf(batch));
      second.acknowledge(batch);
      batch = await second.take({ maxBytes: 4 * MEBIBYTE });
    }
    expect(ids).toEqual(range(0, 50));
  });

  it('loses of a file that was cut short only what was behind the cut', async () => {
    const first = life();
    first.appendMany(range(0, 100), 100);
    const second = await successor(first);
    const [segment] = second.disk().segments;
    const { size } = fs.statSync(segment?.path ?? '');
    fs.truncateSync(segment?.path ?? '', Math.floor(size * 0.6));
    const delivered = await second.deliverAll();
    expect(delivered.length).toBeGreaterThan(50);
    expect(delivered).toEqual(range(0, delivered.length));
    expect(second.dropped('corrupt')).toBe(100 - delivered.length);
    second.expectConsistent();
    expect(second.pending).toBe(0);
  });

  it.each(['front', 'all', 'middle'])('goes on with other segments when one is damaged (%s of it)', async (part) => {
    const first = life({ settings: { segmentBytes: 16_384 } });
    first.appendMany(range(0, 40), 1_000);
    const second = await successor(first);
    second.appendMany(range(100, 110));
    const path = second.disk().segments[0]?.path ?? '';
    const bytes = fs.readFileSync(path);
    const [from, to] = { front: [0, 0.3], all: [0, 1], middle: [0.4, 0.6] }[part] as [number, number];
    bytes.fill(0xff, Math.floor(bytes.length * from), Math.floor(bytes.length * to));
    fs.writeFileSync(path, bytes);
    const ids = await second.deliverAll('logs', 7);
    expect(ids.length + second.dropped('corrupt')).toBe(50);
    expect(second.dropped('corrupt')).toBeGreaterThan(2);
    expect(ids.filter((id) => id >= 16)).toEqual(expect.arrayContaining(range(20, 40)));
    second.expectConsistent();
    await second.pass(1_000);
    const kept = fs.readdirSync(join(second.destination, 'dead')).filter((name) => name.endsWith('.bad'));
    expect(kept.length).toBe(1);
  });

  it('never says that there is nothing while a record waits and no read is under way', async () => {
    const first = life();
    first.appendMany(range(0, 3));
    const second = await successor(first);
    second.append(textOf(100));
    fs.truncateSync(second.disk().segments[0]?.path ?? '', 0);
    // Reads, finds nothing, and must turn to the other side at once: nobody would ask again.
    while (second.disk().waiting > 1) {
      const batch = second.queue().take(EVERYTHING);
      expect(batch !== undefined || second.disk().isReading).toBe(true);
      if (batch !== undefined) second.release(batch);
      await second.read();
    }
    expect(second.dropped('corrupt')).toBe(3);
    const batch = second.queue().take(EVERYTHING);
    expect(idsOf(batch)).toEqual([100]);
  });

  it('takes the newest record from memory or file, and an older one when the young end is damaged', async () => {
    const first = life({ settings: { segmentBytes: 300_000 } });
    first.appendMany(range(0, 40), 20_000);
    const own = (await first.take({ newest: true })) as Batch;
    expect(idsOf(own)).toEqual([39]);
    first.release(own);
    const second = await successor(first);
    expect(idsOf(await second.take({ newest: true }))).toEqual([39]);
    expect(idsOf(await second.take({ newest: true }))).toEqual([38]);
    const third = await successor(second);
    const last = third.disk().segments.at(-1);
    fs.truncateSync(last?.path ?? '', Math.floor((last?.size ?? 0) / 2));
    const older = (await third.take({ newest: true, maxRecords: 20 })) as Batch;
    expect([older.count, idsOf(older)[0] !== 39]).toEqual([1, true]);
    third.expectConsistent();
  });

  it('takes the newest of records of which each is larger than a look at the end', async () => {
    const first = life({ settings: { segmentBytes: 2 * MEBIBYTE } });
    first.appendMany(range(0, 5), 300_000);
    const second = await successor(first);
    for (const id of [4, 3, 2, 1, 0]) expect(idsOf(await second.take({ newest: true }))).toEqual([id]);
  });
});

describe('the young end', () => {
  it('does not give its memory away while records are written to it', async () => {
    const first = life({ settings: { segmentBytes: 4 * MEBIBYTE } });
    first.appendMany(range(0, 100), 100_000);
    const second = await successor(first, { settings: { segmentBytes: 16 * MEBIBYTE } });
    second.appendMany([1_000]);
    const held: { readonly batch: Batch; readonly text: string }[] = [];
    // What is read pushes everything else out of the cache; what is written goes on in the same slab, or the next.
    for (let round = 0; round < 100; round += 1) {
      const batch = (await second.take({ maxRecords: 1 })) as Batch;
      second.acknowledge(batch);
      const text = textOf(2_000 + round, 40_000 + round);
      held.push({ batch: second.appendTaken(text) as Batch, text });
    }
    for (const { batch, text } of held) expect(textsOf(batch) === text).toBe(true);
    for (const { batch } of held) second.release(batch);
    const last = await successor(second);
    const ids = await last.deliverAll();
    expect(ids).toEqual(expect.arrayContaining(range(2_000, 2_100)));
    expect(last.dropped('corrupt')).toBe(0);
  });

  it('closes no file that the disk is being asked about, and asks about what came after as well', async () => {
    const files = faultFiles();
    const own = life({ files, settings: { segmentBytes: 16_384 } });
    const asked: (() => void)[] = [];
    const { fdatasync } = files;
    files.fdatasync = ((descriptor: number, done: (error: Error | null) => void) => {
      asked.push(() => fdatasync(descriptor, done));
    }) as typeof fs.fdatasync;
    own.appendMany(range(0, 3), 1_000);
    const sync = own.spool.sync();
    await turn();
    expect(asked.length).toBe(1);
    own.appendMany(range(3, 40), 1_000);
    expect(own.disk().segments.length).toBeGreaterThan(2);
    await until(() => {
      for (const answer of asked.splice(0)) answer();
      return own.files.watch.open === 1;
    }, 'the end of all but one file');
    expect(await sync).toBe(true);
    own.expectConsistent();
    // All that was written to the files that are done with has been confirmed.
    const sealed = own.disk().segments.filter((segment) => segment.sealed);
    const confirmed = sealed.reduce((sum, { waiting }) => sum + waiting, 0);
    await own.kill();
    files.powerLoss();
    const next = life({ directory: own.directory });
    await next.pass(1);
    expect(confirmed).toBeGreaterThan(20);
    expect(next.ledger.recovered).toBeGreaterThanOrEqual(confirmed);
  });

  it('asks the disk no second time about a file that it has refused, whatever was written to it meanwhile', async () => {
    const files = faultFiles();
    const own = life({ files, settings: { segmentBytes: 16_384 } });
    const asked: { readonly path: string; readonly answer: (error: Error | null) => void }[] = [];
    own.files.watch.delayed = () => 99;
    files.fdatasync = ((descriptor: number, answer: (error: Error | null) => void) => {
      asked.push({ path: files.disk.pathOf(descriptor), answer });
    }) as typeof fs.fdatasync;
    own.appendMany(range(0, 3), 1_000);
    const sync = own.spool.sync();
    await turn();
    const [first] = asked.splice(0);
    own.appendMany(range(3, 20), 1_000);
    expect(own.disk().segments.length).toBe(2);
    await turn();
    expect(asked.map(({ path }) => path)).not.toContain(first?.path);
    first?.answer(Object.assign(new Error('refused'), { code: 'EIO' }));
    expect(await sync).toBe(false);
    await until(
      () => !fs.existsSync(first?.path ?? ''),
      'the end of the file',
      () => {
        for (const { path, answer } of asked.splice(0)) {
          expect(path).not.toBe(first?.path);
          answer(null);
        }
        own.drain();
      },
    );
    own.expectConsistent();
    expect([...(await own.deliverAll())].sort((a, b) => a - b)).toEqual(range(0, 20));
  });

  it('writes again what the disk may not have kept, each record counted once when that fails halfway', async () => {
    const files = faultFiles();
    const own = life({ files });
    own.appendMany(range(0, 10), 500);
    const heal = files.add({ on: 'fdatasync', code: 'EIO' });
    expect(await own.spool.sync()).toBe(false);
    heal();
    const end = files.add({ on: 'write', path: '.seg', code: 'EIO', after: 4 });
    own.drain();
    own.expectConsistent();
    expect(own.pending).toBe(10);
    end();
    await own.pass(31_000);
    own.expectConsistent();
    expect([...(await own.deliverAll())].sort((a, b) => a - b)).toEqual(range(0, 10));
    await own.pass(61_000);
    expect(own.filesLeft()).toEqual([]);
  });
});

describe('the cache of chunks', () => {
  const MAX = 4 * MEBIBYTE;

  it('holds no more than its bound, and one that is larger alone; what is not on the disk stays', () => {
    const step = fc.record({
      act: fc.constantFrom('slab', 'slab', 'read', 'read', 'find', 'written', 'forget'),
      size: fc.oneof(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 6 * MEBIBYTE })),
      pick: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const cache = new ChunkCache();
        const segments = range(0, 4).map((sequence) => new Segment({ path: '', sequence, openedAt: 0 }));
        let all: { readonly segment: Segment; readonly chunk: Chunk }[] = [];
        let open: Chunk | undefined;
        for (const { act, size, pick } of steps) {
          const segment = segments[pick % segments.length] as Segment;
          if (act === 'slab') {
            if (open !== undefined) open.open = false;
            open = cache.slab(segment, size % MEBIBYTE);
            open.extend(1 + (size % open.bytes.length));
            all.push({ segment, chunk: open });
            segment.size = open.limit;
          } else if (act === 'read') {
            const chunk = new Chunk(Buffer.alloc(size), segment.size);
            chunk.extend(size);
            segment.size = chunk.limit;
            segment.diskBytes = chunk.limit;
            cache.add(segment, chunk);
            all.push({ segment, chunk });
          } else if (act === 'written') {
            segment.diskBytes = segment.size;
          } else if (act === 'forget' && pick % 5 === 0) {
            cache.forget(segment);
            all = all.filter((other) => other.segment !== segment);
          }
          const isKept = (one: (typeof all)[number]) => cache.find(one.segment, one.chunk.base) === one.chunk;
          const unwritten = all.filter(({ segment: of, chunk }) => chunk.open || chunk.limit > of.diskBytes);
          expect(unwritten.every(isKept)).toBe(true);
          const kept = all.filter((one) => isKept(one) && !unwritten.includes(one));
          const bytes = [...new Set([...kept, ...unwritten])].reduce((sum, { chunk }) => sum + chunk.bytes.length, 0);
          const last = all.at(-1)?.chunk.bytes.length ?? 0;
          const pinned = unwritten.reduce((sum, { chunk }) => sum + chunk.bytes.length, 0);
          expect(bytes).toBeLessThanOrEqual(Math.max(MAX, last) + pinned + last);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('writes to no buffer that a batch still points to', () => {
    const cache = new ChunkCache();
    const segment = new Segment({ path: '', sequence: 0, openedAt: 0 });
    const slab = cache.slab(segment, 0);
    slab.extend(frameOf('{}').length);
    slab.open = false;
    slab.pins = 1;
    segment.diskBytes = slab.limit;
    cache.forget(segment);
    expect(cache.slab(segment, 0).bytes).not.toBe(slab.bytes);
  });
});
