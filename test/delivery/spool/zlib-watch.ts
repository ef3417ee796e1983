import type zlib from 'node:zlib';

/** Work of zlib under way in the thread pool, in tests that say `vi.mock(import('node:zlib'), …watchedZlib…)`. */
export const zlibWork = { count: 0 };

type Zlib = typeof zlib;
type Action = (...args: never[]) => void;

/** zlib, with its work counted. */
export function watchedZlib<Real extends Zlib>(real: Real): Real {
  const gzip = (...args: unknown[]): void => {
    zlibWork.count += 1;
    const done = args.pop() as (...results: unknown[]) => void;
    const heard = (...results: unknown[]): void => {
      zlibWork.count -= 1;
      done(...results);
    };
    (real.gzip as Action)(...([...args, heard] as never[]));
  };
  const createGunzip: Zlib['createGunzip'] = (options) => {
    zlibWork.count += 1;
    return real.createGunzip(options).on('close', () => {
      zlibWork.count -= 1;
    });
  };
  return { ...real, gzip, createGunzip };
}
