import { MAX_RECORD_LENGTH } from './codec/limits.ts';
import { knownOptions, numberOption } from './option-checks.ts';
import type { JsonLimits } from './record/json-limits.ts';
import { DEFAULT_LIMITS } from './record/json-limits.ts';

/** How much of a record is sent; what is beyond is cut with a visible mark. Lengths are UTF-16 code units. */
export interface LimitOptions {
  /** One text: an attribute, a member, a stack. 64 to 65,536, which is the default. */
  readonly maxStringLength?: number;
  /** The message. 64 to 262,144, which is the default. */
  readonly maxMessageLength?: number;
  /** Levels of nesting below an attribute. 1 to 64, default 16. */
  readonly maxDepth?: number;
  /** Members and elements of a record. 10 to 10,000, which is the default. */
  readonly maxValues?: number;
  /** An encoded record. 4,096 to 327,680, which is the default; a larger one is written again within tighter limits. */
  readonly maxRecordLength?: number;
  /** Bytes as base64 (default), or a note of their number. */
  readonly binary?: 'base64' | 'size';
  /** Long base64 and `data:` URIs in texts: kept (default), or replaced by a note of their length. */
  readonly base64Text?: 'keep' | 'cut';
}

/** Checked limits. */
export interface LimitSettings {
  readonly limits: JsonLimits;
  readonly maxRecordLength: number;
}

const MAX_DEPTH = 64;
const KNOWN = [
  ...['maxStringLength', 'maxMessageLength', 'maxDepth', 'maxValues', 'maxRecordLength', 'binary', 'base64Text'],
];

function within(option: string, value: unknown, fallback: number, min: number, max: number): number {
  const number = numberOption(`limits.${option}`, value, fallback, min);
  if (number > max) throw new RangeError(`limits.${option} must be at most ${max}, got ${number}`);
  return number;
}

function word<Word extends string>(option: string, value: unknown, words: readonly [Word, Word]): Word {
  if (value === undefined) return words[0];
  const found = words.find((each) => each === value);
  if (found === undefined)
    throw new TypeError(`limits.${option} must be "${words.join('" or "')}", got ${String(value)}`);
  return found;
}

/** Checks the option `limits` and fills in defaults. Throws a `TypeError` or `RangeError` naming option and value. */
export function limitSettings(options: LimitOptions = {}): LimitSettings {
  if (typeof options !== 'object' || options === null) throw new TypeError('limits must be an object');
  knownOptions(options, KNOWN, 'limits.');
  const { maxStringLength, maxMessageLength, maxValues } = DEFAULT_LIMITS;
  return {
    limits: {
      maxStringLength: within('maxStringLength', options.maxStringLength, maxStringLength, 64, maxStringLength),
      maxMessageLength: within('maxMessageLength', options.maxMessageLength, maxMessageLength, 64, maxMessageLength),
      maxDepth: within('maxDepth', options.maxDepth, DEFAULT_LIMITS.maxDepth, 1, MAX_DEPTH),
      maxValues: within('maxValues', options.maxValues, maxValues, 10, maxValues),
      binary: word('binary', options.binary, ['base64', 'size']),
      base64Text: word('base64Text', options.base64Text, ['keep', 'cut']),
    },
    maxRecordLength: within('maxRecordLength', options.maxRecordLength, MAX_RECORD_LENGTH, 4_096, MAX_RECORD_LENGTH),
  };
}
