import type fs from 'node:fs';
import { nodeFiles, type SpoolFiles } from '../../../src/delivery/spool/files.ts';
import { turn } from '../../support/fake-clock.ts';
import { zlibWork } from './zlib-watch.ts';

type Action = (...args: never[]) => unknown;

/** Sees every operation on its way to the file system, and ends them all when the process is said to be killed. */
class FileWatch {
  /** Descriptors that are open, and the most that ever were. */
  mostOpen = 0;
  /** What must never happen: use of a descriptor that is closed, or its end while it is in use. */
  readonly violations: string[] = [];
  /** How many times each function was called. */
  readonly calls = new Map<string, number>();
  /** How many operations wait for time to pass, by script. */
  delayed = (): number => 0;
  /** Folders that were given their final names. */
  readonly renamed: string[] = [];
  /** Asynchronous operations under way, by descriptor (-1: by path). */
  readonly #busy = new Map<number, number>();
  readonly #open = new Map<number, () => void>();
  #killed = false;

  get open(): number {
    return this.#open.size;
  }

  get inFlight(): number {
    return [...this.#busy.values()].reduce((sum, count) => sum + count, 0);
  }

  get killed(): boolean {
    return this.#killed;
  }

  opened(descriptor: number, close: () => void): void {
    this.#open.set(descriptor, close);
    this.mostOpen = Math.max(this.mostOpen, this.open);
  }

  closed(descriptor: number): void {
    if ((this.#busy.get(descriptor) ?? 0) > 0) this.violations.push(`${descriptor} closed while in use`);
    if (!this.#open.delete(descriptor)) this.violations.push(`${descriptor} closed although it is not open`);
  }

  used(name: string, descriptor: number): void {
    this.called(name);
    if (!this.#open.has(descriptor)) this.violations.push(`${name} on ${descriptor}, which is not open`);
  }

  called(name: string): void {
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    if (this.#killed) throw Object.assign(new Error('killed'), { code: 'KILLED' });
  }

  begin(descriptor: number): void {
    this.#busy.set(descriptor, (this.#busy.get(descriptor) ?? 0) + 1);
  }

  /** False when nobody is there any more to hear of it. */
  end(descriptor: number): boolean {
    this.#busy.set(descriptor, (this.#busy.get(descriptor) ?? 0) - 1);
    return !this.#killed;
  }

  /** Waits until nothing is under way but what waits for time to pass, and nothing is about to be. */
  async idle(): Promise<void> {
    for (let calm = 0; calm < 4; calm = this.inFlight + zlibWork.count <= this.delayed() ? calm + 1 : 0) await turn();
  }

  /** As `kill -9` does it: nothing more is done or heard of, what the kernel was at ends, and descriptors are closed. */
  async kill(): Promise<void> {
    this.#killed = true;
    while (this.inFlight > this.delayed()) await turn();
    for (const close of this.#open.values()) close();
    this.#open.clear();
  }
}

export interface WatchedFiles<Files extends SpoolFiles = SpoolFiles> extends SpoolFiles {
  readonly watch: FileWatch;
  /** The layer below. */
  readonly faults: Files;
}

const BY_DESCRIPTOR = new Set(['writeSync', 'readSync', 'ftruncateSync', 'fstatSync']);

/** A file system with a watch over it. */
export function watched<Files extends SpoolFiles = SpoolFiles>(files?: Files): WatchedFiles<Files>;
export function watched(files: SpoolFiles = nodeFiles): WatchedFiles {
  const watch = new FileWatch();
  const late =
    (name: string, action: Action, descriptor = -1): Action =>
    async (...args) => {
      watch.called(name);
      watch.begin(descriptor);
      let outcome: { readonly value: unknown } | { readonly error: unknown };
      try {
        outcome = { value: await action(...args) };
      } catch (error) {
        outcome = { error };
      }
      if (!watch.end(descriptor)) return new Promise(() => {});
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    };
  const withCallback =
    (name: string, action: Action): Action =>
    (...args: readonly unknown[]) => {
      const descriptor = args[0] as number;
      const done = args.at(-1) as Action;
      if (watch.killed) return;
      watch.used(name, descriptor);
      watch.begin(descriptor);
      const heard = (...results: never[]): void => {
        if (watch.end(descriptor)) done(...results);
      };
      action(...([...args.slice(0, -1), heard] as never[]));
    };
  const sync =
    (name: string, action: Action): Action =>
    (...args: readonly unknown[]) => {
      if (BY_DESCRIPTOR.has(name)) watch.used(name, args[0] as number);
      else watch.called(name);
      return action(...(args as never[]));
    };

  const own: Record<string, unknown> = { watch, faults: files };
  const reals = files as unknown as Record<string, Action>;
  for (const name of Object.keys(SYNC)) own[name] = sync(name, (...args) => (reals[name] as Action)(...args));
  for (const name of ['fdatasync', 'write']) own[name] = withCallback(name, (...args) => reals[name]?.(...args));
  own.openSync = (...args: Parameters<typeof fs.openSync>) => {
    watch.called('openSync');
    const descriptor = files.openSync(...args);
    watch.opened(descriptor, () => files.closeSync(descriptor));
    return descriptor;
  };
  own.renameSync = (from: string, to: string) => {
    watch.called('renameSync');
    files.renameSync(from, to);
    watch.renamed.push(to);
  };
  own.closeSync = (descriptor: number) => {
    watch.called('closeSync');
    watch.closed(descriptor);
    files.closeSync(descriptor);
  };
  const promises: Record<string, Action> = {};
  const realPromises = files.promises as unknown as Record<string, Action>;
  for (const name of PROMISED) promises[name] = late(name, (...args) => (realPromises[name] as Action)(...args));
  promises.open = late('open', async (...args: Parameters<typeof fs.promises.open>) => {
    const handle = await files.promises.open(...args);
    watch.opened(handle.fd, () => void handle.close());
    return watchedHandle(handle, watch, late);
  });
  return Object.assign(own, { promises }) as unknown as WatchedFiles;
}

const PROMISED = [
  'readdir',
  'readFile',
  'writeFile',
  'lstat',
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'utimes',
  'statfs',
];
const SYNC: Readonly<Record<string, true>> = {
  ...{ writeSync: true, readSync: true, ftruncateSync: true, fstatSync: true, mkdirSync: true, chmodSync: true },
  ...{ lstatSync: true, readdirSync: true, readFileSync: true, readlinkSync: true, writeFileSync: true },
  ...{ unlinkSync: true, rmdirSync: true, utimesSync: true, statfsSync: true },
};

type Late = (name: string, action: Action, descriptor?: number) => Action;

function watchedHandle(handle: fs.promises.FileHandle, watch: FileWatch, late: Late): fs.promises.FileHandle {
  const { fd } = handle;
  const close = async (): Promise<void> => {
    watch.called('handle.close');
    watch.closed(fd);
    watch.begin(-1);
    await handle.close().finally(() => watch.end(-1));
  };
  return new Proxy(handle, {
    get(target, name) {
      if (name === 'close') return close;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? late(`handle.${String(name)}`, value.bind(target) as Action, fd) : value;
    },
  });
}
