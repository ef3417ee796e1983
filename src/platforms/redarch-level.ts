import type { EmittedRecord } from '../record/record.ts';
import { eventNameOf } from '../record/record.ts';
import { ERROR, severityBand } from '../record/severity.ts';

/** The level vocabularies of the official clients, by severity range. */
const LEVELS = {
  canonical: ['DEBUG', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  stdlib: ['DEBUG', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'],
} as const;

export type LevelNames = keyof typeof LEVELS;

/** The level of a record; a span event `exception` without a severity is an error. */
export function levelOf(record: EmittedRecord, names: LevelNames): string {
  const { severityNumber, severityText, span } = record;
  const unset = !severityNumber && !severityText;
  if (unset && span !== undefined && eventNameOf(record) === 'exception') return LEVELS[names][ERROR];
  return LEVELS[names][severityBand(severityNumber, severityText)];
}
