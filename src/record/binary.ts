import type { Redactor } from './redact/redactor.ts';

/** How bytes are written: as base64, or as a note of their number. */
export type BinaryForm = 'base64' | 'size';

/** The bytes of a buffer or of a view of one; undefined for anything else. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** Bytes as text in at most `maxLength` characters (and a mark), without the secrets of a text in them. */
export function binaryText(bytes: Uint8Array, maxLength: number, form: BinaryForm, redactor?: Redactor): string {
  if (form === 'size') return `[${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}]`;
  const kept = Math.min(bytes.length, Math.floor(maxLength / 4) * 3);
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, kept).toString('base64');
  const safe = redactor === undefined ? base64 : redactor.base64(base64);
  return kept === bytes.length ? safe : `${safe}…[+${bytes.length - kept} bytes]`;
}

const MIN_BASE64 = 128;
const DATA_URI = /data:([\w.+/-]{0,100})((?:;[\w.=-]{1,40}){0,4});base64,([A-Za-z0-9+/=_%-]*)/g;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** A text with its `data:` URIs cut, and instead of a long text that is nothing but base64 a note of its length. */
export function cutBase64(text: string): string {
  if (text.length < MIN_BASE64) return text;
  const isMixed = /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text);
  if (isMixed && BASE64.test(text)) return `[base64, ${text.length} characters]`;
  if (!text.includes(';base64,')) return text;
  return text.replace(DATA_URI, (match, type: string, parameters: string, data: string) => {
    return data.length < MIN_BASE64 ? match : `data:${type}${parameters};base64,[${data.length} characters]`;
  });
}
