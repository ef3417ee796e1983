import { isMainThread, threadId } from 'node:worker_threads';
import type { RecordMapper } from '../codec/codec.ts';
import type { FieldRules } from '../record/attribute-picker.ts';
import { AttributePicker, anyText, integerBetween, nonEmpty } from '../record/attribute-picker.ts';
import type { Exception } from '../record/exception.ts';
import { exceptionOf } from '../record/exception.ts';
import { isError } from '../record/guarded.ts';
import { perIdentity } from '../record/identity.ts';
import type { JsonWriter } from '../record/json-value.ts';
import { DEFAULT_LIMITS } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { eventNameOf, messageOf } from '../record/record.ts';
import { isoFormatter, recordTime } from '../record/time.ts';
import { CONTEXT_KEYS, OwnContext } from './odysseus-context.ts';
import type { ResourceParts, SharedFields } from './odysseus-entry.ts';
import { ambientUser, resourceParts, sharedRules } from './odysseus-entry.ts';
import type { EntrySettings } from './odysseus-settings.ts';
import type { OdysseusSeverity } from './odysseus-severity.ts';
import { parseSeverity, recordSeverity } from './odysseus-severity.ts';
import { isSettled, scopeText } from './own-members.ts';

interface LogFields extends SharedFields {
  severity: OdysseusSeverity;
  outcome: string;
  tag: string;
  thread: number;
  threadName: string;
  exceptionType: string;
  exceptionMessage: string;
  exceptionStack: string;
}

function logRules(settings: EntrySettings): FieldRules<LogFields> {
  return {
    ...sharedRules(settings),
    severity: { from: ['odysseus.severity'], read: parseSeverity },
    outcome: { from: ['event.outcome'], read: anyText, keep: () => true },
    tag: { from: ['odysseus.tag', 'log.logger', 'logger.name'], read: nonEmpty },
    thread: { from: ['thread.id'], read: (value) => integerBetween(value, 0) },
    threadName: { from: ['thread.name'], read: nonEmpty },
    exceptionType: { from: ['exception.type'], read: anyText },
    exceptionMessage: { from: ['exception.message'], read: anyText },
    exceptionStack: { from: ['exception.stacktrace'], read: anyText },
  };
}

/** Writes records as log entries: the texts of `/api/logs`. */
class LogEntryWriter {
  readonly #json: JsonWriter;
  readonly #settings: EntrySettings;
  readonly #picker: AttributePicker<LogFields>;
  readonly #context: OwnContext;
  readonly #resource: (resource: EmittedRecord['resource']) => ResourceParts;
  readonly #scope: (scope: EmittedRecord['instrumentationScope']) => string;
  readonly #isoTime = isoFormatter(6, 'Z');
  readonly #platform: string;
  readonly #thread = isMainThread ? undefined : threadId;
  /** Where few values are written, the walk ends before it has seen all attributes; they are picked beforehand. */
  readonly #pickFirst: boolean;

  constructor(json: JsonWriter, settings: EntrySettings) {
    this.#json = json;
    this.#settings = settings;
    this.#picker = new AttributePicker(logRules(settings), CONTEXT_KEYS);
    this.#context = new OwnContext(json, settings.options.recordUid === true);
    this.#resource = perIdentity(resourceParts(json, settings), isSettled);
    this.#scope = perIdentity((scope) => scopeText(json, scope));
    const { platform } = settings.options;
    this.#platform = platform === undefined ? '' : `,"platform":${platform}`;
    this.#pickFirst = json.limits.maxValues < DEFAULT_LIMITS.maxValues;
  }

  readonly write = (record: EmittedRecord): string => {
    const json = this.#json;
    const picker = this.#picker;
    const resource = this.#resource(record.resource);
    const scope = this.#scope(record.instrumentationScope);
    const attributes = record.attributes as Attributes;
    picker.begin(attributes);
    if (this.#pickFirst) Object.keys(attributes).forEach(picker.skip);
    const members = json.members(attributes, picker.skip);
    const { fields } = picker;
    const exception = this.#exception(record, fields);
    const severity = fields.severity ?? recordSeverity(record, fields.outcome, this.#settings.options);
    const own = this.#context.write(
      { record, severity, exception, shared: { resource: resource.text, scope } },
      picker.collided,
    );
    const context = members === '' ? own.slice(1) : members + own;
    const { session = resource.session ?? this.#settings.session, tag = record.instrumentationScope.name } = fields;
    const user = fields.user ?? ambientUser(this.#settings.options);
    return (
      `{"session_id":"${session}","message":${this.#message(record, exception)},"severity":${severity},` +
      `"timestamp":"${this.#isoTime(recordTime(record))}"` +
      (!tag ? '' : `,"tag":${json.string(tag)}`) +
      (fields.platform === undefined ? this.#platform : `,"platform":${fields.platform}`) +
      this.#code(fields, exception) +
      this.#threadOf(fields) +
      (user === undefined ? '' : `,"user":${json.member('user.id', user)}`) +
      (context === '' ? '}' : `,"context":{${context}}}`)
    );
  };

  #exception(record: EmittedRecord, fields: Partial<LogFields>): Exception | undefined {
    const { exceptionType, exceptionMessage, exceptionStack } = fields;
    const named = exceptionType !== undefined || exceptionMessage !== undefined || exceptionStack !== undefined;
    return named || isError(record.body) ? exceptionOf(record, this.#json) : undefined;
  }

  #message(record: EmittedRecord, exception: Exception | undefined): string {
    const message = messageOf(record.body, this.#json) || exception?.message || eventNameOf(record) || exception?.type;
    return this.#json.message(message ?? '');
  }

  #code({ file, method, line }: Partial<LogFields>, exception: Exception | undefined): string {
    const json = this.#json;
    if (file === undefined && method === undefined && line === undefined) return this.#caller(exception);
    return (
      (file === undefined ? '' : `,"file":${json.string(file)}`) +
      (method === undefined ? '' : `,"method":${json.string(method)}`) +
      (line === undefined ? '' : `,"line":${line}`)
    );
  }

  #caller(exception: Exception | undefined): string {
    if (!this.#settings.options.callerFromException) return '';
    const frame = exception?.frames.find(({ line }) => line > 0);
    if (frame === undefined) return '';
    const file = this.#settings.stripFile(frame.file.replace(/^file:\/\//, ''));
    const method = frame.function === '<anonymous>' ? undefined : frame.function;
    return this.#code({ file, line: frame.line, ...(method && { method }) }, undefined);
  }

  #threadOf({ thread = this.#thread, threadName }: Partial<LogFields>): string {
    const id = thread === undefined ? '' : `,"thread":${thread}`;
    return threadName === undefined ? id : `${id},"thread_name":${this.#json.string(threadName)}`;
  }
}

/** The mapper of log entries. */
export function odysseusLogMapper(settings: EntrySettings): (json: JsonWriter) => RecordMapper {
  return (json) => new LogEntryWriter(json, settings).write;
}
