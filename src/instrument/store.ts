import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, SpanContext } from '@opentelemetry/api';
import { createContextKey, context as otelContext } from '@opentelemetry/api';

/** Fields of a log context, as they were when it was entered. */
export type ContextFields = ReadonlyMap<string, unknown>;

/** What holds for everything that runs inside a `withLogContext` or `withTraceId`, those around it included. */
export interface Scope {
  readonly fields: ContextFields;
  /** The trace that `withTraceId` or `withNewTraceId` began. */
  readonly spanContext: SpanContext | undefined;
  /** An id that is no trace id of OpenTelemetry's. */
  readonly customTraceId: string | undefined;
}

/** What stops a listener that several callers share, and how many of them want it. */
interface Shared {
  holders: number;
  stop: () => void;
}

interface Store {
  readonly scopes: AsyncLocalStorage<Scope>;
  globalFields: ContextFields;
  /** Errors that have been logged; what passes through several wrappers is logged by the innermost. */
  readonly reported: WeakSet<object>;
  uncaught: Shared | undefined;
}

/** The attribute of a trace id that is none of OpenTelemetry's. */
export const CUSTOM_TRACE_ID = 'trace.custom_id';
export const NO_FIELDS: ContextFields = new Map();
export const NO_SCOPE: Scope = { fields: NO_FIELDS, spanContext: undefined, customTraceId: undefined };

/** One store for each thread, whichever copy of logferry asks: an application can load several. */
const STORE = Symbol.for('logferry.context.1');
/** A registered symbol as well, so that copies of the API meet. */
const SCOPE = createContextKey('logferry.context.1');

export function store(): Store {
  const slots = globalThis as Record<symbol, unknown>;
  slots[STORE] ??= {
    scopes: new AsyncLocalStorage<Scope>(),
    globalFields: NO_FIELDS,
    reported: new WeakSet(),
    uncaught: undefined,
  } satisfies Store;
  return slots[STORE] as Store;
}

/**
 * The scope that a record of this OpenTelemetry context belongs to. The context knows better where it was carried by
 * hand (`context.bind`, `emit({ context })`); without a context manager it knows nothing.
 */
export function scopeOf(context: Context = otelContext.active()): Scope | undefined {
  return (context.getValue(SCOPE) as Scope | undefined) ?? store().scopes.getStore();
}

/** Runs `fn` in a scope, which travels with promises, timers and callbacks, and with the OpenTelemetry context. */
export function runIn<Result>(scope: Scope, context: Context, fn: () => Result): Result {
  return otelContext.with(context.setValue(SCOPE, scope), () => store().scopes.run(scope, fn));
}
