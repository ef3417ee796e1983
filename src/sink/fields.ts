import { isObject } from './check.ts';
import type { IsoZone } from './iso-time.ts';
import { parseIsoTime } from './iso-time.ts';

/** Looks at one value: `undefined` when it is fine, else what is wrong with it ("must be …"). */
export type FieldRule = (value: unknown) => string | undefined;

/** A field and its rule; `optional` fields may be missing or null. */
export interface Field {
  readonly name: string;
  readonly rule: FieldRule;
  readonly optional: boolean;
}

export const required = (name: string, rule: FieldRule): Field => ({ name, rule, optional: false });
export const optional = (name: string, rule: FieldRule): Field => ({ name, rule, optional: true });

/** The first thing wrong with an object, as `field: reason`, or `undefined`. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
}

/** Checks an object's fields in order. Unknown keys are not looked at. */
export function checkFields(object: Record<string, unknown>, fields: readonly Field[]): FieldProblem | undefined {
  for (const { name, rule, optional } of fields) {
    const value = object[name];
    if (value === undefined || (optional && value === null)) {
      if (!optional) return { field: name, reason: 'is missing' };
      continue;
    }
    const reason = rule(value);
    if (reason !== undefined) return { field: name, reason };
  }
  return undefined;
}

/** Type and, for short plain values, the value itself, for "got …". */
function shown(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string')
    return value.length <= 40 ? JSON.stringify(value) : `text of ${value.length} characters`;
  return String(value);
}

export const text: FieldRule = (value) =>
  typeof value === 'string' ? undefined : `must be a string, got ${shown(value)}`;

export const filledText: FieldRule = (value) =>
  typeof value === 'string' && value !== '' ? undefined : `must be a non-empty string, got ${shown(value)}`;

export const object: FieldRule = (value) => (isObject(value) ? undefined : `must be an object, got ${shown(value)}`);

export const list: FieldRule = (value) => (Array.isArray(value) ? undefined : `must be an array, got ${shown(value)}`);

export const textList: FieldRule = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : `must be an array of strings, got ${shown(value)}`;

/** A whole number within bounds, both inclusive. */
export const integer =
  (min: number, max: number): FieldRule =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be an integer from ${min} to ${max}, got ${shown(value)}`;

/** A finite number within bounds, both inclusive. */
export const number =
  (min: number, max: number): FieldRule =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max
      ? undefined
      : `must be a number from ${min} to ${max}, got ${shown(value)}`;

/** One of a fixed set of texts, case-sensitive. */
export const oneOf = (...choices: readonly string[]): FieldRule => {
  const set = new Set<unknown>(choices);
  return (value) => (set.has(value) ? undefined : `must be one of ${choices.join(' ')}, got ${shown(value)}`);
};

const uuidPattern = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/** A uuid with or without dashes, of any version. */
export const uuid: FieldRule = (value) =>
  typeof value === 'string' && uuidPattern.test(value)
    ? undefined
    : `must be a uuid (32 hex digits, with or without dashes), got ${shown(value)}`;

/** An ISO 8601 date-time with at most `maxFractionDigits` and one of the allowed zone spellings. */
export const isoTime =
  (maxFractionDigits: number, zones: readonly IsoZone[]): FieldRule =>
  (value) => {
    const parsed = typeof value === 'string' ? parseIsoTime(value) : undefined;
    return parsed !== undefined && parsed.fractionDigits <= maxFractionDigits && zones.includes(parsed.zone)
      ? undefined
      : `must be an ISO 8601 date-time (zone: ${zones.join(' or ')}; at most ${maxFractionDigits} fraction digits), got ${shown(value)}`;
  };
