import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { bigintText, isError, readProperty } from './guarded.ts';
import { JsonWriter } from './json-value.ts';

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
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value === 'bigint') return bigintText(value);
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

/** A list is for short words; what else is in it is shown, not kept whole. */
const MAX_ELEMENTS = 1_000;
const ELEMENT_LIMITS = { maxStringLength: 8_192, maxMessageLength: 8_192, maxDepth: 4, maxValues: 100 };

function elementText(element: unknown, json: JsonWriter): string {
  if (typeof element === 'object') return json.within(ELEMENT_LIMITS).value(element) ?? '';
  return String(element);
}

/**
 * The strings of a list attribute (`tags`), at most 1,000 and a mark; anything else in it becomes text, null and
 * undefined are left out.
 */
export function listAttribute(attributes: Attributes, key: string, json = new JsonWriter()): readonly string[] {
  const value = attributes[key];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!Array.isArray(value)) return [];
  const texts = value
    .slice(0, MAX_ELEMENTS)
    .filter((element) => element !== null && element !== undefined)
    .map((element: unknown) => elementText(element, json));
  return value.length > MAX_ELEMENTS ? [...texts, '…'] : texts;
}

/** Characters for the note of bytes left out. */
const ROOM_FOR_MARK = 32;

/**
 * The body as message text, undefined when there is none: a string as it is, numbers and booleans as text, an `Error`
 * as its message, everything else as compact JSON.
 */
export function messageOf(body: unknown, json: JsonWriter): string | undefined {
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'number' || typeof body === 'boolean') return String(body);
  if (typeof body === 'bigint') return bigintText(body);
  if (isError(body)) return errorText(body, json);
  if (isBytes(body)) return json.bytes(body, json.limits.maxMessageLength - ROOM_FOR_MARK);
  return json.value(body);
}

function errorText(error: Error, json: JsonWriter): string | undefined {
  const message = readProperty(error, 'message');
  return typeof message === 'string' ? message : json.value(message);
}

function isBytes(body: unknown): body is Uint8Array {
  return ArrayBuffer.isView(body) && body instanceof Uint8Array;
}

/** Whether a body holds structure that a message text would flatten. */
export function isStructured(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !isError(body) && !isBytes(body);
}
