import type { EmittedRecord } from '../record/record.ts';
import { eventNameOf } from '../record/record.ts';
import { INFO, severityBand } from '../record/severity.ts';

/** TRACE, DEBUG, INFO, SUCCESS, WARN, ERROR, CRITICAL. */
export type OdysseusSeverity = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const SUCCESS = 3;
const ERROR = 5;
/** `SpanStatusCode.OK`. */
const STATUS_OK = 1;

const OF_BAND: readonly OdysseusSeverity[] = [0, 1, 2, 4, 5, 6];
/** The names of the official clients, by number. */
const NAMES: readonly (readonly string[])[] = [
  ['TRACE'],
  ['DEBUG'],
  ['INFO'],
  ['SUCCESS'],
  ['WARN', 'WARNING'],
  ['ERROR'],
  ['CRITICAL', 'FATAL'],
];
const BY_NAME: ReadonlyMap<string, OdysseusSeverity> = new Map(
  NAMES.flatMap((names, severity) => names.map((name) => [name, severity as OdysseusSeverity] as const)),
);
/** The number that a severity stands for when nothing else is said: the first of its range. */
const CANONICAL: readonly number[] = [1, 5, 9, 9, 13, 17, 21];

function isOdysseusSeverity(value: unknown): value is OdysseusSeverity {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 6;
}

/** A severity given as number 0–6, as text of one, or by name in any case; undefined for anything else. */
export function parseSeverity(value: unknown): OdysseusSeverity | undefined {
  if (typeof value !== 'string') return isOdysseusSeverity(value) ? value : undefined;
  const word = value.trim().toUpperCase();
  return /^[0-6]$/.test(word) ? (Number(word) as OdysseusSeverity) : BY_NAME.get(word);
}

function isSet(number: number | undefined): number is number {
  return number !== undefined && number > 0;
}

/**
 * The severity that number and text come to. The text `SUCCESS` counts while the number is unset or 9–12, `OK` only
 * while it is unset; a number of 13 or above is never shown as a success (Odysseus's wire contract §4).
 */
function severityOf(number: number | undefined, text: string | undefined): OdysseusSeverity {
  const band = severityBand(number, text);
  if (band === INFO && text !== 'INFO' && typeof text === 'string') {
    const word = text.trim().toUpperCase();
    if (word === 'SUCCESS' || (word === 'OK' && !isSet(number))) return SUCCESS;
  }
  return OF_BAND[band] as OdysseusSeverity;
}

/** The original number when it cannot be told from the severity, else undefined. */
export function lostNumber(severity: OdysseusSeverity, number: number | undefined): number | undefined {
  return number === undefined || number === 0 || number === CANONICAL[severity] ? undefined : number;
}

/** The original text when it is not a name of the severity, else undefined. */
export function lostText(severity: OdysseusSeverity, text: string | undefined): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  const names = NAMES[severity] as readonly string[];
  return names.includes(text) || names.includes(text.toUpperCase()) ? undefined : text;
}

/** How an application can have a say in the severity. */
export interface SeverityOptions {
  readonly severity?: (record: EmittedRecord) => OdysseusSeverity | undefined;
  readonly outcomeSuccess?: boolean;
}

function succeeded({ severityNumber, severityText, span }: EmittedRecord, outcome: string | undefined): boolean {
  if (severityBand(severityNumber, severityText) !== INFO) return false;
  return outcome === undefined ? span?.status === STATUS_OK : outcome === 'success';
}

function chosen(record: EmittedRecord, severity: SeverityOptions['severity']): OdysseusSeverity | undefined {
  try {
    const answer = severity?.(record);
    return isOdysseusSeverity(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The severity of a record without an `odysseus.severity` attribute: a success by its text, by its `event.outcome`
 * (opt-in), the application's choice, and else what number and text come to. A span event `exception` is an error.
 */
export function recordSeverity(
  record: EmittedRecord,
  outcome: string | undefined,
  options: SeverityOptions,
): OdysseusSeverity {
  const { severityNumber, severityText } = record;
  const usual = severityOf(severityNumber, severityText);
  if (usual === SUCCESS) return usual;
  if (options.outcomeSuccess && succeeded(record, outcome)) return SUCCESS;
  const answer = options.severity === undefined ? undefined : chosen(record, options.severity);
  if (answer !== undefined) return answer;
  const unset = record.span !== undefined && !isSet(severityNumber) && !severityText;
  return unset && eventNameOf(record) === 'exception' ? ERROR : usual;
}
