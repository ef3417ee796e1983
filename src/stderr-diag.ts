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

/** How our own begin. */
const OURS = 'logferry';

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

/** What is shown of the diagnostics of all that use the API. */
export class Diagnostics {
  readonly #asked: boolean;
  #onlyOurs = false;

  /** `asked`: somebody wants to see them. */
  constructor(asked: boolean) {
    this.#asked = asked;
  }

  /** From now on only ours, unless `OTEL_LOG_LEVEL` asks for more: without us, nobody would see those of another SDK. */
  onlyOurs(): void {
    this.#onlyOurs = !this.#asked;
  }

  line(level: string): (message: string, ...args: unknown[]) => void {
    return (...parts) => {
      const text = parts.map(textOf).join(' ');
      if (text.startsWith(REPLACED) || (this.#onlyOurs && !text.startsWith(OURS))) return;
      writeLine(`[${level}] ${text}`);
    };
  }
}

/**
 * Shows OpenTelemetry's diagnostics on stderr: the level of `OTEL_LOG_LEVEL`, else warnings and errors. An
 * application's own diag logger stays; then there is nothing to change.
 */
export function installDiagLogger(otelLogLevel: string | undefined): Diagnostics | undefined {
  if (hasDiagLogger()) return undefined;
  const logLevel = diagLevel(otelLogLevel);
  const shown = new Diagnostics(logLevel !== undefined);
  const logger: DiagLogger = {
    error: shown.line('error'),
    warn: shown.line('warn'),
    info: shown.line('info'),
    debug: shown.line('debug'),
    verbose: shown.line('verbose'),
  };
  diag.setLogger(logger, { logLevel: logLevel ?? DiagLogLevel.WARN, suppressOverrideMessage: true });
  return shown;
}
