import type { Exception } from '../record/exception.ts';
import { uuidSource } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { SharedTexts } from './own-members.ts';
import { OWN_MEMBERS, OwnMembers } from './own-members.ts';

/** Attributes that become parts of `context` other than themselves. */
export interface Found {
  recordId: string;
  file: string;
  function: string;
  line: number | string;
  exceptionType: string;
  exceptionMessage: string;
  exceptionStack: string;
}

/** Keys of ours in the context. */
export const CONTEXT_KEYS: readonly string[] = [
  ...OWN_MEMBERS,
  'severity_number',
  'severity_text',
  'event_name',
  'exception',
  'code',
  'record_id',
];

function shapeOf({ type, message, stack, cause, errors, properties }: Exception): object {
  return {
    type,
    message,
    stacktrace: stack,
    ...(cause && { cause: shapeOf(cause) }),
    ...(errors && { errors: errors.map(shapeOf) }),
    ...(properties && { properties }),
  };
}

/** A record and what has been found out about it. */
export interface Described extends SharedTexts {
  readonly record: EmittedRecord;
  readonly fields: Partial<Found>;
  readonly exception: Exception | undefined;
}

/** Writes what the platform has no key for, besides the attributes, as members of `context`. */
export class RedArchContext {
  readonly #json: JsonWriter;
  readonly #own: OwnMembers;
  readonly #recordId: boolean;
  readonly #uuid = uuidSource();

  constructor(json: JsonWriter, zone: 'Z' | '+00:00', recordId: boolean) {
    this.#json = json;
    this.#own = new OwnMembers(json, zone);
    this.#recordId = recordId;
  }

  /** `,"key":value` for each; `taken` has the names that ours must not take. */
  write(described: Described, taken: object | undefined): string {
    const { record, fields, exception } = described;
    const { eventName, severityNumber, severityText } = record;
    const json = this.#json;
    const own = this.#own;
    own.begin(taken);
    let text = own.members(record, described);
    if (severityNumber) text += own.key(',"severity_number":') + (json.value(severityNumber) ?? 'null');
    if (severityText) text += own.key(',"severity_text":') + (json.value(severityText) ?? 'null');
    if (typeof eventName === 'string' && eventName !== '') text += own.key(',"event_name":') + json.string(eventName);
    if (exception !== undefined) text += own.key(',"exception":') + json.value(shapeOf(exception));
    const { file, function: name, line, recordId } = fields;
    if (file !== undefined || name !== undefined || line !== undefined) {
      text += own.key(',"code":') + json.value({ file, function: name, line });
    }
    if (recordId !== undefined) return text + own.key(',"record_id":') + json.string(recordId);
    return this.#recordId ? `${text}${own.key(',"record_id":')}"${this.#uuid()}"` : text;
  }
}
