import type { EmittedRecord } from '../record/record.ts';
import type { Framing } from './framing.ts';

/** How one channel of a platform writes records: each becomes one JSON text, and several texts become one body. */
export interface Codec {
  /** Most records the platform takes in one request. */
  readonly maxRecords: number;
  /** Largest body to send, in bytes; well below what the platform refuses. */
  readonly maxBytes: number;
  /** One record as one JSON object. Synchronous, never throws; credentials never enter the text. */
  encode(record: EmittedRecord): string;
  /** How `count` texts are joined into a request body. */
  framing(count: number): Framing;
}

/** Everything of a codec but the limits on text size, which `boundedEncoder` adds. */
export type RecordMapper = (record: EmittedRecord) => string;
