import type { Level } from '../levels/names.ts';
import { severityOf as numberOf } from '../levels/names.ts';

/** Severity of a record as its two fields. */
export interface Severity {
  readonly severityNumber: number;
  readonly severityText: string;
}

/** OpenTelemetry's severity ranges, four numbers each. */
const RANGES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const RANGE = 4;

/** The severity of a level by name or number (1–24). Throws a `RangeError` that names the option. */
export function severityOf(option: string, level: Level): Severity {
  const severityNumber = numberOf(level) ?? 0;
  const severityText = RANGES[Math.floor((severityNumber - 1) / RANGE)];
  if (severityText !== undefined) return { severityNumber, severityText };
  throw new RangeError(`${option} must be trace, debug, info, warn, error, fatal or 1 to 24, got ${String(level)}`);
}
