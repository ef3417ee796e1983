import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { DiagLogger } from '@opentelemetry/api';
import { DiagLogLevel, diag } from '@opentelemetry/api';

const LEVELS = new Map<string, DiagLogLevel>([
  ['ALL', DiagLogLevel.ALL],
  ['VERBOSE', DiagLogLevel.VERBOSE],
  ['DEBUG', DiagLogLevel.DEBUG],
  ['INFO', DiagLogLevel.INFO],
  ['WARN', DiagLogLevel.WARN],
  ['ERROR', DiagLogLevel.ERROR],
  ['NONE', DiagLogLevel.NONE],
]);

/** What the API tells the old logger when the application sets its own, with a stack: no news for anybody. */
const REPLACED = 'Current logger will be overwritten';

/** One line on stderr, past `console` (which may be captured and sent to us). A closed stderr is no error. */
export function writeLine(text: string): void {
  try {
    // Line breaks would forge lines, escape sequences would colour or rewrite them.
    writeSync(2, `${text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')}\n`);
  } catch {
    // Nobody is listening.
  }
}

/** The level that `OTEL_LOG_LEVEL` names, in any case; undefined for anything else. */
export function diagLevel(text: string | undefined): DiagLogLevel | undefined {
  return LEVELS.get(text?.trim().toUpperCase() ?? '');
}

function hasDiagLogger(): boolean {
  const global = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (global as { diag?: unknown } | undefined)?.diag !== undefined;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    if (value instanceof Error) return value.stack ?? value.message;
    return inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return '[unprintable]';
  }
}

function line(level: string): (message: string, ...args: unknown[]) => void {
  return (...parts) => {
    const text = parts.map(textOf).join(' ');
    if (!text.startsWith(REPLACED)) writeLine(`[${level}] ${text}`);
  };
}

/**
 * Shows OpenTelemetry's diagnostics on stderr: the level of `OTEL_LOG_LEVEL`, else warnings and errors. An
 * application's own diag logger stays.
 */
export function installDiagLogger(otelLogLevel: string | undefined): void {
  if (hasDiagLogger()) return;
  const logger: DiagLogger = {
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
    verbose: line('verbose'),
  };
  diag.setLogger(logger, { logLevel: diagLevel(otelLogLevel) ?? DiagLogLevel.WARN, suppressOverrideMessage: true });
}
