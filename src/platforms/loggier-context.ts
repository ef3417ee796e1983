import type { FieldRules } from '../record/attribute-picker.ts';
import { AttributePicker, freeName } from '../record/attribute-picker.ts';
import { perIdentity } from '../record/identity.ts';
import { spanContextCheck, uuidSource } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { scopeFields, spanFields } from '../record/record.ts';
import { epochNanosText, isoFormatter, recordTime } from '../record/time.ts';

/** Attributes that become something else than an entry of the context. */
export interface PickedAttributes {
  tags?: unknown;
  eventName?: string;
  requestId?: unknown;
}

const FIELDS: FieldRules<PickedAttributes> = {
  tags: {
    from: ['tags'],
    read: (tags) => (typeof tags === 'string' || Array.isArray(tags) ? tags : undefined),
  },
  eventName: {
    from: ['event.name'],
    read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  },
  requestId: { from: ['request_id', 'http.request.id'], read: (value) => value ?? undefined, keep: () => true },
};

/** Keys of ours; a record's attribute or a global value of the same name wins, ours is renamed. */
const OWN_KEYS = [
  ...['trace_id', 'span_id', 'trace_flags', 'log_id', 'event_name', 'severity_text', 'severity_number', 'request_id'],
  ...['body', 'span', 'time_unix_nano', 'observed_timestamp', 'dropped_attributes', 'scope', 'resource'],
];

export interface ContextWriterOptions {
  readonly context: Readonly<Record<string, unknown>>;
  readonly deliveryId: boolean;
}

/** What the rest of the record knows and the context has to keep. */
export interface ContextParts {
  readonly time: readonly [seconds: number, nanos: number];
  /** Default entries (`environment`, `service_name`, `tags`, global values) as `"key":value`; never empty. */
  readonly defaults: ReadonlyMap<string, string>;
  readonly defaultsText: string;
  /** JSON text of the resource's attributes; empty for none. */
  readonly resource: string;
  /** JSON text of what the level does not say. */
  readonly severityText: string | undefined;
  readonly severityNumber: string | undefined;
  /** JSON text of the whole message, where it was cut. */
  readonly whole: string | undefined;
  readonly exceptional: boolean;
}

/**
 * Writes `context`: the defaults, then the record's attributes (which win), then what OpenTelemetry knows beside them.
 * One instance serves one mapper; `picked` is valid after `write`.
 */
export class ContextWriter {
  readonly #json: JsonWriter;
  readonly #validContext = spanContextCheck();
  readonly #global: Readonly<Record<string, unknown>>;
  readonly #globalCollides: boolean;
  readonly #picker: AttributePicker<PickedAttributes>;
  readonly #isoTime = isoFormatter(6, 'Z');
  readonly #logId: (() => string) | undefined;
  readonly #scopeText: (scope: EmittedRecord['instrumentationScope']) => string;
  /** The names that are not free; undefined while none of ours is among them. */
  #taken: Attributes | undefined;

  constructor(json: JsonWriter, { context, deliveryId }: ContextWriterOptions) {
    this.#json = json;
    this.#global = context;
    this.#globalCollides = Object.keys(context).some((key) => OWN_KEYS.includes(key));
    this.#picker = new AttributePicker(FIELDS, [...OWN_KEYS, 'environment', 'service_name', ...Object.keys(context)]);
    this.#logId = deliveryId ? uuidSource() : undefined;
    this.#scopeText = perIdentity((scope) => this.#scope(scope));
  }

  get picked(): PickedAttributes {
    return this.#picker.fields;
  }

  /** The entries of the context, without braces. */
  write(record: EmittedRecord, parts: ContextParts): string {
    const attributes = record.attributes as Attributes;
    const picker = this.#picker;
    picker.begin(attributes);
    const members = this.#json.members(attributes, parts.exceptional ? this.#skipException : picker.skip);
    const collided = picker.collided || this.#globalCollides;
    this.#taken = collided ? { ...this.#global, ...attributes } : undefined;
    const defaults =
      picker.collided || (attributes.tags !== undefined && picker.fields.tags === undefined)
        ? this.#defaultsWithout(attributes, parts.defaults)
        : parts.defaultsText;
    const base = members === '' || defaults === '' ? defaults + members : `${defaults},${members}`;
    const own =
      this.#ids(record) + this.#facts(record, parts) + this.#times(record, parts.time) + this.#origin(record, parts);
    return base === '' ? own.slice(1) : base + own;
  }

  readonly #skipException = (key: string): boolean => key.startsWith('exception.') || this.#picker.skip(key);

  #defaultsWithout(attributes: Attributes, defaults: ReadonlyMap<string, string>): string {
    let text = '';
    for (const [key, entry] of defaults) {
      const overridden = attributes[key] !== undefined && !(key === 'tags' && this.picked.tags !== undefined);
      if (!overridden) text += text === '' ? entry : `,${entry}`;
    }
    return text;
  }

  /** `,"key":text` under a name that nothing else has. */
  #own(key: string, text: string): string {
    return `,${this.#json.key(this.#taken === undefined ? key : freeName(key, this.#taken))}${text}`;
  }

  #ownValue(key: string, value: unknown): string {
    const text = value === undefined ? undefined : this.#json.value(value);
    return text === undefined ? '' : this.#own(key, text);
  }

  #ids(record: EmittedRecord): string {
    const context = this.#validContext(record.spanContext);
    const id = this.#logId === undefined ? '' : this.#own('log_id', `"${this.#logId()}"`);
    if (context === undefined) return id;
    return (
      this.#own('trace_id', `"${context.traceId.toLowerCase()}"`) +
      this.#own('span_id', `"${context.spanId.toLowerCase()}"`) +
      this.#ownValue('trace_flags', context.traceFlags) +
      id
    );
  }

  /** What few records have. */
  #facts(record: EmittedRecord, parts: ContextParts): string {
    const { eventName, requestId } = this.#picker.fields;
    let facts = this.#eventName(record.eventName, eventName);
    if (parts.severityText !== undefined) facts += this.#own('severity_text', parts.severityText);
    if (parts.severityNumber !== undefined) facts += this.#own('severity_number', parts.severityNumber);
    if (requestId !== undefined && !Object.hasOwn(record.attributes, 'request_id')) {
      facts += this.#ownValue('request_id', requestId);
    }
    if (parts.whole !== undefined) facts += this.#own('body', parts.whole);
    if (record.span !== undefined) facts += this.#ownValue('span', spanFields(record.span));
    return record.droppedAttributesCount > 0
      ? facts + this.#ownValue('dropped_attributes', record.droppedAttributesCount)
      : facts;
  }

  /** The event name; an older `event.name` attribute that says something else keeps its own key. */
  #eventName(own: unknown, older: string | undefined): string {
    const name = typeof own === 'string' && own !== '' ? own : older;
    if (name === undefined) return '';
    const text = this.#own('event_name', this.#json.string(name));
    return older === undefined || older === name ? text : `${text},"event.name":${this.#json.string(older)}`;
  }

  #times(record: EmittedRecord, [seconds, nanos]: ContextParts['time']): string {
    // The timestamp has six digits; only what is finer than that needs a second spelling.
    const exact = nanos % 1_000 === 0 ? '' : this.#own('time_unix_nano', `"${epochNanosText([seconds, nanos])}"`);
    const observed = record.hrTimeObserved;
    if (observed === undefined || !(observed[0] > 0) || (observed[0] === seconds && observed[1] === nanos))
      return exact;
    return exact + this.#own('observed_timestamp', `"${this.#isoTime(recordTime({ hrTime: observed }))}"`);
  }

  #scope(scope: EmittedRecord['instrumentationScope']): string {
    const text = this.#json.apart(() => this.#json.members(scopeFields(scope)));
    return text === '' ? '' : `{${text}}`;
  }

  #origin(record: EmittedRecord, { resource }: ContextParts): string {
    const scope = record.instrumentationScope ? this.#scopeText(record.instrumentationScope) : '';
    const text = scope === '' ? '' : this.#own('scope', scope);
    return resource === '' ? text : text + this.#own('resource', resource);
  }
}
