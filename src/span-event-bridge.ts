import type { Attributes, Context, HrTime, SpanContext } from '@opentelemetry/api';
import { contextAttributes } from './instrument/log-context.ts';
import type { EmittedRecord, SpanFacts } from './record/record.ts';

/** What the bridge reads of a span event; the SDKs of both OpenTelemetry lines fit. */
export interface SpanEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
}

/** What the bridge reads of an ended span; the SDKs of both OpenTelemetry lines fit. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: number;
  readonly startTime: HrTime;
  readonly duration: HrTime;
  readonly status: { readonly code: number };
  readonly events: readonly SpanEvent[];
  readonly resource: EmittedRecord['resource'];
  readonly instrumentationScope: EmittedRecord['instrumentationScope'];
  spanContext(): SpanContext;
}

/** Takes span events; `PlatformLogExporter` is one. */
export interface SpanEventTarget {
  emitSpanEvent(record: EmittedRecord): void;
  forceFlush(): Promise<void>;
}

/** Options of `SpanEventBridge`. */
export interface SpanEventBridgeOptions {
  /** Where the events go. */
  readonly targets: SpanEventTarget | readonly SpanEventTarget[];
  /** Names of the events to pass, or a decision for each. Default: all. A decision that throws passes the event. */
  readonly events?: readonly string[] | ((event: SpanEvent, span: EndedSpan) => boolean);
}

const ERROR = 17;
const INFO = 9;

function millis([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + nanos / 1e6;
}

function factsOf(span: EndedSpan, event: SpanEvent): SpanFacts {
  return {
    name: span.name,
    kind: span.kind,
    status: span.status.code,
    durationMillis: millis(span.duration),
    offsetMillis: Math.max(0, millis(event.time) - millis(span.startTime)),
  };
}

function recordOf(span: EndedSpan, event: SpanEvent): EmittedRecord {
  const attributes = event.attributes ?? {};
  const exception = event.name === 'exception';
  const message = attributes['exception.message'] ?? attributes['exception.type'];
  return {
    hrTime: event.time,
    hrTimeObserved: event.time,
    spanContext: span.spanContext(),
    severityNumber: exception ? ERROR : INFO,
    severityText: exception ? 'ERROR' : 'INFO',
    ...(exception && typeof message === 'string' && { body: message }),
    eventName: event.name,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    attributes: { ...contextAttributes(), ...attributes } as EmittedRecord['attributes'],
    droppedAttributesCount: event.droppedAttributesCount ?? 0,
    span: factsOf(span, event),
  };
}

function decision(events: SpanEventBridgeOptions['events']): (event: SpanEvent, span: EndedSpan) => boolean {
  if (events === undefined) return () => true;
  if (Array.isArray(events)) {
    const names = new Set<string>(events);
    return (event) => names.has(event.name);
  }
  if (typeof events !== 'function') throw new TypeError('events must be a list of names or a function');
  return (event, span) => {
    try {
      return events(event, span);
    } catch {
      return true;
    }
  };
}

/**
 * A `SpanProcessor` that turns the events of ended spans into platform events (Odysseus) or log entries (the others),
 * with the event's own time, the span's ids, and exceptions as structured errors. An exception that is also logged
 * arrives once. Works with the tracing SDKs of both OpenTelemetry lines; nothing is thrown into the application.
 */
export class SpanEventBridge {
  readonly #targets: readonly SpanEventTarget[];
  readonly #passes: (event: SpanEvent, span: EndedSpan) => boolean;

  /** Throws a `TypeError` for bad options. */
  constructor({ targets, events }: SpanEventBridgeOptions) {
    const list: readonly SpanEventTarget[] = Array.isArray(targets) ? targets : [targets];
    if (list.some((target) => typeof target?.emitSpanEvent !== 'function')) {
      throw new TypeError('targets must be PlatformLogExporter instances');
    }
    this.#targets = list;
    this.#passes = decision(events);
  }

  onStart(_span: unknown, _parentContext: Context): void {}

  onEnd(span: EndedSpan): void {
    for (const event of span.events) {
      try {
        if (!this.#passes(event, span)) continue;
        const record = recordOf(span, event);
        for (const target of this.#targets) target.emitSpanEvent(record);
      } catch {
        // A span of a foreign shape; the application that ended it must not notice.
      }
    }
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.forceFlush()));
  }

  /** Delivers what is waiting; the targets stay open, they belong to the logger provider. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }
}
