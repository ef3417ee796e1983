import { randomUUID } from 'node:crypto';
import { dashed, isUuid, undashed } from '../record/ids.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { OdysseusSeverity } from './odysseus-severity.ts';
import type { OdysseusStream } from './odysseus-stream.ts';
import { optionalText, optionalTexts, optionalWord } from './settings.ts';

/** How records become log entries and events of Odysseus. */
export interface OdysseusEntryOptions {
  /** Session of records without a `session.id` attribute: a uuid. Default one random uuid per `odysseus()`. */
  readonly session?: string;
  /** Takes the session from the resource's `service.instance.id` where that is a uuid. Default false. */
  readonly sessionFromInstance?: boolean;
  /** Spelling of all uuids: 32 hex digits as the Python client writes, or 8-4-4-4-12. Default `hex`. */
  readonly uuidFormat?: 'hex' | 'dashed';
  /** Platform number (16 bits; 7 is Android) of records without an `odysseus.platform` attribute. Default unset. */
  readonly platform?: number;
  /** User of records without `user.id` or `enduser.id`. Default unset. */
  readonly user?: string;
  /** Asked for the user, at `emit()`, when a record has no such attribute; before `user`. What it throws is ignored. */
  readonly getUser?: () => string | undefined;
  /** File paths: base name only (true, default), as they are (false), or what follows this prefix. */
  readonly stripFileName?: boolean | string;
  /** Takes file, method and line from the top frame of `exception.stacktrace` when a record has none. Default false. */
  readonly callerFromException?: boolean;
  /** The severity of a log entry, 0–6, when neither attribute nor text settled it; undefined for the usual one. */
  readonly severity?: (record: EmittedRecord) => OdysseusSeverity | undefined;
  /** INFO records with `event.outcome = success`, or of a span with status OK, are shown as SUCCESS. Default false. */
  readonly outcomeSuccess?: boolean;
  /** Type number of events without an `odysseus.type` attribute. Default 0. */
  readonly eventType?: number;
  /** How events are grouped and ordered; see `OdysseusStream`. Default `trace`. */
  readonly stream?: OdysseusStream;
  /** The resource attributes to send in `context.resource` and `meta.resource`. Default all. */
  readonly resourceKeys?: readonly string[];
  /** Gives every log entry a `log.record.uid` in its context, so that duplicates can be told. Default false. */
  readonly recordUid?: boolean;
}

/** Checked options, with defaults. */
export interface EntrySettings {
  readonly options: OdysseusEntryOptions;
  /** JSON text without quotes. */
  readonly session: string;
  readonly uuid: (uuid: string) => string;
  readonly stripFile: (path: string) => string;
  readonly resourceKeys: readonly string[] | undefined;
}

const MAX_INT = 2_147_483_647;

function fileStripper(strip: boolean | string): (path: string) => string {
  if (strip === false) return (path) => path;
  if (typeof strip !== 'string') {
    return (path) => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1) || path;
  }
  return (path) => {
    const start = path.indexOf(strip);
    return start === -1 ? path : path.slice(start + strip.length) || path;
  };
}

function checkInteger(option: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${option} must be an integer from ${min} to ${max}, got ${String(value)}`);
  }
}

function checkFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw new TypeError(`${option} must be a function`);
}

/** Checks the options; throws a `TypeError` or `RangeError` that names the bad one. */
export function entrySettings(options: OdysseusEntryOptions): EntrySettings {
  const { session = randomUUID(), uuidFormat = 'hex', stripFileName = true } = options;
  if (!isUuid(session)) throw new TypeError('odysseus: session must be a uuid, with or without dashes');
  optionalWord('odysseus: uuidFormat', uuidFormat, ['hex', 'dashed']);
  optionalWord('odysseus: stream', options.stream, ['trace', 'trace-instance', 'span', 'trace-elapsed']);
  checkInteger('odysseus: platform', options.platform, -32_768, 32_767);
  checkInteger('odysseus: eventType', options.eventType, -MAX_INT, MAX_INT);
  checkFunction('odysseus: getUser', options.getUser);
  checkFunction('odysseus: severity', options.severity);
  optionalText('odysseus: user', options.user);
  if (typeof stripFileName !== 'boolean') optionalText('odysseus: stripFileName', stripFileName);
  const uuid = uuidFormat === 'dashed' ? dashed : undashed;
  return {
    options,
    session: uuid(session),
    uuid,
    stripFile: fileStripper(stripFileName),
    resourceKeys:
      options.resourceKeys === undefined ? undefined : optionalTexts('odysseus: resourceKeys', options.resourceKeys),
  };
}
