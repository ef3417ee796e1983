import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from '../../../src/delivery/spool/files.ts';
import { adoptedName, parseInstance, segmentName } from '../../../src/delivery/spool/names.ts';
import type { OwnerFacts } from '../../../src/delivery/spool/owner.ts';
import { ownerFacts } from '../../../src/delivery/spool/owner.ts';
import {
  createInstance,
  isStillOurs,
  openDestination,
  openRoot,
  releaseInstance,
  removeInstance,
  touchHeartbeat,
} from '../../../src/delivery/spool/root.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  errno,
  failing,
  filesWith,
  givenAway,
  makeFifo,
  modeOf,
  openPlaces,
  STRANGER,
  temporaryDirectory,
} from './places.ts';

const FACTS: OwnerFacts = ownerFacts(nodeFiles, 'odysseus', 'orders');

function withUmask(umask: number): void {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
}

function newInstance(destination: string) {
  const made = createInstance(nodeFiles, destination, FACTS, new FakeClock());
  if (made.kind !== 'ok') throw new Error(made.code);
  return made;
}

describe('the root', () => {
  it.each([0o000, 0o022, 0o077, 0o277])('row 82: is closed to others whatever the umask (%o)', (umask) => {
    const directory = join(temporaryDirectory(), 'a');
    withUmask(umask);
    const root = openRoot(nodeFiles, directory);
    expect(root).toEqual({ kind: 'ok', path: join(directory, 'logferry-v1') });
    const destination = openDestination(nodeFiles, join(directory, 'logferry-v1'), 'odysseus');
    expect(destination).toEqual({ kind: 'ok', path: join(directory, 'logferry-v1', 'odysseus') });
    const { path } = newInstance(join(directory, 'logferry-v1', 'odysseus'));
    const parents = [directory, join(directory, 'logferry-v1'), join(directory, 'logferry-v1', 'odysseus'), path];
    expect(parents.map(modeOf)).toEqual(['700', '700', '700', '700']);
    expect(modeOf(join(path, 'owner.json'))).toBe('600');
    expect(releaseInstance(nodeFiles, path)).toEqual({ kind: 'ok' });
    expect(modeOf(join(path, 'released'))).toBe('600');
  });

  it('is made with all that leads to it', () => {
    const directory = join(temporaryDirectory(), 'a', 'b', 'c');
    expect(openRoot(nodeFiles, directory)).toEqual({ kind: 'ok', path: join(directory, 'logferry-v1') });
    expect(['..', join('..', '..')].map((up) => modeOf(join(directory, up)))).toEqual(['700', '700']);
  });

  it('is opened again, by the next and by somebody who comes at the same time', () => {
    const directory = temporaryDirectory();
    const ok = { kind: 'ok', path: join(directory, 'logferry-v1') };
    expect([openRoot(nodeFiles, directory), openRoot(nodeFiles, `${directory}/`)]).toEqual([ok, ok]);
    let looks = 0;
    const blind = filesWith({
      lstatSync: (...args: Parameters<typeof fs.lstatSync>) => {
        looks += 1;
        return looks === 1 ? undefined : fs.lstatSync(...args);
      },
    });
    expect(openRoot(blind, directory)).toEqual(ok);
  });

  it('leaves alone what others keep beside it', () => {
    const directory = temporaryDirectory();
    fs.mkdirSync(join(directory, 'logferry-v2'), { mode: 0o755 });
    fs.writeFileSync(join(directory, 'app.log'), 'x', { mode: 0o644 });
    expect(openRoot(nodeFiles, directory).kind).toBe('ok');
    expect(fs.readdirSync(directory).sort()).toEqual(['app.log', 'logferry-v1', 'logferry-v2']);
    expect([modeOf(join(directory, 'logferry-v2')), modeOf(join(directory, 'app.log'))]).toEqual(['755', '644']);
  });

  it.each([0o777, 0o1777, 0o770, 0o702])(
    'row 82: refuses a directory that others can write to (%o), and leaves its mode',
    (mode) => {
      const directory = join(temporaryDirectory(), 'shared');
      fs.mkdirSync(directory);
      fs.chmodSync(directory, mode);
      const root = openRoot(nodeFiles, directory);
      expect(root).toMatchObject({ kind: 'unusable', code: 'writable_by_others' });
      expect(root.kind === 'unusable' && root.reason).toContain(JSON.stringify(join(directory, 'logferry')));
      expect(modeOf(directory)).toBe(mode.toString(8));
      expect(fs.readdirSync(directory)).toEqual([]);
      // What it advises works.
      expect(openRoot(nodeFiles, join(directory, 'logferry')).kind).toBe('ok');
    },
  );

  it('row 82: closes folders of ours that stand open', () => {
    const { directory, root, destination } = openPlaces();
    fs.chmodSync(root, 0o777);
    fs.chmodSync(destination, 0o755);
    expect(openRoot(nodeFiles, directory).kind).toBe('ok');
    expect(openDestination(nodeFiles, root, 'odysseus').kind).toBe('ok');
    expect([modeOf(root), modeOf(destination)]).toEqual(['700', '700']);
  });

  it('row 82: refuses folders that do not close', () => {
    const { directory, root } = openPlaces();
    fs.chmodSync(root, 0o755);
    const unusable = openRoot(filesWith({ chmodSync: () => undefined }), directory);
    expect(unusable).toMatchObject({
      kind: 'unusable',
      code: 'loose_mode',
      reason: expect.stringContaining('mode 755'),
    });
    expect(openRoot(failing('chmodSync', 'EPERM'), directory)).toMatchObject({ kind: 'unusable', code: 'EPERM' });
  });

  describe.each(['the directory', 'the root', 'the destination'])('row 81: does not use as %s', (which) => {
    /** Opens everything after `plant` has put something in the place in question. */
    function openWith(plant: (path: string) => void) {
      const directory = join(temporaryDirectory(), 'spool');
      const root = join(directory, 'logferry-v1');
      const path = { 'the directory': directory, 'the root': root, 'the destination': join(root, 'odysseus') }[which];
      fs.mkdirSync(join(path as string, '..'), { recursive: true, mode: 0o700 });
      plant(path as string);
      const opened = openRoot(nodeFiles, directory);
      return opened.kind === 'ok' ? openDestination(nodeFiles, root, 'odysseus') : opened;
    }

    it('a symbolic link', () => {
      const target = temporaryDirectory();
      fs.chmodSync(target, 0o755);
      const opened = openWith((path) => fs.symlinkSync(target, path));
      expect(opened).toMatchObject({ kind: 'unusable', code: 'symlink' });
      expect([fs.readdirSync(target), modeOf(target)]).toEqual([[], '755']);
    });

    it('a symbolic link to nothing', () => {
      const target = join(temporaryDirectory(), 'nothing');
      expect(openWith((path) => fs.symlinkSync(target, path))).toMatchObject({ kind: 'unusable', code: 'symlink' });
      expect(fs.existsSync(target)).toBe(false);
    });

    it('a FIFO or a file', () => {
      expect(openWith(makeFifo)).toMatchObject({ kind: 'unusable', code: 'ENOTDIR' });
      const opened = openWith((path) => fs.writeFileSync(path, 'x'));
      expect(opened).toMatchObject({ kind: 'unusable', code: 'ENOTDIR' });
    });
  });

  it('row 81: does not follow a link for the slash behind it', () => {
    const target = temporaryDirectory();
    const link = join(temporaryDirectory(), 'link');
    fs.symlinkSync(target, link);
    expect(openRoot(nodeFiles, `${link}/`)).toMatchObject({ kind: 'unusable', code: 'symlink' });
    expect(openRoot(nodeFiles, `${link}/.`)).toMatchObject({ kind: 'unusable', code: 'symlink' });
    expect(fs.readdirSync(target)).toEqual([]);
  });

  it('row 83: does not use what belongs to another user', () => {
    const { directory, root, destination } = openPlaces();
    const foreign = { kind: 'unusable', code: 'foreign_owner', reason: expect.stringContaining(`uid ${STRANGER}`) };
    let files = givenAway(destination);
    expect(openDestination(files, root, 'odysseus')).toMatchObject(foreign);
    expect(openRoot(files, directory).kind).toBe('ok');
    files = givenAway(root);
    expect(openRoot(files, directory)).toMatchObject(foreign);
    files = givenAway(directory);
    expect(openRoot(files, directory)).toMatchObject(foreign);
  });

  it('knows no users and no modes where the system has none', () => {
    const directory = join(temporaryDirectory(), 'shared');
    fs.mkdirSync(directory);
    fs.chmodSync(directory, 0o777);
    const { geteuid } = process;
    onTestFinished(() => void Object.assign(process, { geteuid }));
    Object.assign(process, { geteuid: undefined });
    expect(openRoot(failing('chmodSync', 'ENOSYS'), directory).kind).toBe('ok');
  });

  it.each([
    ['mkdirSync', 'EACCES'],
    ['mkdirSync', 'EROFS'],
    ['mkdirSync', 'ENOSPC'],
    ['mkdirSync', 'ENOTDIR'],
    ['lstatSync', 'EIO'],
  ])('says what, where and what to do when %s fails with %s', (name, code) => {
    const directory = join(temporaryDirectory(), 'new');
    const opened = openRoot(failing(name, code), directory);
    expect(opened).toMatchObject({ kind: 'unusable', code });
    expect(opened.kind === 'unusable' && opened.reason).toBe(
      `spool directory ${JSON.stringify(directory)} cannot be used (${code}); ` +
        `make it writable for the user of this process (uid ${process.geteuid?.()}) or name another one`,
    );
  });

  it('row 80: takes any text for a directory without throwing', () => {
    const within = temporaryDirectory();
    expect(openRoot(nodeFiles, '')).toMatchObject({ kind: 'unusable', code: 'ENOENT' });
    const nul = openRoot(nodeFiles, join(within, 'a\0b'));
    expect(nul).toMatchObject({ kind: 'unusable', code: 'ERR_INVALID_ARG_VALUE' });
    expect(nul.kind === 'unusable' && nul.reason).not.toContain('\0');
    expect(openRoot(nodeFiles, join(within, 'x'.repeat(300)))).toMatchObject({ code: 'ENAMETOOLONG' });
    expect(fs.readdirSync(within)).toEqual([]);
  });

  it('is not found from a working directory that is gone', () => {
    const { cwd } = process;
    onTestFinished(() => void Object.assign(process, { cwd }));
    Object.assign(process, {
      cwd: () => {
        throw errno('ENOENT');
      },
    });
    expect(openRoot(nodeFiles, 'spool')).toMatchObject({ kind: 'unusable', code: 'ENOENT' });
  });
});

describe('an instance', () => {
  it('has its owner in it from the moment it has a name', () => {
    const { destination } = openPlaces();
    const seen: unknown[] = [];
    const files = filesWith({
      renameSync: (from: string, to: string) => {
        seen.push(
          fs.readdirSync(destination).map((name) => name.slice(0, 5)),
          fs.existsSync(to),
        );
        seen.push(JSON.parse(fs.readFileSync(join(from, 'owner.json'), 'utf8')));
        fs.renameSync(from, to);
      },
    });
    const clock = new FakeClock();
    const made = createInstance(files, destination, FACTS, clock);
    expect(seen).toEqual([['.new-'], false, FACTS]);
    if (made.kind !== 'ok') throw new Error(made.code);
    expect(made.path).toBe(join(destination, made.instance));
    expect(made.instance).toMatch(
      new RegExp(`^${clock.wallNow().toString(36)}-${process.pid}-${FACTS.threadId}-[0-9a-f]{8}$`),
    );
    expect(parseInstance(made.instance)).toBeDefined();
    expect(fs.readdirSync(destination)).toEqual([made.instance]);
    expect(fs.readdirSync(made.path)).toEqual(['owner.json']);
    expect(isStillOurs(nodeFiles, made.path, made.ino, made.dev)).toBe(true);
  });

  it('row 82: does not stand open until its mode is set', () => {
    const { destination } = openPlaces();
    withUmask(0);
    const made = createInstance(filesWith({ chmodSync: () => undefined }), destination, FACTS, new FakeClock());
    if (made.kind !== 'ok') throw new Error(made.code);
    expect([modeOf(made.path), modeOf(join(made.path, 'owner.json'))]).toEqual(['700', '600']);
  });

  it('row 56: is another one for the same process at the same time', () => {
    const { destination } = openPlaces();
    const clock = new FakeClock();
    const names = Array.from({ length: 20 }, () => createInstance(nodeFiles, destination, FACTS, clock));
    expect(new Set(names.map((made) => made.kind === 'ok' && made.path)).size).toBe(20);
    expect(fs.readdirSync(destination)).toHaveLength(20);
  });

  it.each(['mkdirSync', 'chmodSync', 'writeFileSync', 'lstatSync', 'renameSync'])(
    'leaves nothing behind when %s fails',
    (name) => {
      const { destination } = openPlaces();
      const made = createInstance(failing(name, 'ENOSPC'), destination, FACTS, new FakeClock());
      expect(made).toEqual({ kind: 'failed', code: 'ENOSPC' });
      expect(fs.readdirSync(destination)).toEqual([]);
    },
  );

  it('leaves nothing behind when the disk is full half-way through owner.json', () => {
    const { destination } = openPlaces();
    const files = filesWith({
      writeFileSync: (path: string, text: string, options: fs.WriteFileOptions) => {
        fs.writeFileSync(path, text.slice(0, 10), options);
        throw errno('ENOSPC');
      },
    });
    expect(createInstance(files, destination, FACTS, new FakeClock())).toEqual({ kind: 'failed', code: 'ENOSPC' });
    expect(fs.readdirSync(destination)).toEqual([]);
  });

  it('is released with its data, once and again', () => {
    const { path } = newInstance(openPlaces().destination);
    fs.writeFileSync(join(path, segmentName(0, 'logs')), 'x');
    expect(releaseInstance(nodeFiles, path)).toEqual({ kind: 'ok' });
    expect(releaseInstance(nodeFiles, path)).toEqual({ kind: 'ok' });
    expect(fs.readdirSync(path).sort()).toEqual(['00000000-logs.seg', 'released']);
  });

  it('keeps what its owner said when it is released, which takes no room on a full disk', () => {
    const { path } = newInstance(openPlaces().destination);
    const said = fs.readFileSync(join(path, 'owner.json'), 'utf8');
    expect(releaseInstance(failing('writeFileSync', 'ENOSPC'), path)).toEqual({ kind: 'ok' });
    expect(fs.readFileSync(join(path, 'released'), 'utf8')).toBe(said);
  });

  it('is released although it has no owner any more, as after an attempt to remove it', () => {
    const { path } = newInstance(openPlaces().destination);
    fs.unlinkSync(join(path, 'owner.json'));
    expect(releaseInstance(nodeFiles, path)).toEqual({ kind: 'ok' });
    expect(fs.readdirSync(path)).toEqual(['released']);
  });

  it('cannot be released when it is gone, nor when it stays owned', () => {
    const { path } = newInstance(openPlaces().destination);
    const readOnly = {
      ...failing('renameSync', 'EROFS'),
      writeFileSync: failing('writeFileSync', 'EROFS').writeFileSync,
    };
    expect(releaseInstance(readOnly, path)).toEqual({ kind: 'failed', code: 'EROFS' });
    fs.rmSync(path, { recursive: true });
    expect(releaseInstance(nodeFiles, path)).toEqual({ kind: 'failed', code: 'ENOENT' });
  });

  it('is removed, owned or released, unless there is something in it', () => {
    const { destination } = openPlaces();
    const [one, two, three] = [newInstance(destination), newInstance(destination), newInstance(destination)];
    releaseInstance(nodeFiles, two.path);
    fs.writeFileSync(join(three.path, segmentName(0, 'logs')), 'x');
    expect(removeInstance(nodeFiles, one.path)).toEqual({ kind: 'ok' });
    expect(removeInstance(nodeFiles, one.path)).toEqual({ kind: 'ok' });
    expect(removeInstance(nodeFiles, two.path)).toEqual({ kind: 'ok' });
    expect(removeInstance(nodeFiles, three.path)).toEqual({ kind: 'failed', code: 'ENOTEMPTY' });
    expect(removeInstance(failing('unlinkSync', 'EROFS'), three.path)).toEqual({ kind: 'failed', code: 'EROFS' });
    expect(fs.readdirSync(destination)).toEqual([three.instance]);
    expect(fs.readdirSync(three.path)).toEqual(['00000000-logs.seg']);
  });

  it('row 52: is lost when another has taken it over, or when it cannot be told', () => {
    const { destination } = openPlaces();
    const { path, instance, ino, dev } = newInstance(destination);
    const other = newInstance(destination);
    expect(isStillOurs(nodeFiles, path, ino, dev)).toBe(true);
    expect(isStillOurs(failing('lstatSync', 'EIO'), path, ino, dev)).toBe(false);
    fs.renameSync(path, join(destination, adoptedName(other.instance, instance)));
    expect(isStillOurs(nodeFiles, path, ino, dev)).toBe(false);
    expect(touchHeartbeat(nodeFiles, path, new FakeClock())).toEqual({ kind: 'failed', code: 'ENOENT' });
    // One of the same name is not the same, and neither is a link to it.
    fs.mkdirSync(path);
    expect(isStillOurs(nodeFiles, path, ino, dev)).toBe(false);
    fs.rmdirSync(path);
    fs.symlinkSync(adoptedName(other.instance, instance), path);
    expect(isStillOurs(nodeFiles, path, ino, dev)).toBe(false);
    expect(isStillOurs(nodeFiles, join(destination, adoptedName(other.instance, instance)), ino, dev)).toBe(true);
  });

  it('shows by its heartbeat what the clock says', async () => {
    const { path } = newInstance(openPlaces().destination);
    const clock = new FakeClock();
    await clock.advance(10_000);
    expect(touchHeartbeat(nodeFiles, path, clock)).toEqual({ kind: 'ok' });
    expect(fs.lstatSync(join(path, 'owner.json')).mtimeMs).toBe(clock.wallNow());
    clock.jumpWall(-3_600_000);
    touchHeartbeat(nodeFiles, path, clock);
    expect(fs.lstatSync(join(path, 'owner.json')).mtimeMs).toBe(clock.wallNow());
  });
});
