import fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { frameOf } from '../../../src/delivery/spool/frame.ts';
import { headerBytes } from '../../../src/delivery/spool/header.ts';
import { RELEASED_FILE, segmentName } from '../../../src/delivery/spool/names.ts';
import { rig, until } from '../../support/delivery-rig.ts';
import { type Life, type LifeOptions, life, textOf } from './life.ts';
import { temporaryDirectory } from './places.ts';

vi.mock(import('node:zlib'), async (original) => (await import('./zlib-watch.ts')).watchedZlib(await original()));

// What a process finds on the disk when it starts, and does about it: rows 40 to 47 of the fault matrix.

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
const HEADER = headerBytes({ platform: 'test', lane: 'logs', openedMillis: Date.UTC(2026, 0, 2) });
const ORPHAN = 'mjw00000-1-0-0123abcd';

interface Found {
  readonly own: Life;
  readonly folder: string;
}

/** A directory that a dead process has left, with `files` in it. */
function orphan(files: Readonly<Record<string, Buffer | string>>): { directory: string; folder: string } {
  const directory = temporaryDirectory();
  const folder = join(directory, 'logferry-v1', 'test', ORPHAN);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(folder, RELEASED_FILE), '');
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(join(folder, name), bytes);
  return { directory, folder };
}

/** A process that has just taken it over. */
async function taken(files: Readonly<Record<string, Buffer | string>>, options: LifeOptions = {}): Promise<Found> {
  const { directory } = orphan(files);
  const own = life({ directory, ...options });
  own.clock.jumpWall(60_000);
  await own.pass(1_000);
  own.expectConsistent();
  const adopted = fs.readdirSync(own.destination).find((name) => name.endsWith(`.adopt-${ORPHAN}`));
  return { own, folder: join(own.destination, adopted ?? 'none') };
}

const segment = (ids: readonly number[]): Buffer => Buffer.concat([HEADER, ...ids.map((id) => frameOf(textOf(id)))]);
const name = (sequence: number, lane = 'logs', gz = false): string => segmentName(sequence, lane, gz);

async function expectAlive(own: Life): Promise<void> {
  own.append(textOf(99_999));
  expect(await own.deliverAll()).toContain(99_999);
  await own.pass(61_000);
  own.expectConsistent();
  expect(own.pending).toBe(0);
}

describe('row 40: a torn last frame', () => {
  const whole = segment(range(0, 4));
  const last = frameOf(textOf(3)).length;

  it.each(range(1, last + 1))(
    '%i bytes short: what is whole is delivered, nothing is counted as lost',
    async (short) => {
      const { own, folder } = await taken({
        [name(0)]: whole.subarray(0, whole.length - short),
        [name(1)]: segment([10]),
      });
      expect(own.ledger).toMatchObject({ recovered: 4, accepted: 4 });
      expect(await own.deliverAll()).toEqual([0, 1, 2, 10]);
      expect(own.ledger.droppedTotal).toBe(0);
      await own.pass(1_000);
      expect(fs.existsSync(folder)).toBe(false);
    },
  );
});

describe('row 41: a flipped bit', () => {
  const bytes = segment(range(0, 4));
  const frame = frameOf(textOf(0)).length;

  it.each(range(HEADER.length, HEADER.length + 2 * frame))(
    'at byte %i: at most that record is lost, counted, and the file is kept aside',
    async (at) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ (1 << (at & 7));
      const { own, folder } = await taken({ [name(0)]: damaged, [name(1)]: segment([10]) });
      const hit = Math.floor((at - HEADER.length) / frame);
      const isLineFeed = bytes[at] === 0x0a;
      const lost = isLineFeed ? [] : [hit];
      expect(await own.deliverAll()).toEqual([...range(0, 4).filter((id) => !lost.includes(id)), 10]);
      expect(own.dropped('corrupt')).toBe(lost.length);
      expect(own.ledger).toMatchObject({ accepted: 5, delivered: 5 - lost.length });
      await own.pass(1_000);
      expect(fs.existsSync(folder)).toBe(false);
      const dead = join(own.destination, 'dead');
      const kept = fs.existsSync(dead) ? fs.readdirSync(dead).filter((file) => file.endsWith('.bad')) : [];
      expect(kept.length).toBe(lost.length);
    },
  );

  it('in the header costs nothing', async () => {
    for (let at = 0; at < HEADER.length; at += 5) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x04;
      const { own } = await taken({ [name(0)]: damaged });
      expect([at, await own.deliverAll(), own.dropped('corrupt')]).toEqual([at, range(0, 4), 0]);
      await own.kill();
    }
  });
});

describe('row 42: absurd content', () => {
  it.each<[string, Buffer]>([
    ['megabytes without a line feed', Buffer.alloc(20 * 1_048_576, 'x')],
    ['nothing but line feeds', Buffer.alloc(100_000, '\n')],
    ['nothing but beginnings', Buffer.from(`${'00000000 {'.repeat(50_000)}\n`)],
    ['binary', Buffer.from(range(0, 100_000).map((value) => (value * 7_919) & 0xff))],
    ['lengths of another format', Buffer.from('ffffffff\n4294967295\n-1\n0\n'.repeat(100))],
  ])('%s: bounded, counted, and the segments beside it are delivered', async (_, garbage) => {
    const { own } = await taken({
      [name(0)]: garbage,
      [name(1)]: Buffer.concat([segment([1]), garbage]),
      [name(2)]: segment([2, 3]),
    });
    expect(await own.deliverAll()).toEqual([1, 2, 3]);
    expect(own.dropped('corrupt')).toBeGreaterThan(0);
    await expectAlive(own);
  });
});

describe('row 43: zeros', () => {
  it('a segment of nothing else, or that ends in them, is counted, and all others are delivered', async () => {
    const { own } = await taken({
      [name(0)]: Buffer.alloc(70_000),
      [name(1)]: Buffer.concat([segment([1, 2]), frameOf(textOf(3)).subarray(0, 12), Buffer.alloc(4_096)]),
      [name(2)]: segment([4]),
      '00000001-logs.ack': Buffer.alloc(24),
    });
    expect(await own.deliverAll()).toEqual([1, 2, 4]);
    expect(own.dropped('corrupt')).toBe(2);
    await expectAlive(own);
  });

  it('files of no length at all are nothing', async () => {
    const { own, folder } = await taken({ [name(0)]: '', [name(1, 'logs', true)]: '', '00000000-logs.ack': '' });
    expect([own.pending, own.ledger.accepted]).toEqual([0, own.dropped('corrupt')]);
    await own.pass(1_000);
    expect(fs.existsSync(folder)).toBe(false);
  });
});

describe('row 44: acknowledgements', () => {
  async function partly(): Promise<{ own: Life; acks: () => string[] }> {
    const own = life();
    own.appendMany(range(0, 20));
    for (const count of [3, 5, 2]) {
      const batch = (await own.take({ maxRecords: count })) as Batch;
      if (count === 5) own.release(batch);
      else own.acknowledge(batch);
    }
    const acks = (): string[] =>
      fs
        .readdirSync(own.destination, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ack'))
        .map((file) => join(own.destination, file));
    return { own, acks };
  }

  const DONE = [...range(0, 3), ...range(3, 5)];
  it.each<[string, (path: string) => void, readonly number[]]>([
    ['whole', () => {}, range(5, 20)],
    ['missing', (path) => fs.unlinkSync(path), range(0, 20)],
    ['garbage', (path) => fs.writeFileSync(path, 'garbage of some length'), range(0, 20)],
    ['torn', (path) => fs.truncateSync(path, 17), [...range(3, 20)]],
    ['zeros', (path) => fs.writeFileSync(path, Buffer.alloc(48)), range(0, 20)],
    ['followed by garbage', (path) => fs.appendFileSync(path, 'xyz'), range(5, 20)],
  ])('%s: what they do not say has ended comes again, nothing else', async (_, damage, expected) => {
    const { own, acks } = await partly();
    expect(DONE.length).toBe(5);
    await own.kill();
    for (const path of acks()) damage(path);
    const next = life({ directory: own.directory });
    next.clock.jumpWall(60_000);
    await next.pass(1_000);
    expect(next.ledger.recovered).toBe(expected.length);
    const first = (await next.take({ maxRecords: 4 })) as Batch;
    next.acknowledge(first);
    await next.kill();
    // What the next one acknowledges holds as well, behind whatever was there.
    const last = life({ directory: own.directory });
    last.clock.jumpWall(120_000);
    await last.pass(1_000);
    expect(await last.deliverAll()).toEqual(expected.slice(4));
    await last.pass(1_000);
    expect(acks()).toEqual([]);
  });
});

describe('row 45: files that are not ours', () => {
  it('are neither read nor deleted, and nothing stops because of them', async () => {
    const strange = {
      '.DS_Store': 'x',
      'notes.txt': 'x',
      'core.1234': 'x',
      '00000000-logs.seg.bak': segment([7]),
      '0000000-logs.seg': segment([7]),
      '00000003-LOGS.seg': segment([7]),
      'x00000003-logs.seg': segment([7]),
      '00000004-logs.tmp': segment([7]),
    };
    const { directory, folder } = orphan({ ...strange, [name(1)]: segment([1]) });
    fs.mkdirSync(join(folder, '00000005-logs.seg'));
    fs.mkdirSync(join(folder, 'sub'));
    fs.symlinkSync('/etc/passwd', join(folder, '00000006-logs.seg'));
    fs.writeFileSync(join(directory, 'logferry-v1', 'test', 'notes'), 'x');
    fs.mkdirSync(join(directory, 'logferry-v2', 'test'), { recursive: true });
    const own = life({ directory });
    own.clock.jumpWall(60_000);
    await own.pass(1_000);
    expect(await own.deliverAll()).toEqual([1]);
    await own.pass(61_000);
    const left = fs.readdirSync(
      join(own.destination, fs.readdirSync(own.destination).find((file) => file.includes(ORPHAN)) ?? ''),
    );
    expect(left.sort()).toEqual([...Object.keys(strange), '00000005-logs.seg', '00000006-logs.seg', 'sub'].sort());
    expect(fs.existsSync(join(directory, 'logferry-v2', 'test'))).toBe(true);
    expect(fs.readFileSync(join(own.destination, 'notes'), 'utf8')).toBe('x');
    own.expectConsistent();
  });

  it('a lane that this process does not have stays for one that has', async () => {
    const events = Buffer.concat([
      headerBytes({ platform: 'test', lane: 'events', openedMillis: 0 }),
      frameOf(textOf(5)),
    ]);
    const { own } = await taken({ [name(0, 'events')]: events, [name(1)]: segment([1]) });
    expect(await own.deliverAll()).toEqual([1]);
    await own.pass(61_000);
    expect(own.pending).toBe(0);
    await own.kill();
    const both = life({ directory: own.directory, lanes: ['logs', 'events'] });
    both.clock.jumpWall(300_000);
    await both.pass(1_000);
    expect([await both.deliverAll('events'), await both.deliverAll('logs')]).toEqual([[5], []]);
  });
});

describe('row 47: other versions', () => {
  const of = (version: unknown): Buffer =>
    Buffer.concat([
      frameOf(JSON.stringify({ format: 'logferry-spool', version, platform: 'test', lane: 'logs', opened_ms: 0 })),
      frameOf(textOf(7)),
      Buffer.from('a line that this version does not understand\0\n'),
    ]);

  it('are left where they are, byte for byte, and the rest is delivered', async () => {
    const files = {
      [name(0)]: of(0),
      [name(1)]: of(2),
      [name(2)]: segment([1, 2]),
      [name(3, 'logs', true)]: gzipSync(of(3)),
    };
    const { own, folder } = await taken(files);
    expect(await own.deliverAll()).toEqual([1, 2]);
    await own.pass(61_000);
    expect(own.ledger).toMatchObject({ accepted: 2, droppedTotal: 0 });
    for (const kept of [name(0), name(1), name(3, 'logs', true)]) {
      expect(fs.readFileSync(join(folder, kept)).equals(files[kept] as Buffer)).toBe(true);
    }
    expect(fs.existsSync(join(folder, name(2)))).toBe(false);
    expect(own.told.join()).toContain('unknown_version');
    await expectAlive(own);
    await own.kill();
    // And they are still there for whoever comes next.
    const next = life({ directory: own.directory });
    next.clock.jumpWall(300_000);
    await next.pass(1_000);
    expect(next.pending).toBe(0);
    next.expectConsistent();
  });
});

describe('row 46: a lot of it', () => {
  it('hundreds of segments are taken over one after the other, with few files open, and delivered in order', async () => {
    const files = Object.fromEntries(range(0, 400).map((index) => [name(index), segment([index * 2, index * 2 + 1])]));
    const { own } = await taken(files);
    expect(own.files.watch.mostOpen).toBeLessThanOrEqual(4);
    expect(await own.deliverAll('logs', 16)).toEqual(range(0, 800));
    expect(own.files.watch.mostOpen).toBeLessThanOrEqual(5);
    await expectAlive(own);
    expect(own.filesLeft()).toEqual([]);
  });

  it('many directories are taken over in rounds, oldest first', async () => {
    const directory = temporaryDirectory();
    for (const index of range(0, 150)) {
      const folder = join(directory, 'logferry-v1', 'test', `mjw00${String(index).padStart(3, '0')}-1-0-0123abcd`);
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.writeFileSync(join(folder, RELEASED_FILE), '');
      fs.writeFileSync(join(folder, name(0)), segment([index]));
    }
    const own = life({ directory });
    await own.pass(1_000);
    expect(own.disk().segments.length).toBe(64);
    const seen: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      seen.push(...(await own.deliverAll()));
      await own.pass(10_000);
    }
    expect(seen).toEqual(range(0, 150));
    expect(fs.readdirSync(own.destination).length).toBe(1);
    own.expectConsistent();
  });
});

describe('delivery', () => {
  // Whether the damage is found before or after the bytes are in memory is up to the disk.
  it.each(range(0, 6))('goes on when all that was taken over turns out to be damaged (%i)', async () => {
    const directory = temporaryDirectory();
    const first = await rig({ delivery: { spool: { directory } } });
    await first.server.pause();
    first.emit(5);
    await first.destination.shutdown(0);
    const second = await rig({ delivery: { spool: { directory } } });
    await second.server.pause();
    await until(() => second.stats.recovered === 5, 'recovery');
    const files = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((path) => path.endsWith('.seg'))) fs.truncateSync(join(directory, file), 0);
    const names = second.emit(3, 'fresh');
    await second.server.open();
    await until(
      () => second.stats.pending === 0,
      'the end of all records',
      () => second.pass(1_000),
    );
    expect(second.server.stored).toEqual(expect.arrayContaining(names));
    const { delivered, dropped } = second.stats;
    expect(delivered + dropped.corrupt).toBe(8);
    await second.expectAlive();
  });
});
