import type { Context } from '@opentelemetry/api';
import { context as otelContext, propagation } from '@opentelemetry/api';
import { snapshotEntries } from './snapshot.ts';
import type { ContextFields } from './store.ts';
import { CUSTOM_TRACE_ID, NO_FIELDS, NO_SCOPE, runIn, scopeOf, store } from './store.ts';

/** Options of `withLogContext`. */
export interface LogContextOptions {
  /**
   * Names of fields that also go into OpenTelemetry's Baggage, and so with outgoing requests to other services, for all
   * to read. Default: none.
   */
  readonly baggage?: readonly string[];
}

/** The outer fields with others on top; an undefined value takes a field away. */
function merged(outer: ContextFields, fields: unknown): ContextFields {
  const all = new Map(outer);
  for (const [key, value] of snapshotEntries(fields)) {
    if (value === undefined) all.delete(key);
    else all.set(key, value);
  }
  return all;
}

function withBaggage(context: Context, fields: ContextFields, keys: readonly string[]): Context {
  let baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const key of keys) {
    const value = fields.get(key);
    if (value === undefined) continue;
    baggage = baggage.setEntry(key, { value: typeof value === 'object' ? JSON.stringify(value) : String(value) });
  }
  return propagation.setBaggage(context, baggage);
}

/**
 * Runs `fn` and gives its result; every record that is emitted meanwhile, also behind `await`, timers and callbacks that
 * `fn` started, has the fields as attributes. Contexts nest: inner fields win, an undefined value takes an outer field
 * away, the record's own attributes win over all. Values are copied at entry. Needs a `LogContextProcessor` (with
 * `logferry/register` there is one). Throws only what `fn` throws.
 */
export function withLogContext<Result>(
  fields: Readonly<Record<string, unknown>>,
  fn: () => Result,
  options?: LogContextOptions,
): Result {
  const context = otelContext.active();
  const outer = scopeOf(context) ?? NO_SCOPE;
  const scope = { ...outer, fields: merged(outer.fields, fields) };
  const keys = options?.baggage;
  return runIn(scope, keys === undefined ? context : withBaggage(context, scope.fields, keys), fn);
}

/**
 * Adds fields to every record of this thread from now on, whatever context it is emitted in; `withLogContext` and the
 * record's own attributes win. A field that is there already is replaced, an undefined value takes it away. Never throws.
 */
export function setGlobalContext(fields: Readonly<Record<string, unknown>>): void {
  const shared = store();
  shared.globalFields = merged(shared.globalFields, fields);
}

/** Takes all global fields away. */
export function clearGlobalContext(): void {
  store().globalFields = NO_FIELDS;
}

/** The attributes that a record emitted here and now would get, inner fields on top of global ones. */
export function contextAttributes(context?: Context): Record<string, unknown> {
  const { fields, customTraceId } = scopeOf(context) ?? NO_SCOPE;
  return {
    ...Object.fromEntries(store().globalFields),
    ...Object.fromEntries(fields),
    ...(customTraceId !== undefined && { [CUSTOM_TRACE_ID]: customTraceId }),
  };
}
