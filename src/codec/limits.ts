import type { JsonLimits } from '../record/json-value.ts';
import { clip, DEFAULT_LIMITS, JsonWriter } from '../record/json-value.ts';
import type { EmittedRecord } from '../record/record.ts';
import { recordRedactor } from '../record/redact/record-redactor.ts';
import { Redactor } from '../record/redact/redactor.ts';
import type { Encode, Encoding, RecordMapper } from './codec.ts';

/** Tighter and tighter bounds for records that come out too large; the last leaves little more than the message. */
const TIGHTER: readonly JsonLimits[] = [
  { maxStringLength: 8_192, maxMessageLength: 32_768, maxDepth: 8, maxValues: 500 },
  { maxStringLength: 1_024, maxMessageLength: 8_192, maxDepth: 4, maxValues: 50 },
];

/** Characters of one encoded record; three bytes each at most, so a record always fits a one-megabyte request. */
export const MAX_RECORD_LENGTH = 327_680;

/** Without a redactor, or limits: none, and the usual ones. */
export interface BoundedEncoderOptions extends Partial<Encoding> {
  /** Makes the mapper for one set of limits; called once per rung that is needed. */
  readonly mapper: (json: JsonWriter) => RecordMapper;
  readonly renameKey?: (key: string) => string;
}

/** The usual redaction and the usual limits. */
export function defaultEncoding(): Encoding {
  return { redactor: new Redactor(), limits: DEFAULT_LIMITS, maxRecordLength: MAX_RECORD_LENGTH };
}

/** The limits of an encoding, then tighter and tighter ones. */
function ladderOf(limits: JsonLimits): readonly JsonLimits[] {
  return [
    limits,
    ...TIGHTER.map((tighter) => ({
      ...limits,
      maxStringLength: Math.min(limits.maxStringLength, tighter.maxStringLength),
      maxMessageLength: Math.min(limits.maxMessageLength, tighter.maxMessageLength),
      maxDepth: Math.min(limits.maxDepth, tighter.maxDepth),
      maxValues: Math.min(limits.maxValues, tighter.maxValues),
    })),
  ];
}

/**
 * An `encode` that never throws and never exceeds `maxRecordLength`: a record that comes out too large is written
 * again within tighter limits; one that cannot be written at all is reduced to what can be read of it.
 */
export function boundedEncoder(options: BoundedEncoderOptions): Encode {
  const { mapper, renameKey, redactor, limits = DEFAULT_LIMITS, maxRecordLength = MAX_RECORD_LENGTH } = options;
  const ladder = ladderOf(limits);
  const clean = redactor === undefined ? (record: EmittedRecord) => record : recordRedactor(redactor);
  const rungs: { json: JsonWriter; map: RecordMapper }[] = [];
  const rung = (index: number): { json: JsonWriter; map: RecordMapper } => {
    const json = new JsonWriter(ladder[index], renameKey, redactor);
    rungs[index] ??= { json, map: mapper(json) };
    return rungs[index];
  };
  rung(0);
  const write = (given: EmittedRecord): string => {
    const record = clean(given);
    let text = '';
    for (let index = 0; index < ladder.length; index++) {
      const { json, map } = rungs[index] ?? rung(index);
      json.begin();
      text = map(record);
      if (text.length <= maxRecordLength) return text;
    }
    return shrinkJson(text, maxRecordLength);
  };
  return (record) => {
    try {
      return write(record);
    } catch {
      return writeReadable(readableParts(record), write);
    }
  };
}

/** Gives up as little as it can: the attributes alone, the resource and the scope alone, then both. */
function writeReadable(parts: EmittedRecord, write: RecordMapper): string {
  const withoutOrigin = { resource: NO_RESOURCE, instrumentationScope: { name: '' } };
  for (const left of [{}, { attributes: {} }, withoutOrigin]) {
    try {
      return write({ ...parts, ...left });
    } catch {
      // The next attempt leaves out something else.
    }
  }
  return write({ ...parts, ...withoutOrigin, attributes: {} });
}

const NO_RESOURCE = { attributes: {} } as EmittedRecord['resource'];

/** What is left of a record whose own properties throw: every part that can be read, the others gone. */
function readableParts(record: EmittedRecord): EmittedRecord {
  const part = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch {
      return otherwise;
    }
  };
  const body: unknown = part(() => record.body, undefined);
  const parts: unknown = {
    hrTime: part(() => record.hrTime, [0, 0]),
    hrTimeObserved: part(() => record.hrTimeObserved, [0, 0]),
    severityNumber: part(() => record.severityNumber, undefined),
    severityText: part(() => record.severityText, undefined),
    body: typeof body === 'string' ? body : '[Unserializable]',
    attributes: part(() => record.attributes, undefined) ?? {},
    droppedAttributesCount: 0,
    resource: part(() => record.resource, undefined) ?? NO_RESOURCE,
    instrumentationScope: part(() => record.instrumentationScope, { name: '' }),
  };
  return parts as EmittedRecord;
}

function shrinkValue(value: unknown, maxString: number, maxElements: number): unknown {
  if (typeof value === 'string') return value.length > maxString ? `${clip(value, maxString)}…` : value;
  if (Array.isArray(value)) {
    return value.slice(0, maxElements).map((element) => shrinkValue(element, maxString, maxElements));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, Math.max(maxElements, 40));
  return Object.fromEntries(entries.map(([key, member]) => [key, shrinkValue(member, maxString, maxElements)]));
}

/**
 * The same JSON object in at most `maxLength` characters where that is possible: strings cut, lists shortened, in steps.
 * For a record that a platform calls too large although it is alone in its request.
 */
export function shrinkJson(text: string, maxLength: number): string {
  const value: unknown = JSON.parse(text);
  let shrunk = text;
  for (let maxString = 16_384; shrunk.length > maxLength && maxString >= 64; maxString /= 4) {
    shrunk = JSON.stringify(shrinkValue(value, maxString, Math.max(4, maxString / 64)));
  }
  return shrunk;
}
