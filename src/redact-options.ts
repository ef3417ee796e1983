import { knownOptions, numberOption } from './option-checks.ts';
import type { Secret } from './platforms/settings.ts';
import type { CustomPattern } from './record/redact/custom-patterns.ts';
import type { HashSettings } from './record/redact/keyed-hash.ts';
import type { RedactionSettings } from './record/redact/redactor.ts';
import { DEFAULT_REDACTION } from './record/redact/redactor.ts';
import type { PatternName } from './record/redact/text-redactor.ts';
import { PATTERN_NAMES } from './record/redact/text-redactor.ts';

/** A pattern of the application's own. */
export interface RedactPattern {
  /** Names it in diagnostics. */
  readonly name: string;
  /**
   * What is replaced, everywhere in every text. It must take linear time: nothing can stop a regular expression once it
   * runs. One that takes more than 100 ms for a text is not used again, and a warning says so.
   */
  readonly pattern: RegExp;
  /** Stands for a match, as in `String.replace` (`$1`). Default: the censor. */
  readonly replacement?: string;
}

/** What is taken out of every record before it rests anywhere. Names: any case, separators make no difference. */
export interface RedactOptions {
  /** Names whose values are replaced, besides the default ones. `*` stands for anything, `user.email` also for nesting. */
  readonly fields?: readonly string[];
  /** Replace values of names that are secret by convention: passwords, tokens, keys, cookies, card numbers. Default true. */
  readonly defaultFields?: boolean;
  /** Names that are secret by default and are to be sent all the same. */
  readonly allow?: readonly string[];
  /** Further secret names where they are headers. */
  readonly headers?: readonly string[];
  /** Further secret names where they are parameters of a URL. */
  readonly queryParameters?: readonly string[];
  /**
   * Secrets that are found by their shape: `pairs` (`password=…` in texts), `bearer`, `jwt`, `apiKey`, `privateKey`,
   * `connectionString`, `card`, `email`; `default` stands for all but `email`. Default `['default']`.
   */
  readonly patterns?: readonly (PatternName | 'default')[];
  readonly customPatterns?: readonly RedactPattern[];
  /** Stands for what has been taken away; without quotes and backslashes, at most 64 characters. Default `[REDACTED]`. */
  readonly censor?: string;
  /** Values that are replaced by a keyed hash, so that what belongs together can be found without telling what it is. */
  readonly hash?: {
    /** Names, as in `fields`. */
    readonly fields: readonly string[];
    /** At least 16 characters, or a function returning it. While it returns none, values are replaced by the censor. */
    readonly key: Secret;
    /** Characters of the hash, 8 to 43, six bits each. Default 22. */
    readonly length?: number;
  };
}

const KNOWN = [
  ...['fields', 'defaultFields', 'allow', 'headers', 'queryParameters', 'patterns', 'customPatterns', 'censor', 'hash'],
];
/** Characters of a key; a shorter one could be guessed. */
export const MIN_KEY = 16;
const DEFAULT_HASH_LENGTH = 22;
const MAX_HASH_LENGTH = 43;
const MAX_CENSOR = 64;

/** Whether a text can be a name, or a pattern of names. */
export function isFieldName(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** Whether a text can stand for what is gone, in every platform's JSON. */
export function isCensor(text: string): boolean {
  return text !== '' && text.length <= MAX_CENSOR && /^[^"'`\\\p{C}]*$/u.test(text);
}

function names(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.every((name) => typeof name === 'string');
  if (!isList) throw new TypeError(`redact.${option} must be a list of names`);
  for (const name of value as readonly string[]) {
    if (!isFieldName(name)) throw new RangeError(`redact.${option} must be names or patterns of them, got "${name}"`);
  }
  return [...(value as readonly string[])];
}

function patternNames(value: unknown): readonly PatternName[] {
  if (value === undefined) return DEFAULT_REDACTION.patterns;
  if (!Array.isArray(value)) throw new TypeError('redact.patterns must be a list of pattern names');
  return value.flatMap((name: unknown) => {
    if (name === 'default') return DEFAULT_REDACTION.patterns;
    const known = PATTERN_NAMES.find((each) => each === name);
    if (known === undefined) {
      throw new RangeError(`redact.patterns must be of default, ${PATTERN_NAMES.join(', ')}, got ${String(name)}`);
    }
    return [known];
  });
}

function customPattern(value: unknown, index: number): CustomPattern {
  const option = `redact.customPatterns[${index}]`;
  if (typeof value !== 'object' || value === null) throw new TypeError(`${option} must be an object`);
  knownOptions(value, ['name', 'pattern', 'replacement'], `${option}.`);
  const { name, pattern, replacement } = value as Partial<RedactPattern>;
  if (typeof name !== 'string' || name === '') throw new TypeError(`${option}.name must be a non-empty string`);
  if (!(pattern instanceof RegExp)) throw new TypeError(`${option}.pattern must be a RegExp, got ${typeof pattern}`);
  if (pattern.test('')) throw new RangeError(`${option}.pattern must not match empty text`);
  if (replacement !== undefined && typeof replacement !== 'string') {
    throw new TypeError(`${option}.replacement must be a string, got ${typeof replacement}`);
  }
  return { name, pattern, replacement };
}

function customPatterns(value: unknown): readonly CustomPattern[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError('redact.customPatterns must be a list');
  return value.map(customPattern);
}

function censorText(value: unknown): string {
  if (value === undefined) return DEFAULT_REDACTION.censor;
  if (typeof value !== 'string') throw new TypeError(`redact.censor must be a string, got ${typeof value}`);
  if (!isCensor(value)) {
    throw new RangeError(
      `redact.censor must have 1 to ${MAX_CENSOR} characters and no quotes, backslashes or control characters`,
    );
  }
  return value;
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length >= MIN_KEY;
}

/** A key that is known, or too short, would make hashes as good as plain text. */
function keyReader(key: unknown): () => string | undefined {
  if (typeof key !== 'function') {
    if (!isKey(key)) throw new TypeError(`redact.hash.key must be a string of at least ${MIN_KEY} characters`);
    return () => key;
  }
  return () => {
    try {
      const value: unknown = key();
      return isKey(value) ? value : undefined;
    } catch {
      return undefined;
    }
  };
}

function hashSettings(value: unknown): (HashSettings & { readonly fields: readonly string[] }) | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) throw new TypeError('redact.hash must be an object');
  knownOptions(value, ['fields', 'key', 'length'], 'redact.hash.');
  const { fields, key, length } = value as Readonly<Record<string, unknown>>;
  const size = numberOption('redact.hash.length', length, DEFAULT_HASH_LENGTH, 8);
  if (size > MAX_HASH_LENGTH)
    throw new RangeError(`redact.hash.length must be at most ${MAX_HASH_LENGTH}, got ${size}`);
  return { fields: names('hash.fields', fields), key: keyReader(key), length: size };
}

/**
 * Checks the option `redact` and fills in defaults; undefined for `false`. Throws a `TypeError` or `RangeError` that
 * names the option and shows no secret.
 */
export function redactSettings(options?: RedactOptions | boolean): RedactionSettings | undefined {
  if (options === false) return undefined;
  if (options === undefined || options === true) return DEFAULT_REDACTION;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError('redact must be an object, true or false');
  }
  knownOptions(options, KNOWN, 'redact.');
  const { defaultFields = true } = options;
  if (typeof defaultFields !== 'boolean') {
    throw new TypeError(`redact.defaultFields must be a boolean, got ${typeof defaultFields}`);
  }
  const hash = hashSettings(options.hash);
  return {
    ...DEFAULT_REDACTION,
    defaultFields,
    fields: names('fields', options.fields),
    hashFields: hash?.fields ?? [],
    allow: names('allow', options.allow),
    headers: names('headers', options.headers),
    queryParameters: names('queryParameters', options.queryParameters),
    patterns: patternNames(options.patterns),
    customPatterns: customPatterns(options.customPatterns),
    censor: censorText(options.censor),
    hash,
  };
}
