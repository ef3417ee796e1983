import { didYouMean } from '../did-you-mean.ts';

type Time = readonly [seconds: number, nanos: number];
type Members = Readonly<Record<string, unknown>>;

/** The record cannot be understood: where, and what is expected there. */
export class BadRecord extends Error {
  constructor(path: string, expected: string, given?: unknown) {
    super(`${path === '' ? 'the record' : path}: ${expected}${given === undefined ? '' : `, got ${kindOf(given)}`}`);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

export function membersAt(path: string, value: unknown): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new BadRecord(path, 'must be an object', value);
}

export function textAt(path: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new BadRecord(path, 'must be a text', value);
}

/** A whole number, also as decimal text, as OTLP writes 64-bit ones. */
export function wholeAt(path: string, value: unknown, min: number, max: number): number {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw new BadRecord(path, `must be a whole number from ${min} to ${max}`, value);
}

/** A trace id (32) or span id (16 hex digits, not all zero), in lower case. */
export function idAt(path: string, value: unknown, digits: 16 | 32): string {
  const text = textAt(path, value);
  if (new RegExp(`^[0-9a-f]{${digits}}$`, 'i').test(text) && !/^0+$/.test(text)) return text.toLowerCase();
  throw new BadRecord(path, `must be ${digits} hexadecimal digits, not all zero`, value);
}

/** Nanoseconds since the epoch, as decimal text or number. */
export function nanosAt(path: string, value: unknown): Time {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) {
    throw new BadRecord(path, 'must be nanoseconds since 1970, as text', value);
  }
  const nanos = BigInt(text);
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/;

/** ISO 8601 with a zone and up to nine fraction digits, milliseconds since the epoch, or `[seconds, nanoseconds]`. */
export function timeAt(path: string, value: unknown): Time {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) {
    return [Math.floor(value / 1_000), Math.round((value % 1_000) * 1e6)];
  }
  if (Array.isArray(value) && value.length === 2) {
    return [wholeAt(`${path}[0]`, value[0], 0, 253_402_300_799), wholeAt(`${path}[1]`, value[1], 0, 999_999_999)];
  }
  const match = typeof value === 'string' ? ISO.exec(value) : null;
  const millis = match === null ? Number.NaN : Date.parse(String(value).replace(/\.\d+/, ''));
  if (match === null || Number.isNaN(millis)) {
    throw new BadRecord(path, 'must be ISO 8601 with a zone, or milliseconds since 1970', value);
  }
  return [millis / 1_000, Number((match[1] ?? '').padEnd(9, '0'))];
}

/** Complains about members that mean nothing: most often a slip of the pen. */
export function onlyKnown(path: string, members: Members, known: readonly string[]): void {
  for (const name of Object.keys(members)) {
    if (known.includes(name)) continue;
    const meant = didYouMean(name, known);
    const where = path === '' ? name : `${path}.${name}`;
    throw new BadRecord(where, meant === undefined ? `is none of ${known.join(', ')}` : `did you mean ${meant}?`);
  }
}
