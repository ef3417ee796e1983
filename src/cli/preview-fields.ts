import type { RecordParts } from './preview-parts.ts';
import type { Path } from './preview-places.ts';
import { pathText } from './preview-places.ts';

/** One simple value of a record, and the record with another value in its place. */
export interface Field {
  /** As it is written in the input: `attributes["tenant.id"]`. */
  readonly name: string;
  readonly value: unknown;
  /** The record with this value changed, in one or several ways: to a value of the same form. */
  readonly variants: readonly RecordParts[];
}

const MOST_FIELDS = 300;
/** Severity numbers of one level. */
const BAND = 4;
const HEX = /^[0-9a-f]+$/i;

function rotated(character: string, hex: boolean): string {
  if (/\d/.test(character)) return String((Number(character) + 1) % 10);
  const letters = hex ? 'abcdef' : 'abcdefghijklmnopqrstuvwxyz';
  const at = letters.indexOf(character.toLowerCase());
  const next = letters[(at + 1) % letters.length] as string;
  return character === character.toLowerCase() ? next : next.toUpperCase();
}

function withCharacter(text: string, index: number): string {
  const hex = HEX.test(text.replaceAll('-', ''));
  return text.slice(0, index) + rotated(text[index] as string, hex) + text.slice(index + 1);
}

/** Texts of the same form, so that what was an id stays one: another first, another last letter or digit. */
function otherTexts(text: string): readonly string[] {
  const first = text.search(/[a-z0-9]/i);
  if (first === -1) return [`${text}x`];
  const last =
    text.length -
    1 -
    [...text]
      .reverse()
      .join('')
      .search(/[a-z0-9]/i);
  const others = [withCharacter(text, first), withCharacter(text, last)];
  // The frames of a stack are told apart by their line numbers.
  if (/\n\s+at /.test(text)) others.push(text.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10)));
  return others;
}

function otherValues(value: unknown): readonly unknown[] {
  switch (typeof value) {
    case 'string':
      return otherTexts(value);
    case 'number':
      return [value + 1];
    case 'boolean':
      return [!value];
    default:
      return ['x'];
  }
}

/** The same structure with another value at a path. */
function replaced(whole: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(whole))
    return whole.map((member: unknown, at) => (at === step ? replaced(member, rest, value) : member));
  const members = (whole ?? {}) as Record<string, unknown>;
  return { ...members, [step]: replaced(members[step], rest, value) };
}

interface Leaf {
  readonly path: Path;
  readonly value: unknown;
}

function leaves(path: Path, value: unknown): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return value === undefined ? [] : [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) =>
    leaves([...path, Array.isArray(value) ? Number(key) : key], member),
  );
}

type Time = readonly [seconds: number, nanos: number];

/** A time is one value, and its digits below the millisecond are another: not every platform keeps them. */
function timeFields(parts: RecordParts, name: 'timestamp' | 'observedTimestamp'): readonly Field[] {
  const time = parts[name];
  if (time === undefined) return [];
  const [seconds, nanos] = time;
  const iso = `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
  const later: Time = [seconds + 90_061, (nanos + 111_000_000) % 1e9];
  const whole: Field = { name, value: iso, variants: [{ ...parts, [name]: later }] };
  if (nanos % 1e6 === 0) return [whole];
  const finer: readonly (readonly [unit: string, step: number])[] = [
    ['microseconds', 1_000],
    ['nanoseconds', 1],
  ];
  const digits = finer
    .filter(([, step]) => nanos % (step * 1_000) !== 0)
    .map(([unit, step]): Field => {
      const other: Time = [seconds, Math.floor(nanos / (step * 1_000)) * step * 1_000];
      return { name: `${name} (${unit})`, value: nanos % (step * 1_000), variants: [{ ...parts, [name]: other }] };
    });
  return [whole, ...digits];
}

/** A level is four numbers wide; which of them it is, is a value of its own: not every platform keeps it. */
function severityFields(parts: RecordParts): readonly Field[] {
  const { severityNumber: value } = parts;
  if (value === undefined) return [];
  const other = value > 24 - BAND ? value - BAND : value + BAND;
  const level: Field = { name: 'severityNumber', value, variants: [{ ...parts, severityNumber: other }] };
  const step = (value - 1) % BAND;
  if (step === 0) return [level];
  const variants = [{ ...parts, severityNumber: value - step }];
  return [level, { name: 'severityNumber (within its level)', value, variants }];
}

const SIMPLE = ['severityText', 'body', 'eventName', 'traceId', 'spanId', 'traceFlags'] as const;
const NESTED = ['attributes', 'resource', 'scope', 'span'] as const;

/** Everything that the record says, value by value, in the order of reports. */
export function fieldsOf(parts: RecordParts): readonly Field[] {
  const found = [...SIMPLE, ...NESTED].flatMap((name) => leaves([name], parts[name]));
  const rest = found.slice(0, MOST_FIELDS).map(({ path, value }): Field => {
    const variants = otherValues(value).map((other) => replaced(parts, path, other) as RecordParts);
    return { name: pathText(path), value, variants };
  });
  return [
    ...timeFields(parts, 'timestamp'),
    ...timeFields(parts, 'observedTimestamp'),
    ...severityFields(parts),
    ...rest,
  ];
}
