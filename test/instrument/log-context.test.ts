import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import {
  clearGlobalContext,
  contextAttributes,
  setGlobalContext,
  withLogContext,
} from '../../src/instrument/log-context.ts';
import { contextManager, logRig } from './rig.ts';

describe.each([
  ['without a context manager', () => {}],
  ['with a context manager', contextManager],
])('withLogContext, %s', (_, prepare) => {
  it('gives the result of the function, and its records the fields', () => {
    prepare();
    const { emitted } = logRig();
    const record = withLogContext({ 'user.id': 'u-1', attempt: 2 }, () => emitted({ own: true }));
    expect(record.attributes).toEqual({ own: true, 'user.id': 'u-1', attempt: 2 });
    expect(emitted().attributes).toEqual({});
  });

  it('nests: inner fields win, undefined takes a field away, and the outer fields are back afterwards', () => {
    prepare();
    const { emitted } = logRig();
    withLogContext({ a: 1, b: 1, c: 1 }, () => {
      expect(withLogContext({ b: 2, c: undefined, d: 2 }, () => emitted()).attributes).toEqual({ a: 1, b: 2, d: 2 });
      expect(emitted().attributes).toEqual({ a: 1, b: 1, c: 1 });
    });
  });

  it('follows promises, timers and callbacks, and does not meet its neighbours there', async () => {
    prepare();
    const { emitted } = logRig();
    const work = (id: number, millis: number) =>
      withLogContext({ id }, async () => {
        const seen = [emitted().attributes.id];
        await wait(millis);
        seen.push(emitted().attributes.id);
        await turn();
        seen.push(await new Promise((resolve) => setImmediate(() => resolve(emitted().attributes.id))));
        return seen;
      });
    expect(await Promise.all([work(1, 6), work(2, 3), work(3, 0)])).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
  });

  it('throws what the function throws, and is left by it', async () => {
    prepare();
    const { emitted } = logRig();
    const error = new Error('mine');
    expect(() =>
      withLogContext({ a: 1 }, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(withLogContext({ a: 1 }, () => Promise.reject(error))).rejects.toBe(error);
    expect(emitted().attributes).toEqual({});
  });
});

describe('log context', () => {
  it('lets the own attributes of a record win, then inner fields, then global ones', () => {
    const { emitted } = logRig();
    setGlobalContext({ a: 'global', b: 'global', c: 'global' });
    const record = withLogContext({ a: 'field', b: 'field' }, () => emitted({ a: 'own' }));
    expect(record.attributes).toEqual({ a: 'own', b: 'field', c: 'global' });
  });

  it('adds to the global fields, takes one away by undefined, and all by clear', () => {
    const { emitted } = logRig();
    setGlobalContext({ region: 'eu', shard: 1 });
    setGlobalContext({ shard: 2, zone: 'a' });
    expect(emitted().attributes).toEqual({ region: 'eu', shard: 2, zone: 'a' });
    setGlobalContext({ region: undefined });
    expect(emitted().attributes).toEqual({ shard: 2, zone: 'a' });
    clearGlobalContext();
    expect(emitted().attributes).toEqual({});
  });

  it('copies values when it is entered', () => {
    const { emitted } = logRig();
    const cart = { items: [1] };
    const fields: Record<string, unknown> = { cart };
    const record = withLogContext(fields, () => {
      cart.items.push(2);
      fields.late = true;
      return emitted();
    });
    expect(record.attributes).toEqual({ cart: { items: [1] } });
  });

  it('makes attributes of values that the SDK refuses', () => {
    const { emitted } = logRig();
    const cycle: Record<string, unknown> = { name: 'loop' };
    cycle.self = cycle;
    const fields = {
      when: new Date(0),
      big: 12n,
      cycle,
      map: new Map([['k', 1]]),
      error: new TypeError('no'),
      fn: () => 1,
      none: null,
      '': 'no name',
    };
    const { attributes } = withLogContext(fields, () => emitted());
    expect(attributes).toMatchObject({
      when: '1970-01-01T00:00:00.000Z',
      big: '12',
      cycle: { name: 'loop', self: '[Circular]' },
      map: { k: 1 },
      error: { type: 'TypeError', message: 'no' },
      none: null,
    });
    expect(Object.keys(attributes)).not.toContain('fn');
    expect(withLogContext(fields, () => Object.keys(contextAttributes()))).not.toContain('');
  });

  it('survives getters that throw, revoked proxies and what is no object', () => {
    const { emitted } = logRig();
    const trap = {
      good: 1,
      get bad(): never {
        throw new Error('trap');
      },
    };
    expect(withLogContext(trap, () => emitted()).attributes).toEqual({ good: 1, bad: '[Unserializable]' });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const fields of [proxy, null, undefined, 7, 'text']) {
      expect(withLogContext(fields as never, () => emitted()).attributes).toEqual({});
      setGlobalContext(fields as never);
    }
    expect(emitted().attributes).toEqual({});
  });

  it('comes with a context that is carried by hand, and wins over the one around the call', () => {
    contextManager();
    const { logger, records } = logRig();
    const carried = withLogContext({ id: 'carried' }, () => context.active());
    const bound = withLogContext({ id: 'bound' }, () => context.bind(context.active(), () => logger.emit({})));
    withLogContext({ id: 'around' }, () => {
      logger.emit({ context: carried });
      bound();
      // A context that knows of no fields does not take them away.
      logger.emit({ context: ROOT_CONTEXT });
    });
    expect(records.map(({ attributes }) => attributes.id)).toEqual(['carried', 'bound', 'around']);
  });

  it('puts only the fields named into Baggage, inside only', () => {
    contextManager();
    const fields = { tenant: 't-1', secret: 'x', cart: { size: 2 }, attempt: 3 };
    const entries = withLogContext(
      fields,
      () =>
        propagation
          .getActiveBaggage()
          ?.getAllEntries()
          .map(([key, { value }]) => [key, value]),
      { baggage: ['tenant', 'cart', 'attempt', 'missing'] },
    );
    expect(entries).toEqual([
      ['tenant', 't-1'],
      ['cart', '{"size":2}'],
      ['attempt', '3'],
    ]);
    expect(withLogContext(fields, () => propagation.getActiveBaggage())).toBeUndefined();
    expect(propagation.getActiveBaggage()).toBeUndefined();
  });

  it('keeps Baggage that is there already', () => {
    contextManager();
    const outer = propagation.setBaggage(
      context.active(),
      propagation.createBaggage({ origin: { value: 'gate' }, tenant: { value: 'old' } }),
    );
    const baggage = context.with(outer, () =>
      withLogContext({ tenant: 'new' }, () => propagation.getActiveBaggage(), { baggage: ['tenant'] }),
    );
    expect(baggage?.getEntry('origin')?.value).toBe('gate');
    expect(baggage?.getEntry('tenant')?.value).toBe('new');
  });
});
