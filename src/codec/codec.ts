import type { JsonLimits } from '../record/json-limits.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { Redactor } from '../record/redact/redactor.ts';
import type { Framing } from './framing.ts';

/** What a destination wants of every text. */
export interface Encoding {
  /** Takes secrets out; undefined leaves everything as the application gives it. */
  readonly redactor: Redactor | undefined;
  /** What is larger is cut. */
  readonly limits: JsonLimits;
  /** UTF-16 code units of one encoded record. */
  readonly maxRecordLength: number;
}

/** One record as one JSON object. Synchronous, never throws; credentials never enter the text. */
export type Encode = (record: EmittedRecord) => string;

/** How one channel of a platform writes records: each becomes one JSON text, and several texts become one body. */
export interface Codec {
  /** Most records the platform takes in one request. */
  readonly maxRecords: number;
  /** Largest body to send, in bytes; well below what the platform refuses. */
  readonly maxBytes: number;
  /** One record as one JSON object, with the usual redaction and limits. */
  readonly encode: Encode;
  /** An `encode` of a destination's own; a codec without it has only one way to write. */
  encoder?(encoding: Encoding): Encode;
  /** How `count` texts are joined into a request body. */
  framing(count: number): Framing;
}

/** Everything of a codec but redaction and the limits on text size, which `boundedEncoder` adds. */
export type RecordMapper = (record: EmittedRecord) => string;
