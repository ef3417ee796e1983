import type { EmittedRecord, SpanFacts } from '../record/record.ts';

type Time = readonly [seconds: number, nanos: number];

/** A record in parts that can be changed one by one; what is missing was not given. */
export interface RecordParts {
  readonly timestamp?: Time;
  readonly observedTimestamp?: Time;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: unknown;
  readonly eventName?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly traceFlags?: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: {
    readonly name?: string;
    readonly version?: string;
    readonly attributes?: Readonly<Record<string, unknown>>;
  };
  /** Of the span, when the record stands for a span event. */
  readonly span?: SpanFacts;
}

/** The time of records that have none, so that the same input always gives the same preview: 2026-01-01T00:00:00Z. */
const NO_TIME: Time = [1_767_225_600, 0];

/** The record as the SDK would hand it to an exporter. */
export function recordOf(parts: RecordParts): EmittedRecord {
  const { timestamp, observedTimestamp = timestamp, traceId, spanId, traceFlags = 1, scope, resource, ...rest } = parts;
  const hasContext = traceId !== undefined && spanId !== undefined;
  const record: unknown = {
    ...rest,
    hrTime: timestamp ?? NO_TIME,
    hrTimeObserved: observedTimestamp ?? NO_TIME,
    droppedAttributesCount: 0,
    resource: { attributes: resource },
    instrumentationScope: { name: '', ...scope },
    ...(hasContext && { spanContext: { traceId, spanId, traceFlags } }),
  };
  return record as EmittedRecord;
}
