import { bigintText, ownProperties, readProperty, UNSERIALIZABLE } from './guarded.ts';

/** Bounds of one record; a value beyond them is cut with a visible marker, never refused. */
export interface JsonLimits {
  /** UTF-16 code units of one string (attribute value or map value); the rest is replaced by `…[+N]`. */
  readonly maxStringLength: number;
  /** UTF-16 code units of the message itself. */
  readonly maxMessageLength: number;
  /** Levels of nesting below an attribute; deeper values become `"[Depth]"`. */
  readonly maxDepth: number;
  /** Values (map entries and array elements) of one record; the rest is left out and `"…"` says so. */
  readonly maxValues: number;
}

/** Far beyond what a log record needs, far below what any of the five platforms refuses. */
export const DEFAULT_LIMITS: JsonLimits = {
  maxStringLength: 65_536,
  maxMessageLength: 262_144,
  maxDepth: 16,
  maxValues: 10_000,
};

const NUL = /\u0000/g;
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;
/** Below this length a loop over the characters beats entering the regular expression engine (measured). */
const SHORT = 24;
const MAX_CACHED_KEYS = 2_048;
const MAX_KEY_LENGTH = 256;
/** Code units of a key that are looked at from either end; two names that differ only in between are taken as one. */
const KEY_SAMPLE = 4_096;
/** Characters of strings in one record: more than any platform takes, so that what goes on is not for the waste bin. */
const MAX_WRITTEN = 1_048_576;
const UNSERIALIZABLE_TEXT = `"${UNSERIALIZABLE}"`;

function isPlain(text: string): boolean {
  if (text.length > SHORT) return !NEEDS_ESCAPE.test(text);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

/** Cuts text to at most `max` UTF-16 units without splitting a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

function clipMarked(text: string, max: number): string {
  const kept = clip(text, max);
  return kept.length === text.length ? text : `${kept}…[+${text.length - kept.length}]`;
}

/**
 * Text that every JSON parser and database accepts: NUL removed (PostgreSQL refuses it), lone surrogates replaced
 * by U+FFFD.
 */
export function wellFormed(text: string): string {
  return text.replace(NUL, '').toWellFormed();
}

function quote(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(wellFormed(text));
}

/** A key that can be written; what has to be changed for that gets a mark, so that two names never become one. */
function distinctKey(name: string): string {
  const clean = clip(wellFormed(clip(name, KEY_SAMPLE)), MAX_KEY_LENGTH);
  if (clean === name) return name;
  const sample = name.length > 2 * KEY_SAMPLE ? name.slice(0, KEY_SAMPLE) + name.slice(-KEY_SAMPLE) : name;
  let hash = name.length;
  for (let index = 0; index < sample.length; index++) hash = (Math.imul(hash, 31) + sample.charCodeAt(index)) | 0;
  return `${clean}~${(hash >>> 0).toString(36)}`;
}

/**
 * Writes any JavaScript value as well-formed JSON text in one walk that also applies the limits. Never throws:
 * cycles, getters and `toJSON` that throw, revoked proxies and exotic objects become markers, everything else is kept.
 * One instance serves one codec; it is not re-entrant.
 */
export class JsonWriter {
  readonly limits: JsonLimits;
  readonly #keys = new Map<string, string>();
  readonly #renameKey: ((key: string) => string) | undefined;
  readonly #ancestors: object[] = [];
  #values = 0;
  #written = 0;

  /** `renameKey` maps key names that a platform refuses (it sees every key once; the result is cached). */
  constructor(limits: JsonLimits = DEFAULT_LIMITS, renameKey?: (key: string) => string) {
    this.limits = limits;
    this.#renameKey = renameKey;
  }

  /** Starts a new record: forgets the values counted so far. */
  begin(): void {
    this.#values = 0;
    this.#written = 0;
  }

  /** Writes what many records share, in limits of its own: what a record has used up must not be missing for good. */
  apart<Written>(write: () => Written): Written {
    const [values, written] = [this.#values, this.#written];
    this.begin();
    const result = write();
    this.#values = values;
    this.#written = written;
    return result;
  }

  /** A quoted string, cut at `maxStringLength`. */
  string(text: string): string {
    const max = this.limits.maxStringLength;
    this.#written += Math.min(text.length, max);
    return quote(text.length > max ? clipMarked(text, max) : text);
  }

  /** A quoted message, cut at `maxMessageLength`. */
  message(text: string): string {
    return quote(text.length > this.limits.maxMessageLength ? clipMarked(text, this.limits.maxMessageLength) : text);
  }

  /** `"key":`, quoted once per key and remembered. */
  key(name: string): string {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const renamed = this.#renameKey === undefined ? name : this.#renameKey(name);
    const written = `${quote(distinctKey(renamed))}:`;
    // A long key would stay in memory as a whole.
    if (this.#keys.size < MAX_CACHED_KEYS && name.length <= MAX_KEY_LENGTH) this.#keys.set(name, written);
    return written;
  }

  /** JSON text of a value, or undefined for what JSON leaves out (undefined, functions, symbols). */
  value(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        // Non-finite numbers have no JSON spelling; as text they stay readable.
        return Number.isFinite(value) ? `${value}` : `"${value}"`;
      case 'boolean':
        return value ? 'true' : 'false';
      case 'bigint':
        return this.string(bigintText(value));
      case 'object':
        return value === null ? 'null' : this.#object(value);
      default:
        return undefined;
    }
  }

  /** `"key":value` pairs of an object joined by commas, without braces; keys for which `skip` is true are left out. */
  members(object: object, skip?: (key: string) => boolean): string {
    let text = '';
    for (const key of Object.keys(object)) {
      if (skip?.(key)) continue;
      if (this.#exhausted()) return text === '' ? '"…":true' : `${text},"…":true`;
      let written: string | undefined;
      try {
        written = this.value((object as Record<string, unknown>)[key]);
      } catch {
        written = UNSERIALIZABLE_TEXT;
      }
      if (written !== undefined) text += text === '' ? this.key(key) + written : `,${this.key(key)}${written}`;
    }
    return text;
  }

  #exhausted(): boolean {
    this.#values += 1;
    return this.#values > this.limits.maxValues || this.#written > MAX_WRITTEN;
  }

  #object(value: object): string {
    if (this.#ancestors.length >= this.limits.maxDepth) return '"[Depth]"';
    if (this.#ancestors.includes(value)) return '"[Circular]"';
    this.#ancestors.push(value);
    try {
      return this.#nested(value);
    } catch {
      return UNSERIALIZABLE_TEXT;
    } finally {
      this.#ancestors.pop();
    }
  }

  #nested(value: object): string {
    if (Array.isArray(value)) return this.#elements(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#plain(value);
    return this.#exotic(value);
  }

  #plain(value: object): string {
    const toJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson !== 'function') return `{${this.members(value)}}`;
    const converted: unknown = Reflect.apply(toJson, value, ['']);
    return converted === value ? `{${this.members(value)}}` : (this.value(converted) ?? 'null');
  }

  #elements(values: Iterable<unknown>): string {
    let text = '';
    for (const element of values) {
      if (this.#exhausted()) return text === '' ? '["…"]' : `[${text},"…"]`;
      const written = this.value(element) ?? 'null';
      text += text === '' ? written : `,${written}`;
    }
    return `[${text}]`;
  }

  #exotic(value: object): string {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? '"Invalid Date"' : `"${value.toISOString()}"`;
    if (value instanceof Error) return this.#error(value);
    if (ArrayBuffer.isView(value)) return this.#base64(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return this.#base64(value, 0, value.byteLength);
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) return this.#elements(value);
    if (value instanceof RegExp || value instanceof URL) return this.string(String(value));
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return this.value(value.valueOf()) ?? 'null';
    }
    return this.#plain(value);
  }

  #base64(buffer: ArrayBufferLike, offset: number, length: number): string {
    const kept = Math.min(length, Math.floor((this.limits.maxStringLength / 4) * 3));
    const text = Buffer.from(buffer as ArrayBuffer, offset, kept).toString('base64');
    return kept === length ? `"${text}"` : `"${text}…[+${length - kept} bytes]"`;
  }

  #map(map: ReadonlyMap<unknown, unknown>): string {
    const object: Record<string, unknown> = Object.create(null);
    // One more than can be written, so that the rest is seen to be missing.
    let left = this.limits.maxValues + 1;
    for (const [key, value] of map) {
      if (left === 0) break;
      left -= 1;
      object[typeof key === 'object' && key !== null ? (this.value(key) ?? '') : String(key)] = value;
    }
    return `{${this.members(object)}}`;
  }

  #error(error: Error): string {
    const shape: Record<string, unknown> = { type: readProperty(error, 'name') };
    for (const key of ['message', 'stack', 'cause']) shape[key] = readProperty(error, key);
    if (error instanceof AggregateError) shape.errors = readProperty(error, 'errors');
    return `{${this.members(Object.assign(shape, ownProperties(error)))}}`;
  }
}
