import type { VariableKind } from './env-table.ts';

/** A value that could be read, or what is expected instead. */
export type Parsed = { readonly value: unknown } | { readonly expected: string };

const LEVELS = new Map([
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['warning', 13],
  ['error', 17],
  ['fatal', 21],
  ['critical', 21],
]);
const BOOLEANS = new Map([
  ...['true', '1', 'on', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'off', 'no'].map((word) => [word, false] as const),
]);
/** The least that a queue takes. */
const SMALLEST_SIZE = 1_024;
const SIZE = /^(\d{1,12})(b|k|kb|m|mb|g|gb)?$/i;
const SIZE_UNITS: Readonly<Record<string, number>> = { b: 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };
const DURATION = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h)?$/i;
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function level(text: string): Parsed {
  const number = LEVELS.get(text.toLowerCase()) ?? (/^\d{1,2}$/.test(text) ? Number(text) : 0);
  return number >= 1 && number <= 24
    ? { value: number }
    : { expected: 'trace, debug, info, warn, error, fatal or a number from 1 to 24' };
}

function size(text: string): Parsed {
  const match = SIZE.exec(text);
  const unit = SIZE_UNITS[(match?.[2] ?? 'b').toLowerCase().charAt(0)] as number;
  const bytes = Number(match?.[1]) * unit;
  return bytes >= SMALLEST_SIZE ? { value: bytes } : { expected: 'a size of at least 1k, such as 64k or 16mb' };
}

/** Milliseconds of `500ms`, `5s`, `1m`, `2h`; a bare number is milliseconds. */
function duration(text: string): Parsed {
  const match = DURATION.exec(text);
  if (match === null) return { expected: 'a duration such as 500ms, 5s or 1m' };
  return { value: Number(match[1]) * (DURATION_UNITS[(match[2] ?? 'ms').toLowerCase()] as number) };
}

function boolean(text: string): Parsed {
  const value = BOOLEANS.get(text.toLowerCase());
  return value === undefined ? { expected: 'true or false' } : { value };
}

function fsync(text: string): Parsed {
  const value = text.toLowerCase();
  return ['interval', 'batch', 'never'].includes(value) ? { value } : { expected: 'interval, batch or never' };
}

function list(text: string): Parsed {
  const items = text.split(',').map((item) => item.trim().toLowerCase());
  return { value: items.filter((item) => item !== '') };
}

const PARSERS: Readonly<Record<VariableKind, (text: string) => Parsed>> = {
  text: (value) => ({ value }),
  secret: (value) => ({ value }),
  url: (value) => ({ value }),
  level,
  list,
  boolean,
  size,
  duration,
  fsync,
};

/** Reads the text of a variable; what a URL or a secret must look like is the platform's business. */
export function parseValue(kind: VariableKind, text: string): Parsed {
  return PARSERS[kind](text);
}

/** Edits (insert, delete, replace) that turn one text into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

/** The name that was probably meant, if one is close enough. */
export function didYouMean(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const edits = distance(name.toUpperCase(), candidate.toUpperCase());
    if (edits < bestDistance) {
      bestDistance = edits;
      best = candidate;
    }
  }
  return best;
}
