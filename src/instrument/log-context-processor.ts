import type { Context, SpanContext } from '@opentelemetry/api';
import { context as otelContext, propagation, TraceFlags } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { knownOptions } from '../option-checks.ts';
import type { CallSiteOptions } from './call-site.ts';
import { callSiteReader } from './call-site.ts';
import type { ContextFields, Scope } from './store.ts';
import { CUSTOM_TRACE_ID, scopeOf, store } from './store.ts';
import { newTrace } from './trace-id.ts';

/** Options of `LogContextProcessor`. */
export interface LogContextProcessorOptions {
  /** Names of the Baggage entries that become attributes; anybody who calls this service can set them. Default: none. */
  readonly baggageKeys?: readonly string[];
  /**
   * Gives every record outside any trace a trace id of its own, as LogTide's clients do; `withNewTraceId` gives several
   * records one. Default false.
   */
  readonly autoTraceId?: boolean;
  /** Adds file, line and function of the call that emitted the record. Default: no. */
  readonly callSite?: CallSiteOptions | boolean;
}

/** A log record that is being emitted; the SDKs of both OpenTelemetry lines fit. */
export interface EnrichableRecord {
  readonly attributes: object;
  readonly severityNumber?: number;
  spanContext?: SpanContext;
  setAttribute(key: string, value?: unknown): unknown;
}

const OPTIONS = ['baggageKeys', 'autoTraceId', 'callSite'];

function add(record: EnrichableRecord, fields: ContextFields): void {
  for (const [key, value] of fields) {
    if (!Object.hasOwn(record.attributes, key)) record.setAttribute(key, value);
  }
}

function addBaggage(record: EnrichableRecord, context: Context, keys: readonly string[]): void {
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return;
  for (const key of keys) {
    const value = baggage.getEntry(key)?.value;
    if (value !== undefined && !Object.hasOwn(record.attributes, key)) record.setAttribute(key, value);
  }
}

function addTrace(record: EnrichableRecord, scope: Scope | undefined, autoTraceId: boolean): void {
  const custom = scope?.customTraceId;
  if (custom !== undefined && !Object.hasOwn(record.attributes, CUSTOM_TRACE_ID)) {
    record.setAttribute(CUSTOM_TRACE_ID, custom);
  }
  if (record.spanContext !== undefined) return;
  if (scope?.spanContext !== undefined) record.spanContext = scope.spanContext;
  else if (autoTraceId && custom === undefined) record.spanContext = newTrace(TraceFlags.NONE);
}

function baggageNames(keys: unknown): readonly string[] {
  if (keys === undefined) return [];
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'string' && key !== '')) return keys;
  throw new TypeError('baggageKeys must be a list of names');
}

/**
 * Makes a function that adds to a record, while it is being emitted, what its surroundings know: fields of the log
 * context, then allowed Baggage entries, then global fields (what is there already stays), the trace id where it has
 * none, the call site. Throws a `TypeError` or `RangeError` for bad options; the function it makes never throws.
 */
export function recordEnricher(
  options: LogContextProcessorOptions = {},
): (record: EnrichableRecord, context?: Context) => void {
  knownOptions(options, OPTIONS, '');
  const baggageKeys = baggageNames(options.baggageKeys);
  const autoTraceId = options.autoTraceId === true;
  const { callSite = false } = options;
  const readCallSite = callSite === false ? undefined : callSiteReader(callSite === true ? {} : callSite);
  return (record, context = otelContext.active()) => {
    try {
      const scope = scopeOf(context);
      if (scope !== undefined) add(record, scope.fields);
      if (baggageKeys.length > 0) addBaggage(record, context, baggageKeys);
      const { globalFields } = store();
      if (globalFields.size > 0) add(record, globalFields);
      if (scope !== undefined || autoTraceId) addTrace(record, scope, autoTraceId);
      if (readCallSite !== undefined) addCallSite(record, readCallSite);
    } catch {
      // A record of a foreign shape; it goes on as it is, and the application must not notice.
    }
  };
}

function addCallSite(record: EnrichableRecord, read: ReturnType<typeof callSiteReader>): void {
  const { attributes } = record;
  if (Object.hasOwn(attributes, 'code.file.path') || Object.hasOwn(attributes, 'code.filepath')) return;
  const site = read(record.severityNumber);
  if (site === undefined) return;
  for (const key of Object.keys(site)) {
    if (!Object.hasOwn(attributes, key)) record.setAttribute(key, site[key]);
  }
}

/**
 * A log record processor that adds the log context to every record: fields of `withLogContext` and `setGlobalContext`,
 * the trace of `withTraceId`, Baggage entries and the call site where asked for. Put it in front of the processor that
 * delivers. Costs a look at the asynchronous context for records without one. Nothing is thrown into the application.
 */
export class LogContextProcessor implements LogRecordProcessor {
  readonly #enrich: (record: EnrichableRecord, context?: Context) => void;

  /** Throws a `TypeError` or `RangeError` that names a bad option. */
  constructor(options: LogContextProcessorOptions = {}) {
    this.#enrich = recordEnricher(options);
  }

  onEmit(record: EnrichableRecord, context?: Context): void {
    this.#enrich(record, context);
  }

  /** No record is wanted for this processor's sake; the one behind it decides. */
  enabled(): boolean {
    return false;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
