import type { RecordMapper } from '../codec/codec.ts';
import type { FieldRules } from '../record/attribute-picker.ts';
import { AttributePicker, freeName, nonEmpty } from '../record/attribute-picker.ts';
import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { perIdentity } from '../record/identity.ts';
import { dashed, isUuid, uuidSource, validSpanContext } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { clip, wellFormed } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf, isStructured, messageOf, spanFields, textAttribute } from '../record/record.ts';
import { severityBand } from '../record/severity.ts';
import { epochNanosText, hasSubMillis, isoFormatter, observedDiffers, recordTime } from '../record/time.ts';
import { SDK_NAME, SDK_VERSION } from '../version.ts';
import { logtideException } from './logtide-exception.ts';
import { isSettled } from './own-members.ts';

/** How records become LogTide entries. */
export interface LogTideEntryOptions {
  /** Service of records without a `logtide.service`. Default: resource `service.name`, else `unknown`. */
  readonly service?: string;
  /** Added to the metadata of every entry; attributes of the record win. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Also write `user.id`, `session.id`, `http.request.id` … as `user_id`, `session_id`, `request_id` …, the names that
   * LogTide extracts identifiers from. Default false.
   */
  readonly identifierAliases?: boolean;
}

interface Fields {
  service?: string;
  exceptionType?: unknown;
  exceptionMessage?: unknown;
  exceptionStack?: unknown;
  eventName?: string;
  session?: string;
  trace?: string;
}

const present = (value: unknown) => value ?? undefined;
/** The server's index refuses ids of some 2,700 bytes. */
const MAX_TRACE_LENGTH = 256;

const FIELDS: FieldRules<Fields> = {
  service: { from: ['logtide.service'], read: nonEmpty },
  exceptionType: { from: ['exception.type'], read: present },
  exceptionMessage: { from: ['exception.message'], read: present },
  exceptionStack: { from: ['exception.stacktrace'], read: present },
  eventName: { from: ['event.name'], read: nonEmpty },
  // Only a UUID is taken by the server's own field; the attribute stays as well, it is searchable there.
  session: { from: ['session.id'], read: (value) => (isUuid(value) ? value : undefined), keep: () => true },
  trace: { from: ['trace.custom_id'], read: (value) => nonEmpty(value)?.slice(0, MAX_TRACE_LENGTH), keep: () => true },
};

const SEVERITY_NUMBER = 'otel.severity_number';
const SEVERITY_TEXT = 'otel.severity_text';
/** Keys of ours that an attribute may have too; the attribute keeps the name, ours becomes `otel.` and the name. */
const OWN_KEYS = [
  ...[SEVERITY_NUMBER, SEVERITY_TEXT, 'otel.scope.name', 'otel.scope.version', 'otel.scope.attributes'],
  ...['otel.event_name', 'otel.body', 'otel.span', 'otel.flags', 'otel.dropped_attributes_count'],
  ...['otel.time_unix_nano', 'otel.observed_time_unix_nano'],
  ...['resource', 'hostname', 'environment', 'release', 'exception', 'sdk', 'event_id'],
];

/** Where LogTide looks for a user, a session …, and the attributes that are it. */
const ALIASES: readonly (readonly [name: string, alias: string])[] = [
  ...(['user.id', 'enduser.id'] as const).map((name) => [name, 'user_id'] as const),
  ...(['request.id', 'http.request.id'] as const).map((name) => [name, 'request_id'] as const),
  ...(['session', 'order', 'transaction', 'correlation'] as const).map((name) => [`${name}.id`, `${name}_id`] as const),
];

const LEVELS = ['debug', 'debug', 'info', 'warn', 'error', 'critical'] as const;
const MAX_SERVICE_LENGTH = 100;
const CONTROLS = /[\u0000-\u001f\u007f]/g;
const NO_MESSAGE = '"(no message)"';

/** Server line A refuses these as prototype pollution; renamed, their values survive. */
export function renameForbiddenKey(key: string): string {
  return key === '__proto__' || key === 'constructor' || key === 'prototype' ? `${key}_` : key;
}

function cleanService(name: string): string {
  return clip(wellFormed(name.replace(CONTROLS, '')), MAX_SERVICE_LENGTH) || 'unknown';
}

/** Metadata that many records share: each as key and JSON text, and all of them as `,"key":text…`. */
interface Shared {
  readonly members: readonly (readonly [key: string, text: string])[];
  readonly text: string;
}

interface ResourceTexts extends Shared {
  /** The quoted service. */
  readonly service: string;
}

interface SeverityTexts extends Shared {
  readonly number: number | undefined;
  readonly words: string | undefined;
  readonly level: (typeof LEVELS)[number];
}

/** Writes records as LogTide entries: `time service level message trace_id span_id session_id metadata`. */
class EntryWriter {
  readonly #json: JsonWriter;
  readonly #options: LogTideEntryOptions;
  readonly #picker: AttributePicker<Fields>;
  readonly #isoTime = isoFormatter(3, 'Z');
  readonly #eventId = uuidSource();
  readonly #resource: (resource: EmittedRecord['resource']) => ResourceTexts;
  readonly #scope: (scope: EmittedRecord['instrumentationScope']) => Shared;
  #severity: SeverityTexts;
  /** The last span context and its text: the records of a span come in a row. */
  #context: EmittedRecord['spanContext'];
  #ids = '';

  constructor(json: JsonWriter, options: LogTideEntryOptions) {
    this.#json = json;
    this.#options = options;
    this.#picker = new AttributePicker(FIELDS, [...OWN_KEYS, ...Object.keys(options.metadata ?? {})]);
    this.#resource = perIdentity((resource) => json.apart(() => this.#resourceTexts(resource)), isSettled);
    this.#scope = perIdentity((scope) => json.apart(() => this.#scopeTexts(scope)));
    this.#severity = this.#severityTexts(undefined, undefined);
  }

  write(record: EmittedRecord): string {
    const json = this.#json;
    const picker = this.#picker;
    const attributes = record.attributes as Attributes;
    if (record.severityNumber !== this.#severity.number || record.severityText !== this.#severity.words) {
      this.#severity = this.#severityTexts(record.severityNumber, record.severityText);
    }
    picker.begin(attributes);
    const members = json.members(attributes, picker.skip);
    const { service, session, trace } = picker.fields;
    const exception = exceptionOf(record, json);
    const resource = this.#resource(record.resource);
    if (record.spanContext !== this.#context) this.#useContext(record.spanContext);
    let text = `{"time":"${this.#isoTime(recordTime(record))}","service":`;
    text += service === undefined ? resource.service : json.string(cleanService(service));
    text += `,"level":"${this.#severity.level}","message":${this.#message(record, exception)}`;
    text += this.#ids || (trace === undefined ? '' : `,"trace_id":${json.string(trace)}`);
    if (session !== undefined) text += `,"session_id":"${dashed(session)}"`;
    text += `,"metadata":{${members}${members === '' ? '' : ','}`;
    const shared = [this.#severity, this.#scope(record.instrumentationScope), resource] as const;
    const taken = picker.collided ? attributes : undefined;
    text += `${json.key(taken === undefined ? 'event_id' : freeName('event_id', taken))}"${this.#eventId()}"`;
    for (const part of shared) text += taken === undefined ? part.text : this.#renamed(part, taken);
    return `${text}${this.#rare(record, exception, taken)}${this.#aliases(attributes)}}}`;
  }

  #useContext(spanContext: EmittedRecord['spanContext']): void {
    const valid = validSpanContext(spanContext);
    this.#context = spanContext;
    this.#ids = valid ? `,"trace_id":"${valid.traceId.toLowerCase()}","span_id":"${valid.spanId.toLowerCase()}"` : '';
  }

  /** The keys that few records have. */
  #rare(record: EmittedRecord, exception: Exception | undefined, taken: Attributes | undefined): string {
    const { spanContext, droppedAttributesCount, body, hrTime, hrTimeObserved, span } = record;
    let text = '';
    const add = (key: string, value: unknown): void => {
      const written = this.#json.value(value);
      if (written !== undefined) text += `,${this.#json.key(taken ? freeName(key, taken) : key)}${written}`;
    };
    const eventName = record.eventName || this.#picker.fields.eventName;
    if (eventName) add('otel.event_name', eventName);
    if (isStructured(body)) add('otel.body', body);
    if (hasSubMillis(recordTime(record))) add('otel.time_unix_nano', epochNanosText(recordTime(record)));
    if (observedDiffers(hrTime, hrTimeObserved)) {
      add('otel.observed_time_unix_nano', epochNanosText(recordTime({ hrTime: hrTimeObserved })));
    }
    if (droppedAttributesCount > 0) add('otel.dropped_attributes_count', droppedAttributesCount);
    if (spanContext?.traceFlags) add('otel.flags', spanContext.traceFlags);
    if (span !== undefined) add('otel.span', spanFields(span));
    if (exception !== undefined) add('exception', logtideException(exception));
    return text;
  }

  #message(record: EmittedRecord, exception: Exception | undefined): string {
    const text = messageOf(record.body, this.#json) || eventNameOf(record) || exception?.message || exception?.type;
    if (!text) return NO_MESSAGE;
    const written = this.#json.message(text);
    return written === '""' ? NO_MESSAGE : written;
  }

  #aliases(attributes: Attributes): string {
    if (!this.#options.identifierAliases) return '';
    const found: Record<string, string> = {};
    for (const [name, alias] of ALIASES) {
      const value = alias in attributes ? undefined : textAttribute(attributes, name);
      if (value !== undefined) found[alias] ??= value;
    }
    const members = this.#json.members(found);
    return members === '' ? '' : `,${members}`;
  }

  #shared(values: Readonly<Record<string, unknown>>): Shared {
    const members = Object.entries(values).flatMap(([key, value]) => {
      const text = value === undefined || value === '' ? undefined : this.#json.member(key, value);
      return text === undefined || text === '{}' ? [] : [[key, text] as const];
    });
    return { members, text: members.map(([key, text]) => `,${this.#json.key(key)}${text}`).join('') };
  }

  /** Shared metadata for a record that has some of the names itself: global metadata gives way, ours is renamed. */
  #renamed({ members }: Shared, taken: Attributes): string {
    const global = this.#options.metadata ?? {};
    return members
      .filter(([key]) => !(Object.hasOwn(global, key) && Object.hasOwn(taken, key)))
      .map(([key, text]) => `,${this.#json.key(freeName(key, taken))}${text}`)
      .join('');
  }

  #scopeTexts({ name, version, attributes }: EmittedRecord['instrumentationScope']): Shared {
    const named = { 'otel.scope.name': name, 'otel.scope.version': version };
    return this.#shared({ ...named, 'otel.scope.attributes': attributes });
  }

  #resourceTexts(resource: EmittedRecord['resource']): ResourceTexts {
    const attributes = resource.attributes as Attributes;
    const { service, metadata } = this.#options;
    const name = service ?? textAttribute(attributes, 'service.name') ?? '';
    const environment = textAttribute(attributes, 'deployment.environment.name', 'deployment.environment');
    const shared = this.#shared({
      resource: attributes,
      hostname: attributes['host.name'],
      environment,
      release: attributes['service.version'],
      sdk: { name: SDK_NAME, version: SDK_VERSION },
      ...metadata,
    });
    return { ...shared, service: this.#json.string(cleanService(name)) };
  }

  #severityTexts(number: number | undefined, words: string | undefined): SeverityTexts {
    const shared = this.#shared({ [SEVERITY_NUMBER]: number, [SEVERITY_TEXT]: words });
    return { ...shared, number, words, level: LEVELS[severityBand(number, words)] };
  }
}

/** The mapper of LogTide entries, for one set of limits. Source: LogTide's wire contract §1.2, §10. */
export function logtideMapper(options: LogTideEntryOptions): (json: JsonWriter) => RecordMapper {
  return (json) => {
    const writer = new EntryWriter(json, options);
    return (record) => writer.write(record);
  };
}
