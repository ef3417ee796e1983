import type { EmittedRecord } from './record.ts';

/** Every field by its name: the SDK's records answer by getters, which a spread would leave behind. */
export function copyOf(record: EmittedRecord): EmittedRecord {
  const copy: { readonly [Field in keyof Required<EmittedRecord>]: EmittedRecord[Field] | undefined } = {
    hrTime: record.hrTime,
    hrTimeObserved: record.hrTimeObserved,
    spanContext: record.spanContext,
    severityText: record.severityText,
    severityNumber: record.severityNumber,
    body: record.body,
    eventName: record.eventName,
    resource: record.resource,
    instrumentationScope: record.instrumentationScope,
    attributes: record.attributes,
    droppedAttributesCount: record.droppedAttributesCount,
    span: record.span,
  };
  return copy as EmittedRecord;
}

/** The same record with further attributes, which win; the original stays as it is, others may hold it. */
export function withAttributes(record: EmittedRecord, extra: Readonly<Record<string, unknown>>): EmittedRecord {
  const attributes: unknown = { ...record.attributes, ...extra };
  return { ...copyOf(record), attributes: attributes as EmittedRecord['attributes'] };
}
