import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock, turn } from './fake-clock.ts';
import { faultFiles } from './fault-files.ts';

function folder(): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'fault-files-'));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

const APPEND = fs.constants.O_CREAT | fs.constants.O_APPEND | fs.constants.O_RDWR;

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

async function lateCodeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** The operation with a callback, as a promise. */
function synced(files: ReturnType<typeof faultFiles>, descriptor: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => files.fdatasync(descriptor, resolve));
}

describe('without a script', () => {
  it('is the file system below', async () => {
    const [files, root] = [faultFiles(), folder()];
    files.mkdirSync(join(root, 'sub'), { mode: 0o700 });
    const path = join(root, 'sub', 'a');
    const fd = files.openSync(path, APPEND, 0o600);
    expect(files.writeSync(fd, Buffer.from('0123456789'), 2, 5)).toBe(5);
    expect(files.writeSync(fd, 'ü')).toBe(2);
    const into = Buffer.alloc(4);
    expect(files.readSync(fd, into, 0, 4, 1)).toBe(4);
    expect(into.toString()).toBe('3456');
    files.ftruncateSync(fd, 6);
    expect(files.fstatSync(fd).size).toBe(6);
    expect(await synced(files, fd)).toBeNull();
    files.closeSync(fd);
    files.renameSync(join(root, 'sub'), join(root, 'moved'));
    expect(files.readdirSync(join(root, 'moved'))).toEqual(['a']);
    expect(await files.promises.readdir(join(root, 'moved'), { withFileTypes: true })).toHaveLength(1);
    expect(files.readFileSync(join(root, 'moved', 'a'), 'latin1')).toHaveLength(6);
    expect(await files.promises.readFile(join(root, 'moved', 'a'), 'latin1')).toHaveLength(6);
    expect(files.lstatSync(join(root, 'moved', 'a')).mode & 0o777).toBe(0o600);
    expect(files.statfsSync(root).type).toBe(fs.statfsSync(root).type);
    files.unlinkSync(join(root, 'moved', 'a'));
    await files.promises.rmdir(join(root, 'moved'));
    expect(fs.readdirSync(root)).toEqual([]);
  });

  it('hands out handles that do what handles do', async () => {
    const [files, root] = [faultFiles(), folder()];
    const handle = await files.promises.open(join(root, 'a'), APPEND, 0o600);
    expect((await handle.write(Buffer.from('hello'))).bytesWritten).toBe(5);
    await handle.datasync();
    expect((await handle.stat()).size).toBe(5);
    expect((await handle.read(Buffer.alloc(3), 0, 3, 0)).bytesRead).toBe(3);
    await handle.truncate(1);
    expect(files.disk).toMatchObject({ open: 1, usedBytes: 1 });
    await handle.close();
    expect(files.disk.open).toBe(0);
  });
});

describe('a full disk', () => {
  it('writes less than asked for once, then nothing, and takes more when there is room', () => {
    const [files, root] = [faultFiles({ capacityBytes: 10 }), folder()];
    const fd = files.openSync(join(root, 'a'), APPEND);
    expect(files.writeSync(fd, Buffer.alloc(7))).toBe(7);
    expect(files.writeSync(fd, Buffer.alloc(7))).toBe(3);
    expect(codeOf(() => files.writeSync(fd, Buffer.alloc(1)))).toBe('ENOSPC');
    files.ftruncateSync(fd, 7);
    expect(files.writeSync(fd, Buffer.alloc(2))).toBe(2);
    files.disk.capacityBytes = 20;
    expect(files.writeSync(fd, Buffer.alloc(12))).toBe(11);
    expect(fs.statSync(join(root, 'a')).size).toBe(20);
  });

  it('gets room from files that are removed, replaced or, still open, closed', async () => {
    const [files, root] = [faultFiles({ capacityBytes: 10 }), folder()];
    for (const name of ['a', 'b']) files.writeFileSync(join(root, name), '1234');
    expect(files.disk.room).toBe(2);
    files.renameSync(join(root, 'a'), join(root, 'b'));
    expect(files.disk.room).toBe(6);
    const fd = files.openSync(join(root, 'b'), 'r');
    await files.promises.unlink(join(root, 'b'));
    expect(files.disk.room).toBe(6);
    files.closeSync(fd);
    expect(files.disk.room).toBe(10);
  });

  it('counts what lay there before as room once it is gone', () => {
    const root = folder();
    fs.writeFileSync(join(root, 'old'), Buffer.alloc(100));
    const files = faultFiles({ capacityBytes: 0 });
    expect(codeOf(() => files.writeFileSync(join(root, 'new'), 'x'))).toBe('ENOSPC');
    files.unlinkSync(join(root, 'old'));
    files.writeFileSync(join(root, 'new'), Buffer.alloc(100));
    expect(files.disk.room).toBe(0);
  });

  it('cuts whole files short as well, and says how much room there is', () => {
    const [files, root] = [faultFiles({ capacityBytes: 5 }), folder()];
    expect(codeOf(() => files.writeFileSync(join(root, 'a'), '12345678'))).toBe('ENOSPC');
    expect(fs.readFileSync(join(root, 'a'), 'utf8')).toBe('12345');
    files.writeFileSync(join(root, 'a'), '123');
    const { bavail, bsize, blocks } = files.statfsSync(root);
    expect({ free: bavail * bsize, whole: blocks * bsize }).toEqual({ free: 2, whole: 5 });
    expect(files.statfsSync(root, { bigint: true }).bavail).toBe(2n);
  });
});

describe('errors', () => {
  it('meet the operations and paths they are scripted for, as often as that', () => {
    const root = folder();
    const files = faultFiles({ faults: [{ on: 'write', path: '.seg', code: 'EIO', after: 1, times: 2 }] });
    const fd = files.openSync(join(root, '0.seg'), APPEND);
    const other = files.openSync(join(root, '0.ack'), APPEND);
    const codes = Array.from({ length: 4 }, () => codeOf(() => files.writeSync(fd, Buffer.alloc(1))));
    expect(codes).toEqual(['none', 'EIO', 'EIO', 'none']);
    expect(codeOf(() => files.writeSync(other, Buffer.alloc(1)))).toBe('none');
    expect(fs.statSync(join(root, '0.seg')).size).toBe(2);
    expect(files.count('write')).toBe(5);
  });

  it('carry what the errors of the system carry', () => {
    const files = faultFiles({ faults: [{ on: ['mkdir', 'open'], code: 'EROFS' }] });
    const thrown = { code: 'EROFS', syscall: 'mkdir', path: '/somewhere', errno: -30 };
    expect(() => files.mkdirSync('/somewhere')).toThrow(expect.objectContaining(thrown));
  });

  it('come and go', async () => {
    const [files, root] = [faultFiles(), folder()];
    const end = files.add({ on: 'readdir', path: /fault/, code: 'EACCES' });
    expect(codeOf(() => files.readdirSync(root))).toBe('EACCES');
    expect(await lateCodeOf(files.promises.readdir(root))).toBe('EACCES');
    end();
    expect(await lateCodeOf(files.promises.readdir(root))).toBe('none');
  });

  it('reach every operation', async () => {
    const [files, root] = [faultFiles(), folder()];
    const fd = files.openSync(join(root, 'a'), APPEND);
    const handle = await files.promises.open(join(root, 'a'), 'r+');
    const path = join(root, 'a');
    const end = files.add({ code: 'EIO' });
    const sync: Readonly<Record<Exclude<keyof typeof files, AsyncName>, () => unknown>> = {
      openSync: () => files.openSync(path, 'r'),
      writeSync: () => files.writeSync(fd, 'x'),
      readSync: () => files.readSync(fd, Buffer.alloc(1)),
      ftruncateSync: () => files.ftruncateSync(fd, 0),
      fstatSync: () => files.fstatSync(fd),
      closeSync: () => files.closeSync(fd),
      mkdirSync: () => files.mkdirSync(join(root, 'b')),
      chmodSync: () => files.chmodSync(path, 0o600),
      lstatSync: () => files.lstatSync(path),
      readdirSync: () => files.readdirSync(root),
      readFileSync: () => files.readFileSync(path),
      readlinkSync: () => files.readlinkSync(path),
      writeFileSync: () => files.writeFileSync(path, ''),
      renameSync: () => files.renameSync(path, `${path}2`),
      unlinkSync: () => files.unlinkSync(path),
      rmdirSync: () => files.rmdirSync(root),
      utimesSync: () => files.utimesSync(path, 0, 0),
      statfsSync: () => files.statfsSync(root),
    };
    for (const [name, act] of Object.entries(sync)) expect([name, codeOf(act)]).toEqual([name, 'EIO']);
    const { promises } = files;
    const late: Readonly<Record<keyof typeof promises, () => Promise<unknown>>> = {
      open: () => promises.open(path, 'r'),
      readdir: () => promises.readdir(root),
      readFile: () => promises.readFile(path),
      writeFile: () => promises.writeFile(path, ''),
      lstat: () => promises.lstat(path),
      rename: () => promises.rename(path, `${path}2`),
      unlink: () => promises.unlink(path),
      rmdir: () => promises.rmdir(root),
      mkdir: () => promises.mkdir(join(root, 'b')),
      utimes: () => promises.utimes(path, 0, 0),
      statfs: () => promises.statfs(root),
    };
    for (const [name, act] of Object.entries(late)) expect([name, await lateCodeOf(act())]).toEqual([name, 'EIO']);
    expect((await synced(files, fd))?.code).toBe('EIO');
    const written = new Promise((resolve) => files.write(fd, Buffer.from('x'), resolve));
    expect(await written).toMatchObject({ code: 'EIO' });
    expect(await lateCodeOf(handle.write('x'))).toBe('EIO');
    expect(await lateCodeOf(handle.datasync())).toBe('EIO');
    end();
    await handle.close();
    files.closeSync(fd);
    expect(fs.readdirSync(root)).toEqual(['a']);
  });
});

type AsyncName = 'promises' | 'fdatasync' | 'write' | 'disk' | 'add' | 'count' | 'powerLoss';

describe('slowness', () => {
  it('blocks in virtual time', () => {
    let passed = 0;
    const skip = (millis: number): void => {
      passed += millis;
    };
    const files = faultFiles({ skip, faults: [{ on: 'write', millis: 5_000, times: 2 }] });
    const fd = files.openSync(join(folder(), 'a'), APPEND);
    for (let index = 0; index < 3; index += 1) expect(files.writeSync(fd, 'x')).toBe(1);
    files.closeSync(fd);
    expect(passed).toBe(10_000);
  });

  it('delays what is asynchronous by the clock, then carries it out or fails', async () => {
    const clock = new FakeClock();
    const files = faultFiles({ clock, faults: [{ on: 'fdatasync', millis: 400 }] });
    const fd = files.openSync(join(folder(), 'a'), APPEND);
    const seen: unknown[] = [];
    files.fdatasync(fd, (error) => seen.push(error?.code ?? 'done'));
    await clock.advance(399);
    expect(seen).toEqual([]);
    await clock.advance(1);
    while (seen.length === 0) await turn();
    files.add({ on: 'fdatasync', code: 'EIO', millis: 100 });
    files.fdatasync(fd, (error) => seen.push(error?.code ?? 'done'));
    await clock.advance(500);
    while (seen.length === 1) await turn();
    files.closeSync(fd);
    expect(seen).toEqual(['done', 'EIO']);
  });
});

describe('descriptors', () => {
  it('are counted, at most so many at a time, and given back', async () => {
    const [files, root] = [faultFiles({ maxOpen: 2 }), folder()];
    const first = files.openSync(join(root, 'a'), APPEND);
    const second = await files.promises.open(join(root, 'b'), APPEND);
    expect(codeOf(() => files.openSync(join(root, 'c'), APPEND))).toBe('EMFILE');
    expect(await lateCodeOf(files.promises.readdir(root))).toBe('EMFILE');
    expect(codeOf(() => files.writeFileSync(join(root, 'c'), ''))).toBe('EMFILE');
    await second.close();
    expect(files.readdirSync(root)).toEqual(['a', 'b']);
    files.closeSync(first);
    expect(files.disk).toMatchObject({ open: 0, mostOpen: 2 });
    files.disk.maxOpen = 0;
    expect(codeOf(() => files.openSync(join(root, 'a'), 'r'))).toBe('EMFILE');
  });
});

describe('power loss', () => {
  async function written(zeroes: boolean): Promise<readonly string[]> {
    const [files, root] = [faultFiles(), folder()];
    fs.writeFileSync(join(root, 'older'), 'kept');
    files.mkdirSync(join(root, 'dir'));
    const fd = files.openSync(join(root, 'dir', 'a'), APPEND);
    files.writeSync(fd, 'synced|');
    expect(await synced(files, fd)).toBeNull();
    files.writeSync(fd, 'lost');
    files.closeSync(fd);
    const older = files.openSync(join(root, 'older'), APPEND);
    files.writeSync(older, '+lost');
    files.closeSync(older);
    files.writeFileSync(join(root, 'dir', 'b'), 'never');
    await files.promises.rename(join(root, 'dir'), join(root, 'adopted'));
    files.powerLoss(zeroes);
    expect(files.disk.usedBytes).toBe(zeroes ? 21 : 7);
    return ['adopted/a', 'adopted/b', 'older'].map((name) => fs.readFileSync(join(root, name), 'latin1'));
  }

  it('leaves every file, wherever it went, at its last synced byte', async () => {
    expect(await written(false)).toEqual(['synced|', '', 'kept']);
  });

  it('or as long as it was, but zeros', async () => {
    expect(await written(true)).toEqual(['synced|\0\0\0\0', '\0'.repeat(5), 'kept\0\0\0\0\0']);
  });

  it('a sync that failed has made nothing durable', async () => {
    const [files, root] = [faultFiles({ faults: [{ on: 'fdatasync', code: 'EIO', times: 1 }] }), folder()];
    const fd = files.openSync(join(root, 'a'), APPEND);
    files.writeSync(fd, 'x');
    expect((await synced(files, fd))?.code).toBe('EIO');
    files.closeSync(fd);
    files.powerLoss();
    expect(fs.statSync(join(root, 'a')).size).toBe(0);
  });
});
