import type { RecordMapper } from '../codec/codec.ts';
import { AttributePicker } from '../record/attribute-picker.ts';
import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { perIdentity } from '../record/identity.ts';
import { spanContextCheck } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { listAttribute, messageOf } from '../record/record.ts';
import { ERROR, INFO, severityBand } from '../record/severity.ts';
import { epochMillis, recordTime } from '../record/time.ts';
import type { ClientParts, TrakerrDefaults } from './trakerr-client.ts';
import { clientParts, ownClientParts } from './trakerr-client.ts';
import type { CustomDataSlots } from './trakerr-custom-data.ts';
import type { EventFields } from './trakerr-fields.ts';
import { composedUrl, DURATIONS, EVENT_FIELDS, leftOver } from './trakerr-fields.ts';
import { OWN_KEYS, UnmappedWriter } from './trakerr-rest.ts';
import type { StacktraceSettings } from './trakerr-stack.ts';
import { stacktraceWriter } from './trakerr-stack.ts';
import type { LoadSample, SystemLoad } from './trakerr-system-load.ts';

/** What the mapper needs to know; `trakerr()` checks it. */
export interface TrakerrEventSettings extends StacktraceSettings {
  readonly defaults: TrakerrDefaults;
  readonly classification: string | undefined;
  readonly user: string | undefined;
  readonly session: string | undefined;
  readonly tags: readonly string[];
  readonly correlateSpans: boolean;
  readonly customProperties: CustomDataSlots;
  readonly customSegments: CustomDataSlots;
  /** The string slot that takes everything unmapped; undefined leaves it out. */
  readonly unmappedSlot: number | undefined;
  readonly maxUnmappedBytes: number;
  readonly load: Pick<SystemLoad, 'current'> | undefined;
}

const LEVELS = ['debug', 'debug', 'info', 'warning', 'error', 'fatal'] as const;
const UNKNOWN = '"unknown"';
const NO_RESOURCE: unknown = { attributes: {} };
const EXCEPTION_KEYS: ReadonlySet<string> = new Set(['exception.type', 'exception.message', 'exception.stacktrace']);

/** `log` for what is only told, `issue` for what somebody should look at: the rule of the official handler. */
function classify(level: string, record: EmittedRecord, exception: Exception | undefined): string {
  if (record.span !== undefined && exception === undefined) return '"log"';
  return level === 'debug' || level === 'info' ? '"log"' : '"issue"';
}

/** Writes records as AppEvents, in the order of the model, without `apiKey`. */
class TrakerrEventWriter {
  readonly #json: JsonWriter;
  readonly #validContext = spanContextCheck();
  readonly #settings: TrakerrEventSettings;
  readonly #picker = new AttributePicker<EventFields>(EVENT_FIELDS, OWN_KEYS);
  readonly #unmapped: UnmappedWriter;
  readonly #stacktrace: (exception: Exception) => string;
  readonly #clientParts: (resource: EmittedRecord['resource']) => ClientParts;
  readonly #scopeTags: (scope: EmittedRecord['instrumentationScope']) => string;
  #attributes: Attributes = {};
  #exceptional = false;
  #sample: LoadSample | undefined;
  #sampleText = '';

  constructor(json: JsonWriter, settings: TrakerrEventSettings) {
    this.#json = json;
    this.#settings = settings;
    this.#unmapped = new UnmappedWriter(json, settings.maxUnmappedBytes);
    this.#stacktrace = stacktraceWriter(json, settings);
    this.#clientParts = perIdentity(
      (resource) => clientParts(json, settings.defaults, (resource.attributes ?? {}) as Attributes),
      (resource) => resource.asyncAttributesPending !== true,
    );
    this.#scopeTags = perIdentity((scope) => this.#tagList([], scope.name));
  }

  write(record: EmittedRecord): string {
    const json = this.#json;
    this.#attributes = record.attributes as Attributes;
    const exception = exceptionOf(record, json);
    this.#exceptional = exception !== undefined;
    const resource = record.resource ?? (NO_RESOURCE as EmittedRecord['resource']);
    const shared = this.#clientParts(resource);
    this.#picker.begin(this.#attributes);
    const members = json.members(this.#attributes, this.#plain() ? this.#picker.skip : this.#skip);
    const { fields } = this.#picker;
    const client = ownClientParts(json, this.#settings.defaults, resource.attributes as Attributes, fields) ?? shared;
    const fallback = exception === undefined ? INFO : ERROR;
    const level = LEVELS[severityBand(record.severityNumber, record.severityText, fallback)];
    const eventName =
      typeof record.eventName === 'string' && record.eventName !== '' ? record.eventName : fields.eventName;
    const classification = this.#text(fields.classification ?? this.#settings.classification);
    return (
      `{"logLevel":"${level}","classification":${classification ?? classify(level, record, exception)},` +
      `"eventType":${this.#eventType(record, exception, eventName)},` +
      `"eventMessage":${this.#eventMessage(record, exception, eventName)},"eventTime":${epochMillis(recordTime(record))}` +
      (exception === undefined ? '' : `,"eventStacktrace":${this.#stacktrace(exception)}`) +
      this.#named('eventUser', 'user.id', fields.user ?? this.#settings.user) +
      this.#named('eventSession', 'session.id', fields.session ?? this.#settings.session) +
      client.environment +
      (this.#field('contextAppBrowser', fields.browser) || client.browser) +
      (this.#field('contextAppBrowserVersion', fields.browserVersion) || client.browserVersion) +
      client.platform +
      this.#tags(record) +
      this.#field('contextURL', fields.url ?? composedUrl(fields)) +
      this.#operationTime(record, fields) +
      this.#load() +
      this.#correlation(record, fields) +
      (this.#field('contextDevice', fields.device) || client.device) +
      (this.#field('contextAppSku', fields.sku) || client.sku) +
      this.#custom(record, { level, exception, client, members, eventName })
    );
  }

  /** Whether the picker alone decides which attributes are written among the unmapped. */
  #plain(): boolean {
    const { customProperties, customSegments } = this.#settings;
    return !this.#exceptional && customProperties.isEmpty && customSegments.isEmpty;
  }

  readonly #skip = (key: string): boolean => {
    const picked = this.#picker.skip(key);
    if (this.#exceptional && EXCEPTION_KEYS.has(key)) return true;
    const { customProperties, customSegments } = this.#settings;
    const value = this.#attributes[key];
    return picked || customProperties.holds(key, value) || customSegments.holds(key, value);
  };

  /** JSON text, undefined where nothing would be left to read. */
  #text(value: string | undefined): string | undefined {
    if (value === undefined) return undefined;
    const text = this.#json.string(value);
    return text === '""' ? undefined : text;
  }

  #field(name: string, value: string | undefined): string {
    const text = value === undefined ? undefined : this.#text(value);
    return text === undefined ? '' : `,"${name}":${text}`;
  }

  /** A field that stands for an attribute, whoever gave the value. */
  #named(name: string, attribute: string, value: string | undefined): string {
    const text = value === undefined ? undefined : this.#json.member(attribute, value);
    return text === undefined || text === '""' ? '' : `,"${name}":${text}`;
  }

  #eventType(record: EmittedRecord, exception: Exception | undefined, eventName: string | undefined): string {
    return this.#text(exception?.type || eventName || record.instrumentationScope?.name) ?? UNKNOWN;
  }

  #eventMessage(record: EmittedRecord, exception: Exception | undefined, eventName: string | undefined): string {
    const text = messageOf(record.body, this.#json) || exception?.message || eventName;
    const written = text ? this.#json.message(text) : UNKNOWN;
    return written === '""' ? UNKNOWN : written;
  }

  /** Tags of the client, of the record and, for this event only, the scope's name (the official handler keeps it). */
  #tags(record: EmittedRecord): string {
    const { tags } = this.#picker.fields;
    const own = tags === undefined ? undefined : listAttribute({ tags }, 'tags', this.#json);
    const scope = record.instrumentationScope;
    return own === undefined && scope ? this.#scopeTags(scope) : this.#tagList(own ?? [], scope?.name);
  }

  #tagList(own: readonly string[], scopeName: string | undefined): string {
    const tags = [...this.#settings.tags, ...own, scopeName].flatMap((tag) => this.#text(tag) ?? []);
    return tags.length === 0 ? '' : `,"contextTags":[${tags.join(',')}]`;
  }

  #operationTime({ span }: EmittedRecord, fields: EventFields): string {
    for (const [name] of DURATIONS) {
      const millis = fields[name];
      if (millis !== undefined) return `,"contextOperationTimeMillis":${millis}`;
    }
    const offset = span === undefined ? Number.NaN : Math.round(span.offsetMillis);
    return offset >= 0 && Number.isSafeInteger(offset) ? `,"contextOperationTimeMillis":${offset}` : '';
  }

  #load(): string {
    const sample = this.#settings.load?.current();
    if (sample === undefined) return '';
    if (sample !== this.#sample) {
      this.#sample = sample;
      this.#sampleText = `,"contextCpuPercentage":${sample.cpu},"contextMemoryPercentage":${sample.memory}`;
    }
    return this.#sampleText;
  }

  #correlation(record: EmittedRecord, fields: EventFields): string {
    if (fields.correlationId !== undefined) return this.#field('contextCrossAppCorrelationId', fields.correlationId);
    const context = this.#validContext(record.spanContext);
    if (context === undefined) return '';
    const span = this.#settings.correlateSpans ? `-${context.spanId.toLowerCase()}` : '';
    return `,"contextCrossAppCorrelationId":"${context.traceId.toLowerCase()}${span}"`;
  }

  /** `customProperties` with everything unmapped, and `customSegments`; closes the event. */
  #custom(record: EmittedRecord, parts: CustomParts): string {
    const { customProperties, customSegments, unmappedSlot } = this.#settings;
    const { attributes } = parts.client;
    const unmapped = unmappedSlot === undefined ? '' : this.#unmappedText(record, parts);
    const member = unmapped === '' ? '' : `"customData${unmappedSlot}":${unmapped}`;
    const properties = customProperties.write(this.#json, this.#attributes, attributes, member);
    const segments = customSegments.write(this.#json, this.#attributes, attributes, '');
    return `${properties && `,"customProperties":${properties}`}${segments && `,"customSegments":${segments}`}}`;
  }

  #unmappedText(record: EmittedRecord, { level, exception, client, members, eventName }: CustomParts): string {
    const { correlateSpans } = this.#settings;
    const { fields, collided } = this.#picker;
    const correlated = fields.correlationId !== undefined;
    const left = leftOver(this.#json, this.#attributes, fields, eventName);
    return this.#unmapped.write(record, {
      level,
      exception,
      members: members === '' ? left.slice(1) : members + left,
      collided,
      // Without an exception the event name is the event's type.
      eventName: exception === undefined ? undefined : eventName,
      traceCorrelated: !correlated,
      spanCorrelated: correlateSpans && !correlated,
      resource: client.rest,
    });
  }
}

interface CustomParts {
  readonly level: string;
  readonly exception: Exception | undefined;
  readonly client: ClientParts;
  /** Attributes that no field holds, as JSON members. */
  readonly members: string;
  readonly eventName: string | undefined;
}

/** The mapper of Trakerr events. */
export function trakerrMapper(settings: TrakerrEventSettings): (json: JsonWriter) => RecordMapper {
  return (json) => {
    const writer = new TrakerrEventWriter(json, settings);
    return (record) => writer.write(record);
  };
}
