import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exceptionFromParts } from '../../src/record/exception.ts';
import { parseFrame, parseStack } from '../../src/record/stack.ts';
import { hostileText } from '../support/records.ts';

interface Vector {
  readonly name: string;
  readonly node: string;
  readonly input: Readonly<Record<string, string>>;
  readonly expected: readonly { type: string; message: string; traceLines: readonly object[] }[];
}

const file = new URL('../../../shared/captures/trakerr/v8-stack-vectors.json', import.meta.url);
const vectors: readonly Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).vectors : [];
if (vectors.length === 0) process.stderr.write(`skipped: no stack vectors at ${file.href}\n`);

describe.skipIf(vectors.length === 0)('stacks of real Node processes', () => {
  test('there are 52 of them', () => expect(vectors).toHaveLength(52));

  test.each(vectors.map((vector) => [`${vector.name} ${vector.node}`, vector] as const))(
    '%s',
    (_, { input, expected }) => {
      const exception = exceptionFromParts(
        input['exception.type'],
        input['exception.message'],
        input['exception.stacktrace'],
      );
      const { type, message, frames } = exception;
      const lines = frames.map(({ function: name, line, file: path }) => ({ function: name, line, file: path }));
      const traceLines = lines.length > 0 ? lines : [{ function: 'unknown', line: 0, file: 'unknown' }];
      expect([{ type, message, traceLines }]).toEqual(expected);
    },
  );
});

describe('parseFrame', () => {
  test.each([
    ['plain (/app/a.js:5:28)', 'plain', '/app/a.js', 5, 28],
    ['/app/a.js:5:63', '<anonymous>', '/app/a.js', 5, 63],
    ['async /app/a.js:5:63', 'async <anonymous>', '/app/a.js', 5, 63],
    ['async run (file:///app/a.mjs:1:2)', 'async run', 'file:///app/a.mjs', 1, 2],
    ['new Foo (C:\\app\\my file.js:6:37)', 'new Foo', 'C:\\app\\my file.js', 6, 37],
    ['get x [as y] (node:fs:3:4)', 'get x [as y]', 'node:fs', 3, 4],
    ['page (/app/(group)/page.mjs:1:9)', 'page', '/app/(group)/page.mjs', 1, 9],
    ['Array.map (<anonymous>)', 'Array.map', '<anonymous>', 0, 0],
    ['async Promise.all (index 0)', 'async Promise.all (index 0)', '<anonymous>', 0, 0],
    ['f (eval at g (/app/v8.js:15:9), <anonymous>:1:24)', 'f', '/app/v8.js', 15, 9],
    ['wasm://wasm/0145fffe:wasm-function[0]:0x1e', '<anonymous>', 'wasm://wasm/0145fffe:wasm-function[0]:0x1e', 0, 0],
  ])('%s', (text, name, path, line, column) => {
    expect(parseFrame(text)).toEqual({ function: name, file: path, line, column });
  });
});

describe('parseStack', () => {
  test('splits causes as pino, Java and the inspector write them', () => {
    const text =
      'Error: a\n    at f (/a.js:1:2)\ncaused by: TypeError: b\n    at g (/b.js:3:4)\n  [cause]: RangeError: c\n      at h (/c.js:5:6) {\n}';
    const sections = parseStack(text);
    expect(sections.map(({ header }) => header)).toEqual(['Error: a', 'TypeError: b', 'RangeError: c']);
    expect(sections.map(({ frames }) => frames[0]?.file)).toEqual(['/a.js', '/b.js', '/c.js']);
  });

  test('a known message hides lines in it that look like frames or causes', () => {
    const message = 'one\n    at not a frame\nCaused by: nobody';
    const [only, ...others] = parseStack(`Error: ${message}\n    at f (/a.js:1:2)`, message);
    expect(others).toEqual([]);
    expect(only?.frames).toEqual([{ function: 'f', file: '/a.js', line: 1, column: 2 }]);
    expect(only?.header).toBe(`Error: ${message}`);
  });

  test('never throws, loses no line and keeps positions as integers', () => {
    const line = fc.oneof(
      hostileText,
      hostileText.map((text) => `    at ${text}`),
      fc.constant('[cause]: Error: x'),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.option(hostileText, { nil: undefined }), (lines, message) => {
        const sections = parseStack(lines.join('\n'), message);
        expect(sections.length).toBeGreaterThan(0);
        for (const { frames } of sections) {
          for (const frame of frames) expect([frame.line, frame.column].every(Number.isInteger)).toBe(true);
        }
      }),
    );
  });
});
