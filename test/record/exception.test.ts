import { describe, expect, test } from 'vitest';
import { exceptionFromParts, exceptionOf, flattenException } from '../../src/record/exception.ts';

const record = (attributes: Record<string, unknown>, body?: unknown) => ({ attributes, body });

describe('exceptionOf', () => {
  test('nothing without exception attributes and Error body', () => {
    expect(exceptionOf(record({ 'error.type': 'X', 'exception.escaped': true }, 'text'))).toBeUndefined();
  });

  test('attributes win over the body', () => {
    const exception = exceptionOf(record({ 'exception.type': 'A', 'exception.message': 'm' }, new Error('other')));
    expect(exception).toEqual({ type: 'A', message: 'm', stack: '', frames: [] });
  });

  test('type and message come from the header where they are missing', () => {
    const exception = exceptionOf(record({ 'exception.stacktrace': 'TypeError [CODE]: bad\n    at f (/a.js:1:2)' }));
    expect(exception).toMatchObject({ type: 'TypeError', message: 'bad', frames: [{ function: 'f', line: 1 }] });
  });

  test('an Error body gives class, frames, causes, members and properties', () => {
    class PayError extends Error {
      code = 402;
    }
    const body = new PayError('declined', { cause: new AggregateError([new RangeError('r'), 'text'], 'many') });
    const exception = exceptionOf(record({}, body));
    expect(exception).toMatchObject({ type: 'PayError', message: 'declined', properties: { code: 402 } });
    expect(exception?.frames[0]?.file).toContain('exception.test.ts');
    const list = flattenException(exception as NonNullable<typeof exception>);
    expect(list.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      'PayError: declined',
      'AggregateError: many',
      'RangeError: r',
      'Error: text',
    ]);
  });

  test('cycles and long chains end', () => {
    const loop: Error = new Error('loop');
    loop.cause = loop;
    expect(flattenException(exceptionOf(record({}, loop)) as never)).toHaveLength(1);
    let chain = new Error('0');
    for (let index = 1; index < 50; index++) chain = new Error(String(index), { cause: chain });
    const depth = flattenException(exceptionOf(record({}, chain)) as never).length;
    expect(depth).toBeGreaterThan(5);
    expect(depth).toBeLessThanOrEqual(11);
  });

  test('values that throw when they become text are survived', () => {
    const hostile = {
      toString(): never {
        throw new Error('no');
      },
    };
    expect(exceptionOf(record({ 'exception.type': hostile, 'exception.message': 'm' }))).toMatchObject({
      type: '[Unserializable]',
      message: 'm',
    });
  });
});

test('causes in the text become causes', () => {
  const exception = exceptionFromParts('A', 'a', 'A: a\n    at f (/a.js:1:2)\nCaused by: B: b\n    at g (/b.js:3:4)');
  expect(exception).toMatchObject({ type: 'A', cause: { type: 'B', message: 'b', frames: [{ line: 3 }] } });
});
