import { types } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Watch } from '../../src/instrument/wrap.ts';
import { wrap } from '../../src/instrument/wrap.ts';

interface Noted extends Watch {
  readonly notes: unknown[];
}

function noting(): Noted {
  const notes: unknown[] = [];
  return {
    notes,
    within: (run) => {
      notes.push('in');
      return run();
    },
    returned: (value) => void notes.push(['returned', value]),
    threw: (error) => void notes.push(['threw', error]),
    left: () => void notes.push('left'),
  };
}

describe('wrap', () => {
  it('keeps this, arguments, name, length and result', () => {
    const watch = noting();
    const seen: unknown[] = [];
    const cart = {
      total: wrap(
        function total(this: unknown, a: number, b: number): number {
          seen.push(this);
          return a + b;
        },
        (args) => {
          watch.notes.push(args);
          return watch;
        },
      ),
    };
    expect(cart.total(1, 2)).toBe(3);
    expect(seen).toEqual([cart]);
    expect([cart.total.name, cart.total.length]).toEqual(['total', 2]);
    expect(watch.notes).toEqual([[1, 2], 'in', ['returned', 3]]);
  });

  it('keeps what kind of function it is', () => {
    const watch = noting();
    const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
    const tags = kinds.map((fn) => Object.prototype.toString.call(wrap(fn, () => watch)));
    expect(tags).toEqual(
      ['Function', 'AsyncFunction', 'GeneratorFunction', 'AsyncGeneratorFunction'].map((t) => `[object ${t}]`),
    );
    expect(
      types.isAsyncFunction(
        wrap(
          async () => {},
          () => watch,
        ),
      ),
    ).toBe(true);
  });

  it('constructs what is constructed', () => {
    class Order {
      readonly made: unknown;
      readonly id: number;
      constructor(id: number) {
        this.made = new.target;
        this.id = id;
      }
    }
    const watch = noting();
    const Wrapped = wrap(Order, () => watch);
    const order = new Wrapped(7);
    expect(order).toBeInstanceOf(Order);
    expect(order).toBeInstanceOf(Wrapped);
    expect([order.id, order.made]).toEqual([7, Order]);
    class Special extends Wrapped {}
    expect(new Special(8)).toBeInstanceOf(Special);
    expect(new Special(8).made).toBe(Special);
  });

  it('tells of a promise when it settles, and keeps its class', async () => {
    class Tracked<Value> extends Promise<Value> {}
    const watch = noting();
    const promise = wrap(
      () => new Tracked<number>((resolve) => resolve(5)),
      () => watch,
    )();
    expect(promise).toBeInstanceOf(Tracked);
    expect(watch.notes).toEqual(['in']);
    expect(await promise).toBe(5);
    expect(watch.notes).toEqual(['in', ['returned', 5]]);
  });

  it('does not begin a thenable that waits for its then', () => {
    const begun: string[] = [];
    const query = Object.defineProperty({}, 'then', { value: () => void begun.push('then') });
    expect(wrap(() => query, noting)()).toBe(query);
    expect(begun).toEqual([]);
  });

  it('passes values into a generator and out of it, and tells of its end', () => {
    const watch = noting();
    const count = wrap(
      function* (start: number): Generator<number, string, number> {
        const got: number = yield start;
        return `got ${got}`;
      },
      () => watch,
    );
    const steps = count(3);
    expect(watch.notes).toEqual([]);
    expect(steps.next()).toEqual({ done: false, value: 3 });
    expect(steps.next(9)).toEqual({ done: true, value: 'got 9' });
    expect(watch.notes).toEqual(['in', 'in', ['returned', 'got 9'], 'left']);
  });

  it('throws into a generator, and out of it', () => {
    const watch = noting();
    const error = new Error('x');
    const tough = wrap(
      function* (): Generator<number, void> {
        try {
          yield 1;
        } catch (caught) {
          yield caught === error ? 2 : 3;
        }
        throw error;
      },
      () => watch,
    );
    const steps = tough();
    steps.next();
    expect(steps.throw(error).value).toBe(2);
    expect(() => steps.next()).toThrow(error);
    expect(watch.notes.slice(-2)).toEqual([['threw', error], 'left']);
  });

  it('lets a generator clean up when it is left early', () => {
    const watch = noting();
    let cleaned = false;
    const endless = wrap(
      function* (): Generator<number, void> {
        try {
          for (;;) yield 1;
        } finally {
          cleaned = true;
        }
      },
      () => watch,
    );
    for (const _ of endless()) break;
    expect(cleaned).toBe(true);
    expect(watch.notes.at(-1)).toBe('left');
  });

  it('does the same with async generators', async () => {
    const watch = noting();
    const error = new Error('x');
    const pages = wrap(
      async function* (this: { size: number }, ...names: string[]): AsyncGenerator<string, void> {
        for (const name of names) yield name.repeat(this.size);
        throw error;
      },
      () => watch,
    );
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const page of pages.call({ size: 2 }, 'a', 'b')) seen.push(page);
    };
    await expect(read()).rejects.toBe(error);
    expect(seen).toEqual(['aa', 'bb']);
    expect(watch.notes.slice(-2)).toEqual([['threw', error], 'left']);
    for await (const page of pages.call({ size: 1 }, 'a', 'b')) {
      expect(page).toBe('a');
      break;
    }
    expect(watch.notes.at(-1)).toBe('left');
  });

  it('takes a function whose name cannot be read', () => {
    const nameless = Object.defineProperty(() => 1, 'name', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(wrap(nameless, noting)()).toBe(1);
  });
});
