import { binaryText, bytesOf, cutBase64 } from './binary.ts';
import { bigintText, ownProperties, readProperty, UNSERIALIZABLE } from './guarded.ts';
import { KeyTexts } from './json-keys.ts';
import type { JsonLimits } from './json-limits.ts';
import { DEFAULT_LIMITS } from './json-limits.ts';
import { clipMarked, quote } from './json-text.ts';
import { clipRedacted } from './redact/clip.ts';
import type { NameFacts } from './redact/name-rules.ts';
import { ORDINARY } from './redact/name-rules.ts';
import type { Redactor } from './redact/redactor.ts';

export type { JsonLimits } from './json-limits.ts';
export { DEFAULT_LIMITS } from './json-limits.ts';
export { clip, wellFormed } from './json-text.ts';

/** Characters of strings in one record: more than any platform takes, so that what goes on is not for the waste bin. */
const MAX_WRITTEN = 1_048_576;
const UNSERIALIZABLE_TEXT = `"${UNSERIALIZABLE}"`;

/**
 * Writes any JavaScript value as well-formed JSON text in one walk that also applies the limits and takes out secrets.
 * Never throws:
 * cycles, getters and `toJSON` that throw, revoked proxies and exotic objects become markers, everything else is kept.
 * One instance serves one codec; it is not re-entrant.
 */
export class JsonWriter {
  readonly limits: JsonLimits;
  readonly redactor: Redactor | undefined;
  readonly #keys: KeyTexts;
  readonly #ancestors: object[] = [];
  /** The names that lead to where the walk is. */
  readonly #path: string[] = [];
  #values = 0;
  #written = 0;
  /** A mark has been written for what is left out. */
  #marked = false;

  /**
   * `renameKey` maps key names that a platform refuses (it sees every key once; the result is cached). Without a
   * `redactor` everything is written as it is.
   */
  constructor(limits: JsonLimits = DEFAULT_LIMITS, renameKey?: (key: string) => string, redactor?: Redactor) {
    this.limits = limits;
    this.redactor = redactor;
    this.#keys = new KeyTexts(renameKey, redactor);
  }

  /** A writer with other limits that takes out the same secrets. */
  within(limits: JsonLimits): JsonWriter {
    return new JsonWriter(limits, undefined, this.redactor);
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
    return this.#quoted(text, max);
  }

  /** A quoted message, cut at `maxMessageLength`. */
  message(text: string): string {
    return this.#quoted(text, this.limits.maxMessageLength);
  }

  #quoted(given: string, max: number): string {
    const { redactor } = this;
    const text = this.limits.base64Text === 'cut' ? cutBase64(given) : given;
    if (redactor === undefined) return quote(text.length > max ? clipMarked(text, max) : text);
    if (text.length > max) return quote(clipRedacted(text, max, redactor));
    return redactor.isHarmless(text) ? `"${text}"` : quote(clipMarked(redactor.text(text), max));
  }

  /** `"key":`, quoted once per key and remembered. */
  key(name: string): string {
    return this.#keys.of(name).text;
  }

  /** JSON text of a value, or undefined for what JSON leaves out (undefined, functions, symbols). */
  value(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        // Non-finite numbers have no JSON spelling; as text they stay readable.
        return Number.isFinite(value) ? this.#number(value) : `"${value}"`;
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
    for (const name of Object.keys(object)) {
      if (skip?.(name)) continue;
      if (this.#exhausted()) return text === '' ? '"…":true' : `${text},"…":true`;
      const key = this.#keys.of(name);
      let written: string | undefined;
      try {
        const value = (object as Record<string, unknown>)[name];
        const isPlain = key.facts === ORDINARY && (typeof value !== 'object' || value === null);
        written = isPlain ? this.value(value) : this.#member(name, key.facts, value, object);
      } catch {
        written = UNSERIALIZABLE_TEXT;
      }
      if (written !== undefined) text += text === '' ? key.text + written : `,${key.text}${written}`;
    }
    return text;
  }

  /** JSON text of a value that stands under a name of the application's, else as `value`. */
  member(name: string, value: unknown): string | undefined {
    return this.#member(name, this.#keys.of(name).facts, value, {});
  }

  #member(name: string, facts: NameFacts, value: unknown, object: object): string | undefined {
    const { redactor } = this;
    if (redactor === undefined) return this.value(value);
    const safe = facts === ORDINARY ? value : redactor.member(facts, value, this.#path, object);
    // What stands for a secret is not read again.
    if (safe !== value && typeof safe === 'string') return quote(safe);
    this.#path.push(name);
    try {
      return this.value(safe);
    } finally {
      this.#path.pop();
    }
  }

  #number(value: number): string {
    const safe = this.redactor?.number(value);
    return safe === undefined ? `${value}` : quote(safe);
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
    if (Array.isArray(value)) return this.#elements(this.redactor?.argumentList(value) ?? value);
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
    const bytes = bytesOf(value);
    if (bytes !== undefined) return `"${this.bytes(bytes, this.limits.maxStringLength)}"`;
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) return this.#elements(value);
    if (value instanceof RegExp || value instanceof URL) return this.string(String(value));
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return this.value(value.valueOf()) ?? 'null';
    }
    return this.#plain(value);
  }

  /** Bytes as text of about `maxLength` characters, not quoted. */
  bytes(bytes: Uint8Array, maxLength: number): string {
    return binaryText(bytes, maxLength, this.limits.binary ?? 'base64', this.redactor);
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
