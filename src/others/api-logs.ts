import type { AnyLoggerProvider } from './loggers.ts';

/** Where `@opentelemetry/api-logs` (0.2xx) keeps its provider; api 1.10 has a slot of its own, and nothing joins them. */
const API_LOGS = Symbol.for('io.opentelemetry.js.api.logs');
const API_LOGS_VERSION = 1;

type ApiLogsSlot = (version: number) => unknown;

function slotOf(provider: unknown): ApiLogsSlot {
  return (version) => (version === API_LOGS_VERSION ? provider : undefined);
}

/** The provider that is registered with the `api-logs` package. */
export function apiLogsProvider(): unknown {
  const slot = (globalThis as Record<symbol, unknown>)[API_LOGS];
  return typeof slot === 'function' ? (slot as ApiLogsSlot)(API_LOGS_VERSION) : undefined;
}

/** Registers a provider with the `api-logs` package, whichever copies of it there are. */
export function setApiLogsProvider(provider: AnyLoggerProvider): void {
  (globalThis as Record<symbol, unknown>)[API_LOGS] = slotOf(provider);
}

/** Whether the function that called `callee` is a registration. */
function isRegistering(callee: () => unknown): boolean {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    // Call sites instead of text: nobody's source maps are read for this.
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, callee);
    const [site] = (holder.stack ?? []) as readonly NodeJS.CallSite[];
    return site?.getFunctionName()?.endsWith('setGlobalLoggerProvider') === true;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Lets others register with the `api-logs` package although we have: it would refuse them in silence. It looks whether
 * the place is taken from within `setGlobalLoggerProvider`, and finds it empty; whoever else looks finds what is there.
 * There are as many copies of the package as there are versions of the SDK, so none of them is changed. `onRegistered`
 * is told what they register, and says what is to stand there.
 */
export function watchApiLogs(onRegistered: (provider: AnyLoggerProvider) => AnyLoggerProvider): void {
  let slot = (globalThis as Record<symbol, unknown>)[API_LOGS];
  const get = (): unknown => (isRegistering(get) ? undefined : slot);
  Object.defineProperty(globalThis, API_LOGS, {
    configurable: true,
    enumerable: true,
    get,
    set: (next: unknown) => {
      const provider = typeof next === 'function' ? (next as ApiLogsSlot)(API_LOGS_VERSION) : undefined;
      slot =
        typeof provider === 'object' && provider !== null ? slotOf(onRegistered(provider as AnyLoggerProvider)) : next;
    },
  });
}
