import { writeSync } from 'node:fs';
import type { DiagLogger } from '@opentelemetry/api';
import { DiagLogLevel, diag } from '@opentelemetry/api';

const LEVELS: Readonly<Record<string, DiagLogLevel>> = {
  ALL: DiagLogLevel.ALL,
  VERBOSE: DiagLogLevel.VERBOSE,
  DEBUG: DiagLogLevel.DEBUG,
  INFO: DiagLogLevel.INFO,
  WARN: DiagLogLevel.WARN,
  ERROR: DiagLogLevel.ERROR,
  NONE: DiagLogLevel.NONE,
};

/** One line on stderr, past `console` (which may be captured and sent to us). A closed stderr is no error. */
export function writeLine(text: string): void {
  try {
    writeSync(2, `${text.replace(/[\r\n]+/g, ' ')}\n`);
  } catch {
    // Nobody is listening.
  }
}

function hasDiagLogger(): boolean {
  const global = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (global as { diag?: unknown } | undefined)?.diag !== undefined;
}

function line(level: string): (message: string, ...args: unknown[]) => void {
  return (message, ...args) => writeLine(`[${level}] ${[message, ...args.map(String)].join(' ')}`);
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
  const logLevel = LEVELS[otelLogLevel?.trim().toUpperCase() ?? ''] ?? DiagLogLevel.WARN;
  diag.setLogger(logger, { logLevel, suppressOverrideMessage: true });
}
