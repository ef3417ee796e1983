import type { Clock } from '../clock.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { SeverityBand } from '../record/severity.ts';
import { ERROR, severityBand } from '../record/severity.ts';

/** Which share of which records is kept; errors are never sampled. */
export interface SampleRule {
  /** Scope name or pattern with `*`. Default: all scopes. */
  readonly scope?: string;
  /** One severity; without it all below error. */
  readonly severity?: 'trace' | 'debug' | 'info' | 'warn';
  /** Share that is kept, from 0 to 1. */
  readonly ratio: number;
}

/** The share of the records of a scope and severity that are kept, 0 to 1. */
export type RatioOf = (scope: string, band: SeverityBand) => number;

const HEX_DIGITS = 13;
const SCALE = 2 ** (4 * HEX_DIGITS);
const NO_TRACE = '00000000000000000000000000000000';

/**
 * A number in [0, 1) that is the same for all records of a trace, so that a trace is kept or left as a whole, by every
 * process alike: the randomness of its id, which the W3C places in the last 14 hexadecimal digits.
 */
function shareOf(record: EmittedRecord, clock: Clock): number {
  const trace = record.spanContext?.traceId;
  if (trace === undefined || trace === NO_TRACE) return clock.random();
  const value = Number.parseInt(trace.slice(-HEX_DIGITS), 16) / SCALE;
  return Number.isNaN(value) ? clock.random() : value;
}

/** The ratio a kept record stands for, or 0 for one that is left out. */
export function sampled(record: EmittedRecord, ratioOf: RatioOf, clock: Clock): number {
  const band = severityBand(record.severityNumber, record.severityText);
  if (band >= ERROR) return 1;
  const ratio = ratioOf(record.instrumentationScope.name, band);
  if (ratio >= 1) return 1;
  return shareOf(record, clock) < ratio ? ratio : 0;
}
