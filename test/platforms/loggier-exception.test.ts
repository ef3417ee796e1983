import { describe, expect, test } from 'vitest';
import { loggier } from '../../src/platforms/loggier.ts';
import { cutStack } from '../../src/platforms/loggier-exception.ts';
import { record } from '../support/records.ts';

interface Written {
  readonly type: string;
  readonly message: string;
  readonly traceback: string;
  readonly frames?: readonly { filename: string; line_number: number }[];
  readonly frames_truncated?: string;
  readonly custom_attributes?: Record<string, string>;
}

function encode(attributes: Record<string, unknown>, body?: unknown): { exception: Written; context: object } {
  return JSON.parse(loggier({ apiKey: 'k' }).logs.codec.encode(record({ attributes, body })));
}

const stack = (frames: number): string =>
  `Error: deep\n${Array.from({ length: frames }, (_, index) => `    at f${index} (/app/f${index}.js:${index + 1}:7)`).join('\n')}`;

test('the full shape: keys and order of the official client, frames outermost first', () => {
  const trace = 'PayError: declined\n    at pay (/app/pay.js:7:9)\n    at main (/app/main.js:3:1)';
  const { exception, context } = encode({
    'exception.type': 'PayError',
    'exception.message': 'declined',
    'exception.stacktrace': trace,
    'exception.module': 'pay',
    'exception.args': ['declined', 402],
    'exception.code': 402,
    'exception.escaped': true,
    order: 1,
  });
  expect(JSON.stringify(exception)).toBe(
    JSON.stringify({
      type: 'PayError',
      message: 'declined',
      module: 'pay',
      args: ['declined', '402'],
      traceback: trace,
      traceback_summary: ['PayError: declined'],
      frames: [
        { filename: '/app/main.js', function: 'main', line_number: 3, code_context: '' },
        { filename: '/app/pay.js', function: 'pay', line_number: 7, code_context: '' },
      ],
      custom_attributes: { code: '402', escaped: 'true' },
    }),
  );
  expect(Object.keys(context).filter((key) => key.startsWith('exception'))).toEqual([]);
  expect(context).toMatchObject({ order: 1 });
});

test('keys that are not known are left out; the traceback is what Python prints without one', () => {
  expect(encode({ 'exception.type': 'E', 'exception.message': 'm' }).exception).toEqual({
    type: 'E',
    message: 'm',
    traceback: 'E: m',
    traceback_summary: ['E: m'],
  });
});

test('exception.* attributes without an exception stay in the context', () => {
  const { exception, context } = encode({ 'exception.code': 7 });
  expect(exception).toBeUndefined();
  expect(context).toMatchObject({ 'exception.code': 7 });
});

test('the innermost 20 frames are kept', () => {
  const { exception } = encode({ 'exception.stacktrace': stack(23) });
  expect(exception.frames).toHaveLength(20);
  expect(exception.frames?.at(-1)).toMatchObject({ filename: '/app/f0.js', line_number: 1 });
  expect(exception.frames?.[0]).toMatchObject({ filename: '/app/f19.js' });
  expect(exception.frames_truncated).toBe('3 outer frames left out');
  expect(exception.traceback).toBe(stack(23));
});

test('an Error as body: class, causes and members in the traceback, properties as text', () => {
  const cause = new AggregateError([new RangeError('one')], 'many');
  const error = Object.assign(new TypeError('bad', { cause }), { code: 'E1', detail: { a: 1 } });
  const { exception } = encode({}, error);
  expect(exception).toMatchObject({
    type: 'TypeError',
    message: 'bad',
    custom_attributes: { code: 'E1', detail: '{"a":1}' },
  });
  expect(exception.traceback).toMatch(
    /^TypeError: bad\n {4}at [\s\S]*\nCaused by: AggregateError: many\n[\s\S]*\n\[errors\]\[0\]: RangeError: one\n/,
  );
});

describe('a traceback that must be cut', () => {
  test('loses its outer frames and keeps header and raise site', () => {
    const { exception } = encode({ 'exception.message': 'deep', 'exception.stacktrace': stack(5_000) });
    expect(exception.traceback.length).toBeLessThanOrEqual(65_536);
    expect(exception.traceback).toMatch(/^Error: deep\n {4}at f0 \(\/app\/f0\.js:1:7\)\n/);
    expect(exception.traceback).toMatch(/:7\)\n {4}… outer frames left out$/);
  });

  test('every cause keeps its own raise site', () => {
    const whole = `${stack(3_000)}\nCaused by: RangeError: root\n    at root (/app/root.js:1:1)\n${stack(3_000).slice(12)}`;
    const { traceback } = encode({ 'exception.message': 'deep', 'exception.stacktrace': whole }).exception;
    expect(traceback.length).toBeLessThanOrEqual(65_536);
    expect(traceback).toContain('at f0 (/app/f0.js:1:7)');
    expect(traceback).toContain('Caused by: RangeError: root\n    at root (/app/root.js:1:1)');
  });

  test.each([60, 80, 200, 400])('to %i characters', (max) => {
    const cut = cutStack(stack(50), 'deep', max);
    expect(cut.length).toBeLessThanOrEqual(max);
    expect(cut).toContain('at f0 (');
    expect(cut).toContain('outer frames left out');
    const longMessage = cutStack(
      `Error: ${'m'.repeat(500)}\n    at f0 (/a.js:1:2)\n    at f1 (/a.js:2:2)`,
      'm'.repeat(500),
      max,
    );
    expect(longMessage.length).toBeLessThanOrEqual(max);
    expect(longMessage).toContain('at f0 (/a.js:1:2)');
  });
});
