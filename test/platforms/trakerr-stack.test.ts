import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TrakerrOptions } from '../../src/platforms/trakerr.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { record } from '../support/records.ts';

type Trace = readonly { type: string; message: string; traceLines: readonly Record<string, unknown>[] }[];

function stacktrace(attributes: Record<string, unknown>, body?: unknown, options: Partial<TrakerrOptions> = {}): Trace {
  const { codec } = trakerr({ apiKey: 'k', systemLoad: false, ...options }).logs;
  return JSON.parse(codec.encode(record({ attributes, body }))).eventStacktrace;
}

const file = new URL('../../../shared/captures/trakerr/v8-stack-vectors.json', import.meta.url);
const vectors: readonly { name: string; node: string; input: Record<string, string>; expected: Trace }[] = existsSync(
  file,
)
  ? JSON.parse(readFileSync(file, 'utf8')).vectors
  : [];
if (vectors.length === 0) process.stderr.write(`skipped: no stack vectors at ${file.href}\n`);

describe.skipIf(vectors.length === 0)('stacks of real Node processes', () => {
  test.each(vectors.map((vector) => [`${vector.name} ${vector.node}`, vector] as const))('%s', (_, vector) => {
    expect(stacktrace(vector.input)).toEqual(vector.expected);
  });
});

const UNKNOWN = [{ function: 'unknown', line: 0, file: 'unknown' }];

test('the error first, then its causes and members', () => {
  const trace = stacktrace({
    'exception.type': 'A',
    'exception.message': 'outer',
    'exception.stacktrace':
      'A: outer\n    at f (a.js:10:1)\n    at g (b.js:20:1)\n[cause]: B: cause\n    at h (c.js:30:1)\nCaused by: C: root',
  });
  expect(trace).toEqual([
    {
      type: 'A',
      message: 'outer',
      traceLines: [
        { function: 'f', line: 10, file: 'a.js' },
        { function: 'g', line: 20, file: 'b.js' },
      ],
    },
    { type: 'B', message: 'cause', traceLines: [{ function: 'h', line: 30, file: 'c.js' }] },
    { type: 'C', message: 'root', traceLines: UNKNOWN },
  ]);
  const error = new AggregateError([new RangeError('one'), 'two'], 'many', { cause: new TypeError('why') });
  expect(stacktrace({}, error).map(({ type, message }) => [type, message])).toEqual([
    ['AggregateError', 'many'],
    ['TypeError', 'why'],
    ['RangeError', 'one'],
    ['Error', 'two'],
  ]);
});

test('an error without frames has one unknown line; a record without an error has no trace', () => {
  expect(stacktrace({ 'exception.message': 'm' })).toEqual([{ type: 'Error', message: 'm', traceLines: UNKNOWN }]);
  expect(stacktrace({ 'error.type': 'x' }, 'text')).toBeUndefined();
});

test('line and column as text on request', () => {
  const attributes = { 'exception.stacktrace': 'Error: x\n    at f (/a.js:21:28)' };
  expect(stacktrace(attributes, undefined, { lineColumn: true })[0]?.traceLines[0]?.line).toBe('21:28');
  expect(stacktrace(attributes)[0]?.traceLines[0]?.line).toBe(21);
});

test('the working directory of the start is cut, whatever becomes of it later', () => {
  const directory = process.cwd();
  const inside = `${directory}/src/a.js`;
  const lines = [inside, pathToFileURL(inside).href, '/elsewhere/b.js', 'node:fs', `${directory}-other/c.js`];
  const attributes = {
    'exception.stacktrace': `Error: x\n${lines.map((path) => `    at f (${path}:1:2)`).join('\n')}`,
  };
  const files = (options: Partial<TrakerrOptions>) =>
    stacktrace(attributes, undefined, options)[0]?.traceLines.map((line) => line.file);
  expect(files({ stripWorkingDirectory: true })).toEqual([
    'src/a.js',
    'src/a.js',
    '/elsewhere/b.js',
    'node:fs',
    `${directory}-other/c.js`,
  ]);
  expect(files({})).toEqual(lines);
});
