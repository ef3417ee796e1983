import * as api from '@opentelemetry/api';
import { apiLogsProvider, setApiLogsProvider } from './others/api-logs.ts';
import type { AnyLoggerProvider } from './others/loggers.ts';
import type { Slot } from './others/registry.ts';
import { registrations } from './others/registry.ts';
import type { AnySpanProcessor } from './span-processors.ts';

/** The Logs API as both packages have it. */
interface LogsApi {
  setGlobalLoggerProvider(provider: AnyLoggerProvider): unknown;
}

function logsOfApi(): LogsApi | undefined {
  // api 1.9 has no such export; a named import of it would not even link.
  return (api as { logs?: LogsApi }).logs;
}

/** Whether the Logs API is part of the API (1.10, with the SDK's 3.x) or a package of its own. */
export function hasLogsInApi(): boolean {
  return logsOfApi() !== undefined;
}

/** The logger providers that are registered with either Logs API. */
export function registeredLoggerProviders(): readonly AnyLoggerProvider[] {
  const found = [registrations().logs, apiLogsProvider()].filter((one) => typeof one === 'object' && one !== null);
  return [...new Set(found)] as AnyLoggerProvider[];
}

/**
 * Registers the provider with both Logs APIs, so that loggers of either OpenTelemetry line reach it; where somebody
 * else's is registered already, that one stays. What is ours in the API's registry comes back.
 */
export function registerLoggerProvider(provider: AnyLoggerProvider): readonly Slot[] {
  if (apiLogsProvider() === undefined) setApiLogsProvider(provider);
  if (registrations().logs !== undefined) return [];
  return logsOfApi()?.setGlobalLoggerProvider(provider) === true ? ['logs'] : [];
}

interface SdkTracerProvider {
  readonly _activeSpanProcessor?: { _spanProcessors?: unknown };
}

/** What is registered with the API as tracer provider. */
export interface ProxyTracerProvider extends SdkTracerProvider {
  getDelegate?(): SdkTracerProvider;
  setDelegate?(delegate: SdkTracerProvider): void;
}

/**
 * Adds the bridge to a tracer provider. The API has no way to do so, the processor list is a private field of both SDK
 * lines; false when it is not there (a provider of another make). Never throws.
 */
function attachBridge(bridge: AnySpanProcessor, provider: ProxyTracerProvider): boolean {
  try {
    const active = (provider.getDelegate?.() ?? provider)._activeSpanProcessor;
    const processors = active?._spanProcessors;
    if (active === undefined || !Array.isArray(processors)) return false;
    // A list of its own: the one there may be the application's, shared or frozen.
    if (!processors.includes(bridge)) active._spanProcessors = [...processors, bridge];
    return true;
  } catch {
    return false;
  }
}

export function attachBridgeOrSay(bridge: AnySpanProcessor, provider: ProxyTracerProvider): void {
  if (attachBridge(bridge, provider)) return;
  api.diag.info('logferry: span events of this tracer provider are out of reach; add a SpanEventBridge to it');
}

/** The API registers its proxy first and then hands it the provider, in the same turn: spans may end right after. */
export function onDelegate(proxy: ProxyTracerProvider, then: () => void): void {
  if (typeof proxy?.setDelegate !== 'function') {
    queueMicrotask(then);
    return;
  }
  proxy.setDelegate = (delegate) => {
    Reflect.deleteProperty(proxy, 'setDelegate');
    proxy.setDelegate?.(delegate);
    then();
  };
}
