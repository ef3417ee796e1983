import { parseSlowRules } from '../instrument/slow-rules.ts';
import { LEVEL_WORDS, severityOf } from '../levels/names.ts';
import { parseLevels } from '../levels/text.ts';
import { PATTERN_NAMES } from '../record/redact/text-redactor.ts';
import { isCensor, isFieldName } from '../redact-options.ts';
import { parseResourceAttributes } from '../resource.ts';
import { parseBurst, parseSample } from '../volume/volume-text.ts';
import { parseCustomData } from './custom-data-text.ts';
import type { KindValues, Variable, VariableKind } from './variable.ts';

/**
 * A value that could be read, or what is expected instead; both when only parts could be read. `words` are what a
 * misspelt value may have meant.
 */
export type Parsed<Value = unknown> =
  | { readonly value: Value; readonly expected?: string }
  | { readonly expected: string; readonly words?: readonly string[] };

/** What a variable says of its values beside their kind. */
export type Bounds = Pick<Variable, 'words' | 'least' | 'most' | 'shortest'>;

const BOOLEANS = new Map([
  ...['true', '1', 'on', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'off', 'no'].map((word) => [word, false] as const),
]);
const BOOLEAN_WORDS = [...BOOLEANS.keys()].filter((word) => word.length > 1);
/** The least that a queue takes. */
const SMALLEST_SIZE = 1_024;
const SIZE = /^(\d{1,12})(b|k|kb|m|mb|g|gb)?$/i;
const SIZE_UNITS: Readonly<Record<string, number>> = { b: 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };
const DURATION = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h)?$/i;
const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function within(value: number, { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bounds): boolean {
  return value >= least && value <= most;
}

function level(text: string): Parsed<number> {
  const number = severityOf(text) ?? 0;
  if (number >= 1 && number <= 24) return { value: number };
  const words = LEVEL_WORDS.filter((word) => word !== 'all' && word !== 'off');
  return { expected: 'trace, debug, info, warn, error, fatal or a number from 1 to 24', words };
}

function levels(text: string): Parsed<KindValues['levels']> {
  const { levels: value, malformed } = parseLevels(text);
  return malformed === 0 ? { value } : { value, expected: 'pattern=level by comma, e.g. db.*=warn,http=info' };
}

function sizeText(bytes: number): string {
  return bytes % 1_024 === 0 ? `${bytes / 1_024}k` : `${bytes} bytes`;
}

function size(text: string, { least = SMALLEST_SIZE, most = Number.MAX_SAFE_INTEGER }: Bounds): Parsed<number> {
  const match = SIZE.exec(text);
  const unit = SIZE_UNITS[(match?.[2] ?? 'b').toLowerCase().charAt(0)] as number;
  const bytes = Number(match?.[1]) * unit;
  if (within(bytes, { least, most })) return { value: bytes };
  const atMost = most < Number.MAX_SAFE_INTEGER ? ` and at most ${sizeText(most)}` : '';
  return { expected: `a size of at least ${sizeText(least)}${atMost}, such as 64k or 16mb` };
}

/** Milliseconds of `500ms`, `5s`, `1m`, `2h`; a bare number is milliseconds. */
function duration(text: string, { least = 0 }: Bounds): Parsed<number> {
  const match = DURATION.exec(text);
  const millis = Number(match?.[1]) * (DURATION_UNITS[(match?.[2] ?? 'ms').toLowerCase()] as number);
  if (millis >= least) return { value: millis };
  return { expected: `a duration such as 500ms, 5s or 1m${least > 0 ? `, at least ${least}ms` : ''}` };
}

function count(text: string, bounds: Bounds): Parsed<number> {
  const { least = 0, most } = bounds;
  if (/^-?\d{1,15}$/.test(text) && within(Number(text), { ...bounds, least })) return { value: Number(text) };
  return { expected: `a whole number ${most === undefined ? `of at least ${least}` : `from ${least} to ${most}`}` };
}

function countOrOff(text: string, bounds: Bounds): Parsed<number | false> {
  if (text === '0' || BOOLEANS.get(text.toLowerCase()) === false) return { value: false };
  const parsed = count(text, bounds);
  return 'value' in parsed ? parsed : { expected: `${parsed.expected}, or off` };
}

function boolean(text: string): Parsed<boolean> {
  const value = BOOLEANS.get(text.toLowerCase());
  return value === undefined ? { expected: 'true or false', words: BOOLEAN_WORDS } : { value };
}

function textOrBoolean(text: string): Parsed<string | boolean> {
  return { value: BOOLEANS.get(text.toLowerCase()) ?? text };
}

function word(text: string, { words = [] }: Bounds): Parsed<string> {
  const value = words.find((one) => one.toLowerCase() === text.toLowerCase());
  if (value !== undefined) return { value };
  return { expected: [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' or '), words };
}

function texts(text: string): Parsed<readonly string[]> {
  return {
    value: text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  };
}

function attributes(text: string): Parsed<Readonly<Record<string, string>>> {
  const { attributes: value, malformed } = parseResourceAttributes(text);
  return malformed === 0 ? { value } : { value, expected: 'key=value by comma, percent-encoded, e.g. team=checkout' };
}

function slots(text: string): Parsed<KindValues['slots']> {
  const value = parseCustomData(text);
  if (value !== undefined) return { value };
  return { expected: 'attribute=slot by comma, each slot once: 1 to 10 for texts, d1 to d10 for numbers' };
}

function sample(text: string): Parsed<KindValues['sample']> {
  const value = parseSample(text);
  return value === undefined ? { expected: 'shares from 0 to 1 by comma, e.g. debug=0.1,db.*=50%' } : { value };
}

function burst(text: string): Parsed<KindValues['burst']> {
  const value = parseBurst(text);
  return value === undefined ? { expected: 'records in a time, e.g. 1000/s or 10000/5s' } : { value };
}

function repeats(text: string): Parsed<KindValues['repeats']> {
  const value = BOOLEANS.get(text.toLowerCase());
  if (value !== undefined) return { value };
  const parsed = duration(text, { least: 1 });
  return 'value' in parsed
    ? { value: { windowMillis: parsed.value } }
    : { expected: 'true, false or a duration such as 10s' };
}

function patterns(text: string): Parsed<KindValues['patterns']> {
  const words = ['default', ...PATTERN_NAMES] as const;
  const known = (item: string) => words.find((name) => name.toLowerCase() === item.toLowerCase());
  const found = (texts(text) as { readonly value: readonly string[] }).value.map(known);
  if (found.every((name) => name !== undefined)) return { value: found as KindValues['patterns'] };
  return { expected: `some of ${words.join(', ')}` };
}

function slow(text: string): Parsed<KindValues['slow']> {
  const parsed = parseSlowRules(text);
  if ('value' in parsed) return parsed;
  // The rule itself is not shown: a secret may stand in the wrong place.
  const which = parsed.rule === undefined ? '' : `; rule ${parsed.rule} cannot be read`;
  return { expected: `rules such as http.server>1s,db>100ms,db:failed${which}` };
}

function breadcrumbs(text: string): Parsed<KindValues['breadcrumbs']> {
  const value = BOOLEANS.get(text.toLowerCase());
  if (value !== undefined) return { value };
  const parsed = count(text, { least: 1 });
  return 'value' in parsed
    ? { value: { maxRecords: parsed.value } }
    : { expected: 'true, false or a number of records' };
}

function names(text: string): Parsed<KindValues['names']> {
  const all = (texts(text) as { readonly value: readonly string[] }).value;
  const value = all.filter(isFieldName);
  return value.length === all.length ? { value } : { value, expected: 'names of fields by comma, e.g. ssn,*_pin' };
}

function censor(text: string): Parsed<string> {
  return isCensor(text) ? { value: text } : { expected: 'at most 64 characters without quotes and backslashes' };
}

function secret(text: string, { shortest = 0 }: Bounds): Parsed<string> {
  return text.length >= shortest ? { value: text } : { expected: `at least ${shortest} characters` };
}

const asIs = (value: string): Parsed<string> => ({ value });

const PARSERS: { readonly [Kind in VariableKind]: (text: string, bounds: Bounds) => Parsed } = {
  text: asIs,
  secret,
  names,
  censor,
  url: asIs,
  level,
  levels,
  list: (text) => texts(text.toLowerCase()),
  texts,
  boolean,
  size,
  duration,
  count,
  word,
  attributes,
  textOrBoolean,
  countOrOff,
  slots,
  sample,
  burst,
  repeats,
  breadcrumbs,
  patterns,
  slow,
};

/** Reads the text of a variable; what a URL or a secret must look like is the platform's business. */
export function parseValue(kind: VariableKind, text: string, bounds: Bounds = {}): Parsed {
  return PARSERS[kind](text, bounds);
}
