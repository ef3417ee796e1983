/** How an ISO 8601 date-time names its zone. */
export type IsoZone = 'Z' | 'offset' | 'none';

/** What of an ISO 8601 text matters to the platforms. */
export interface IsoTime {
  readonly zone: IsoZone;
  readonly year: number;
  readonly fractionDigits: number;
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.(\d+))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/;
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads `YYYY-MM-DDTHH:MM[:SS[.f…]][Z|±HH:MM]`, or gives `undefined`.
 * Refuses what a calendar refuses (30 February, 24:00, second 60) and every other spelling (space, lower-case z,
 * date only, six-digit years).
 */
export function parseIsoTime(text: string): IsoTime | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const limit = monthDays[month - 1];
  if (limit === undefined || day < 1 || day > limit) return undefined;
  if (month === 2 && day === 29 && !(year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0))) return undefined;
  const zone = match[5] === undefined ? 'none' : match[5] === 'Z' ? 'Z' : 'offset';
  return { zone, year, fractionDigits: match[4]?.length ?? 0 };
}
