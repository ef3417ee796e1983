import * as api from '@opentelemetry/api';
import type { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { SpanEventBridge } from './span-event-bridge.ts';

/** Where `@opentelemetry/api-logs` (0.2xx) keeps its provider; api 1.10 has a slot of its own, and nothing joins them. */
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;
/** Where every `@opentelemetry/api` 1.x keeps what is registered, by name. */
const API = Symbol.for('opentelemetry.js.api.1');

interface LogsApi {
  setGlobalLoggerProvider(provider: LoggerProvider): unknown;
}

type ApiLogsSlot = (version: number) => unknown;

function logsOfApi(): LogsApi | undefined {
  // api 1.9 has no such export; a named import of it would not even link.
  return (api as { logs?: LogsApi }).logs;
}

function registrations(): { logs?: unknown; trace?: unknown } | undefined {
  return (globalThis as Record<symbol, unknown>)[API] as { logs?: unknown; trace?: unknown } | undefined;
}

/** Whether a logger provider other than ours is registered in either global. */
export function hasLoggerProvider(): boolean {
  return (globalThis as Record<symbol, unknown>)[API_LOGS] !== undefined || registrations()?.logs !== undefined;
}

/** Registers the provider in both Logs-API globals, so that loggers of either OpenTelemetry line reach it. */
export function registerLoggerProvider(provider: LoggerProvider): void {
  logsOfApi()?.setGlobalLoggerProvider(provider);
  const slot: ApiLogsSlot = (version) => (version === API_LOGS_VERSION ? provider : undefined);
  (globalThis as Record<symbol, unknown>)[API_LOGS] = slot;
}

interface SdkTracerProvider {
  readonly _activeSpanProcessor?: { _spanProcessors?: unknown };
}

interface ProxyTracerProvider extends SdkTracerProvider {
  getDelegate?(): SdkTracerProvider;
  setDelegate?(delegate: SdkTracerProvider): void;
}

/**
 * Adds the bridge to a tracer provider, by default the one that is registered. The API has no way to do so, the
 * processor list is a private field of both SDK lines; false when it is not there (no provider yet, or one of another
 * make). Never throws.
 */
function attachBridge(bridge: SpanEventBridge, provider?: ProxyTracerProvider): boolean {
  try {
    const registered = provider ?? (api.trace.getTracerProvider() as ProxyTracerProvider);
    const active = (registered.getDelegate?.() ?? registered)._activeSpanProcessor;
    const processors = active?._spanProcessors;
    if (active === undefined || !Array.isArray(processors)) return false;
    // A list of its own: the one there may be the application's, shared or frozen.
    if (!processors.includes(bridge)) active._spanProcessors = [...processors, bridge];
    return true;
  } catch {
    return false;
  }
}

function attachOrSay(bridge: SpanEventBridge, provider?: ProxyTracerProvider): void {
  if (attachBridge(bridge, provider)) return;
  api.diag.info('logferry: span events of this tracer provider are out of reach; add a SpanEventBridge to it');
}

/**
 * Adds the bridge to the tracer provider, or to the one that will be registered, whenever that is: until then the
 * registry's empty `trace` slot is watched by an accessor, which turns into the plain property it replaces. Spans of a
 * provider that is never registered, or is not OpenTelemetry's SDK, stay out of reach.
 */
export function attachBridgeOnceRegistered(bridge: SpanEventBridge): void {
  if (attachBridge(bridge)) return;
  const registry = registrations();
  if (registry === undefined) return;
  if (registry.trace !== undefined) {
    attachOrSay(bridge);
    return;
  }
  Object.defineProperty(registry, 'trace', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set: (proxy: ProxyTracerProvider) => {
      Object.defineProperty(registry, 'trace', { value: proxy, configurable: true, enumerable: true, writable: true });
      onDelegate(proxy, () => attachOrSay(bridge, proxy));
    },
  });
}

/** The API registers its proxy first and then hands it the provider, in the same turn: spans may end right after. */
function onDelegate(proxy: ProxyTracerProvider, attach: () => void): void {
  if (typeof proxy?.setDelegate !== 'function') {
    queueMicrotask(attach);
    return;
  }
  proxy.setDelegate = (delegate) => {
    Reflect.deleteProperty(proxy, 'setDelegate');
    proxy.setDelegate?.(delegate);
    attach();
  };
}
