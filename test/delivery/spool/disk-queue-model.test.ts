import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../src/codec/batch.ts';
import { OFTEN, type TakeOptions } from '../../../src/delivery/queue.ts';
import { DiskBatch } from '../../../src/delivery/spool/disk-batch.ts';
import { frameOf, readFrames } from '../../../src/delivery/spool/frame.ts';
import { parseInstance } from '../../../src/delivery/spool/names.ts';
import type { Segment } from '../../../src/delivery/spool/segment.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FaultFiles, faultFiles } from '../../support/fault-files.ts';
import { Life, textsOf } from './life.ts';
import { temporaryDirectory } from './places.ts';

vi.mock(import('node:zlib'), async (original) => (await import('./zlib-watch.ts')).watchedZlib(await original()));

/** Where a record is, or how it has ended. */
type Place = 'disk' | 'memory' | 'taken' | 'ended';

interface Entry {
  readonly id: number;
  readonly text: string;
  /** Order of acceptance; what moves from memory to disk gets its place there. */
  at: number;
  /** The life in which it was written: order is kept within one. */
  life: number;
  place: Place;
  attempts: number;
  /** The segment that it is in. */
  home: string | undefined;
  /** Its bytes were damaged: it may be lost, if anybody reads them. */
  fragile: boolean;
  /** It has ended, but what says so was damaged. */
  mayReturn: boolean;
  /** What says that it has ended may not have been written. */
  unsaid: boolean;
}

interface Held {
  readonly batch: Batch;
  readonly entries: Entry[];
}

const SEGMENT_BYTES = 100_000;
const MEMORY_BYTES = 60_000;

/** A segment by its place in the instance that has written it, whoever has it now. */
function keyOf({ path }: Segment): string {
  const folder = parseInstance(basename(dirname(path)));
  const instance = folder?.kind === 'adopted' ? folder.original : folder?.instance;
  return `${instance}/${basename(path).split('.')[0]}`;
}

/** The queue and what is known of it. */
class World {
  readonly directory: string;
  readonly disk: FaultFiles;
  readonly entries: Entry[] = [];
  held: Held[] = [];
  life: Life<FaultFiles>;
  lives = 0;
  order = 0;

  constructor(fileSystemType: number) {
    this.directory = temporaryDirectory();
    this.disk = faultFiles({ fileSystemType });
    this.life = this.#open();
  }

  #open(): Life<FaultFiles> {
    const clock = new FakeClock();
    this.lives += 1;
    clock.jumpWall(this.lives * 60_000);
    const settings = { segmentBytes: SEGMENT_BYTES, compress: true };
    const { directory, disk: files } = this;
    return new Life({ directory, files, clock, settings, memoryBytes: MEMORY_BYTES });
  }

  get queue() {
    return this.life.queue();
  }

  at(place: Place): Entry[] {
    return this.entries.filter((entry) => entry.place === place).sort((a, b) => a.life - b.life || a.at - b.at);
  }

  entryOf(text: string): Entry {
    const { id } = JSON.parse(text) as { id: number };
    const entry = this.entries[id] as Entry;
    expect(text === entry.text).toBe(true);
    return entry;
  }

  /** Where records have gone by themselves: from memory to the disk, or over board with their segment. */
  reconcile(): void {
    const { life } = this;
    const segments = new Map(life.disk().segments.map((segment) => [keyOf(segment), segment]));
    const inMemory = this.at('memory');
    const left = inMemory.slice(0, inMemory.length - life.memory().waiting);
    const homes = left.length > 0 ? this.#homes(segments) : new Map<number, string>();
    for (const entry of left) {
      // The oldest go to the disk, or make room for others.
      entry.home = homes.get(entry.id);
      entry.place = entry.home === undefined ? 'ended' : 'disk';
      Object.assign(entry, { at: this.order++, attempts: 0 });
    }
    for (const entry of this.entries) {
      if (entry.place === 'taken' || entry.home === undefined || segments.has(entry.home)) continue;
      if (entry.place === 'disk') entry.place = 'ended';
      entry.mayReturn = false;
    }
  }

  /** Looks up, in the files, which records are in which segment. */
  #homes(segments: ReadonlyMap<string, Segment>): Map<number, string> {
    const homes = new Map<number, string>();
    for (const [key, { path, compressed }] of segments) {
      if (compressed) continue;
      const bytes = fs.readFileSync(path);
      readFrames(bytes, 0, bytes.length, {
        frame: (start, end) => {
          const { id } = JSON.parse(bytes.toString('utf8', start + 9, end - 1)) as { id?: number };
          if (id !== undefined) homes.set(id, key);
        },
        corrupt: () => {},
      });
    }
    return homes;
  }

  check(): void {
    const { life } = this;
    life.expectConsistent();
    const expected = this.at('disk').length + this.at('memory').length + this.at('taken').length;
    const missing = expected - life.pending;
    const fragile = this.entries.filter((entry) => entry.fragile && entry.place !== 'ended').length;
    const returned = this.entries.filter(({ mayReturn }) => mayReturn).length;
    expect(missing).toBeLessThanOrEqual(fragile);
    expect(missing).toBeGreaterThanOrEqual(-returned);
    expect(life.memory().waiting).toBe(this.at('memory').length);
    expect(life.files.watch.open).toBeLessThanOrEqual(5);
    expect(life.filesLeft().length).toBe(life.disk().segments.length);
    for (const { batch, entries } of this.held) {
      expect(batch.count).toBe(entries.length);
      expect(batch.attempts).toBe(Math.max(0, ...entries.map(({ attempts }) => attempts)));
      expect(textsOf(batch) === entries.map(({ text }) => text).join(',')).toBe(true);
    }
  }

  /** The process is killed; `meanwhile` is done to what it leaves, and another one takes over. */
  async reopen(meanwhile: () => void = () => {}): Promise<void> {
    await this.life.kill();
    const homes = new Set(this.life.disk().segments.map(keyOf));
    for (const entry of this.entries) {
      entry.mayReturn ||= entry.unsaid && entry.place === 'ended';
      if (entry.place === 'memory') entry.place = 'ended';
      // Where its segment had to make room there is nothing left of it.
      if (entry.place === 'taken') entry.place = homes.has(entry.home ?? '') ? 'disk' : 'ended';
      entry.attempts = 0;
    }
    this.held = [];
    meanwhile();
    // A directory of its own takes room; without one nothing is taken over.
    this.disk.disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.life = this.#open();
    await this.life.pass(1_000);
    expect(this.life.dropped('spool_lost')).toBe(0);
    const found = new Set(this.life.disk().segments.map(keyOf));
    expect(this.at('disk').filter(({ fragile, home }) => !fragile && !found.has(home ?? ''))).toEqual([]);
  }
}

/** A step that is named, and leaves queue and model in agreement. */
class Step implements fc.AsyncCommand<object, World> {
  readonly name: string;
  readonly act: (world: World) => Promise<void> | void;
  constructor(name: string, act: (world: World) => Promise<void> | void) {
    this.name = name;
    this.act = act;
  }
  check(): boolean {
    return true;
  }
  async run(_: object, world: World): Promise<void> {
    await this.act(world);
    await world.life.files.watch.idle();
    world.reconcile();
    world.check();
  }
  toString(): string {
    return this.name;
  }
}

function textOf(id: number, pad: string): string {
  return JSON.stringify({ id, pad });
}

function added(world: World, text: string, place: Place): Entry {
  const id = world.entries.length;
  const entry: Entry = {
    ...{ id, text, at: world.order++, life: world.lives, place, attempts: 0 },
    ...{ home: undefined, fragile: false, mayReturn: false, unsaid: false },
  };
  world.entries.push(entry);
  return entry;
}

const append = (count: number, pad: string): Step =>
  new Step(`append(${count} × ${pad.length})`, (world) => {
    for (let left = count; left > 0; left -= 1) {
      const { life } = world;
      const entry = added(world, textOf(world.entries.length, pad), 'ended');
      const kept = life.append(entry.text);
      // It does not overtake what waits in memory.
      if (kept && life.memory().waiting > 0) entry.place = 'memory';
      world.reconcile();
      if (!kept || entry.place === 'memory') continue;
      Object.assign(entry, { place: 'disk', at: world.order++, home: keyOf(life.disk().segments.at(-1) as Segment) });
    }
  });

const appendTaken = (pad: string): Step =>
  new Step(`appendTaken(${pad.length})`, (world) => {
    const { life } = world;
    const entry = added(world, textOf(world.entries.length, pad), 'ended');
    const batch = life.appendTaken(entry.text);
    world.reconcile();
    if (batch === undefined) return;
    Object.assign(entry, { place: 'taken', at: world.order++ });
    if (batch instanceof DiskBatch) entry.home = keyOf(life.disk().segments.at(-1) as Segment);
    world.held.push({ batch, entries: [entry] });
  });

/** What may be taken from one end of a list that is in order. */
function eligible(list: readonly Entry[], { fresh }: TakeOptions): readonly Entry[] {
  const all = list.filter(({ attempts }) => !(fresh && attempts > 0));
  const often = (all[0]?.attempts ?? 0) >= OFTEN;
  const end = all.findIndex(({ attempts }) => attempts >= OFTEN !== often);
  return end === -1 ? all : all.slice(0, end);
}

const take = (options: TakeOptions): Step =>
  new Step(`take(${JSON.stringify(options)})`, async (world) => {
    const { life } = world;
    const waiting = life.queue().waiting;
    const batch = await life.take(options);
    if (batch === undefined) {
      const some = [...world.at('disk'), ...world.at('memory')].filter(({ fragile }) => !fragile);
      expect(options.fresh || some.length === 0 || waiting === 0).toBe(true);
      return;
    }
    const texts = JSON.parse(`[${textsOf(batch)}]`) as object[];
    const entries = texts.map((text) => world.entryOf(JSON.stringify(text)));
    for (const entry of entries) {
      expect([entry.place === 'disk' || entry.place === 'memory' || entry.mayReturn, entry.id]).toEqual([
        true,
        entry.id,
      ]);
      entry.mayReturn = false;
      if (entry.place === 'ended') Object.assign(entry, { place: 'disk', fragile: true });
    }
    const inMemory = !(batch instanceof DiskBatch);
    const own = (entry: Entry): boolean => entry.life === world.lives;
    const source = inMemory
      ? world.at('memory')
      : world.at('disk').filter((entry) => own(entry) === own(entries[0] as Entry));
    if (options.newest) {
      expect(entries.length).toBe(1);
    } else {
      const sure = eligible(source, options).filter((entry) => !entry.fragile || entries.includes(entry));
      expect(entries.map(({ id }) => id)).toEqual(sure.slice(0, entries.length).map(({ id }) => id));
      expect(entries.length).toBeLessThanOrEqual(options.maxRecords);
      if (entries.length > 1) expect(batch.bytes + batch.count - 1).toBeLessThanOrEqual(options.maxBytes);
    }
    for (const entry of entries) entry.place = 'taken';
    world.held.push({ batch, entries });
  });

const withHeld = (name: string, pick: number, act: (world: World, held: Held) => void): Step =>
  new Step(`${name}(#${pick})`, (world) => {
    if (world.held.length === 0) return;
    act(world, world.held.splice(pick % world.held.length, 1)[0] as Held);
  });

const split = (pick: number, share: number): Step =>
  withHeld(`split ${share}`, pick, (world, { batch, entries }) => {
    const count = Math.floor(share * (entries.length + 1));
    const [first, second] = world.queue.split(batch, count);
    world.held.push({ batch: first, entries: entries.slice(0, count) });
    world.held.push({ batch: second, entries: entries.slice(count) });
  });

const acknowledge = (pick: number): Step =>
  withHeld('acknowledge', pick, (world, { batch, entries }) => {
    world.life.acknowledge(batch);
    const unsaid = Number.isFinite(world.disk.disk.capacityBytes);
    for (const entry of entries) Object.assign(entry, { place: 'ended', unsaid });
  });

const release = (pick: number): Step =>
  withHeld('release', pick, (world, { batch, entries }) => {
    const before = world.life.ledger.droppedTotal;
    world.life.release(batch);
    const dropped = world.life.ledger.droppedTotal - before;
    const gone = entries.filter(({ home }) => home !== undefined && !hasSegment(world, home));
    expect(dropped).toBe(gone.length);
    const place = batch instanceof DiskBatch ? 'disk' : 'memory';
    for (const entry of entries) {
      entry.attempts += 1;
      entry.place = gone.includes(entry) ? 'ended' : place;
    }
  });

function hasSegment({ life }: World, key: string): boolean {
  return life.disk().segments.some((segment) => keyOf(segment) === key);
}

const pass = (millis: number): Step => new Step(`pass(${millis})`, (world) => world.life.pass(millis));

const impaired = (value: boolean): Step =>
  new Step(`impaired(${value})`, (world) => {
    world.life.impaired = value;
  });

const dropOldest = new Step('drop oldest', (world) => {
  const victim = world.life.disk().oldestSealed;
  const before = world.life.dropped('overflow');
  expect(world.life.spool.relieve({ code: 'ENOSPC' })).toBe(victim !== undefined);
  const key = victim && keyOf(victim);
  const count = world.entries.filter(
    (entry) => entry.home === key && (entry.place === 'disk' || entry.mayReturn),
  ).length;
  const dropped = world.life.dropped('overflow') - before;
  expect(dropped <= count).toBe(true);
});

const diskFull = (room: number): Step =>
  new Step(`disk full but for ${room}`, (world) => {
    world.disk.disk.capacityBytes = world.disk.disk.usedBytes + room;
  });

const diskFree = new Step('room on the disk', async (world) => {
  world.disk.disk.capacityBytes = Number.POSITIVE_INFINITY;
  await world.life.pass(31_000);
  expect(world.life.memory().waiting).toBe(0);
  expect(world.life.spool.state).toBe('disk');
});

/** Damages the file of a segment that nothing is written to any more; `how` returns what it spares. */
function damage(world: World, pick: number, how: (path: string, bytes: Buffer) => Buffer): void {
  const sealed = world.life.disk().segments.filter((segment) => segment.sealed && !segment.compressed);
  const segment = sealed[pick % Math.max(1, sealed.length)];
  if (segment === undefined) return;
  const before = fs.readFileSync(segment.path);
  const after = how(segment.path, Buffer.from(before));
  fs.writeFileSync(segment.path, after);
  const key = keyOf(segment);
  for (const entry of world.entries.filter(({ home }) => home === key)) {
    const frame = frameOf(entry.text);
    if (before.includes(frame) && !after.includes(frame)) entry.fragile = true;
  }
}

const flip = (pick: number, share: number): Step =>
  new Step(`flip a bit (#${pick} at ${share})`, (world) => {
    damage(world, pick, (_, bytes) => {
      const at = Math.floor(share * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (pick & 7));
      return bytes;
    });
  });

const truncate = (pick: number, share: number): Step =>
  new Step(`truncate (#${pick} at ${share})`, (world) => {
    damage(world, pick, (_, bytes) => bytes.subarray(0, Math.floor(share * bytes.length)));
  });

const kill = new Step('kill and adopt', (world) => world.reopen());

const killWithoutAcks = new Step('kill, acknowledgements lost, and adopt', (world) =>
  world.reopen(() => {
    for (const folder of fs.readdirSync(world.life.destination)) {
      const path = join(world.life.destination, folder);
      for (const file of fs.readdirSync(path)) if (file.endsWith('.ack')) fs.unlinkSync(join(path, file));
    }
    for (const entry of world.entries) if (entry.place === 'ended') entry.mayReturn = true;
  }),
);

const killAtAWrite = (bytes: number): Step =>
  new Step(`kill at byte ${bytes} of a write, and adopt`, (world) =>
    world.reopen(() => {
      const active = world.life.disk().segments.findLast(({ sealed }) => !sealed);
      if (active === undefined || !fs.existsSync(active.path)) return;
      fs.appendFileSync(active.path, `0badc0de {"id":-1,"pad":"${'x'.repeat(bytes)}`);
    }),
  );

const pad = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('x', 'é', '𝄞'), fc.nat(9_000)).map(([c, n]) => c.repeat(n)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((n) => 'y'.repeat(n * 120_000)) },
);
/** Fewer of the larger ones: no more segments are taken over than are looked after at a time. */
const records = fc
  .tuple(fc.integer({ min: 1, max: 30 }), pad)
  .map(([count, text]) => [Math.min(count, 1 + Math.floor(200_000 / (text.length + 1))), text] as const);
const options = fc.record({
  maxRecords: fc.integer({ min: 1, max: 40 }),
  maxBytes: fc.oneof(fc.nat(500), fc.nat(400_000), fc.constant(10_000_000)),
  fresh: fc.constantFrom(false, false, true),
  newest: fc.constantFrom(false, false, false, true),
});
const pick = fc.nat(20);
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const steps = [
  records.map(([count, text]) => append(count, text)),
  records.map(([count, text]) => append(count, text)),
  pad.map(appendTaken),
  options.map(take),
  options.map(take),
  fc.tuple(pick, share).map(([index, part]) => split(index, part)),
  pick.map(acknowledge),
  pick.map(acknowledge),
  pick.map(release),
  fc.constantFrom(pass(1_000), pass(5_000), pass(61_000)),
  fc.constant(dropOldest),
  fc.constant(kill),
];
const compression = [fc.constantFrom(impaired(true), impaired(true), impaired(false))];
const fullDisk = [fc.oneof(fc.nat(300), fc.nat(300_000)).map(diskFull), fc.constant(diskFree)];
const damages = [
  fc.constant(killWithoutAcks),
  fc.nat(400).map(killAtAWrite),
  fc.tuple(pick, share).map(([index, part]) => flip(index, part)),
  fc.tuple(pick, share).map(([index, part]) => truncate(index, part)),
];

/** More of them: `RUNS=1000 npx vitest run test/delivery/spool/disk-queue-model.test.ts --testTimeout=600000`. */
const RUNS = Number(process.env.RUNS ?? 40);
const EXT4 = 0xef53;
const NFS = 0x6969;

async function play(fileSystemType: number, run: (world: World) => Promise<void>): Promise<void> {
  const world = new World(fileSystemType);
  try {
    await run(world);
    await settleUp(world);
  } finally {
    await world.life.kill();
    fs.rmSync(world.directory, { recursive: true, force: true });
  }
}

async function explore(arbitraries: readonly fc.Arbitrary<Step>[], fileSystemType = EXT4): Promise<void> {
  const commands = fc.commands([...arbitraries], { maxCommands: 60, size: 'max' });
  const property = fc.asyncProperty(commands, (script) =>
    play(fileSystemType, (real) => fc.asyncModelRun(() => ({ model: {}, real }), script)),
  );
  await fc.assert(property, { numRuns: RUNS });
}

/** Once the disk is well again, everything that is left is delivered: all that must be, and nothing else. */
async function settleUp(world: World): Promise<void> {
  for (const { batch, entries } of world.held.splice(0)) {
    world.life.release(batch);
    for (const entry of entries) entry.place = batch instanceof DiskBatch ? 'disk' : 'memory';
  }
  world.disk.disk.capacityBytes = Number.POSITIVE_INFINITY;
  await world.life.pass(31_000);
  world.reconcile();
  const ids: number[] = [];
  for (let batch = await world.life.take({ maxRecords: 50 }); batch !== undefined; ) {
    for (const value of JSON.parse(`[${textsOf(batch)}]`) as object[])
      ids.push(world.entryOf(JSON.stringify(value)).id);
    world.life.acknowledge(batch);
    batch = await world.life.take({ maxRecords: 50 });
  }
  expect(new Set(ids).size).toBe(ids.length);
  const due = world.entries.filter(({ place, fragile }) => place !== 'ended' && !fragile).map(({ id }) => id);
  const mayCome = world.entries.filter(({ place, mayReturn }) => place !== 'ended' || mayReturn).map(({ id }) => id);
  expect(due.filter((id) => !ids.includes(id))).toEqual([]);
  expect(ids.filter((id) => !mayCome.includes(id))).toEqual([]);
  await world.life.pass(61_000);
  world.life.expectConsistent();
  expect([world.life.pending, world.life.spool.pendingBytes, world.life.filesLeft()]).toEqual([0, 0, []]);
}

describe('the queue on disk against a list in memory', () => {
  it('keeps order, contents and counts, through kills', () => explore(steps));
  it('… and compression', () => explore([...steps, ...compression]));
  it('… and a full disk', () => explore([...steps, ...fullDisk]));
  it('… and damage', () => explore([...steps, ...damages]));
  it('… and everything at once', () => explore([...steps, ...compression, ...fullDisk, ...damages]));
  it('… on a disk that is written to in the background', () => explore([...steps, ...compression, ...damages], NFS));

  const one = { maxRecords: 1, maxBytes: 1e9, fresh: false, newest: false };
  const large = 'y'.repeat(120_000);

  // What has gone wrong once.
  it.each<[string, readonly Step[]]>([
    [
      'more than memory may hold is asked for at once',
      [append(18, large + large), kill, take({ ...one, maxRecords: 99 })],
    ],
    [
      'all that others left is damaged, and there is something fresh',
      [appendTaken(''), kill, truncate(0, 0), append(1, large), take({ ...one, maxBytes: 0 }), release(0)],
    ],
    [
      'the newest record is damaged, and several would be taken',
      [append(10, large.slice(0, 5_538)), kill, truncate(0, 0), take({ ...one, maxRecords: 2, newest: true })],
    ],
    [
      'the middle of a file is damaged',
      [append(30, large.slice(0, 3_000)), kill, flip(0, 0.5), truncate(0, 0.8), take({ ...one, maxRecords: 99 })],
    ],
    [
      'a taken record comes back to memory that has moved to the disk',
      [append(1, ''), diskFull(0), appendTaken(''), append(3, 'x'), diskFull(134), release(0), pass(61_000), take(one)],
    ],
    [
      'acknowledgements do not fit on the disk',
      [append(3, ''), diskFull(0), take(one), acknowledge(0), kill, take({ ...one, maxRecords: 9 })],
    ],
  ])('%s', (_, script) =>
    play(EXT4, async (world) => {
      for (const step of script) await step.run({}, world);
    }),
  );
});
