import { writeSync } from 'node:fs';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { diagLevel, installDiagLogger, writeLine } from '../../src/stderr-diag.ts';

vi.mock('node:fs', async (original) => ({ ...(await original<typeof import('node:fs')>()), writeSync: vi.fn() }));

const written = vi.mocked(writeSync);
const lines = (): string[] => written.mock.calls.map(([fd, text]) => `${fd} ${String(text)}`);

afterEach(() => {
  diag.disable();
  written.mockReset();
});

describe('writeLine', () => {
  it('writes one line to stderr', () => {
    writeLine('hello');
    expect(lines()).toEqual(['2 hello\n']);
  });

  it('lets no text forge a line or steer a terminal', () => {
    writeLine('a\r\nb\u001b[31mc\u0000d\u2028e\u009bf ü');
    expect(lines()).toEqual(['2 a b [31mc d e f ü\n']);
  });

  it('takes a closed stderr as it is', () => {
    written.mockImplementation(() => {
      throw Object.assign(new Error('EPIPE'), { code: 'EPIPE' });
    });
    expect(() => writeLine('hello')).not.toThrow();
    expect(written).toHaveBeenCalledTimes(1);
  });
});

it.each([
  ['ALL', DiagLogLevel.ALL],
  ['verbose', DiagLogLevel.VERBOSE],
  [' Debug ', DiagLogLevel.DEBUG],
  ['INFO', DiagLogLevel.INFO],
  ['WARN', DiagLogLevel.WARN],
  ['ERROR', DiagLogLevel.ERROR],
  ['NONE', DiagLogLevel.NONE],
  ['loud', undefined],
  ['__proto__', undefined],
  ['', undefined],
  [undefined, undefined],
])('OTEL_LOG_LEVEL=%s is %s', (text, level) => expect(diagLevel(text)).toBe(level));

describe('installDiagLogger', () => {
  const speak = (): void => {
    for (const level of ['error', 'warn', 'info', 'debug', 'verbose'] as const) diag[level](`an ${level}`);
  };

  it.each<[string | undefined, string[]]>([
    [undefined, ['error', 'warn']],
    ['nonsense', ['error', 'warn']],
    ['error', ['error']],
    ['debug', ['error', 'warn', 'info', 'debug']],
    ['all', ['error', 'warn', 'info', 'debug', 'verbose']],
    ['none', []],
  ])('%s shows %j', (level, shown) => {
    installDiagLogger(level);
    written.mockReset(); // At debug the API itself has something to say.
    speak();
    expect(lines()).toEqual(shown.map((name) => `2 [${name}] an ${name}\n`));
  });

  it('prints whatever it is given, and throws nothing into the application', () => {
    installDiagLogger('info');
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error('no');
      },
    };
    const proxy = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    diag.error('text', Object.create(null), Symbol('s'), { a: 1 }, 7n, undefined, hostile, proxy);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/^2 \[error\] text .*Symbol\(s\) \{ a: 1 \} 7n undefined/);
    diag.error('failed', new TypeError('boom'));
    expect(lines()[1]).toMatch(/^2 \[error\] failed TypeError: boom\s+at [^\n]*\n$/);
  });

  it("leaves an application's logger alone, whether it came before or comes after", () => {
    const own = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn(), verbose: vi.fn() };
    diag.setLogger(own);
    installDiagLogger('all');
    diag.error('first');
    expect(own.error).toHaveBeenCalledWith('first');
    expect(lines()).toEqual([]);

    diag.disable();
    installDiagLogger(undefined);
    diag.setLogger(own);
    diag.error('second');
    expect(own.error).toHaveBeenLastCalledWith('second');
    expect(lines()).toEqual([]); // Not even that it was replaced.
  });
});
