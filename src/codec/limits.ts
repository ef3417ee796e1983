import type { JsonLimits } from '../record/json-value.ts';
import { clip, DEFAULT_LIMITS, JsonWriter } from '../record/json-value.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { RecordMapper } from './codec.ts';

/** Tighter and tighter bounds for records that come out too large; the last leaves little more than the message. */
const LADDER: readonly JsonLimits[] = [
  DEFAULT_LIMITS,
  { maxStringLength: 8_192, maxMessageLength: 32_768, maxDepth: 8, maxValues: 500 },
  { maxStringLength: 1_024, maxMessageLength: 8_192, maxDepth: 4, maxValues: 50 },
];

/** Characters of one encoded record; three bytes each at most, so a record always fits a one-megabyte request. */
const MAX_RECORD_LENGTH = 327_680;

export interface BoundedEncoderOptions {
  /** Makes the mapper for one set of limits; called once per rung that is needed. */
  readonly mapper: (json: JsonWriter) => RecordMapper;
  readonly renameKey?: (key: string) => string;
  /** Characters of one encoded record. Default 327,680. */
  readonly maxRecordLength?: number;
}

/**
 * An `encode` that never throws and never exceeds `maxRecordLength`: a record that comes out too large is written
 * again within tighter limits; one that cannot be written at all is reduced to what can be read of it.
 */
export function boundedEncoder(options: BoundedEncoderOptions): (record: EmittedRecord) => string {
  const { mapper, renameKey, maxRecordLength = MAX_RECORD_LENGTH } = options;
  const rungs: { json: JsonWriter; map: RecordMapper }[] = [];
  const rung = (index: number): { json: JsonWriter; map: RecordMapper } => {
    const json = new JsonWriter(LADDER[index], renameKey);
    rungs[index] ??= { json, map: mapper(json) };
    return rungs[index];
  };
  rung(0);
  const write = (record: EmittedRecord): string => {
    let text = '';
    for (let index = 0; index < LADDER.length; index++) {
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
