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
