/** Stands for a value that could not be read or written. */
export const UNSERIALIZABLE = '[Unserializable]';

/** Own properties of one object beyond this are left out. */
const MAX_PROPERTIES = 1_000;

/** Writing decimals takes time by the square of their number. */
const MOST_DECIMAL = 2n ** 16_384n;

/** Decimal text; hexadecimal beyond 2¹⁶³⁸⁴. */
export function bigintText(value: bigint): string {
  if (value <= MOST_DECIMAL && value >= -MOST_DECIMAL) return `${value}`;
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** `instanceof Error` that also answers for a revoked proxy, which throws when it is asked anything. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** A property, or the marker when reading it throws. */
export function readProperty(object: object, key: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[key];
  } catch {
    return UNSERIALIZABLE;
  }
}

/** The own enumerable properties; a getter that throws costs its own value only. */
export function ownProperties(object: object): Record<string, unknown> {
  const properties: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(object).slice(0, MAX_PROPERTIES)) properties[key] = readProperty(object, key);
  return properties;
}
