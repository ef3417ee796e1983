import * as api from '@opentelemetry/api';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { SpanEventBridge } from './span-event-bridge.ts';

/** Where `@opentelemetry/api-logs` (0.2xx) keeps its provider; api 1.10 has a slot of its own, and nothing joins them. */
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

interface LogsApi {
  setGlobalLoggerProvider(provider: LoggerProvider): unknown;
}

type ApiLogsSlot = (version: number) => unknown;

function logsOfApi(): LogsApi | undefined {
  // api 1.9 has no such export; a named import of it would not even link.
  return (api as { logs?: LogsApi }).logs;
}

/** Whether somebody has registered a logger provider in the api-logs global. */
function apiLogsTaken(): boolean {
  return (globalThis as Record<symbol, unknown>)[API_LOGS] !== undefined;
}

function apiTaken(): boolean {
  const global = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (global as { logs?: unknown } | undefined)?.logs !== undefined;
}

/** Whether a logger provider other than ours is registered in either global. */
export function hasLoggerProvider(): boolean {
  return apiLogsTaken() || apiTaken();
}

/** Registers the provider in both Logs-API globals, so that loggers of either OpenTelemetry line reach it. */
export function registerLoggerProvider(provider: LoggerProvider): void {
  logsOfApi()?.setGlobalLoggerProvider(provider);
  const slot: ApiLogsSlot = (version) => (version === API_LOGS_VERSION ? provider : undefined);
  (globalThis as Record<symbol, unknown>)[API_LOGS] = slot;
}

interface ProcessorList {
  readonly _activeSpanProcessor?: { readonly _spanProcessors?: unknown[] };
  getDelegate?(): ProcessorList;
}

/**
 * Adds the bridge to a tracer provider that is already registered. The API has no way to do so, the processor list is a
 * private field of both SDK lines; false when it is not there (no provider yet, or one of another make).
 */
export function attachBridge(bridge: SpanEventBridge): boolean {
  const registered = api.trace.getTracerProvider() as ProcessorList;
  const provider = registered.getDelegate?.() ?? registered;
  const processors = provider._activeSpanProcessor?._spanProcessors;
  if (!Array.isArray(processors)) return false;
  if (!processors.includes(bridge)) processors.push(bridge);
  return true;
}
