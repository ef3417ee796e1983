import type { RecordMapper } from '../codec/codec.ts';
import type { FieldRules } from '../record/attribute-picker.ts';
import { AttributePicker, freeName, integerBetween, nonEmpty } from '../record/attribute-picker.ts';
import { perIdentity } from '../record/identity.ts';
import { isUuid, nameUuid, undashed, uuidSource, validSpanContext } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { DEFAULT_LIMITS } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf } from '../record/record.ts';
import { isoFormatter, recordTime } from '../record/time.ts';
import type { ResourceParts, SharedFields } from './odysseus-entry.ts';
import { ambientUser, resourceParts, sharedRules } from './odysseus-entry.ts';
import type { EntrySettings } from './odysseus-settings.ts';
import type { Place, StreamPositions } from './odysseus-stream.ts';
import type { SharedTexts } from './own-members.ts';
import { isSettled, OwnMembers, scopeText } from './own-members.ts';

interface EventFields extends SharedFields {
  id: string;
  type: number;
  stream: string;
  position: number;
  meta: object;
}

const MIN_INT = -2_147_483_648;

/** An object whose members can stand in another one: a literal, not a class instance, list, `Date` or `Map`. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && typeof Reflect.get(value, 'toJSON') !== 'function';
}

function joined(members: string, others: string): string {
  return members === '' || others === '' ? members + others : `${members},${others}`;
}

function streamOf(value: unknown): string | undefined {
  if (isUuid(value)) return undashed(value);
  const name = nonEmpty(value);
  return name === undefined ? undefined : nameUuid(name);
}

function eventRules(settings: EntrySettings): FieldRules<EventFields> {
  return {
    ...sharedRules(settings),
    id: {
      from: ['event.id', 'log.record.uid'],
      read: (value) => (isUuid(value) ? settings.uuid(value) : undefined),
    },
    type: { from: ['odysseus.type'], read: (value) => integerBetween(value, MIN_INT) },
    stream: { from: ['odysseus.stream_id'], read: streamOf, keep: (value) => !isUuid(value) },
    position: { from: ['odysseus.position'], read: (value) => integerBetween(value, 0) },
    meta: { from: ['odysseus.meta'], read: (value) => (isPlain(value) ? value : undefined) },
  };
}

/** Writes records as events: the texts of `/api/events`. */
class EventWriter {
  readonly #json: JsonWriter;
  readonly #settings: EntrySettings;
  readonly #streams: StreamPositions;
  readonly #picker: AttributePicker<EventFields>;
  readonly #own: OwnMembers;
  readonly #resource: (resource: EmittedRecord['resource']) => ResourceParts;
  readonly #scope: (scope: EmittedRecord['instrumentationScope']) => string;
  readonly #isoTime = isoFormatter(6, 'Z');
  readonly #id = uuidSource();
  /** Where few values are written, the walk ends before it has seen all attributes; they are picked beforehand. */
  readonly #pickFirst: boolean;
  #name: string | undefined;
  #attributes: Attributes = {};
  #body: object | undefined;
  #displaced: string[] = [];

  constructor(json: JsonWriter, settings: EntrySettings, streams: StreamPositions) {
    this.#json = json;
    this.#settings = settings;
    this.#streams = streams;
    this.#picker = new AttributePicker(eventRules(settings), []);
    this.#own = new OwnMembers(json);
    this.#resource = perIdentity(resourceParts(json, settings), isSettled);
    this.#scope = perIdentity((scope) => scopeText(json, scope));
    this.#pickFirst = json.limits.maxValues < DEFAULT_LIMITS.maxValues;
  }

  readonly write = (record: EmittedRecord): string => {
    const { uuid, options, session } = this.#settings;
    const json = this.#json;
    const resource = this.#resource(record.resource);
    const scope = this.#scope(record.instrumentationScope);
    this.#name = eventNameOf(record);
    const data = this.#data(record);
    const { fields } = this.#picker;
    const place = this.#place(record, fields, resource);
    const meta = this.#meta(record, fields, { resource: resource.text, scope });
    const { platform = options.platform, user = ambientUser(options) } = fields;
    return (
      `{"id":"${fields.id ?? uuid(this.#id())}","name":${json.string(this.#name ?? 'event')},` +
      `"session_id":"${fields.session ?? resource.session ?? session}","type":${fields.type ?? options.eventType ?? 0},` +
      `"timestamp":"${this.#isoTime(recordTime(record))}","stream_id":"${uuid(place.stream)}",` +
      `"position":${place.position}` +
      (platform === undefined ? '' : `,"platform":${platform}`) +
      (user === undefined ? '' : `,"user":${json.member('user.id', user)}`) +
      (data === '' ? '' : `,"data":{${data}}`) +
      (meta === '' ? '}' : `,"meta":{${meta}}}`)
    );
  };

  /** The body's members, or the body as `body`, and the attributes that are no fields. */
  #data({ body, attributes }: EmittedRecord): string {
    const json = this.#json;
    const picker = this.#picker;
    this.#attributes = attributes as Attributes;
    this.#displaced = [];
    this.#body = isPlain(body) ? body : body === undefined || body === null ? undefined : { body };
    picker.begin(this.#attributes);
    if (this.#pickFirst) Object.keys(attributes).forEach(picker.skip);
    const members = this.#body === undefined ? '' : json.members(this.#body);
    const others = json.members(attributes, this.#skip);
    const all = joined(members, others);
    return this.#displaced.length === 0 ? all : joined(all, this.#renamed());
  }

  readonly #skip = (key: string): boolean => {
    if (this.#picker.skip(key)) return true;
    if (key === 'event.name' && this.#attributes[key] === this.#name) return true;
    if (this.#body === undefined || !Object.hasOwn(this.#body, key)) return false;
    this.#displaced.push(key);
    return true;
  };

  /** Attributes whose names the body has, too: the body is the event's own data, they become `otel.` and the name. */
  #renamed(): string {
    const taken = Object.fromEntries(
      [...Object.keys(this.#attributes), ...Object.keys(this.#body ?? {})].map((key) => [key, true]),
    );
    const renamed: [string, unknown][] = this.#displaced.map((key) => {
      const free = freeName(key, taken);
      taken[free] = true;
      return [free, this.#attributes[key]];
    });
    return this.#json.members(Object.fromEntries(renamed));
  }

  #place(record: EmittedRecord, { stream, position }: Partial<EventFields>, resource: ResourceParts): Place {
    return this.#streams.place(record, {
      context: validSpanContext(record.spanContext),
      time: recordTime(record),
      offsetMillis: record.span?.offsetMillis,
      instance: resource.instance,
      stream,
      position,
    });
  }

  #meta(record: EmittedRecord, fields: Partial<EventFields>, shared: SharedTexts): string {
    const json = this.#json;
    const own = this.#own;
    own.begin(fields.meta);
    const given = fields.meta === undefined ? '' : json.members(fields.meta);
    const { severityNumber, severityText } = record;
    let text = own.members(record, shared);
    if (severityNumber) text += own.key(',"severity_number":') + (json.value(severityNumber) ?? 'null');
    if (severityText) text += own.key(',"severity_text":') + (json.value(severityText) ?? 'null');
    const { file, method, line } = fields;
    if (file !== undefined || method !== undefined || line !== undefined) {
      text += own.key(',"code":') + json.value({ file, function: method, line });
    }
    return given === '' ? text.slice(1) : given + text;
  }
}

/** The mapper of events; `streams` is shared by all mappers of a destination. */
export function odysseusEventMapper(
  settings: EntrySettings,
  streams: StreamPositions,
): (json: JsonWriter) => RecordMapper {
  return (json) => new EventWriter(json, settings, streams).write;
}
