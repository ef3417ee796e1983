import type { RecordMapper } from '../codec/codec.ts';
import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { dashed, isUuid, uuidSource, validSpanContext } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { clip, wellFormed } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf, isStructured, messageOf, textAttribute } from '../record/record.ts';
import { severityBand } from '../record/severity.ts';
import { epochNanosText, hasSubMillis, isoFormatter, recordTime } from '../record/time.ts';
import { SDK_NAME, SDK_VERSION } from '../version.ts';
import { serviceName } from './settings.ts';

/** How records become LogTide entries. */
export interface LogTideEntryOptions {
  /** Service when the resource has no `service.name`. Default `unknown`. */
  readonly service?: string;
  /** Added to the metadata of every entry; attributes of the record win. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Also write `user.id`, `session.id`, `http.request.id` … as `user_id`, `session_id`, `request_id` …, the names that
   * LogTide extracts identifiers from. Default false.
   */
  readonly identifierAliases?: boolean;
}

const LEVELS = ['debug', 'debug', 'info', 'warn', 'error', 'critical'] as const;
const MAX_SERVICE_LENGTH = 100;
const MAX_FRAMES = 100;
const MAX_TYPE_LENGTH = 255;

/** Attributes that leave the metadata because they become something else. */
const CONSUMED = new Set([
  'exception.type',
  'exception.message',
  'exception.stacktrace',
  'logtide.service',
  'event.name',
]);

/** Attribute names that would collide with a key of ours; the record's own value wins. */
const RESERVED = new Set([
  'otel.severity_number',
  'otel.severity_text',
  'otel.scope.name',
  'otel.scope.version',
  'otel.scope.attributes',
  'otel.event_name',
  'otel.body',
  'otel.span',
  'otel.flags',
  'otel.time_unix_nano',
  'otel.observed_time_unix_nano',
  'otel.dropped_attributes_count',
  'resource',
  'hostname',
  'environment',
  'release',
  'exception',
  'sdk',
  'event_id',
]);

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['user.id', 'user_id'],
  ['enduser.id', 'user_id'],
  ['session.id', 'session_id'],
  ['request.id', 'request_id'],
  ['http.request.id', 'request_id'],
  ['order.id', 'order_id'],
  ['transaction.id', 'transaction_id'],
  ['correlation.id', 'correlation_id'],
]);

/** Server line A refuses these as prototype pollution; renamed, their values survive. */
export function renameForbiddenKey(key: string): string {
  return key === '__proto__' || key === 'constructor' || key === 'prototype' ? `${key}_` : key;
}

/** Metadata that is the same for many records: key and `"key":value` text. */
type Fragment = readonly [key: string, text: string];

function fragment(json: JsonWriter, key: string, value: unknown): Fragment[] {
  const text = value === undefined || value === '' ? undefined : json.value(value);
  return text === undefined ? [] : [[key, `,${json.key(key)}${text}`]];
}

function cleanService(name: string): string {
  const clean = clip(wellFormed(name.replace(/[\u0000-\u001f\u007f]/g, '')), MAX_SERVICE_LENGTH);
  return clean === '' ? 'unknown' : clean;
}

function frames(exception: Exception): readonly object[] {
  // `node:` frames would count as application code in the server's grouping; they stay in `raw`.
  const kept = exception.frames.filter(({ file }) => file !== '<anonymous>' && !file.startsWith('node:'));
  return kept.slice(0, MAX_FRAMES).map(({ function: name, file, line, column }) => {
    const bare = name.replace(/^async /, '');
    return {
      file: file.replace(/^file:\/\//, ''),
      ...(bare !== '<anonymous>' && { function: bare }),
      ...(line > 0 && { line, column }),
    };
  });
}

/** `metadata.exception` as the server's error grouping reads it: thrown-at frame first, `raw` only beside frames. */
function structured(exception: Exception): object {
  const stacktrace = frames(exception);
  return {
    type: clip(exception.type || 'Error', MAX_TYPE_LENGTH),
    message: exception.message || exception.type || 'Error',
    language: 'nodejs',
    ...(stacktrace.length > 0 && { stacktrace, raw: exception.stack }),
    ...(exception.cause && { cause: structured(exception.cause) }),
    ...(exception.errors && { errors: exception.errors.map(structured) }),
    ...(exception.properties && { metadata: exception.properties }),
  };
}

/** The mapper of LogTide entries (`time service level message trace_id span_id session_id metadata`). */
export function logtideMapper(options: LogTideEntryOptions): (json: JsonWriter) => RecordMapper {
  return (json) => {
    const isoTime = isoFormatter(3, 'Z');
    const eventId = uuidSource();
    const sdk = fragment(json, 'sdk', { name: SDK_NAME, version: SDK_VERSION });
    const global = Object.entries(options.metadata ?? {}).flatMap(([key, value]) => fragment(json, key, value));
    const globalKeys = new Set(global.map(([key]) => key));
    const isSpecial = (key: string): boolean => CONSUMED.has(key) || RESERVED.has(key) || globalKeys.has(key);

    let resource: unknown;
    let service = '';
    let resourceTail: readonly Fragment[] = [];
    let resourceText = '';
    const useResource = (next: EmittedRecord['resource']): void => {
      const attributes = next.attributes as Attributes;
      const name = serviceName(attributes) ?? options.service ?? textAttribute(attributes, 'service.name') ?? 'unknown';
      service = json.string(cleanService(name));
      resourceTail = [
        ...global,
        ...[
          ...fragment(json, 'resource', attributes),
          ...fragment(json, 'hostname', attributes['host.name']),
          ...fragment(
            json,
            'environment',
            textAttribute(attributes, 'deployment.environment.name', 'deployment.environment'),
          ),
          ...fragment(json, 'release', attributes['service.version']),
          ...sdk,
        ].filter(([key]) => !globalKeys.has(key)),
      ];
      resourceText = resourceTail.map(([, text]) => text).join('');
      resource = next;
    };

    let scope: unknown;
    let scopeTail: readonly Fragment[] = [];
    let scopeText = '';
    const useScope = (next: EmittedRecord['instrumentationScope']): void => {
      scopeTail = [
        ...fragment(json, 'otel.scope.name', next.name),
        ...fragment(json, 'otel.scope.version', next.version),
        ...fragment(json, 'otel.scope.attributes', next.attributes),
      ];
      scopeText = scopeTail.map(([, text]) => text).join('');
      scope = next;
    };

    let severityNumber: number | undefined;
    let severityText: string | undefined;
    let severityTail: readonly Fragment[] = [];
    let severityJoined = '';
    let level: (typeof LEVELS)[number] = 'info';
    const useSeverity = (number: number | undefined, text: string | undefined): void => {
      level = LEVELS[severityBand(number, text)];
      severityTail = [...fragment(json, 'otel.severity_number', number), ...fragment(json, 'otel.severity_text', text)];
      severityJoined = severityTail.map(([, written]) => written).join('');
      severityNumber = number;
      severityText = text;
    };
    useSeverity(undefined, undefined);

    /** Parts that few records have. */
    const rare = (record: EmittedRecord, exception: Exception | undefined): Fragment[] => {
      const time = recordTime(record);
      const observed = record.hrTimeObserved;
      const differs = observed !== undefined && (observed[0] !== time[0] || observed[1] !== time[1]);
      const flags = record.spanContext?.traceFlags;
      return [
        ...fragment(json, 'otel.event_name', eventNameOf(record)),
        ...fragment(json, 'otel.body', isStructured(record.body) ? record.body : undefined),
        ...fragment(json, 'otel.time_unix_nano', hasSubMillis(time) ? epochNanosText(time) : undefined),
        ...fragment(json, 'otel.observed_time_unix_nano', differs ? epochNanosText(observed) : undefined),
        ...fragment(json, 'otel.dropped_attributes_count', record.droppedAttributesCount || undefined),
        ...fragment(json, 'otel.flags', flags || undefined),
        ...fragment(json, 'otel.span', record.span),
        ...fragment(json, 'exception', exception && structured(exception)),
      ];
    };

    const message = (record: EmittedRecord, exception: Exception | undefined): string => {
      const text = messageOf(record.body, json) || eventNameOf(record) || exception?.message || exception?.type;
      const written = json.message(text || '(no message)');
      return written === '""' ? '"(no message)"' : written;
    };

    const aliases = (attributes: Attributes): string => {
      let text = '';
      const written = new Set<string>();
      for (const [name, alias] of ALIASES) {
        const value = textAttribute(attributes, name);
        if (value === undefined || alias in attributes || written.has(alias)) continue;
        written.add(alias);
        text += `,${json.key(alias)}${json.string(value)}`;
      }
      return text;
    };

    /** Attributes that clash with our own keys: everything is joined again without the keys that are taken. */
    const metadataWithout = (taken: ReadonlySet<string>, rest: readonly Fragment[]): string =>
      [...severityTail, ...scopeTail, ...resourceTail, ...rest]
        .filter(([key]) => !taken.has(key))
        .map(([, text]) => text)
        .join('');

    return (record) => {
      if (record.resource !== resource) useResource(record.resource);
      if (record.instrumentationScope !== scope) useScope(record.instrumentationScope);
      if (record.severityNumber !== severityNumber || record.severityText !== severityText) {
        useSeverity(record.severityNumber, record.severityText);
      }
      const attributes = record.attributes as Attributes;
      let special: string[] | undefined;
      const members = json.members(attributes, (key) => {
        if (!isSpecial(key)) return false;
        special ??= [];
        special.push(key);
        return CONSUMED.has(key);
      });
      const exception = special === undefined && !(record.body instanceof Error) ? undefined : exceptionOf(record);
      const fragments = rare(record, exception);
      const tail =
        special === undefined
          ? severityJoined + scopeText + resourceText + fragments.map(([, text]) => text).join('')
          : metadataWithout(new Set(special), fragments);
      const override = special === undefined ? undefined : textAttribute(attributes, 'logtide.service');
      const context = validSpanContext(record.spanContext);
      const ids = context
        ? `,"trace_id":"${context.traceId.toLowerCase()}","span_id":"${context.spanId.toLowerCase()}"`
        : '';
      const session = attributes['session.id'];
      return (
        `{"time":"${isoTime(recordTime(record))}","service":${override ? json.string(cleanService(override)) : service},` +
        `"level":"${level}","message":${message(record, exception)}${ids}` +
        (isUuid(session) ? `,"session_id":"${dashed(session)}"` : '') +
        `,"metadata":{"event_id":"${eventId()}"${members === '' ? '' : `,${members}`}${tail}` +
        `${options.identifierAliases ? aliases(attributes) : ''}}}`
      );
    };
  };
}
