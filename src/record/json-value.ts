import { bigintText, ownProperties, readProperty, UNSERIALIZABLE } from './guarded.ts';
import { clipMarked, distinctKey, MAX_KEY_LENGTH, quote } from './json-text.ts';

export { clip, wellFormed } from './json-text.ts';

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

const MAX_CACHED_KEYS = 2_048;
/** Characters of strings in one record: more than any platform takes, so that what goes on is not for the waste bin. */
const MAX_WRITTEN = 1_048_576;
const UNSERIALIZABLE_TEXT = `"${UNSERIALIZABLE}"`;

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
  /** A mark has been written for what is left out. */
  #marked = false;

  /** `renameKey` maps key names that a platform refuses (it sees every key once; the result is cached). */
  constructor(limits: JsonLimits = DEFAULT_LIMITS, renameKey?: (key: string) => string) {
    this.limits = limits;
    this.#renameKey = renameKey;
  }

  /** Starts a new record: forgets the values counted so far. */
  begin(): void {
    this.#values = 0;
    this.#written = 0;
    this.#marked = false;
  }

  /** Writes what many records share, in limits of its own: what a record has used up must not be missing for good. */
  apart<Written>(write: () => Written): Written {
    const [values, written, marked] = [this.#values, this.#written, this.#marked];
    this.begin();
    const result = write();
    this.#values = values;
    this.#written = written;
    this.#marked = marked;
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

  /**
   * `"key":value` pairs of an object joined by commas, without braces; keys for which `skip` is true are left out.
   * Nothing once the limits of the record are reached, as the mark for it must not stand twice in one object.
   */
  members(object: object, skip?: (key: string) => boolean): string {
    return this.#marked ? '' : this.#members(object, skip);
  }

  #members(object: object, skip?: (key: string) => boolean): string {
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
    const exhausted = this.#values > this.limits.maxValues || this.#written > MAX_WRITTEN;
    this.#marked ||= exhausted;
    return exhausted;
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
    if (typeof toJson !== 'function') return `{${this.#members(value)}}`;
    const converted: unknown = Reflect.apply(toJson, value, ['']);
    return converted === value ? `{${this.#members(value)}}` : (this.value(converted) ?? 'null');
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
    return `{${this.#members(object)}}`;
  }

  #error(error: Error): string {
    const shape: Record<string, unknown> = Object.create(null);
    shape.type = readProperty(error, 'name');
    for (const key of ['message', 'stack', 'cause']) shape[key] = readProperty(error, key);
    if (error instanceof AggregateError) shape.errors = readProperty(error, 'errors');
    return `{${this.#members(Object.assign(shape, ownProperties(error)))}}`;
  }
}
