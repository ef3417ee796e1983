import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { adoptedName, instanceName, segmentName } from '../../../src/delivery/spool/names.ts';
import type { Finding } from '../../../src/delivery/spool/orphans.ts';
import { adoptOrphan, findOrphans, listSegments } from '../../../src/delivery/spool/orphans.ts';
import type { OwnerFacts } from '../../../src/delivery/spool/owner.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { failing, filesWith, givenAway, makeFifo, openPlaces, temporaryDirectory } from './places.ts';

const HERE: OwnerFacts = {
  pid: 1,
  threadId: 0,
  startTicks: 10,
  bootId: 'boot',
  pidNamespace: 'pid:[1]',
  hostname: 'here',
  version: '1',
  platform: 'odysseus',
};
/** Owners by what becomes of them; only process 1 runs here, since tick 10. */
const ALIVE = HERE;
const DEAD = { ...HERE, pid: 2 };
const MINUTES = 60_000;
const OWN = named(99);

function named(age: number, random = age): string {
  return instanceName({ wallMillis: 1_000 + age, pid: 1, threadId: 0, random: random.toString(16).padStart(8, '0') });
}

/** A destination's folder with a /proc of its own, and what has been asked of the file system. */
class Scene {
  readonly clock = new FakeClock();
  readonly destination = openPlaces().destination;
  readonly asked: string[] = [];
  open = 0;
  mostOpen = 0;
  files: SpoolFiles;

  constructor() {
    const opening =
      (real: (...args: unknown[]) => Promise<unknown>) =>
      async (...args: unknown[]): Promise<unknown> => {
        this.asked.push(String(args[0]));
        this.open += 1;
        this.mostOpen = Math.max(this.mostOpen, this.open);
        return real(...args).finally(() => {
          this.open -= 1;
        });
      };
    const { promises } = fs;
    this.files = filesWith({
      'promises.readdir': opening((path) => promises.readdir(path as string)),
      'promises.readFile': opening(async (path, options) => {
        if (path === '/proc/1/stat') return `1 (x) S ${'0 '.repeat(18)}10 0`;
        return promises.readFile(path as string, options as 'utf8');
      }),
      'promises.lstat': async (path: string) => {
        this.asked.push(path);
        return promises.lstat(path);
      },
    });
  }

  /** Makes a folder; its heartbeat is `age` old, and the folder itself as well. */
  plant(folder: string, owner: OwnerFacts | 'released' | 'missing', age = 0): string {
    const path = join(this.destination, folder);
    fs.mkdirSync(path, { mode: 0o700 });
    fs.writeFileSync(join(path, segmentName(0, 'logs')), folder);
    const seconds = (this.clock.wallNow() - age) / 1_000;
    if (owner === 'released') fs.writeFileSync(join(path, 'released'), '');
    else if (owner !== 'missing') {
      fs.writeFileSync(join(path, 'owner.json'), JSON.stringify(owner));
      fs.utimesSync(join(path, 'owner.json'), seconds, seconds);
    }
    fs.utimesSync(path, seconds, seconds);
    return path;
  }

  search(files = this.files): AsyncGenerator<Finding, void, undefined> {
    return findOrphans(files, this.destination, OWN, HERE, this.clock);
  }

  /** The folders found, and the codes of failures. */
  async found(files?: SpoolFiles): Promise<readonly string[]> {
    const all: string[] = [];
    for await (const finding of this.search(files)) all.push(finding.kind === 'orphan' ? finding.folder : finding.code);
    return all;
  }
}

describe('orphans', () => {
  it('are the directories of dead owners, oldest first, whoever has had them', async () => {
    const scene = new Scene();
    scene.plant(OWN, DEAD);
    scene.plant(named(1), ALIVE);
    scene.plant(named(60), DEAD);
    scene.plant(named(50), 'released');
    scene.plant(named(40), { ...HERE, startTicks: 9 });
    scene.plant(named(31), 'missing', MINUTES);
    scene.plant(named(30), 'missing', MINUTES + 1_000);
    scene.plant(adoptedName(named(60), named(20)), 'missing');
    scene.plant(adoptedName(named(90), named(10)), ALIVE);
    scene.plant(adoptedName(named(1), named(5)), DEAD, 60 * MINUTES);
    scene.plant(adoptedName(OWN, named(6)), DEAD, 60 * MINUTES);
    expect(await scene.found()).toEqual([
      adoptedName(named(90), named(10)),
      adoptedName(named(60), named(20)),
      named(30),
      named(40),
      named(50),
      named(60),
    ]);
  });

  it('say whose they were', async () => {
    const scene = new Scene();
    scene.plant(adoptedName(named(60), named(20)), 'missing');
    expect((await scene.search().next()).value).toEqual({
      kind: 'orphan',
      folder: adoptedName(named(60), named(20)),
      original: named(20),
    });
  });

  it('row 55: are not told by a process number alone', async () => {
    const scene = new Scene();
    scene.plant(named(1), { ...ALIVE, pidNamespace: 'pid:[2]' }, 9 * MINUTES);
    scene.plant(named(2), { ...DEAD, pidNamespace: 'pid:[2]' }, 9 * MINUTES);
    scene.plant(named(3), { ...DEAD, bootId: 'other', hostname: 'there' }, 9 * MINUTES);
    scene.plant(named(4), { ...DEAD, bootId: 'other' }, 0);
    scene.plant(named(5), { ...ALIVE, startTicks: 11 }, 0);
    expect(await scene.found()).toEqual([named(5)]);
    await scene.clock.advance(2 * MINUTES);
    expect(await scene.found()).toEqual([named(1), named(2), named(3), named(4), named(5)]);
  });

  it('are looked for no further than asked', async () => {
    const scene = new Scene();
    for (let age = 1; age <= 50; age += 1) scene.plant(named(age), DEAD);
    const search = scene.search();
    expect((await search.next()).value).toMatchObject({ folder: named(1) });
    expect(scene.asked).toEqual([
      scene.destination,
      join(scene.destination, named(1)),
      join(scene.destination, named(1), 'owner.json'),
      join(scene.destination, named(1), 'owner.json'),
      '/proc/2/stat',
    ]);
    await search.return();
    expect(scene.asked).toHaveLength(5);
  });

  it('ask about an owner once, however many directories it has adopted', async () => {
    const scene = new Scene();
    scene.plant(named(90), DEAD);
    scene.plant(named(91), ALIVE);
    for (let age = 1; age <= 20; age += 1) scene.plant(adoptedName(named(90 + (age % 2)), named(age)), 'missing');
    expect(await scene.found()).toHaveLength(11);
    // Of each once for those it has adopted, and once for itself.
    for (const asked of ['/proc/1/stat', '/proc/2/stat']) {
      expect(scene.asked.filter((path) => path === asked)).toHaveLength(2);
    }
  });

  it('row 46: of which there are 5,000 are found with one file open and turns for the event loop', async () => {
    const scene = new Scene();
    for (let age = 1; age <= 5_000; age += 1) {
      const path = join(scene.destination, age % 2 === 0 ? named(age) : adoptedName(named(age, 7), named(age)));
      fs.mkdirSync(path);
      if (age % 4 === 0) fs.writeFileSync(join(path, 'released'), '');
      else if (age % 2 === 0) fs.writeFileSync(join(path, 'owner.json'), JSON.stringify(DEAD));
    }
    const search = scene.search();
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const first = await search.next();
    let found = 1;
    for await (const { kind } of search) found += Number(kind === 'orphan');
    running = false;
    expect(first.value).toMatchObject({ kind: 'orphan', original: named(1) });
    // A turn for the event loop within the sorting out of names, which is all work and no waiting.
    expect(scene.clock.slept).toEqual(Array.from({ length: Math.floor(5_000 / 256) }, () => 0));
    expect(found).toBe(5_000);
    expect(turns).toBeGreaterThan(5_000);
    expect(scene.mostOpen).toBe(1);
  });

  it('row 81: are real directories', async () => {
    const scene = new Scene();
    const elsewhere = temporaryDirectory();
    fs.symlinkSync(elsewhere, join(scene.destination, named(1)));
    fs.symlinkSync(elsewhere, join(scene.destination, adoptedName(named(90), named(2))));
    makeFifo(join(scene.destination, named(3)));
    fs.writeFileSync(join(scene.destination, named(4)), '');
    makeFifo(join(scene.plant(named(5), 'missing'), 'owner.json'));
    const seconds = (scene.clock.wallNow() - 11 * MINUTES) / 1_000;
    fs.utimesSync(join(scene.destination, named(5), 'owner.json'), seconds, seconds);
    fs.symlinkSync(elsewhere, join(scene.destination, `.new-${named(6)}`));
    await scene.clock.advance(60 * MINUTES);
    expect(await scene.found()).toEqual([named(5)]);
    expect(fs.readdirSync(scene.destination)).toHaveLength(6);
    // A link in the place of an adopter is no adopter.
    scene.plant(adoptedName(named(1), named(7)), 'missing');
    expect(await scene.found()).toEqual([named(5), adoptedName(named(1), named(7))]);
  });

  it('row 83: are of this user', async () => {
    const scene = new Scene();
    const files = givenAway(scene.plant(named(1), DEAD), scene.files);
    scene.plant(named(2), DEAD);
    expect(await scene.found(files)).toEqual([named(2)]);
  });

  it('do not include what vanishes on the way', async () => {
    const scene = new Scene();
    for (const age of [1, 2, 3]) scene.plant(named(age), DEAD);
    const search = scene.search();
    expect((await search.next()).value).toMatchObject({ folder: named(1) });
    fs.rmSync(join(scene.destination, named(2)), { recursive: true });
    expect((await search.next()).value).toMatchObject({ folder: named(3) });
  });

  it.each(['EMFILE', 'ENFILE'])('are not known without descriptors: %s', async (code) => {
    const scene = new Scene();
    scene.plant(named(1), DEAD);
    scene.plant(named(2), DEAD);
    scene.plant(adoptedName(named(2), named(3)), 'missing');
    const broken = (name: string, when: (path: string) => boolean) => scene.found(failing(name, code, when));
    expect(await broken('promises.readdir', () => true)).toEqual([code]);
    expect(await broken('promises.readFile', (path) => path.includes(named(2)))).toEqual([named(1), code]);
    expect(await broken('promises.readFile', (path) => path === '/proc/2/stat')).toEqual([code]);
    expect(await broken('promises.lstat', (path) => path.endsWith(named(1)))).toEqual([code]);
  });

  it('pass over what cannot be judged', async () => {
    const scene = new Scene();
    for (const age of [1, 2, 3]) scene.plant(named(age), DEAD);
    expect(await scene.found(failing('promises.lstat', 'EIO', (path) => path.endsWith(named(1))))).toEqual([
      named(2),
      named(3),
    ]);
    const denied = failing('promises.readFile', 'EACCES', (path) => path.includes(named(2)));
    expect(await scene.found(denied)).toEqual([named(1), named(3)]);
    fs.rmSync(scene.destination, { recursive: true });
    expect(await scene.found()).toEqual(['ENOENT']);
  });

  it('make a search clear away what was left half made, and nothing else', async () => {
    const scene = new Scene();
    const fresh = scene.plant(`.new-${named(1)}`, DEAD, 10 * MINUTES);
    const [empty, half, full] = [2, 3, 4].map((age) => scene.plant(`.new-${named(age)}`, DEAD)) as [
      string,
      string,
      string,
    ];
    const foreign = scene.plant('.new-thing', DEAD);
    for (const path of [fresh, empty, half]) fs.unlinkSync(join(path, segmentName(0, 'logs')));
    fs.unlinkSync(join(empty, 'owner.json'));
    for (const [path, age] of [
      [fresh, 10],
      [empty, 11],
      [half, 11],
      [full, 11],
      [foreign, 11],
    ] as const) {
      const seconds = (scene.clock.wallNow() - age * MINUTES) / 1_000;
      fs.utimesSync(path, seconds, seconds);
    }
    expect(await scene.found()).toEqual([]);
    expect([fresh, empty, half, full, foreign].map((path) => fs.existsSync(path))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    expect(fs.readdirSync(full).sort()).toEqual(['00000000-logs.seg', 'owner.json']);
  });
});

describe('adopting', () => {
  it('is one rename, after which the orphan is ours and no orphan', async () => {
    const scene = new Scene();
    scene.plant(named(1), DEAD);
    scene.plant(adoptedName(named(90), named(2)), 'missing');
    const paths = [1, 2].map((age) => join(scene.destination, adoptedName(OWN, named(age))));
    for (const [index, folder] of (await scene.found()).entries()) {
      const adoption = await adoptOrphan(nodeFiles, scene.destination, folder, OWN);
      expect(adoption).toEqual({ kind: 'adopted', path: paths[index] });
    }
    expect(fs.readdirSync(scene.destination).sort()).toEqual([adoptedName(OWN, named(1)), adoptedName(OWN, named(2))]);
    expect(fs.readFileSync(join(paths[0] as string, segmentName(0, 'logs')), 'utf8')).toBe(named(1));
    expect(await scene.found()).toEqual([]);
  });

  it('is lost when another was faster', async () => {
    const scene = new Scene();
    scene.plant(named(1), DEAD);
    expect(await adoptOrphan(nodeFiles, scene.destination, named(1), named(98))).toMatchObject({ kind: 'adopted' });
    expect(await adoptOrphan(nodeFiles, scene.destination, named(1), OWN)).toEqual({ kind: 'lost' });
  });

  it.each(['EMFILE', 'EACCES', 'ENOTEMPTY'])('fails with %s', async (code) => {
    const scene = new Scene();
    scene.plant(named(1), DEAD);
    const adoption = await adoptOrphan(failing('promises.rename', code), scene.destination, named(1), OWN);
    expect(adoption).toEqual({ kind: 'failed', code });
    expect(fs.readdirSync(scene.destination)).toEqual([named(1)]);
  });

  it('row 80: takes and makes no names but its own', async () => {
    const scene = new Scene();
    scene.plant(named(1), DEAD);
    scene.plant('thing', DEAD);
    scene.plant(`.new-${named(2)}`, DEAD);
    const before = fs.readdirSync(scene.destination);
    for (const [folder, own] of [
      ['thing', OWN],
      [`../odysseus/${named(1)}`, OWN],
      [`.new-${named(2)}`, OWN],
      ['', OWN],
      [named(1), '../../etc'],
      [named(1), ''],
    ] as const) {
      const adoption = await adoptOrphan(nodeFiles, scene.destination, folder, own);
      expect(adoption).toEqual({ kind: 'failed', code: 'EINVAL' });
    }
    expect(fs.readdirSync(scene.destination)).toEqual(before);
  });
});

describe('the segments of a directory', () => {
  const write = (path: string, name: string, bytes = 1) => fs.writeFileSync(join(path, name), Buffer.alloc(bytes));

  it('come in sequence, over all lanes, with what is known of their acknowledgements', async () => {
    const path = temporaryDirectory();
    write(path, '1234567890-logs.seg', 5);
    write(path, '00000010-events.seg.gz', 4);
    write(path, '00000002-logs.seg', 3);
    write(path, '00000002-logs.ack', 12);
    write(path, '00000002-events.seg', 0);
    expect(await listSegments(nodeFiles, path)).toEqual({
      kind: 'ok',
      segments: [
        { kind: 'segment', sequence: 2, lane: 'events', file: '00000002-events.seg', bytes: 0, ackBytes: undefined },
        { kind: 'segment', sequence: 2, lane: 'logs', file: '00000002-logs.seg', bytes: 3, ackBytes: 12 },
        { kind: 'gzip', sequence: 10, lane: 'events', file: '00000010-events.seg.gz', bytes: 4, ackBytes: undefined },
        {
          kind: 'segment',
          sequence: 1_234_567_890,
          lane: 'logs',
          file: '1234567890-logs.seg',
          bytes: 5,
          ackBytes: undefined,
        },
      ],
      leftovers: [],
    });
  });

  it('are without what interrupted work has left, which is named', async () => {
    const path = temporaryDirectory();
    for (const name of ['00000000-logs.seg', '00000000-logs.seg.gz', '00000000-logs.ack', '00000001-logs.ack']) {
      write(path, name);
    }
    const listing = await listSegments(nodeFiles, path);
    expect(listing).toMatchObject({ leftovers: ['00000000-logs.seg.gz', '00000001-logs.ack'] });
    expect(listing.kind === 'ok' && listing.segments.map(({ file }) => file)).toEqual(['00000000-logs.seg']);
  });

  it('rows 45 and 47: are none of the foreign files, which stay', async () => {
    const path = temporaryDirectory();
    const foreign = ['.DS_Store', 'owner.json', 'released', '0.seg', '00000000.seg', '00000000-logs.seg2', 'notes.txt'];
    for (const name of foreign) write(path, name);
    fs.mkdirSync(join(path, '00000003-logs.seg'));
    expect(await listSegments(nodeFiles, path)).toEqual({ kind: 'ok', segments: [], leftovers: [] });
    expect(fs.readdirSync(path)).toHaveLength(foreign.length + 1);
  });

  it('row 81: are no links, no files with a second name, no FIFOs', async () => {
    const path = temporaryDirectory();
    const elsewhere = temporaryDirectory();
    write(elsewhere, 'secret');
    fs.symlinkSync(join(elsewhere, 'secret'), join(path, '00000000-logs.seg'));
    fs.linkSync(join(elsewhere, 'secret'), join(path, '00000001-logs.seg'));
    makeFifo(join(path, '00000002-logs.seg'));
    fs.symlinkSync(join(elsewhere, 'secret'), join(path, '00000003-logs.ack'));
    write(path, '00000003-logs.seg');
    const listing = await listSegments(nodeFiles, path);
    expect(listing).toMatchObject({ segments: [{ sequence: 3, ackBytes: undefined }], leftovers: [] });
    expect(listing.kind === 'ok' && listing.segments).toHaveLength(1);
  });

  it('row 83: are of this user and of a size that we write', async () => {
    const path = temporaryDirectory();
    write(path, '00000000-logs.seg');
    const files = givenAway(join(path, '00000000-logs.seg'));
    write(path, '00000001-logs.seg');
    write(path, '00000002-logs.seg');
    fs.truncateSync(join(path, '00000001-logs.seg'), 64 * 1024 * 1024);
    fs.truncateSync(join(path, '00000002-logs.seg'), 64 * 1024 * 1024 + 1);
    const listing = await listSegments(files, path);
    expect(listing.kind === 'ok' && listing.segments.map(({ sequence }) => sequence)).toEqual([1]);
    expect(fs.readdirSync(path)).toHaveLength(3);
  });

  it('are unknown when they cannot be looked at, but may vanish', async () => {
    const path = temporaryDirectory();
    write(path, '00000000-logs.seg');
    write(path, '00000001-logs.seg');
    const of = (name: string, code: string) =>
      listSegments(
        failing(name, code, (file) => !file.includes('01')),
        path,
      );
    expect(await of('promises.readdir', 'EMFILE')).toEqual({ kind: 'failed', code: 'EMFILE' });
    expect(await of('promises.lstat', 'EIO')).toEqual({ kind: 'failed', code: 'EIO' });
    expect(await of('promises.lstat', 'ENOENT')).toMatchObject({ segments: [{ sequence: 1 }] });
  });
});
