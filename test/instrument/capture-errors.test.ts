import { describe, expect, it } from 'vitest';
import { captureErrors } from '../../src/instrument/capture-errors.ts';
import { withLogContext } from '../../src/instrument/log-context.ts';
import { report } from '../../src/instrument/report.ts';
import { logRig, registered } from './rig.ts';

const ERROR = new TypeError('declined');
const fail = (): never => {
  throw ERROR;
};

function rejectedBy(run: () => unknown): Promise<unknown> {
  return Promise.resolve()
    .then(run)
    .then(
      () => 'nothing',
      (error: unknown) => error,
    );
}

describe('captureErrors', () => {
  it('logs what a function throws, once, and throws the very thing on', () => {
    const { records } = registered(logRig());
    const pay = captureErrors(fail, { attributes: { step: 'pay' } });
    expect(() => pay()).toThrow(ERROR);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'declined',
      instrumentationScope: { name: 'logferry' },
      attributes: {
        'exception.type': 'TypeError',
        'exception.message': 'declined',
        'exception.stacktrace': ERROR.stack,
        function: { name: 'fail' },
        step: 'pay',
      },
    });
    expect(records[0]?.eventName).toBeUndefined();
  });

  it('logs an error once however many wrappers it passes through, and each error anew', () => {
    const { records } = registered(logRig());
    const inner = captureErrors(
      (error: Error) => {
        throw error;
      },
      { message: 'inner' },
    );
    const outer = captureErrors((error: Error) => inner(error), { message: 'outer' });
    for (const error of [new Error('1'), new Error('2'), Object.freeze(new Error('3'))]) {
      expect(() => outer(error)).toThrow(error);
      expect(() => outer(error)).toThrow(error);
    }
    expect(records.map(({ body }) => body)).toEqual(['inner', 'inner', 'inner']);
  });

  it('does not log again what was reported by hand', () => {
    const { records } = registered(logRig());
    const work = captureErrors(() => {
      const error = new Error('mine');
      report(error, { by: 'hand' });
      throw error;
    });
    expect(work).toThrow('mine');
    expect(records.map(({ attributes }) => attributes.by)).toEqual(['hand']);
  });

  it('logs a thrown text at each wrapper: it has no identity', () => {
    const { records } = registered(logRig());
    const inner = captureErrors(() => {
      throw 'boom';
    });
    expect(() => captureErrors(() => inner())()).toThrow('boom');
    expect(records.map(({ body }) => body)).toEqual(['boom', 'boom']);
  });

  it.each([
    ['an async function', async (error: Error) => Promise.reject(error)],
    ['a function that gives a promise', (error: Error) => Promise.reject(error)],
    [
      'an async function after a wait',
      async (error: Error) => {
        await null;
        throw error;
      },
    ],
  ])('logs the rejection of %s', async (_, fn) => {
    const { records } = registered(logRig());
    const error = new RangeError('late');
    expect(await rejectedBy(() => captureErrors(fn)(error))).toBe(error);
    expect(records).toMatchObject([{ body: 'late', attributes: { 'exception.type': 'RangeError' } }]);
  });

  it('logs what generators throw', async () => {
    const { records } = registered(logRig());
    const pages = captureErrors(function* (): Generator<number, void> {
      yield 1;
      throw new Error('page 2');
    });
    const feed = captureErrors(async function* (): AsyncGenerator<number, void> {
      yield 1;
      throw new Error('feed 2');
    });
    expect(() => [...pages()]).toThrow('page 2');
    await expect(
      (async () => {
        for await (const _ of feed());
      })(),
    ).rejects.toThrow('feed 2');
    expect(records.map(({ body }) => body)).toEqual(['page 2', 'feed 2']);
  });

  it('gives the record the context of the call', async () => {
    const { records } = registered(logRig());
    const work = captureErrors(async () => {
      await null;
      throw new Error('late');
    });
    await withLogContext({ 'user.id': 'u-1' }, () => rejectedBy(work));
    expect(records[0]?.attributes).toMatchObject({ 'user.id': 'u-1' });
  });

  it('goes where it is told, at the level and with the text it is told', () => {
    const global = registered(logRig());
    const own = logRig();
    const work = captureErrors(
      () => {
        throw new Error('x');
      },
      { logger: own.logger, level: 'warn', message: 'the nightly job failed' },
    );
    expect(work).toThrow('x');
    expect(own.records).toMatchObject([{ severityNumber: 13, severityText: 'WARN', body: 'the nightly job failed' }]);
    expect(global.records).toEqual([]);
  });

  it('throws on as usual without a provider, and with a logger that throws', () => {
    const broken = {
      emit: (): void => {
        throw new Error('logger');
      },
    };
    const boom = new Error('boom');
    const work = (): never => {
      throw boom;
    };
    expect(captureErrors(work)).toThrow(boom);
    expect(
      captureErrors(
        () => {
          throw new Error('again');
        },
        { logger: broken },
      ),
    ).toThrow('again');
  });

  it('serves as a decorator', () => {
    const { records } = registered(logRig());
    class Cart {
      readonly owner = 'ann';
      checkout(): never {
        throw new Error(`of ${this.owner}`);
      }
    }
    // What the compiler makes of `@captureErrors checkout() {}`.
    const context = { kind: 'method', name: 'checkout', static: false, private: false };
    Cart.prototype.checkout = captureErrors(Cart.prototype.checkout, context);
    expect(() => new Cart().checkout()).toThrow('of ann');
    expect(records[0]).toMatchObject({ body: 'of ann', attributes: { function: { name: 'checkout' } } });
  });

  it('refuses bad arguments at once', () => {
    expect(() => captureErrors(undefined as never)).toThrow('only functions can be wrapped, got undefined');
    expect(() => captureErrors(fail, { level: 'loud' as never })).toThrow('level must be trace');
    expect(() => captureErrors(fail, { mesage: 'x' } as never)).toThrow('unknown option mesage');
    expect(() => captureErrors(fail, { logger: {} as never })).toThrow('logger must be an OpenTelemetry logger');
  });
});
