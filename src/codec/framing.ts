import type { Batch } from './batch.ts';

/** What stands before, between and after the texts of a body. */
export interface Framing {
  readonly open: string;
  readonly close: string;
}

/** One JSON object, for platforms that take one record per request. */
export const SINGLE: Framing = { open: '', close: '' };
/** A bare JSON array. */
export const ARRAY: Framing = { open: '[', close: ']' };

/** A JSON object with one array member: `{"name":[…]}`. */
export function arrayMember(name: string): Framing {
  return { open: `{"${name}":[`, close: ']}' };
}

/** Bytes of the body that `frame` makes. */
export function framedBytes(batch: Batch, framing: Framing): number {
  return framing.open.length + batch.bytes + Math.max(0, batch.count - 1) + framing.close.length;
}

/**
 * The body of a batch, texts joined by commas, written into `target` when it is large enough, else into a new buffer.
 * Framing texts are ASCII.
 */
export function frame(batch: Batch, framing: Framing, target?: Buffer): Buffer {
  const length = framedBytes(batch, framing);
  const body = target !== undefined && target.length >= length ? target : Buffer.allocUnsafeSlow(length);
  let offset = body.write(framing.open, 'latin1');
  offset = batch.copy(body, offset);
  body.write(framing.close, offset, 'latin1');
  return body.length === length ? body : body.subarray(0, length);
}
