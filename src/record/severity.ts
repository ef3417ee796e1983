/**
 * OpenTelemetry's six severity ranges (logs data model, "Severity fields"), 0 = TRACE … 5 = FATAL.
 * The ranges are four numbers wide, so platforms with fewer levels are tables of six.
 */
export type SeverityBand = 0 | 1 | 2 | 3 | 4 | 5;

export const TRACE = 0;
export const DEBUG = 1;
export const INFO = 2;
export const WARN = 3;
export const ERROR = 4;
export const FATAL = 5;

/** Words that loggers write as severity text, for records that carry no number. */
const BAND_OF_TEXT: ReadonlyMap<string, SeverityBand> = new Map<string, SeverityBand>([
  ...(['trace', 'silly', 'finest'] as const).map((word) => [word, TRACE] as const),
  ...(['debug', 'verbose', 'fine'] as const).map((word) => [word, DEBUG] as const),
  ...(['info', 'information', 'notice', 'log', 'success', 'ok', 'http'] as const).map((word) => [word, INFO] as const),
  ...(['warn', 'warning'] as const).map((word) => [word, WARN] as const),
  ...(['error', 'err', 'severe'] as const).map((word) => [word, ERROR] as const),
  ...(['fatal', 'critical', 'crit', 'alert', 'emerg', 'emergency', 'panic'] as const).map(
    (word) => [word, FATAL] as const,
  ),
]);

/**
 * The range a record belongs to: by its number (clamped to 1–24), else by an exact word in its text, else `fallback`.
 * The number wins over the text, so that an error can never be shown as less than an error.
 */
export function severityBand(
  severityNumber: number | undefined,
  severityText: string | undefined,
  fallback: SeverityBand = INFO,
): SeverityBand {
  if (severityNumber !== undefined && severityNumber > 0) {
    return Math.min(5, Math.floor((severityNumber - 1) / 4)) as SeverityBand;
  }
  if (typeof severityText !== 'string') return fallback;
  return BAND_OF_TEXT.get(severityText.trim().toLowerCase()) ?? fallback;
}
