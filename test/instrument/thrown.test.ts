import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { thrownAttributes } from '../../src/instrument/thrown.ts';
import { exceptionOf } from '../../src/record/exception.ts';

class PaymentError extends Error {
  readonly code = 'E_CARD';
  readonly attempts = 3;
  readonly request = { headers: { authorization: 'secret' } };
}

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('thrownAttributes', () => {
  it('takes the class for the type, the code and other scalars for attributes of their own, and no objects', () => {
    const error = new PaymentError('declined');
    expect(thrownAttributes(error)).toEqual({
      type: 'PaymentError',
      message: 'declined',
      attributes: {
        'exception.type': 'PaymentError',
        'exception.message': 'declined',
        'exception.stacktrace': error.stack,
        'exception.code': 'E_CARD',
        'exception.attempts': 3,
      },
    });
  });

  it('does not take the code of a system error for its type', () => {
    const error = caught(() => process.kill(process.pid, 'SIGNONE' as never));
    expect(thrownAttributes(error)).toMatchObject({
      type: 'TypeError',
      attributes: { 'exception.code': 'ERR_UNKNOWN_SIGNAL' },
    });
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' });
    expect(thrownAttributes(refused).attributes).toMatchObject({
      'exception.type': 'Error',
      'exception.code': 'ECONNREFUSED',
      'exception.errno': -111,
      'exception.syscall': 'connect',
    });
  });

  it('takes the name of an error whose class says nothing', () => {
    expect(thrownAttributes(Object.assign(new Error('x'), { name: 'ValidationError' })).type).toBe('ValidationError');
    expect(thrownAttributes(AbortSignal.abort().reason).type).toBe('AbortError');
    expect(thrownAttributes(Object.assign(new RangeError('x'), { name: 'Other' })).type).toBe('RangeError');
  });

  it('prints the causes in a form that becomes structure again, whatever they are', () => {
    const error = new Error('outer', { cause: new TypeError('inner', { cause: 'a text' }) });
    const { attributes } = thrownAttributes(error);
    const read = exceptionOf({ attributes });
    expect(read).toMatchObject({
      type: 'Error',
      message: 'outer',
      cause: { type: 'TypeError', message: 'inner', cause: { message: 'a text' } },
    });
    expect(read?.cause?.frames[0]?.file).toBe(import.meta.filename);
  });

  it('ends where causes go in circles', () => {
    const error = new Error('a') as Error & { cause: unknown };
    error.cause = new Error('b', { cause: error });
    const { attributes } = thrownAttributes(error);
    expect(String(attributes['exception.stacktrace']).match(/caused by/g)).toHaveLength(1);
  });

  it('lists the members of an AggregateError with theirs', () => {
    const error = new AggregateError(
      [new TypeError('one'), new Error('two', { cause: new RangeError('three') }), 'text'],
      'all',
    );
    const { type, attributes } = thrownAttributes(error);
    expect(type).toBe('AggregateError');
    expect(attributes['exception.errors']).toEqual([
      { type: 'TypeError', message: 'one', stacktrace: expect.stringContaining('TypeError: one\n    at') },
      { type: 'Error', message: 'two', stacktrace: expect.stringContaining('caused by: RangeError: three') },
      { type: 'Error', message: 'text', stacktrace: '' },
    ]);
  });

  it.each([
    [undefined, 'Error', 'undefined'],
    [null, 'Error', 'null'],
    ['boom', 'Error', 'boom'],
    [42, 'Error', '42'],
    [7n, 'Error', '7'],
    [Symbol('s'), 'Error', 'Symbol(s)'],
    [{ status: 404 }, 'Object', '{"status":404}'],
    [[1, 2], 'Array', '[1,2]'],
    [{ message: 'like an error', code: 'E_1' }, 'Object', 'like an error'],
    [
      new (class HttpProblem {
        status = 500;
      })(),
      'HttpProblem',
      '{"status":500}',
    ],
  ])('makes something sensible of %s', (thrown, type, message) => {
    expect(thrownAttributes(thrown)).toMatchObject({ type, message, attributes: { 'exception.type': type } });
  });

  it('reads errors of other realms', () => {
    const error = caught(() => runInNewContext('null.x'));
    expect(error instanceof Error).toBe(false);
    const { type, message, attributes } = thrownAttributes(error);
    expect({ type, message }).toEqual({ type: 'TypeError', message: expect.stringContaining('null') });
    expect(attributes['exception.stacktrace']).toContain('at ');
  });

  it('survives what is made to hurt', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
    revoke();
    const trap = (): never => {
      throw new Error('trap');
    };
    const hurting = Object.defineProperties(new Error('y'), {
      stack: { get: trap },
      message: { get: trap },
      name: { get: trap },
      cause: { get: trap },
      code: { get: trap, enumerable: true },
    });
    const dark = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap });
    for (const thrown of [proxy, hurting, dark, Object.create(null), Object.freeze(new Error('z'))]) {
      const { type, message, attributes } = thrownAttributes(thrown);
      expect(type).toMatch(/^(?:Error|Object)$/);
      expect(typeof message).toBe('string');
      expect(attributes).toMatchObject({ 'exception.type': type, 'exception.message': message });
      expect(JSON.stringify(attributes)).not.toContain('trap');
    }
  });

  it('shortens properties that go on and on', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, 'x'.repeat(5_000)]));
    const { attributes } = thrownAttributes(Object.assign(new Error('m'), many));
    const properties = Object.entries(attributes).filter(([key]) => key.startsWith('exception.p'));
    expect(properties).toHaveLength(20);
    expect(properties.every(([, value]) => String(value).length === 1_024)).toBe(true);
  });
});
