import type { BurstOptions } from './burst.ts';
import type { SampleRule } from './sampling.ts';

const RATIO = /^(?:0|1|0?\.\d{1,9}|1\.0{1,9}|\d{1,3}(?:\.\d{1,6})?%)$/;
const BURST = /^(\d{1,9})(?:\/(\d{1,9})?(ms|s|m)?)?$/i;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const SEVERITIES = ['trace', 'debug', 'info', 'warn'];

function ratioOf(text: string): number | undefined {
  if (!RATIO.test(text)) return undefined;
  const ratio = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  return ratio <= 1 ? ratio : undefined;
}

function ruleOf(part: string): SampleRule | undefined {
  const at = part.lastIndexOf('=');
  const ratio = ratioOf(part.slice(at + 1).trim());
  const what = part.slice(0, Math.max(at, 0)).trim();
  if (ratio === undefined || what === '') return undefined;
  const colon = what.lastIndexOf(':');
  const word = what.slice(colon + 1).toLowerCase();
  if (!SEVERITIES.includes(word)) return { scope: what, ratio };
  const severity = word as NonNullable<SampleRule['severity']>;
  return colon > 0 ? { scope: what.slice(0, colon), severity, ratio } : { severity, ratio };
}

/**
 * Reads `debug=0.1,db.*=50%,http:info=0.2`: shares by severity, by scope, or both. Undefined when a part cannot be
 * read.
 */
export function parseSample(text: string): readonly SampleRule[] | undefined {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const rules = parts.map(ruleOf);
  return rules.every((rule) => rule !== undefined) ? (rules as readonly SampleRule[]) : undefined;
}

/** Reads `1000` (a second), `1000/s`, `10000/5s`. Undefined when it cannot be read. */
export function parseBurst(text: string): BurstOptions | undefined {
  const [, records, count = '1', unit = 's'] = BURST.exec(text.trim()) ?? [];
  const maxRecords = Number(records);
  const perMillis = Number(count) * (UNITS[unit.toLowerCase()] as number);
  return maxRecords >= 1 && perMillis >= 1 ? { maxRecords, perMillis } : undefined;
}
