/** A moment: a `Date`, or ISO 8601 text with its zone (`2026-11-20T19:20:00Z`, `…+02:00`). */
export type Instant = Date | string;

const ISO = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The moment as `YYYY-MM-DDTHH:MM:SS.mmmZ`; digits below the millisecond, which the server does not keep, are cut off.
 * Throws a `TypeError` that names the option for text without a zone, which every server would read in its own zone, and
 * a `RangeError` for moments that do not exist.
 */
export function instantOf(option: string, value: unknown): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new RangeError(`${option} is an invalid Date`);
    return value.toISOString();
  }
  if (typeof value !== 'string') throw new TypeError(`${option} must be a Date or ISO 8601 text, got ${typeof value}`);
  const match = ISO.exec(value);
  if (match === null) {
    throw new TypeError(`${option} must be a Date or ISO 8601 text such as 2026-11-20T19:20:00Z, got ${quoted(value)}`);
  }
  const [, year, month, day, zone] = match;
  if (zone === undefined) {
    throw new TypeError(`${option} has no time zone: add Z for UTC or an offset such as +02:00, got ${quoted(value)}`);
  }
  const time = Date.parse(value);
  // V8 makes 2 March of 30 February.
  const exists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (Number.isNaN(time) || !exists) throw new RangeError(`${option} does not exist: ${quoted(value)}`);
  return new Date(time).toISOString();
}

function quoted(value: string): string {
  return JSON.stringify(value.slice(0, 60));
}

/** A later `to` than `from`; throws a `RangeError` otherwise. Both as `instantOf` gives them. */
export function assertOrder(from: string | undefined, to: string | undefined): void {
  if (from !== undefined && to !== undefined && Date.parse(from) > Date.parse(to)) {
    throw new RangeError(`from must not be later than to, got ${from} and ${to}`);
  }
}
