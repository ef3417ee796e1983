import fs from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Range, writeAck } from '../../../src/delivery/spool/acks.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { frameOf } from '../../../src/delivery/spool/frame.ts';
import { headerBytes } from '../../../src/delivery/spool/header.ts';
import { load } from '../../../src/delivery/spool/loader.ts';
import { readTexts, recover } from '../../../src/delivery/spool/recovery.ts';
import type { Segment } from '../../../src/delivery/spool/segment.ts';
import { faultFiles } from '../../support/fault-files.ts';
import { temporaryDirectory } from './places.ts';
import { watched } from './support.ts';

const NOW = 5_000_000;
const WALL = Date.UTC(2026, 0, 2);
const HEADER = headerBytes({ platform: 'test', lane: 'logs', openedMillis: WALL - 90_000 });
const LF = 0x0a;

const json = fc
  .tuple(fc.nat(999), fc.string({ unit: 'binary', maxLength: 12 }))
  .map(([id, text]) => JSON.stringify({ id, text }));
const framed = (texts: readonly string[]): Buffer => Buffer.concat(texts.map(frameOf));
const segmentBytes = (texts: readonly string[]): Buffer => Buffer.concat([HEADER, framed(texts)]);

interface Found {
  readonly texts: readonly string[];
  readonly damaged: number;
  readonly segment: Segment;
}

interface Options {
  readonly acks?: readonly Range[];
  readonly gz?: boolean;
  readonly files?: typeof nodeFiles;
}

const folder = { path: '', number: 0 };

/** Writes a segment and recovers it. */
async function recovered(bytes: Buffer, { acks = [], gz = false, files = nodeFiles }: Options = {}): Promise<Found> {
  if (!fs.existsSync(folder.path)) folder.path = temporaryDirectory();
  folder.number += 1;
  const name = String(folder.number).padStart(8, '0');
  const path = join(folder.path, `${name}-logs.seg${gz ? '.gz' : ''}`);
  fs.writeFileSync(path, bytes);
  const entries = Buffer.alloc(acks.length * 12);
  for (const [index, range] of acks.entries()) writeAck(entries.subarray(index * 12), range);
  if (acks.length > 0) fs.writeFileSync(join(folder.path, `${name}-logs.ack`), entries);
  const result = await recover(files, {
    ...{ path, sequence: folder.number, compressed: gz, bytes: bytes.length, now: NOW, wallNow: WALL },
  });
  if (result.kind !== 'segment') throw new Error(JSON.stringify(result));
  const { segment, damaged } = result;
  const texts = await readTexts(nodeFiles, segment);
  expect(segment.waiting).toBe(texts.length);
  expect(segment.spans.reduce((sum, { count }) => sum + count, 0)).toBe(texts.length);
  expect(segment).toMatchObject({ sealed: true, compressed: gz, damaged: damaged > 0 });
  // What recovery has counted is what reading finds.
  if (segment.waiting > 0) {
    const from = segment.spans[0]?.from as number;
    const to = segment.spans.at(-1)?.to as number;
    const chunk = await load(nodeFiles, segment, { from, to, tail: false });
    if ('code' in chunk) throw new Error(chunk.code);
    for (const span of segment.spans) expect(chunk.start(chunk.indexAt(span.from))).toBe(span.from);
  }
  for (const file of [path, segment.ackPath]) fs.rmSync(file, { force: true });
  return { texts, damaged, segment };
}

describe.each([false, true])('recovery of a segment (compressed: %s)', (gz) => {
  const packed = (bytes: Buffer): Buffer => (gz ? gzipSync(bytes) : bytes);

  it('finds what waits: everything, less what is acknowledged', async () => {
    const property = fc.asyncProperty(
      fc.array(json, { maxLength: 12 }),
      fc.array(fc.boolean()),
      async (texts, done) => {
        const bytes = segmentBytes(texts);
        const ends = texts.map((_, index) => segmentBytes(texts.slice(0, index + 1)).length);
        const acks = ends
          .map((to, index) => ({ from: ends[index - 1] ?? HEADER.length, to }))
          .filter((_, index) => done[index]);
        const found = await recovered(packed(bytes), { acks, gz });
        expect(found.texts).toEqual(texts.filter((_, index) => !done[index]));
        expect([found.damaged, found.segment.size]).toEqual([0, bytes.length]);
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('knows how old the records are at most', async () => {
    const { segment } = await recovered(packed(segmentBytes(['{}'])), { gz });
    expect(segment.openedAt).toBe(NOW - 90_000);
    const future = headerBytes({ platform: 'test', lane: 'logs', openedMillis: WALL + 1e12 });
    const { segment: strange } = await recovered(packed(Buffer.concat([future, frameOf('{}')])), { gz });
    expect(strange.openedAt).toBe(NOW);
  });

  it('reads records that are larger than a slice, and than a read', async () => {
    const texts = [300_000, 5, 1_500_000, 262_000].map((length) => JSON.stringify({ pad: 'x'.repeat(length) }));
    const found = await recovered(packed(segmentBytes(texts)), { gz });
    expect(found.texts.map((text, index) => text === texts[index])).toEqual([true, true, true, true]);
  });

  it('row 43: passes over a segment of zeros, counted', async () => {
    for (const size of [1, 5_000, 4 * 1_048_576]) {
      expect(await recovered(packed(Buffer.alloc(size)), { gz })).toMatchObject({ texts: [], damaged: 1 });
    }
  });

  it('row 43: finds what stands before, between and behind zeros', async () => {
    const zeros = Buffer.alloc(10_000);
    const [before, torn, behind] = [framed(['{"id":1}', '{"id":2}']), frameOf('{"id":3}'), framed(['{"id":4}'])];
    const end = await recovered(packed(Buffer.concat([HEADER, before, torn.subarray(0, 9), zeros])), { gz });
    expect(end).toMatchObject({ texts: ['{"id":1}', '{"id":2}'], damaged: 1 });
    const middle = await recovered(packed(Buffer.concat([HEADER, before, zeros, behind])), { gz });
    expect(middle).toMatchObject({ texts: ['{"id":1}', '{"id":2}', '{"id":4}'], damaged: 1 });
    const header = await recovered(packed(Buffer.concat([Buffer.alloc(HEADER.length), before])), { gz });
    expect(header.texts).toEqual(['{"id":1}', '{"id":2}']);
  });

  it('row 42: gives up what has no line feed for megabytes, counted, with bounded memory', async () => {
    const garbage = Buffer.alloc(20 * 1_048_576, 'x');
    const found = await recovered(packed(Buffer.concat([HEADER, frameOf('{"id":1}'), garbage, frameOf('{}')])), { gz });
    expect(found).toMatchObject({ texts: ['{"id":1}'], damaged: 1 });
  });

  it('row 42: reads on behind absurd content', async () => {
    const absurd = ['4294967295\n', '-1 {}\n', '\n\n\n', 'ffffffff {"a":', '00000000 {}\n', '{"id":0}\n'].join('');
    const bytes = Buffer.concat([HEADER, frameOf('{"id":1}'), Buffer.from(absurd), frameOf('{"id":2}')]);
    const found = await recovered(packed(bytes), { gz });
    expect(found.texts).toEqual(['{"id":1}', '{"id":2}']);
    expect(found.damaged).toBeGreaterThan(0);
  });

  it('finds nothing in an empty file', async () => {
    expect(await recovered(packed(Buffer.alloc(0)), { gz })).toMatchObject({ texts: [], damaged: 0 });
    expect(await recovered(packed(HEADER), { gz })).toMatchObject({ texts: [], damaged: 0 });
  });
});

describe('damage', () => {
  const texts = ['{"id":1}', '{"id":"zwei"}', '{"id":3,"text":"\\"}"}', '{"id":4}'];
  const bytes = segmentBytes(texts);
  const ends = texts.map((_, index) => segmentBytes(texts.slice(0, index + 1)).length);

  it('row 40: a segment torn at any byte has all its whole records, and nothing is counted as lost', async () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const found = await recovered(bytes.subarray(0, cut));
      expect(found.texts).toEqual(texts.slice(0, ends.filter((end) => end <= cut).length));
      // Without its line feed a whole frame was not finished either.
      expect([cut, found.damaged]).toEqual([cut, 0]);
    }
  });

  it('row 41: a bit flip at any offset costs at most the record that was hit, and exactly that is counted', async () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const at = bit >> 3;
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << (bit & 7));
      const found = await recovered(damaged);
      const hit = at < HEADER.length ? -1 : ends.findIndex((end) => at < end);
      const lost = texts.filter((text) => !found.texts.includes(text));
      expect(found.texts).toEqual(texts.filter((text) => !lost.includes(text)));
      expect(lost.every((text) => text === texts[hit])).toBe(true);
      expect([bit, found.damaged]).toEqual([bit, lost.length]);
      if (bytes[at] === LF && at < bytes.length - 1) expect(lost).toEqual([]);
    }
  });

  it('row 41: a byte that becomes a line feed costs one record, and counts as one; in the header, none', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = LF;
      const found = await recovered(damaged);
      const lost = at < HEADER.length || bytes[at] === LF ? 0 : 1;
      expect([at, texts.length - found.texts.length, found.damaged]).toEqual([at, lost, lost]);
    }
  });

  it('row 41: what is damaged but acknowledged is no loss', async () => {
    const acks = [{ from: HEADER.length, to: bytes.length }];
    for (let at = HEADER.length; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 1;
      expect(await recovered(damaged, { acks })).toMatchObject({ texts: [], damaged: 0 });
    }
  });

  it('row 41: damage to a compressed segment spares what comes before it, and is counted', async () => {
    const many = Array.from({ length: 20_000 }, (_, id) => JSON.stringify({ id, text: String(id * 7919) }));
    const packed = gzipSync(segmentBytes(many));
    for (const share of [0.1, 0.5, 0.9]) {
      const damaged = Buffer.from(packed);
      const at = Math.floor(share * packed.length);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      const found = await recovered(damaged, { gz: true });
      expect(found.damaged).toBeGreaterThan(0);
      expect(found.texts.length).toBeGreaterThan(many.length * (share - 0.1) * 0.8);
      const torn = await recovered(packed.subarray(0, at), { gz: true });
      expect(torn.damaged).toBe(1);
      expect(torn.texts).toEqual(many.slice(0, torn.texts.length));
    }
    expect(await recovered(Buffer.from('no gzip at all'), { gz: true })).toMatchObject({ texts: [], damaged: 1 });
  });

  it('row 44: without acknowledgements, or with garbage for them, everything waits', async () => {
    const path = join(temporaryDirectory(), '00000000-logs.seg');
    const options = { path, sequence: 0, compressed: false, bytes: bytes.length, now: NOW, wallNow: WALL };
    fs.writeFileSync(path, bytes);
    for (const acks of [undefined, Buffer.alloc(0), Buffer.alloc(4_096), Buffer.from('garbage, but long enough')]) {
      if (acks !== undefined) fs.writeFileSync(path.replace('.seg', '.ack'), acks);
      expect(await recover(nodeFiles, options)).toMatchObject({ kind: 'segment', segment: { waiting: 4 }, damaged: 0 });
    }
  });
});

describe('what recovery leaves alone', () => {
  const at = async (bytes: Buffer, gz = false) => {
    const path = join(temporaryDirectory(), `00000000-logs.seg${gz ? '.gz' : ''}`);
    fs.writeFileSync(path, bytes);
    const files = watched();
    const result = await recover(files, {
      ...{ path, sequence: 0, compressed: gz, bytes: bytes.length, now: NOW, wallNow: WALL },
    });
    expect(files.watch.open).toBe(0);
    expect(fs.readFileSync(path).equals(bytes)).toBe(true);
    return result;
  };
  const header = (parts: object): Buffer => frameOf(JSON.stringify({ format: 'logferry-spool', version: 1, ...parts }));

  it.each([{ version: 0 }, { version: 2 }, { version: '1' }, { version: null }, { format: 'other' }])(
    'row 47: a segment of another version or format (%j)',
    async (parts) => {
      const bytes = Buffer.concat([header(parts), frameOf('{"id":1}'), Buffer.from('something new\0\n')]);
      expect(await at(bytes)).toEqual({ kind: 'foreign' });
      expect(await at(gzipSync(bytes), true)).toEqual({ kind: 'foreign' });
    },
  );

  it('row 45: a frame that is no header', async () => {
    for (const text of ['{"id":1}', '[]', 'null', '"x"', '{"format"'])
      expect(await at(frameOf(text))).toEqual({ kind: 'foreign' });
  });

  it('a header that is read in pieces', async () => {
    const path = join(temporaryDirectory(), '00000000-logs.seg');
    const bytes = Buffer.concat([header({ version: 2 }), frameOf('{"id":1}')]);
    fs.writeFileSync(path, bytes);
    const open: typeof fs.promises.open = async (...args) => {
      const handle = await fs.promises.open(...args);
      const read = (target: Buffer, offset: number, length: number, position: number) =>
        handle.read(target, offset, Math.min(length, 7), position);
      return Object.assign(Object.create(null), { read, close: () => handle.close() });
    };
    const files = { ...nodeFiles, promises: { ...fs.promises, open } };
    const options = { path, sequence: 0, compressed: false, bytes: bytes.length, now: NOW, wallNow: WALL };
    expect(await recover(files, options)).toEqual({ kind: 'foreign' });
  });

  it.each(['open', 'read', 'readFile'] as const)('a file that cannot be read (%s)', async (on) => {
    const folder = temporaryDirectory();
    const files = watched(faultFiles({ faults: [{ on, code: 'EIO', path: basename(folder) }] }));
    for (const compressed of [false, true]) {
      const path = join(folder, `00000000-logs.seg${compressed ? '.gz' : ''}`);
      fs.writeFileSync(path, compressed ? gzipSync(HEADER) : HEADER);
      const options = { path, sequence: 0, compressed, bytes: HEADER.length, now: NOW, wallNow: WALL };
      const result = await recover(files, options);
      // Acknowledgements that cannot be read are none.
      if ((on === 'readFile') === compressed) expect(result).toEqual({ kind: 'failed', code: 'EIO' });
    }
    expect(files.watch.open).toBe(0);
  });

  it('a symbolic link', async () => {
    const folder = temporaryDirectory();
    fs.writeFileSync(join(folder, 'other'), segmentBytes(['{}']));
    const path = join(folder, '00000000-logs.seg');
    fs.symlinkSync(join(folder, 'other'), path);
    const options = { path, sequence: 0, compressed: false, bytes: 1, now: NOW, wallNow: WALL };
    expect(await recover(nodeFiles, options)).toEqual({ kind: 'failed', code: 'ELOOP' });
  });
});
