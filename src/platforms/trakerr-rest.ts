import { freeName } from '../record/attribute-picker.ts';
import type { Exception } from '../record/exception.ts';
import { perIdentity } from '../record/identity.ts';
import { spanContextCheck } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { isStructured, scopeFields, spanFields } from '../record/record.ts';
import { epochNanosText, hasSubMillis, isoFormatter, recordTime } from '../record/time.ts';
import { fitEntries } from './trakerr-custom-data.ts';

/** Keys of ours among the unmapped; a record's attribute of the same name wins, ours is renamed. */
export const OWN_KEYS = [
  ...[
    'trace_id',
    'span_id',
    'trace_flags',
    'event_name',
    'severity_text',
    'severity_number',
    'body',
    'exception_properties',
  ],
  ...['span', 'time_unix_nano', 'observed_timestamp', 'dropped_attributes', 'scope', 'resource'],
];

/** Severity numbers that the level alone gives back. */
const PLAIN_NUMBERS: ReadonlySet<unknown> = new Set([undefined, 0, 5, 9, 13, 17, 21]);

/** What the rest of the event knows and the unmapped have to keep. */
export interface UnmappedParts {
  readonly level: string;
  readonly exception: Exception | undefined;
  /** Attributes that no field holds, as JSON members without braces. */
  readonly members: string;
  /** Where one of them has a name of ours. */
  readonly collided: boolean;
  readonly eventName: string | undefined;
  /** Whether the correlation id has the trace id, and the span id. */
  readonly traceCorrelated: boolean;
  readonly spanCorrelated: boolean;
  /** JSON text of the resource's own rest; empty for none. */
  readonly resource: string;
}

/** Text inside a JSON string, without its quotes. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * Writes all that an AppEvent has no field for as one compact JSON object inside a JSON string:
 * span id, event name, … , the attributes, scope and resource.
 */
export class UnmappedWriter {
  readonly #json: JsonWriter;
  readonly #validContext = spanContextCheck();
  readonly #maxBytes: number;
  readonly #isoTime = isoFormatter(6, 'Z');
  readonly #scopeText: (scope: EmittedRecord['instrumentationScope']) => string;
  /** Scope and resource in their escaped form, for the last pair of them. */
  #tail = { scope: '', resource: '', text: '', escaped: '' };
  #taken: Attributes | undefined;

  constructor(json: JsonWriter, maxBytes: number) {
    this.#json = json;
    this.#maxBytes = maxBytes;
    this.#scopeText = perIdentity((scope) => this.#scope(scope));
  }

  /** The quoted text; empty when nothing is left. */
  write(record: EmittedRecord, parts: UnmappedParts): string {
    this.#taken = parts.collided ? (record.attributes as Attributes) : undefined;
    const own = this.#ids(record, parts) + this.#facts(record, parts) + this.#times(record);
    const head = own === '' ? parts.members : own.slice(1) + (parts.members === '' ? '' : `,${parts.members}`);
    const scope = record.instrumentationScope ? this.#scopeText(record.instrumentationScope) : '';
    const tail = parts.collided ? this.#renamedTail(scope, parts.resource) : this.#cachedTail(scope, parts.resource);
    if (head === '' && tail.text === '') return '';
    const comma = head === '' || tail.text === '' ? '' : ',';
    // Three bytes per UTF-16 unit at most, so most texts need no counting.
    if ((head.length + tail.text.length + 3) * 3 <= this.#maxBytes)
      return `"{${escaped(head)}${comma}${tail.escaped}}"`;
    return JSON.stringify(fitEntries(`{${head}${comma}${tail.text}}`, this.#maxBytes));
  }

  #own(key: string, text: string): string {
    return `,${this.#json.key(this.#taken === undefined ? key : freeName(key, this.#taken))}${text}`;
  }

  #ownValue(key: string, value: unknown): string {
    const text = value === undefined ? undefined : this.#json.value(value);
    return text === undefined ? '' : this.#own(key, text);
  }

  #ids(record: EmittedRecord, parts: UnmappedParts): string {
    const context = this.#validContext(record.spanContext);
    if (context === undefined) return '';
    const traceId = parts.traceCorrelated ? '' : this.#own('trace_id', `"${context.traceId.toLowerCase()}"`);
    const spanId = parts.spanCorrelated ? '' : this.#own('span_id', `"${context.spanId.toLowerCase()}"`);
    return traceId + spanId + this.#ownValue('trace_flags', context.traceFlags);
  }

  /** What few records have. */
  #facts(record: EmittedRecord, { level, exception, eventName }: UnmappedParts): string {
    const { severityText, severityNumber, body, span, droppedAttributesCount } = record;
    let facts = eventName === undefined ? '' : this.#own('event_name', this.#json.string(eventName));
    if (typeof severityText === 'string' && severityText !== '' && severityText.toLowerCase() !== level) {
      facts += this.#own('severity_text', this.#json.string(severityText));
    }
    if (!PLAIN_NUMBERS.has(severityNumber)) facts += this.#ownValue('severity_number', severityNumber);
    if (isStructured(body)) facts += this.#ownValue('body', body);
    if (exception?.properties !== undefined) facts += this.#ownValue('exception_properties', exception.properties);
    if (span !== undefined) facts += this.#ownValue('span', spanFields(span));
    return droppedAttributesCount > 0 ? facts + this.#ownValue('dropped_attributes', droppedAttributesCount) : facts;
  }

  #times(record: EmittedRecord): string {
    const time = recordTime(record);
    const exact = hasSubMillis(time) ? this.#own('time_unix_nano', `"${epochNanosText(time)}"`) : '';
    const observed = record.hrTimeObserved;
    if (observed === undefined || !(observed[0] > 0) || (observed[0] === time[0] && observed[1] === time[1]))
      return exact;
    return exact + this.#own('observed_timestamp', `"${this.#isoTime(recordTime({ hrTime: observed }))}"`);
  }

  #scope(scope: EmittedRecord['instrumentationScope']): string {
    const text = this.#json.apart(() => this.#json.members(scopeFields(scope)));
    return text === '' ? '' : `{${text}}`;
  }

  #renamedTail(scope: string, resource: string): { text: string; escaped: string } {
    const text = (scope && this.#own('scope', scope)) + (resource && this.#own('resource', resource));
    return { text: text.slice(1), escaped: escaped(text.slice(1)) };
  }

  #cachedTail(scope: string, resource: string): { text: string; escaped: string } {
    if (scope !== this.#tail.scope || resource !== this.#tail.resource) {
      this.#tail = { scope, resource, ...this.#renamedTail(scope, resource) };
    }
    return this.#tail;
  }
}
