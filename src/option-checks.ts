import { severityOf } from './levels/names.ts';
import { isPattern } from './levels/pattern.ts';

/** A number option with its default; throws a `TypeError` or `RangeError` that names it. */
export function numberOption(option: string, value: unknown, fallback: number, min: number, integer = true): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new TypeError(`${option} must be a number, got ${typeof value === 'number' ? 'NaN' : typeof value}`);
  }
  if (value < min || (value === Number.POSITIVE_INFINITY && integer) || (integer && !Number.isInteger(value))) {
    throw new RangeError(
      `${option} must be ${integer ? 'a whole number' : 'a number'} of at least ${min}, got ${value}`,
    );
  }
  return value;
}

/** Throws a `TypeError` for options that do not exist, which are misspelt ones as a rule. */
export function knownOptions(options: object, allowed: readonly string[], prefix: string): void {
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) {
      throw new TypeError(
        `unknown option ${prefix}${key}; known are ${allowed.map((name) => prefix + name).join(', ')}`,
      );
    }
  }
}

/** Levels by target; throws a `TypeError` that names the one that is none. */
export function levelsOption<T>(
  option: string,
  value: Readonly<Record<string, T>> | undefined,
): Readonly<Record<string, T>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${option} must be an object such as { 'db.*': 'warn' }`);
  }
  for (const [target, level] of Object.entries(value)) {
    if (!isPattern(target)) throw new TypeError(`${option} must have patterns of 1 to 256 characters as names`);
    if (severityOf(level) === undefined) {
      throw new TypeError(`${option}['${target}'] must be all, trace, debug, info, warn, error, fatal, off or 1 to 24`);
    }
  }
  return { ...value };
}

/** A list of scope patterns; throws a `TypeError` that names the option. */
export function scopesOption(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((text) => !isPattern(text) || !isPattern(text.replace(/^-/, '')))) {
    throw new TypeError(`${option} must be a list of patterns such as 'billing.*' or '-http*'`);
  }
  return [...value];
}
