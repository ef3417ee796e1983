import type { HrTime, SpanContext } from '@opentelemetry/api';
import { freeName } from '../record/attribute-picker.ts';
import { spanContextCheck } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { spanFields } from '../record/record.ts';
import { isoFormatter, observedDiffers, recordTime } from '../record/time.ts';

type Resource = EmittedRecord['resource'];
type Scope = EmittedRecord['instrumentationScope'];

function objectText(members: string): string {
  return members === '' ? '' : `{${members}}`;
}

function picked(attributes: Attributes, keys: readonly string[] | undefined): Attributes {
  if (keys === undefined) return attributes;
  return Object.fromEntries(keys.flatMap((key) => (key in attributes ? [[key, attributes[key]]] : [])));
}

/** The attributes of a resource, or those of `keys`, as one JSON object; empty text for none. */
export function resourceText(json: JsonWriter, resource: Resource, keys: readonly string[] | undefined): string {
  return objectText(json.apart(() => json.members(picked(resource.attributes as Attributes, keys))));
}

/** Name, version and attributes of a scope as one JSON object; empty text for none. */
export function scopeText(json: JsonWriter, { name, version, attributes }: Scope): string {
  const hasAttributes = attributes !== undefined && Object.keys(attributes).length > 0;
  const shape = { name: name || undefined, version: version || undefined };
  return objectText(json.apart(() => json.members(hasAttributes ? { ...shape, attributes } : shape)));
}

/** Whether a resource will not change any more, so that its texts may be kept. */
export function isSettled(resource: Resource): boolean {
  return !resource.asyncAttributesPending;
}

/** The texts that are the same for many records; empty for none. */
export interface SharedTexts {
  readonly resource: string;
  readonly scope: string;
}

/**
 * Writes what a platform has no field for, as members of its free-form object. A name that an attribute has stays the
 * attribute's, ours is then called `otel.` and the name.
 */
export class OwnMembers {
  readonly #json: JsonWriter;
  readonly #validContext = spanContextCheck();
  readonly #isoObserved: (time: HrTime) => string;
  #taken: object | undefined;

  /** `utc`: how UTC is written in times. */
  constructor(json: JsonWriter, utc: 'Z' | '+00:00' = 'Z') {
    this.#json = json;
    this.#isoObserved = isoFormatter(6, utc);
  }

  /** Starts a new object; `taken` has the names that ours must not take, undefined when none of them is. */
  begin(taken: object | undefined): void {
    this.#taken = taken;
  }

  /** `,"key":` as given, renamed to `otel.` and the name when that is taken. */
  key(written: string): string {
    if (this.#taken === undefined) return written;
    return `,${this.#json.key(freeName(written.slice(2, -2), this.#taken))}`;
  }

  /** `,"key":value` for trace, span, resource, scope, observed time and dropped attributes. */
  members(record: EmittedRecord, { resource, scope }: SharedTexts): string {
    let text = this.#ids(this.#validContext(record.spanContext));
    if (record.span !== undefined) text += this.key(',"span":') + this.#json.value(spanFields(record.span));
    if (resource !== '') text += this.key(',"resource":') + resource;
    if (scope !== '') text += this.key(',"scope":') + scope;
    const { hrTime, hrTimeObserved } = record;
    if (observedDiffers(hrTime, hrTimeObserved)) {
      text += `${this.key(',"observed_time":')}"${this.#isoObserved(recordTime({ hrTime: hrTimeObserved }))}"`;
    }
    const dropped = record.droppedAttributesCount;
    return dropped > 0 ? `${text}${this.key(',"dropped_attributes":')}${this.#json.value(dropped)}` : text;
  }

  #ids(context: SpanContext | undefined): string {
    if (context === undefined) return '';
    const { traceId, spanId, traceFlags } = context;
    const flags = Number.isInteger(traceFlags) ? traceFlags : 0;
    return (
      `${this.key(',"trace_id":')}"${traceId.toLowerCase()}"${this.key(',"span_id":')}"${spanId.toLowerCase()}"` +
      `${this.key(',"trace_flags":')}${flags}`
    );
  }
}

/** The names that `OwnMembers.members` writes. */
export const OWN_MEMBERS: readonly string[] = [
  'trace_id',
  'span_id',
  'trace_flags',
  'span',
  'resource',
  'scope',
  'observed_time',
  'dropped_attributes',
];
