import { bigintText, readProperty } from '../record/guarded.ts';
import type { JsonLimits } from '../record/json-value.ts';
import { JsonWriter } from '../record/json-value.ts';

const CONTEXT_LIMITS: JsonLimits = {
  maxStringLength: 65_536,
  maxMessageLength: 65_536,
  maxDepth: 8,
  maxValues: 1_000,
};
const MAX_FIELDS = 1_000;

/**
 * A copy of a value that OpenTelemetry's SDKs take as an attribute: scalars as they are, everything else as plain lists
 * and maps within the limits, with marks for cycles and getters that throw. Undefined for what has no value (functions,
 * symbols). Never throws.
 */
export function snapshot(value: unknown, limits: JsonLimits = CONTEXT_LIMITS): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > limits.maxStringLength ? plain(value, limits) : value;
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return bigintText(value);
    case 'object':
      return value === null ? null : plain(value, limits);
    default:
      return undefined;
  }
}

function plain(value: unknown, limits: JsonLimits): unknown {
  // A writer of its own: a `toJSON` of the application may come back here.
  const text = new JsonWriter(limits).value(value);
  return text === undefined ? undefined : JSON.parse(text);
}

/** The entries of an object, each a snapshot; undefined values are kept, as they take a field away. Never throws. */
export function snapshotEntries(fields: unknown): readonly (readonly [key: string, value: unknown])[] {
  if (typeof fields !== 'object' || fields === null) return [];
  try {
    return Object.keys(fields)
      .slice(0, MAX_FIELDS)
      .filter((key) => key !== '')
      .map((key) => [key, snapshot(readProperty(fields, key))] as const);
  } catch {
    // A revoked proxy has no keys.
    return [];
  }
}

/** The entries of an object as attributes: copied, and without those that have no value. Never throws. */
export function snapshotAttributes(fields: unknown): Record<string, unknown> {
  return Object.fromEntries(snapshotEntries(fields).filter(([, value]) => value !== undefined));
}
