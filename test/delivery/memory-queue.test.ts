import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/codec/batch.ts';
import { BLOCK_BYTES } from '../../src/delivery/block.ts';
import { ByteBudget } from '../../src/delivery/byte-budget.ts';
import { MemoryQueue } from '../../src/delivery/memory-queue.ts';
import { OFTEN, type TakeOptions } from '../../src/delivery/queue.ts';

const EVERYTHING: TakeOptions = { maxRecords: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function textsOf(batch: Batch): string {
  const bytes = Buffer.alloc(batch.bytes + Math.max(0, batch.count - 1));
  expect(batch.copy(bytes, 0)).toBe(bytes.length);
  return bytes.toString('utf8');
}

function queueOf(limit = 16 * 1_048_576): { queue: MemoryQueue; budget: ByteBudget; dropped: () => number } {
  let dropped = 0;
  const budget = new ByteBudget(limit);
  const queue = new MemoryQueue(budget, (count) => {
    dropped += count;
  });
  return { queue, budget, dropped: () => dropped };
}

describe('MemoryQueue', () => {
  it('keeps texts of any script byte for byte, across blocks and larger than one', () => {
    const { queue, budget } = queueOf();
    const texts = [
      '"a"',
      '"ä€𝄞"',
      `"${'€'.repeat(BLOCK_BYTES)}"`,
      '"\\ud800"',
      `"${'x'.repeat(BLOCK_BYTES - 2)}"`,
      '"z"',
    ];
    for (const text of texts) expect(queue.append(text)).toBe(true);
    expect(budget.used).toBe(Buffer.byteLength(texts.join('')));
    const batch = queue.take(EVERYTHING) as Batch;
    expect(textsOf(batch) === texts.join(',')).toBe(true);
    queue.acknowledge(batch);
    expect(budget.used).toBe(0);
  });

  it('keeps more tiny records than a block has places for', () => {
    const { queue } = queueOf();
    const texts = Array.from({ length: 5_000 }, (_, index) => String(index));
    for (const text of texts) queue.append(text);
    expect(queue.waiting).toBe(5_000);
    const first = queue.take({ maxRecords: 2_500, maxBytes: 1e9 }) as Batch;
    const second = queue.take(EVERYTHING) as Batch;
    expect(`${textsOf(first)},${textsOf(second)}`).toBe(texts.join(','));
  });

  it('takes a record that is larger than maxBytes alone', () => {
    const { queue } = queueOf();
    queue.append('"1234567890"');
    queue.append('"2"');
    expect(textsOf(queue.take({ maxRecords: 10, maxBytes: 5 }) as Batch)).toBe('"1234567890"');
    expect(textsOf(queue.take({ maxRecords: 10, maxBytes: 0 }) as Batch)).toBe('"2"');
    expect(queue.take(EVERYTHING)).toBeUndefined();
  });

  it('puts released records back where they were', () => {
    const { queue } = queueOf();
    for (const text of ['1', '2', '3', '4', '5', '6']) queue.append(text);
    const first = queue.take({ maxRecords: 2, maxBytes: 99 }) as Batch;
    const second = queue.take({ maxRecords: 2, maxBytes: 99 }) as Batch;
    queue.append('7');
    queue.release(second);
    queue.release(first);
    const all = queue.take(EVERYTHING) as Batch;
    expect(textsOf(all)).toBe('1,2,3,4,5,6,7');
    expect(all.attempts).toBe(1);
  });

  it('drops the oldest waiting record, never one that is taken, exactly as many as needed', () => {
    const { queue, budget, dropped } = queueOf(10);
    for (const text of ['11', '22', '33', '44', '55']) queue.append(text);
    const taken = queue.take({ maxRecords: 1, maxBytes: 99 }) as Batch;
    expect(queue.append('666')).toBe(true);
    expect(dropped()).toBe(2);
    expect(budget.used).toBe(9);
    expect(textsOf(taken)).toBe('11');
    expect(textsOf(queue.take(EVERYTHING) as Batch)).toBe('44,55,666');
  });

  it('refuses a record larger than the whole budget without dropping any', () => {
    const { queue, dropped } = queueOf(10);
    queue.append('11');
    expect(queue.append('x'.repeat(11))).toBe(false);
    expect(dropped()).toBe(0);
    expect(textsOf(queue.take(EVERYTHING) as Batch)).toBe('11');
  });

  it('shares its budget: the queue with the older records makes room', () => {
    const budget = new ByteBudget(6);
    const dropped = { logs: 0, events: 0 };
    const logs = new MemoryQueue(budget, (count) => {
      dropped.logs += count;
    });
    const events = new MemoryQueue(budget, (count) => {
      dropped.events += count;
    });
    logs.append('11');
    logs.append('22');
    events.append('33');
    events.append('44');
    expect(dropped).toEqual({ logs: 1, events: 0 });
    events.append('5555');
    expect(dropped).toEqual({ logs: 2, events: 1 });
    expect(budget.used).toBe(6);
    expect(events.clear()).toBe(2);
    expect(budget.used).toBe(0);
  });

  it('holds one block when idle, however much went through it', () => {
    const { queue, budget } = queueOf();
    let made = 0;
    const block = budget.block.bind(budget);
    budget.block = (size) => {
      made += 1;
      return block(size);
    };
    for (let index = 0; index < 10_000; index++) {
      queue.append('"some text"');
      queue.acknowledge(queue.take(EVERYTHING) as Batch);
    }
    expect(made).toBe(1);
  });
});

describe('MemoryQueue against a model', () => {
  interface Entry {
    readonly text: string;
    readonly bytes: number;
    /** Place in the order of acceptance. */
    readonly at: number;
    /** The same without those that were refused. */
    readonly ordinal: number;
    attempts: number;
  }
  interface Held {
    readonly batch: Batch;
    readonly entries: readonly Entry[];
  }
  interface Model {
    readonly limit: number;
    waiting: Entry[];
    held: { entries: readonly Entry[] }[];
    appended: number;
    dropped: number;
    refused: number;
    acknowledged: number;
    cleared: number;
  }
  interface Real {
    readonly queue: MemoryQueue;
    readonly budget: ByteBudget;
    readonly dropped: () => number;
    held: Held[];
    readonly checkpoints: { readonly ordinal: number; readonly check: () => boolean }[];
  }

  const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const used = (model: Model): number =>
    bytesOf(model.waiting) + model.held.reduce((sum, { entries }) => sum + bytesOf(entries), 0);

  function expectSame(model: Model, { queue, budget, dropped, held, checkpoints }: Real): void {
    expect(queue.waiting).toBe(model.waiting.length);
    expect(queue.taken).toBe(model.held.reduce((sum, { entries }) => sum + entries.length, 0));
    expect(budget.used).toBe(used(model));
    expect(budget.used).toBeLessThanOrEqual(model.limit);
    expect(dropped()).toBe(model.dropped);
    const ended = model.acknowledged + model.cleared + model.dropped + model.refused;
    expect(ended + queue.waiting + queue.taken).toBe(model.appended);
    const outstanding = [...model.waiting, ...model.held.flatMap(({ entries }) => entries)];
    const oldest = Math.min(Number.POSITIVE_INFINITY, ...outstanding.map(({ ordinal }) => ordinal));
    checkpoints.push({ ordinal: model.appended - model.refused, check: queue.checkpoint() });
    for (const { ordinal, check } of checkpoints) expect(check()).toBe(ordinal <= oldest);
    for (const { batch, entries } of held) {
      expect(batch.count).toBe(entries.length);
      expect(batch.bytes).toBe(bytesOf(entries));
      expect(batch.attempts).toBe(Math.max(0, ...entries.map(({ attempts }) => attempts)));
      expect(textsOf(batch) === entries.map(({ text }) => text).join(',')).toBe(true);
    }
  }

  /** A step that is named and always leaves model and queue in agreement. */
  class Step implements fc.Command<Model, Real> {
    readonly name: string;
    readonly needsBatch: boolean;
    readonly act: (model: Model, real: Real) => void;
    constructor(name: string, needsBatch: boolean, act: (model: Model, real: Real) => void) {
      this.name = name;
      this.needsBatch = needsBatch;
      this.act = act;
    }
    check(model: Readonly<Model>): boolean {
      return !this.needsBatch || model.held.length > 0;
    }
    run(model: Model, real: Real): void {
      this.act(model, real);
      expectSame(model, real);
    }
    toString(): string {
      return this.name;
    }
  }

  const hold = (model: Model, real: Real, batch: Batch, entries: readonly Entry[]): void => {
    real.held.push({ batch, entries });
    model.held.push({ entries });
  };
  const letGo = (model: Model, real: Real, pick: number): Held => {
    const index = pick % real.held.length;
    model.held.splice(index, 1);
    return real.held.splice(index, 1)[0] as Held;
  };

  const append = (text: string, taken: boolean): Step =>
    new Step(`append(${text.length} characters${taken ? ', taken' : ''})`, false, (model, real) => {
      const entry = {
        text,
        bytes: Buffer.byteLength(text),
        at: model.appended,
        ordinal: model.appended - model.refused,
        attempts: 0,
      };
      model.appended += 1;
      let room = entry.bytes <= model.limit;
      while (room && used(model) + entry.bytes > model.limit) {
        room = model.waiting.shift() !== undefined;
        if (room) model.dropped += 1;
      }
      if (!room) model.refused += 1;
      else if (!taken) model.waiting.push(entry);
      const batch = taken ? real.queue.appendTaken(text) : undefined;
      expect(taken ? batch !== undefined : real.queue.append(text)).toBe(room);
      if (batch !== undefined) hold(model, real, batch, [entry]);
    });

  const take = (options: TakeOptions): Step =>
    new Step(`take(${JSON.stringify(options)})`, false, (model, real) => {
      const entries: Entry[] = [];
      let bytes = options.maxBytes;
      const eligible = model.waiting.filter(({ attempts }) => !(options.fresh && attempts > 0));
      const candidates = options.newest ? model.waiting.slice(-1) : eligible;
      for (const entry of candidates) {
        const fits = entry.bytes <= bytes || entries.length === 0;
        const often = (entries[0] ?? entry).attempts >= OFTEN;
        if (!options.newest && often !== entry.attempts >= OFTEN) break;
        if (!options.newest && (!fits || entries.length === options.maxRecords)) break;
        entries.push(entry);
        bytes -= entry.bytes + 1;
      }
      model.waiting = model.waiting.filter((entry) => !entries.includes(entry));
      const batch = real.queue.take(options);
      expect(batch !== undefined).toBe(entries.length > 0);
      if (batch !== undefined) hold(model, real, batch, entries);
    });

  const split = (pick: number, share: number): Step =>
    new Step(`split(#${pick}, ${share})`, true, (model, real) => {
      const { batch, entries } = letGo(model, real, pick);
      const count = Math.floor(share * (entries.length + 1));
      const [first, second] = real.queue.split(batch, count);
      hold(model, real, first, entries.slice(0, count));
      hold(model, real, second, entries.slice(count));
    });

  const acknowledge = (pick: number): Step =>
    new Step(`acknowledge(#${pick})`, true, (model, real) => {
      const { batch, entries } = letGo(model, real, pick);
      model.acknowledged += entries.length;
      real.queue.acknowledge(batch);
    });

  const release = (pick: number): Step =>
    new Step(`release(#${pick})`, true, (model, real) => {
      const { batch, entries } = letGo(model, real, pick);
      for (const entry of entries) entry.attempts += 1;
      model.waiting = [...model.waiting, ...entries].sort((a, b) => a.at - b.at);
      real.queue.release(batch);
    });

  const clear = new Step('clear', false, (model, real) => {
    expect(real.queue.clear()).toBe(model.waiting.length);
    model.cleared += model.waiting.length;
    model.waiting = [];
  });

  const json = (text: string): string => JSON.stringify(text);
  const text = fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map(json) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom('x', 'é', '€', '𝄞'), fc.nat(70_000)).map(([c, n]) => json(c.repeat(n))),
    },
    {
      weight: 1,
      arbitrary: fc.integer({ min: BLOCK_BYTES - 8, max: BLOCK_BYTES + 8 }).map((n) => json('x'.repeat(n))),
    },
  );
  const options = fc.record({
    maxRecords: fc.integer({ min: 1, max: 12 }),
    maxBytes: fc.oneof(fc.nat(200), fc.nat(400_000)),
    fresh: fc.boolean(),
    newest: fc.constantFrom(false, false, false, true),
  });
  const pick = fc.nat(20);
  const commands = fc.commands(
    [
      fc.tuple(text, fc.constantFrom(false, false, false, true)).map(([value, taken]) => append(value, taken)),
      text.map((value) => append(value, false)),
      options.map(take),
      fc.tuple(pick, fc.double({ min: 0, max: 1, noNaN: true })).map(([index, share]) => split(index, share)),
      pick.map(acknowledge),
      pick.map(release),
      fc.constant(clear),
    ],
    { maxCommands: 80, size: 'max' },
  );

  it('keeps order, bytes and contents, and drops exactly the oldest', () => {
    const limit = fc.oneof(fc.integer({ min: 1_024, max: 4_096 }), fc.integer({ min: 1_024, max: 1_500_000 }));
    fc.assert(
      fc.property(limit, commands, (bytes, steps) => {
        const { queue, budget, dropped } = queueOf(bytes);
        const model: Model = {
          limit: bytes,
          waiting: [],
          held: [],
          appended: 0,
          dropped: 0,
          refused: 0,
          acknowledged: 0,
          cleared: 0,
        };
        const real: Real = { queue, budget, dropped, held: [], checkpoints: [] };
        fc.modelRun(() => ({ model, real }), steps);
        for (const { batch } of real.held) queue.acknowledge(batch);
        queue.clear();
        expect(budget.used).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
