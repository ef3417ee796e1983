import type { Context, TimeInput } from '@opentelemetry/api';
import { diag } from '@opentelemetry/api';
import { SDK_NAME, SDK_VERSION } from '../version.ts';

/** What is emitted; the loggers of both OpenTelemetry lines take it. */
export interface LoggedRecord {
  readonly timestamp?: TimeInput;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body?: unknown;
  readonly eventName?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly context?: Context;
}

/** An OpenTelemetry logger, of `@opentelemetry/api-logs` or of `@opentelemetry/api` 1.10. */
export interface LogEmitter {
  // The argument is `never` so that either API's own record type fits.
  emit(record: never): void;
}

interface Provider {
  getLogger(name: string, version?: string): LogEmitter;
}

/** Where the API from 1.10 on keeps its logger provider, and where `@opentelemetry/api-logs` does. */
const API = Symbol.for('opentelemetry.js.api.1');
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

const LOGGERS = new WeakMap<object, LogEmitter>();

function registeredProvider(): Provider | undefined {
  const slots = globalThis as Record<symbol, unknown>;
  const ofApi = (slots[API] as { logs?: unknown } | undefined)?.logs;
  const slot = slots[API_LOGS];
  return (ofApi ?? (typeof slot === 'function' ? slot(API_LOGS_VERSION) : undefined)) as Provider | undefined;
}

/** Making a logger is expensive, so each provider's is remembered. Whatever is registered now counts, not what was. */
function registeredLogger(): LogEmitter | undefined {
  const provider = registeredProvider();
  if (typeof provider?.getLogger !== 'function') return undefined;
  const known = LOGGERS.get(provider);
  if (known !== undefined) return known;
  const logger = provider.getLogger(SDK_NAME, SDK_VERSION);
  LOGGERS.set(provider, logger);
  return logger;
}

/** Emits through the given logger, else through the registered provider's; nothing without either. Never throws. */
export function emitSafely(logger: LogEmitter | undefined, record: LoggedRecord): void {
  try {
    (logger ?? registeredLogger())?.emit(record as never);
  } catch (error) {
    diag.debug('logferry: a logger failed', error);
  }
}

/** Throws a `TypeError` for something else than a logger. */
export function checkLogger(logger: LogEmitter | undefined): void {
  if (logger !== undefined && typeof logger?.emit !== 'function') {
    throw new TypeError('logger must be an OpenTelemetry logger');
  }
}
