import { types } from 'node:util';
import { readProperty } from '../record/guarded.ts';

/** Any function, method, generator function or constructor. */
// biome-ignore lint/complexity/noBannedTypes: nothing narrower takes functions of every shape and keeps their types.
export type AnyFunction = Function;

/** What TC39 decorators (stage 3) hand over beside the method; `kind` tells it from options. */
export interface DecoratorContext {
  readonly kind: string;
  readonly name: string | symbol;
}

/** One call that is watched. Its functions must not throw, but `within` passes on what `run` throws. */
export interface Watch {
  /** Runs a piece of the call: all of it, or one step of a generator. */
  within<Result>(run: () => Result): Result;
  returned(value: unknown): void;
  threw(error: unknown): void;
  /** A generator that was left before its end. */
  left(): void;
}

/** Begins to watch a call with these arguments. */
export type Watcher = (args: readonly unknown[]) => Watch;

interface Steps {
  next(value: unknown): unknown;
  throw(error: unknown): unknown;
  return(value: unknown): unknown;
}

function kindOf(fn: AnyFunction): string {
  return Object.prototype.toString.call(fn).slice(8, -1);
}

function stepsOf(watch: Watch, body: unknown): Steps {
  const steps = body as Steps;
  return {
    next: (value) => watch.within(() => steps.next(value)),
    throw: (error) => watch.within(() => steps.throw(error)),
    return: (value) => watch.within(() => steps.return(value)),
  };
}

/** Tells of a promise when it settles. The promise that comes back is of the same class and settles alike. */
function settle(watch: Watch, promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      watch.returned(value);
      return value;
    },
    (error: unknown) => {
      watch.threw(error);
      throw error;
    },
  );
}

function wrapPlain(fn: AnyFunction, begin: Watcher): AnyFunction {
  function wrapper(this: unknown, ...args: unknown[]): unknown {
    const watch = begin(args);
    let result: unknown;
    try {
      result = watch.within(() =>
        new.target === undefined
          ? Reflect.apply(fn, this, args)
          : Reflect.construct(fn, args, new.target === wrapper ? fn : new.target),
      );
    } catch (error) {
      watch.threw(error);
      throw error;
    }
    // Other thenables are left alone: some, such as queries, begin their work only when `then` is called.
    if (types.isPromise(result)) return settle(watch, result);
    watch.returned(result);
    return result;
  }
  wrapper.prototype = fn.prototype;
  return wrapper;
}

function wrapAsync(fn: AnyFunction, begin: Watcher): AnyFunction {
  return async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const watch = begin(args);
    try {
      const value: unknown = await watch.within(() => Reflect.apply(fn, this, args));
      watch.returned(value);
      return value;
    } catch (error) {
      watch.threw(error);
      throw error;
    }
  };
}

function wrapGenerator(fn: AnyFunction, begin: Watcher): AnyFunction {
  return function* (this: unknown, ...args: unknown[]): Generator<unknown, unknown, unknown> {
    const watch = begin(args);
    try {
      const steps = stepsOf(watch, Reflect.apply(fn, this, args)) as unknown as Iterator<unknown>;
      const value: unknown = yield* { [Symbol.iterator]: () => steps };
      watch.returned(value);
      return value;
    } catch (error) {
      watch.threw(error);
      throw error;
    } finally {
      watch.left();
    }
  };
}

function wrapAsyncGenerator(fn: AnyFunction, begin: Watcher): AnyFunction {
  return async function* (this: unknown, ...args: unknown[]): AsyncGenerator<unknown, unknown, unknown> {
    const watch = begin(args);
    try {
      const steps = stepsOf(watch, Reflect.apply(fn, this, args)) as unknown as AsyncIterator<unknown>;
      const value: unknown = yield* { [Symbol.asyncIterator]: () => steps };
      watch.returned(value);
      return value;
    } catch (error) {
      watch.threw(error);
      throw error;
    } finally {
      watch.left();
    }
  };
}

const WRAPPERS: Readonly<Record<string, typeof wrapPlain>> = {
  AsyncFunction: wrapAsync,
  GeneratorFunction: wrapGenerator,
  AsyncGeneratorFunction: wrapAsyncGenerator,
};

/** The name of a function, empty when it has none or does not tell. */
export function nameOf(fn: AnyFunction): string {
  const name = readProperty(fn, 'name');
  return typeof name === 'string' ? name : '';
}

/**
 * A function of the same kind, name, length, `this` and results that is watched at every call; what it throws is the
 * very thing that `fn` threw. Throws a `TypeError` when `fn` is no function.
 */
export function wrap<Fn extends AnyFunction>(fn: Fn, begin: Watcher): Fn {
  if (typeof fn !== 'function') throw new TypeError(`only functions can be wrapped, got ${typeof fn}`);
  const wrapper = (WRAPPERS[kindOf(fn)] ?? wrapPlain)(fn, begin);
  Object.defineProperty(wrapper, 'name', { value: nameOf(fn), configurable: true });
  Object.defineProperty(wrapper, 'length', { value: readProperty(fn, 'length'), configurable: true });
  return wrapper as Fn;
}
