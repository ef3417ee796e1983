import type { RecordMapper } from '../codec/codec.ts';
import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { perIdentity } from '../record/identity.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { clip } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf, listAttribute, messageOf, textAttribute } from '../record/record.ts';
import type { SeverityBand } from '../record/severity.ts';
import { ERROR, INFO, severityBand } from '../record/severity.ts';
import { isoFormatter, recordTime } from '../record/time.ts';
import type { PickedAttributes } from './loggier-context.ts';
import { ContextWriter } from './loggier-context.ts';
import { exceptionText } from './loggier-exception.ts';
import type { RuntimeFacts } from './loggier-runtime.ts';
import { runtimeContext } from './loggier-runtime.ts';
import { serviceName } from './settings.ts';

/** What the mapper needs to know; `loggier()` checks it. */
export interface LoggierRecordSettings {
  readonly tags: readonly string[];
  readonly environment: string | undefined;
  readonly serviceName: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  readonly messageLimit: number | undefined;
  readonly deliveryId: boolean;
  readonly facts: RuntimeFacts;
}

const LEVELS = ['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
/** Severity numbers that the level alone gives back. */
const PLAIN_NUMBERS: ReadonlySet<unknown> = new Set([undefined, 0, 5, 9, 13, 17, 21]);
const TRUNCATED = '... [truncated]';
const NO_MESSAGE = '(no message)';
const NO_RESOURCE: unknown = { attributes: {} };
const STAGE = ['deployment.environment.name', 'deployment.environment'] as const;

/** Parts that are the same for all records of one resource. */
interface ResourceParts {
  readonly environment: string;
  readonly defaults: ReadonlyMap<string, string>;
  readonly defaultsText: string;
  readonly resource: string;
  readonly runtime: string;
}

/** `,"level":"…"`, and as JSON text what it does not say. */
interface SeverityParts {
  readonly number: unknown;
  readonly text: unknown;
  readonly fallback: SeverityBand;
  readonly level: string;
  readonly severityText: string | undefined;
  readonly severityNumber: string | undefined;
}

/** The message as the official client cuts it: at the last space if that keeps more than half. */
export function cutMessage(message: string, limit: number): string {
  if (message.length <= limit) return message;
  const kept = clip(message, limit - TRUNCATED.length);
  const space = kept.lastIndexOf(' ');
  return (space > limit / 2 ? kept.slice(0, space) : kept) + TRUNCATED;
}

function resourceParts(json: JsonWriter, settings: LoggierRecordSettings, attributes: Attributes): ResourceParts {
  const environment = json.string(settings.environment ?? textAttribute(attributes, ...STAGE) ?? 'development');
  const service = settings.serviceName ?? serviceName(attributes) ?? textAttribute(attributes, 'service.name');
  const defaults = new Map([
    ['environment', `"environment":${environment}`],
    ['service_name', `"service_name":${json.string(service ?? 'unknown_service')}`],
    ['tags', `"tags":${json.value(settings.tags)}`],
  ]);
  for (const [key, value] of Object.entries(settings.context)) {
    const text = json.member(key, value);
    if (text !== undefined) defaults.set(key, json.key(key) + text);
  }
  const resource = json.members(attributes);
  return {
    environment,
    defaults,
    defaultsText: [...defaults.values()].join(','),
    resource: resource === '' ? '' : `{${resource}}`,
    runtime: `{${json.members(runtimeContext(attributes, settings.facts))}}`,
  };
}

/** A span event, rather than what is told of a whole span. */
function isSpanEvent(record: EmittedRecord): boolean {
  return record.span !== undefined && eventNameOf(record) !== undefined;
}

/** The stage that a record names itself, as JSON text, and the defaults of its context with that. */
function ownStage(json: JsonWriter, attributes: Attributes, parts: ResourceParts): ResourceParts {
  const stage = textAttribute(attributes, ...STAGE);
  if (stage === undefined) return parts;
  const environment = json.string(stage);
  const defaults = new Map(parts.defaults).set('environment', `"environment":${environment}`);
  return { ...parts, environment, defaults, defaultsText: [...defaults.values()].join(',') };
}

function severityParts(json: JsonWriter, record: EmittedRecord, fallback: SeverityBand): SeverityParts {
  const { severityNumber: number, severityText: text } = record;
  const level = LEVELS[severityBand(number, text, fallback)];
  const differs = typeof text === 'string' && text !== '' && text.toUpperCase() !== level;
  return {
    number,
    text,
    fallback,
    level,
    severityText: differs ? json.string(text) : undefined,
    severityNumber: PLAIN_NUMBERS.has(number) ? undefined : json.value(number),
  };
}

/** Writes records as `message level environment timestamp context tags exception runtime_context`. */
class LoggierRecordWriter {
  readonly #json: JsonWriter;
  readonly #messageLimit: number | undefined;
  readonly #tags: string;
  readonly #context: ContextWriter;
  readonly #isoTime = isoFormatter(6, 'Z');
  readonly #resourceParts: (resource: EmittedRecord['resource']) => ResourceParts;
  #severity: SeverityParts | undefined;

  constructor(json: JsonWriter, settings: LoggierRecordSettings) {
    this.#json = json;
    this.#messageLimit = settings.messageLimit;
    this.#tags = settings.tags.map((tag) => json.string(tag)).join(',');
    this.#context = new ContextWriter(json, settings);
    this.#resourceParts = perIdentity(
      (resource) => resourceParts(json, settings, (resource.attributes ?? {}) as Attributes),
      (resource) => resource.asyncAttributesPending !== true,
    );
  }

  write(record: EmittedRecord): string {
    const json = this.#json;
    const exception = exceptionOf(record, json);
    const shared = this.#resourceParts(record.resource ?? (NO_RESOURCE as EmittedRecord['resource']));
    const own = ownStage(json, record.attributes as Attributes, shared);
    const { environment, defaults, defaultsText, resource, runtime } = own;
    const { level, severityText, severityNumber } = this.#severityOf(record, exception);
    const time = recordTime(record);
    const text = this.#text(record, exception);
    const message = this.#messageLimit === undefined ? text : cutMessage(text, this.#messageLimit);
    const whole = message === text ? undefined : json.message(text);
    const written = json.message(message);
    const exceptional = exception !== undefined;
    const context = this.#context.write(record, {
      ...{ time, defaults, defaultsText, resource, severityText, severityNumber, whole, exceptional },
    });
    return (
      `{"message":${written === '""' ? `"${NO_MESSAGE}"` : written},"level":"${level}","environment":${environment},` +
      `"timestamp":"${this.#isoTime(time)}","context":{${context}}${this.#tagsText(record, this.#context.picked)}` +
      (exception === undefined ? '' : `,"exception":${exceptionText(json, exception, record.attributes)}`) +
      `,"runtime_context":${runtime}}`
    );
  }

  #text(record: EmittedRecord, exception: Exception | undefined): string {
    return messageOf(record.body, this.#json) || exception?.message || eventNameOf(record) || NO_MESSAGE;
  }

  #severityOf(record: EmittedRecord, exception: Exception | undefined): SeverityParts {
    const fallback = record.span !== undefined && exception !== undefined ? ERROR : INFO;
    const last = this.#severity;
    if (
      last === undefined ||
      last.number !== record.severityNumber ||
      last.text !== record.severityText ||
      last.fallback !== fallback
    ) {
      this.#severity = severityParts(this.#json, record, fallback);
      return this.#severity;
    }
    return last;
  }

  #tagsText(record: EmittedRecord, { tags: own }: PickedAttributes): string {
    let tags = this.#tags;
    const list = own === undefined ? [] : listAttribute({ tags: own }, 'tags', this.#json);
    for (const tag of list) tags += `${tags === '' ? '' : ','}${this.#json.string(tag)}`;
    if (isSpanEvent(record)) tags += tags === '' ? '"span_event"' : ',"span_event"';
    return tags === '' ? '' : `,"tags":[${tags}]`;
  }
}

/** The mapper of Loggier records. */
export function loggierMapper(settings: LoggierRecordSettings): (json: JsonWriter) => RecordMapper {
  return (json) => {
    const writer = new LoggierRecordWriter(json, settings);
    return (record) => writer.write(record);
  };
}
