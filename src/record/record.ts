import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { JsonWriter } from './json-value.ts';

/** What a span event knows of its span, beyond what a log record has room for. */
export interface SpanFacts {
  readonly name: string;
  /** Numeric `SpanKind`. */
  readonly kind: number;
  /** Numeric `SpanStatusCode`. */
  readonly status: number;
  /** Whole span, in milliseconds. */
  readonly durationMillis: number;
  /** From the start of the span to the event, in milliseconds. */
  readonly offsetMillis: number;
}

/** A log record, or a span event in the clothes of one (`SpanEventBridge`); `span` is present only on the latter. */
export interface EmittedRecord extends ReadableLogRecord {
  readonly span?: SpanFacts;
}

const SPAN_KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const SPAN_STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

/** What a span event knows of its span, with kind and status as words: `name kind status duration_ms offset_ms`. */
export function spanFields(span: SpanFacts): Readonly<Record<string, unknown>> {
  return {
    name: span.name,
    kind: SPAN_KINDS[span.kind] ?? span.kind,
    status: SPAN_STATUSES[span.status] ?? span.status,
    duration_ms: span.durationMillis,
    offset_ms: span.offsetMillis,
  };
}

/** What a scope says of itself: `name version attributes`, without those that are empty. */
export function scopeFields(scope: EmittedRecord['instrumentationScope']): Readonly<Record<string, unknown>> {
  const { name, version, attributes } = scope;
  return {
    ...(name && { name }),
    ...(version && { version }),
    ...(attributes && Object.keys(attributes).length > 0 && { attributes }),
  };
}

export type Attributes = Readonly<Record<string, unknown>>;

/** The event name: the record's own field, else the older `event.name` attribute; undefined for plain log records. */
export function eventNameOf(record: ReadableLogRecord): string | undefined {
  if (typeof record.eventName === 'string' && record.eventName !== '') return record.eventName;
  const older = record.attributes['event.name'];
  return typeof older === 'string' && older !== '' ? older : undefined;
}

/** The first of the attributes that is a non-empty string, or a number or boolean as text. */
export function textAttribute(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  }
  return undefined;
}

/** The first of the attributes that is an integer, or decimal text of one. */
export function integerAttribute(attributes: Attributes, ...keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const value = attributes[key];
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  }
  return undefined;
}

function elementText(element: unknown): string {
  try {
    return typeof element === 'object' ? (JSON.stringify(element) ?? '') : String(element);
  } catch {
    return '[Unserializable]';
  }
}

/** The strings of a list attribute (`tags`); anything else in it becomes text, null and undefined are left out. */
export function listAttribute(attributes: Attributes, key: string): readonly string[] {
  const value = attributes[key];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!Array.isArray(value)) return [];
  return value.filter((element) => element !== null && element !== undefined).map(elementText);
}

/**
 * The body as message text, undefined when there is none: a string as it is, numbers and booleans as text, an `Error`
 * as its message, everything else as compact JSON.
 */
export function messageOf(body: unknown, json: JsonWriter): string | undefined {
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'number' || typeof body === 'boolean' || typeof body === 'bigint') return String(body);
  if (body instanceof Error) return typeof body.message === 'string' ? body.message : json.value(body.message);
  if (body instanceof Uint8Array) return Buffer.from(body).toString('base64');
  return json.value(body);
}

/** Whether a body holds structure that a message text would flatten. */
export function isStructured(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !(body instanceof Error) && !(body instanceof Uint8Array);
}
