import fs from 'node:fs';
import type { SpoolFiles } from '../../src/delivery/spool/files.ts';
import { FaultDisk } from './fault-disk.ts';
import { errorOf, type Fault, type FaultScript, Faults, type Operation } from './fault-script.ts';

/** The real file system with scripted faults in front of it. */
export interface FaultFiles extends SpoolFiles {
  /** The books, where room and descriptors may be given and taken any time. */
  readonly disk: FaultDisk;
  /** Adds a fault; the result takes it away again. */
  add(fault: Fault): () => void;
  /** How often an operation was asked for, faults included. */
  count(operation: Operation): number;
  /** See `FaultDisk.powerLoss`. */
  powerLoss(zeroes?: boolean): void;
}

type AnyFunction = (...args: never[]) => unknown;
type Done = (error: Error | null, ...results: unknown[]) => void;

interface Write {
  readonly bytes: Buffer;
  readonly position: number | null;
}

/** The arguments behind the descriptor of `write` in any of its forms. */
function writeOf([data, ...rest]: readonly unknown[]): Write {
  if (typeof data === 'string') {
    const position = typeof rest[0] === 'number' ? rest[0] : null;
    return { bytes: Buffer.from(data, (rest[1] as BufferEncoding | undefined) ?? 'utf8'), position };
  }
  const view = data as NodeJS.ArrayBufferView;
  const whole = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
  const given = typeof rest[0] === 'object' && rest[0] !== null ? rest[0] : {};
  const options = given as { offset?: number; length?: number; position?: number | null };
  const offset = options.offset ?? (rest[0] as number | undefined) ?? 0;
  const start = typeof offset === 'number' ? offset : 0;
  const length = options.length ?? (rest[1] as number | null | undefined) ?? whole.length - start;
  const position = options.position ?? (rest[2] as number | null | undefined) ?? null;
  return { bytes: whole.subarray(start, start + length), position };
}

/** The operations on an open file, by descriptor. */
function descriptorOperations(faults: Faults, disk: FaultDisk) {
  /** Writes as much as fits, as a kernel does: less than asked for without an error, and only then ENOSPC. */
  const write = (descriptor: number, args: readonly unknown[]): number => {
    const { bytes, position } = writeOf(args);
    const fitting = disk.fitting(descriptor, bytes.length, position);
    if (fitting <= 0 && bytes.length > 0) throw errorOf('ENOSPC', 'write', disk.pathOf(descriptor));
    return disk.changing(descriptor, () => fs.writeSync(descriptor, bytes, 0, fitting, position));
  };
  const truncate = (descriptor: number, length = 0): void =>
    disk.changing(descriptor, () => fs.ftruncateSync(descriptor, length));
  const sync = async (descriptor: number): Promise<void> => {
    await faults.delay('fdatasync', disk.pathOf(descriptor));
    // What is written while the kernel is at it may or may not be part of it; the worse case is assumed.
    const { size } = fs.fstatSync(descriptor);
    await new Promise<void>((resolve, reject) => {
      fs.fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
    disk.synced(descriptor, size);
  };
  const close = (descriptor: number): void => {
    fs.closeSync(descriptor);
    disk.closed(descriptor);
  };
  return { write, truncate, sync, close };
}

type DescriptorOperations = ReturnType<typeof descriptorOperations>;

/** A handle that meets the same faults as a descriptor. */
function faultHandle(handle: fs.promises.FileHandle, faults: Faults, disk: FaultDisk, on: DescriptorOperations) {
  const { fd } = handle;
  const late = async <Result>(operation: Operation, act: () => Result | Promise<Result>): Promise<Result> => {
    await faults.delay(operation, disk.pathOf(fd));
    return act();
  };
  const own: Readonly<Record<string, AnyFunction>> = {
    read: (...args: never[]) => late('read', () => Reflect.apply(handle.read, handle, args)),
    readFile: (...args: never[]) => late('read', () => Reflect.apply(handle.readFile, handle, args)),
    stat: (...args: never[]) => late('fstat', () => Reflect.apply(handle.stat, handle, args)),
    write: (...args: never[]) => late('write', () => ({ bytesWritten: on.write(fd, args), buffer: args[0] })),
    writeFile: (data: Buffer) =>
      late('write', () => {
        for (let at = 0; at < data.length; ) at += on.write(fd, [data, at]);
      }),
    truncate: (length?: number) => late('ftruncate', () => on.truncate(fd, length)),
    datasync: () => on.sync(fd),
    sync: () => on.sync(fd),
    close: () =>
      late('close', async () => {
        await handle.close();
        disk.closed(fd);
      }),
  };
  return new Proxy(handle, {
    get(target, name) {
      const mine = own[String(name)];
      if (mine !== undefined) return mine;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The file system below, with the faults of `script` in front of it. */
export function faultFiles(script: FaultScript = {}): FaultFiles {
  const faults = new Faults(script);
  const disk = new FaultDisk(script.capacityBytes, script.maxOpen);
  const on = descriptorOperations(faults, disk);

  const needsDescriptor = (operation: Operation, path: string): void => {
    if (disk.open >= disk.maxOpen) throw errorOf('EMFILE', operation, path);
  };
  /** An operation on a path that is carried out by `real` when no fault comes first. */
  const sync = <F extends AnyFunction>(operation: Operation, real: F, descriptor = false): F =>
    ((...args: Parameters<F>) => {
      const path = String(args[0]);
      faults.block(operation, path);
      if (descriptor) needsDescriptor(operation, path);
      return real(...args);
    }) as unknown as F;
  const late = <F extends AnyFunction>(operation: Operation, real: F, descriptor = false): F =>
    (async (...args: Parameters<F>) => {
      const path = String(args[0]);
      await faults.delay(operation, path);
      if (descriptor) needsDescriptor(operation, path);
      return real(...args);
    }) as unknown as F;

  const openSync = (path: fs.PathLike, flags?: fs.OpenMode, mode?: fs.Mode | null): number => {
    const before = disk.sizeOf(String(path));
    const descriptor = fs.openSync(path, flags ?? 'r', mode);
    disk.opened(descriptor, String(path), before);
    return descriptor;
  };
  const open = async (path: fs.PathLike, flags?: string | number, mode?: fs.Mode): Promise<fs.promises.FileHandle> => {
    const before = disk.sizeOf(String(path));
    const handle = await fs.promises.open(path, flags, mode);
    disk.opened(handle.fd, String(path), before);
    return faultHandle(handle, faults, disk, on);
  };
  const renameSync = (from: fs.PathLike, to: fs.PathLike): void => {
    const gone = disk.removing(String(to));
    fs.renameSync(from, to);
    gone();
    disk.moved(String(from), String(to));
  };
  const unlinkSync = (path: fs.PathLike): void => {
    const gone = disk.removing(String(path));
    fs.unlinkSync(path);
    gone();
  };
  const writeFileSync = (target: fs.PathOrFileDescriptor, data: string | NodeJS.ArrayBufferView, options?: unknown) => {
    const path = String(target);
    const { bytes } = writeOf([data]);
    const before = disk.sizeOf(path);
    const flag = (options as { flag?: unknown } | undefined)?.flag ?? 'w';
    const fitting = Math.min(bytes.length, disk.room + (String(flag).startsWith('a') ? 0 : before));
    fs.writeFileSync(path, bytes.subarray(0, fitting), options as fs.WriteFileOptions);
    disk.replaced(path, before);
    if (fitting < bytes.length) throw errorOf('ENOSPC', 'writeFile', path);
  };
  const statfsSync = (path: fs.PathLike, options?: { bigint?: boolean }): unknown => {
    const real = fs.statfsSync(path);
    const stats = { ...real, type: script.fileSystemType ?? real.type };
    if (Number.isFinite(disk.capacityBytes)) {
      const room = { blocks: disk.capacityBytes, bfree: disk.room, bavail: disk.room };
      Object.assign(stats, { bsize: 1, ...room });
    }
    if (options?.bigint !== true) return stats;
    return Object.fromEntries(Object.entries(stats).map(([name, value]) => [name, BigInt(value)]));
  };
  const byDescriptor = <Args extends unknown[], Result>(
    operation: Operation,
    act: (descriptor: number, ...args: Args) => Result,
  ) =>
    ((descriptor: number, ...args: Args): Result => {
      faults.block(operation, disk.pathOf(descriptor));
      return act(descriptor, ...args);
    }) as unknown;

  const files: SpoolFiles = {
    openSync: sync('open', openSync as typeof fs.openSync, true),
    writeSync: byDescriptor('write', (fd, ...args: unknown[]) => on.write(fd, args)) as typeof fs.writeSync,
    readSync: byDescriptor('read', fs.readSync as AnyFunction as () => number) as typeof fs.readSync,
    ftruncateSync: byDescriptor('ftruncate', on.truncate) as typeof fs.ftruncateSync,
    fstatSync: byDescriptor('fstat', fs.fstatSync as AnyFunction as () => unknown) as typeof fs.fstatSync,
    closeSync: byDescriptor('close', on.close) as typeof fs.closeSync,
    fdatasync: ((fd: number, done: Done) => {
      on.sync(fd).then(() => done(null), done);
    }) as typeof fs.fdatasync,
    write: ((fd: number, ...args: unknown[]) => {
      const done = args.pop() as Done;
      faults
        .delay('write', disk.pathOf(fd))
        .then(() => on.write(fd, args))
        .then((written) => done(null, written, args[0]), done);
    }) as typeof fs.write,
    mkdirSync: sync('mkdir', fs.mkdirSync),
    chmodSync: sync('chmod', fs.chmodSync),
    lstatSync: sync('lstat', fs.lstatSync),
    readdirSync: sync('readdir', fs.readdirSync, true),
    readFileSync: sync('readFile', fs.readFileSync, true),
    readlinkSync: sync('readlink', fs.readlinkSync),
    writeFileSync: sync('writeFile', writeFileSync as typeof fs.writeFileSync, true),
    renameSync: sync('rename', renameSync),
    unlinkSync: sync('unlink', unlinkSync),
    rmdirSync: sync('rmdir', fs.rmdirSync),
    utimesSync: sync('utimes', fs.utimesSync),
    statfsSync: sync('statfs', statfsSync as typeof fs.statfsSync),
    promises: {
      open: late('open', open, true),
      readdir: late('readdir', fs.promises.readdir as AnyFunction, true) as typeof fs.promises.readdir,
      readFile: late('readFile', fs.promises.readFile as AnyFunction, true) as typeof fs.promises.readFile,
      writeFile: late('writeFile', writeFileSync as AnyFunction, true) as typeof fs.promises.writeFile,
      lstat: late('lstat', fs.promises.lstat as AnyFunction) as typeof fs.promises.lstat,
      rename: late('rename', renameSync as AnyFunction) as typeof fs.promises.rename,
      unlink: late('unlink', unlinkSync as AnyFunction) as typeof fs.promises.unlink,
      rmdir: late('rmdir', fs.promises.rmdir as AnyFunction) as typeof fs.promises.rmdir,
      mkdir: late('mkdir', fs.promises.mkdir as AnyFunction) as typeof fs.promises.mkdir,
      utimes: late('utimes', fs.promises.utimes as AnyFunction) as typeof fs.promises.utimes,
      statfs: late('statfs', statfsSync as AnyFunction) as typeof fs.promises.statfs,
    },
  };
  return Object.assign(files, {
    disk,
    add: (fault: Fault) => faults.add(fault),
    count: (operation: Operation) => faults.counts.get(operation) ?? 0,
    powerLoss: (zeroes = false) => disk.powerLoss(zeroes),
  });
}
