// Runs in Node's thread for module hooks, where it stands before the hooks of one copy of import-in-the-middle.
import type { Hooks } from './claiming.ts';
import { claiming } from './claiming.ts';

interface Settings {
  /** Address of the copy. */
  readonly url: string;
  readonly include: readonly unknown[];
}

/** Where the copies mark that one of them is there; they print a warning about every further one. */
const MARK = '__import_in_the_middle_initialized__';

class Loader {
  #hooks: Hooks | undefined;

  async initialize({ url, include }: Settings): Promise<void> {
    const hooks = (await import(url)) as Hooks & { initialize(settings: object): Promise<void> };
    Reflect.deleteProperty(globalThis, MARK);
    await hooks.initialize({ include });
    Reflect.deleteProperty(globalThis, MARK);
    this.#hooks = claiming(hooks);
  }

  call(name: keyof Hooks, ...[first, context, next]: Parameters<Hooks['resolve']>): unknown {
    return this.#hooks === undefined ? next(first, context) : this.#hooks[name](first, context, next);
  }
}

const loader = new Loader();

export function initialize(settings: Settings): Promise<void> {
  return loader.initialize(settings);
}

export const resolve: Hooks['resolve'] = (...args) => loader.call('resolve', ...args);

export const load: Hooks['load'] = (...args) => loader.call('load', ...args);
