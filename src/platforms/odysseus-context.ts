import type { Exception } from '../record/exception.ts';
import { uuidSource } from '../record/ids.ts';
import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes, EmittedRecord } from '../record/record.ts';
import { isStructured } from '../record/record.ts';
import type { OdysseusSeverity } from './odysseus-severity.ts';
import { lostNumber, lostText } from './odysseus-severity.ts';
import type { SharedTexts } from './own-members.ts';
import { OWN_MEMBERS, OwnMembers } from './own-members.ts';

/** Keys of ours in the context. */
export const CONTEXT_KEYS: readonly string[] = [
  ...OWN_MEMBERS,
  'event_name',
  'body',
  'exception',
  'severity_number',
  'severity_text',
];

/** The shape of the official clients' `wrap`, and what it has no room for under names of its own. */
function wrapped({ type, message, stack, cause, errors, properties }: Exception): object {
  return {
    type,
    message,
    stack,
    ...(cause && { inner: wrapped(cause) }),
    ...(errors && { errors: errors.map(wrapped) }),
    ...(properties && { properties }),
  };
}

/** A record and what has been found out about it. */
export interface Described {
  readonly record: EmittedRecord;
  readonly severity: OdysseusSeverity;
  readonly exception: Exception | undefined;
  readonly shared: SharedTexts;
}

/** Writes what a log entry has no field for, besides the attributes, as members of its `context`. */
export class OwnContext {
  readonly #json: JsonWriter;
  readonly #recordUid: boolean;
  readonly #own: OwnMembers;
  readonly #uid = uuidSource();

  constructor(json: JsonWriter, recordUid: boolean) {
    this.#json = json;
    this.#recordUid = recordUid;
    this.#own = new OwnMembers(json);
  }

  /** `,"key":value` for each; `collided` says that an attribute has one of the names. */
  write({ record, severity, exception, shared }: Described, collided: boolean): string {
    const json = this.#json;
    const attributes = record.attributes as Attributes;
    const { body, eventName } = record;
    this.#own.begin(collided ? attributes : undefined);
    let text = this.#own.members(record, shared) + this.#lost(record, severity);
    if (typeof eventName === 'string' && eventName !== '') {
      text += this.#own.key(',"event_name":') + json.string(eventName);
    }
    if (isStructured(body)) text += this.#own.key(',"body":') + (json.value(body) ?? 'null');
    if (exception !== undefined) text += this.#own.key(',"exception":') + json.value(wrapped(exception));
    if (this.#recordUid && attributes['log.record.uid'] === undefined) text += `,"log.record.uid":"${this.#uid()}"`;
    return text;
  }

  /** The exact severity, where the entry's own number cannot tell it. */
  #lost({ severityNumber, severityText }: EmittedRecord, severity: OdysseusSeverity): string {
    const number = lostNumber(severity, severityNumber);
    const text = lostText(severity, severityText);
    return (
      (number === undefined ? '' : this.#own.key(',"severity_number":') + (this.#json.value(number) ?? 'null')) +
      (text === undefined ? '' : this.#own.key(',"severity_text":') + this.#json.string(text))
    );
  }
}
