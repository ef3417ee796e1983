import os from 'node:os';
import type { Clock } from '../../src/clock.ts';

/** What is asked of the file system, whether synchronously, with a callback or with a promise. */
export type Operation =
  | ('open' | 'close' | 'read' | 'write' | 'ftruncate' | 'fdatasync' | 'fstat' | 'lstat' | 'statfs' | 'chmod')
  | ('readdir' | 'mkdir' | 'rmdir' | 'rename' | 'unlink' | 'utimes' | 'readlink' | 'readFile' | 'writeFile');

/** An error, a delay, or a delay and then an error. */
export interface Fault {
  /** Default: every operation. */
  readonly on?: Operation | readonly Operation[];
  /** Part of the path, or a pattern of it; default: every path. */
  readonly path?: string | RegExp;
  /** Name of the error, such as `EIO`; without one the operation is carried out. */
  readonly code?: string;
  /** How long the operation takes. */
  readonly millis?: number;
  /** Operations that are let through before it begins; default 0. */
  readonly after?: number;
  /** Operations that it meets; default all from then on. */
  readonly times?: number;
}

export interface FaultScript {
  /** Room for bytes beyond what lies there already: first a short write, then ENOSPC. Default: no end of it. */
  readonly capacityBytes?: number;
  /** Descriptors that may be open at one time; EMFILE beyond. Default: no end of them. */
  readonly maxOpen?: number;
  /** `statfs().type`; default that of the disk below. */
  readonly fileSystemType?: number;
  readonly faults?: readonly Fault[];
  /** Lets virtual time pass while a synchronous operation blocks; default: nothing passes. */
  readonly skip?: (millis: number) => void;
  /** By which asynchronous operations are late; without one they are on time. */
  readonly clock?: Clock;
}

/** The error as Node makes it. */
export function errorOf(code: string, operation: Operation, path: string): NodeJS.ErrnoException {
  const errno = -((os.constants.errno as Readonly<Record<string, number>>)[code] ?? 1);
  return Object.assign(new Error(`${code}: scripted, ${operation} '${path}'`), {
    code,
    errno,
    syscall: operation,
    path,
  });
}

/** Which fault an operation meets, if any. */
export class Faults {
  readonly #clock: Clock | undefined;
  readonly #skip: (millis: number) => void;
  readonly #faults: { readonly fault: Fault; met: number }[] = [];
  readonly counts = new Map<Operation, number>();

  constructor({ faults = [], clock, skip = () => {} }: FaultScript) {
    this.#clock = clock;
    this.#skip = skip;
    for (const fault of faults) this.add(fault);
  }

  add(fault: Fault): () => void {
    const entry = { fault, met: 0 };
    this.#faults.push(entry);
    return () => {
      const index = this.#faults.indexOf(entry);
      if (index !== -1) this.#faults.splice(index, 1);
    };
  }

  /** Blocks for as long as the operation takes; throws what it is to fail with. */
  block(operation: Operation, path: string): void {
    const { millis, code } = this.#meet(operation, path);
    if (millis > 0) this.#skip(millis);
    if (code !== undefined) throw errorOf(code, operation, path);
  }

  async delay(operation: Operation, path: string): Promise<void> {
    const { millis, code } = this.#meet(operation, path);
    if (millis > 0) await this.#clock?.sleep(millis);
    if (code !== undefined) throw errorOf(code, operation, path);
  }

  #meet(operation: Operation, path: string): { millis: number; code: string | undefined } {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    let millis = 0;
    for (const entry of this.#faults) {
      const { on = operation, path: where = '', after = 0, times = Number.POSITIVE_INFINITY } = entry.fault;
      if (![on].flat().includes(operation)) continue;
      if (typeof where === 'string' ? !path.includes(where) : !where.test(path)) continue;
      entry.met += 1;
      if (entry.met <= after || entry.met > after + times) continue;
      millis += entry.fault.millis ?? 0;
      if (entry.fault.code !== undefined) return { millis, code: entry.fault.code };
    }
    return { millis, code: undefined };
  }
}
