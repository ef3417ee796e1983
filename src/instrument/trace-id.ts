import { randomFillSync } from 'node:crypto';
import type { SpanContext } from '@opentelemetry/api';
import { isSpanContextValid, context as otelContext, TraceFlags, trace } from '@opentelemetry/api';
import { NO_SCOPE, runIn, scopeOf } from './store.ts';

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/i;
/** LogTide, whose id this becomes, refuses ids of some thousand characters. */
const MAX_CUSTOM_LENGTH = 256;
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;
const POOL_BYTES = 4_096;

/** Random bytes as hexadecimal digits, drawn from the system in larger portions (an id a record costs 0.1 µs so). */
function randomHexSource(): (bytes: number) => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
}

const randomHex = randomHexSource();

/** A trace of its own, for a record or a piece of work outside any span. */
export function newTrace(traceFlags: number): SpanContext {
  return { traceId: randomHex(TRACE_BYTES), spanId: randomHex(SPAN_BYTES), traceFlags };
}

function activeSpanContext(): SpanContext | undefined {
  const context = trace.getSpanContext(otelContext.active());
  return context !== undefined && isSpanContextValid(context) ? context : undefined;
}

/** What begins here is recorded if what is around it is. */
function inheritedFlags(): number {
  return activeSpanContext()?.traceFlags ?? TraceFlags.SAMPLED;
}

function inTrace<Result>(spanContext: SpanContext, fn: () => Result): Result {
  const context = otelContext.active();
  const scope = { ...(scopeOf(context) ?? NO_SCOPE), spanContext, customTraceId: undefined };
  return runIn(scope, trace.setSpan(context, trace.wrapSpanContext(spanContext)), fn);
}

/**
 * Runs `fn` and gives its result; records emitted meanwhile belong to the trace `id`, and so do the spans that begin and
 * the requests that leave with W3C trace context. An id that is not 32 hexadecimal digits becomes the attribute
 * `trace.custom_id` instead and leaves spans alone. Throws only what `fn` throws.
 */
export function withTraceId<Result>(id: string, fn: () => Result): Result {
  if (typeof id === 'string' && TRACE_ID.test(id)) {
    const traceId = id.toLowerCase();
    const active = activeSpanContext();
    if (active?.traceId === traceId) return inTrace(active, fn);
    return inTrace({ ...newTrace(inheritedFlags()), traceId }, fn);
  }
  const context = otelContext.active();
  const text = typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, MAX_CUSTOM_LENGTH) : '';
  return runIn({ ...(scopeOf(context) ?? NO_SCOPE), customTraceId: text || undefined }, context, fn);
}

/** `withTraceId` with a fresh random id, for work that no request began: a job, a timer, a message. */
export function withNewTraceId<Result>(fn: () => Result): Result {
  return inTrace(newTrace(inheritedFlags()), fn);
}

/** The trace id here and now: the active span's, else that of `withTraceId` in either form, else undefined. */
export function getTraceId(): string | undefined {
  const scope = scopeOf();
  return activeSpanContext()?.traceId ?? scope?.spanContext?.traceId ?? scope?.customTraceId;
}
