import { systemClock } from '../../clock.ts';
import { readProperty } from '../guarded.ts';
import type { CustomPattern } from './custom-patterns.ts';
import { CustomPatterns } from './custom-patterns.ts';
import { rewriteBase64 } from './encoded.ts';
import type { HashSettings } from './keyed-hash.ts';
import { KeyedHash } from './keyed-hash.ts';
import type { Action, NameFacts, NameSettings } from './name-rules.ts';
import { NameRules, ORDINARY } from './name-rules.ts';
import type { PairDecision } from './pairs.ts';
import type { PatternName } from './text-redactor.ts';
import { isHarmless, TextRedactor } from './text-redactor.ts';

/** What is redacted, and how; checked already. */
export interface RedactionSettings extends NameSettings {
  readonly patterns: readonly PatternName[];
  readonly customPatterns: readonly CustomPattern[];
  /** Stands for what has been taken away. */
  readonly censor: string;
  readonly hash: HashSettings | undefined;
  /** Hears of a pattern of the application's own that took too long and is not used any more. */
  readonly onSlowPattern: (name: string, millis: number) => void;
  /** Milliseconds, for that. */
  readonly now: () => number;
}

/** Secrets by name and by shape, card numbers; nothing that merely tells who somebody is. */
export const DEFAULT_REDACTION: RedactionSettings = {
  defaultFields: true,
  fields: [],
  hashFields: [],
  allow: [],
  headers: [],
  queryParameters: [],
  patterns: ['pairs', 'bearer', 'jwt', 'apiKey', 'privateKey', 'connectionString', 'card'],
  customPatterns: [],
  censor: '[REDACTED]',
  hash: undefined,
  onSlowPattern: () => {},
  now: () => systemClock.now(),
};

type Attributes = Readonly<Record<string, unknown>>;

const NO_PATH: readonly string[] = [];
const DIGITS_ONLY = /^\d+$/;
/** Smaller numbers are no card. */
const LEAST_CARD = 1e12;
/** More elements than any command line has. */
const MAX_ARGUMENTS = 1_000;
const BESIDE = ['name', 'key', 'header', 'field'];

/**
 * Takes secrets out of values, by the names they stand under and by their shape, before anything of a record rests.
 * One instance serves one destination; it remembers what it decided about names.
 */
export class Redactor {
  /** Stands for what has been taken away. */
  readonly censor: string;
  readonly #names: NameRules;
  readonly #text: TextRedactor;
  readonly #hash: KeyedHash | undefined;
  readonly #alwaysReads: boolean;
  readonly #mask: PairDecision & { wholeLine: false };
  readonly #maskLine: PairDecision;

  constructor(settings: RedactionSettings = DEFAULT_REDACTION) {
    const { censor, hash, customPatterns, now, onSlowPattern, patterns } = settings;
    const custom = new CustomPatterns(customPatterns, censor, now, onSlowPattern);
    this.censor = censor;
    this.#names = new NameRules(settings);
    this.#hash = hash === undefined ? undefined : new KeyedHash(hash);
    this.#alwaysReads = !custom.isEmpty;
    this.#mask = { replace: (value) => (value === censor ? undefined : censor), wholeLine: false };
    this.#maskLine = { ...this.#mask, wholeLine: true };
    this.#text = new TextRedactor({
      patterns: new Set(patterns),
      censor,
      custom,
      decide: (name, inQuery) => this.#inText(name, inQuery),
    });
  }

  /** What a member's name says of its value; `ORDINARY` for nearly all. */
  facts(name: string): NameFacts {
    return this.#names.of(name);
  }

  /** What happens to a value under a name with these facts, below these names (nearest last). */
  decide(facts: NameFacts, path: readonly string[]): Action {
    return this.#names.decide(facts, path);
  }

  /** A member's value, below these names (nearest last), as it may be written; `object` is what it is a member of. */
  member(facts: NameFacts, value: unknown, path: readonly string[], object: object): unknown {
    const own = this.decide(facts, path);
    const action = own === 'keep' && facts.namedBeside ? this.#decideBeside(object, path) : own;
    const safe = this.replace(action, facts, value);
    return facts.headers && Array.isArray(safe) ? this.headerList(safe) : safe;
  }

  /** The name of a member `value` may stand beside it. */
  #decideBeside(object: object, path: readonly string[]): Action {
    for (const key of BESIDE) {
      const name = (object as Attributes)[key];
      if (typeof name === 'string') return this.decide(this.facts(name), path);
    }
    return 'keep';
  }

  /** Whether text can be written between quotes as it is; false does not mean that there is a secret. */
  isHarmless(text: string): boolean {
    return !this.#alwaysReads && isHarmless(text);
  }

  /** A text without its secrets. Never throws: a text that cannot be read is replaced as a whole. */
  text(text: string): string {
    try {
      return this.#text.redact(text);
    } catch {
      return this.censor;
    }
  }

  /** What stands for a number that is a card's, else undefined. */
  number(value: number | bigint): string | undefined {
    if (value < LEAST_CARD) return undefined;
    const text = `${value}`;
    const safe = this.text(text);
    return safe === text ? undefined : safe;
  }

  /** What stands for a value of a secret name. Nothing, true and false tell nothing and stay. */
  replace(action: Action, facts: NameFacts, value: unknown): unknown {
    if (action === 'keep' || value === undefined || value === null || typeof value === 'boolean' || value === '') {
      return value;
    }
    if (action === 'hash') return this.#hashed(value);
    return facts.textOnly && (typeof value === 'number' || typeof value === 'bigint') ? value : this.censor;
  }

  /** A value that a mapper writes under a name of its own, treated as under this one. */
  named(name: string, value: string): string {
    const facts = this.facts(name);
    return facts === ORDINARY ? value : String(this.replace(this.decide(facts, NO_PATH), facts, value));
  }

  /** Names and values in turn, as in `rawHeaders`, or pairs of them. */
  headerList(list: readonly unknown[]): readonly unknown[] {
    const under = ['headers'];
    const replaced = (name: unknown, value: unknown): unknown => {
      if (typeof name !== 'string') return value;
      const facts = this.facts(name);
      return this.replace(this.decide(facts, under), facts, value);
    };
    if (list.length % 2 === 0 && list.every((element) => typeof element === 'string')) {
      return list.map((element, index) => (index % 2 === 0 ? element : replaced(list[index - 1], element)));
    }
    return list.map((element: unknown) => {
      if (!Array.isArray(element) || element.length !== 2) return element;
      return [element[0], replaced(element[0], element[1])] as const;
    });
  }

  /** A list in which what stands behind a secret flag (`--password`) is replaced; the same list where there is none. */
  argumentList(list: readonly unknown[]): readonly unknown[] {
    let clean: unknown[] | undefined;
    for (let index = 0; index < list.length - 1 && index < MAX_ARGUMENTS; index++) {
      const flag = list[index];
      if (typeof flag !== 'string' || flag.charCodeAt(0) !== 0x2d) continue;
      const facts = this.facts(flag);
      const action = facts === ORDINARY ? 'keep' : this.decide(facts, NO_PATH);
      const value = list[index + 1];
      if (action === 'keep' || typeof value !== 'string' || value.startsWith('-')) continue;
      clean ??= [...list];
      clean[index + 1] = this.replace(action, facts, value);
    }
    return clean ?? list;
  }

  /** Base64 without the secrets of the text in it. Never throws. */
  base64(base64: string): string {
    try {
      return rewriteBase64(base64, (text) => this.text(text));
    } catch {
      return this.censor;
    }
  }

  /** Attributes with what stands under secret names replaced; the same object where there is none. */
  attributes<Given extends Attributes | undefined>(attributes: Given): Given {
    for (const name in attributes) {
      const facts = this.#names.of(name);
      if (facts === ORDINARY || this.#names.decide(facts, NO_PATH) === 'keep') continue;
      return this.#copy(attributes as Attributes) as Given;
    }
    return attributes;
  }

  #copy(attributes: Attributes): Attributes {
    const copy: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(attributes)) {
      const facts = this.#names.of(name);
      const value = readProperty(attributes, name);
      copy[name] = facts === ORDINARY ? value : this.replace(this.#names.decide(facts, NO_PATH), facts, value);
    }
    return copy;
  }

  #inText(name: string, inQuery: boolean): PairDecision | undefined {
    const facts = this.#names.inText(name);
    const action = facts === ORDINARY ? 'keep' : this.#names.decide(facts, NO_PATH);
    if (action === 'hash') return { replace: (value) => this.#hashedText(value), wholeLine: facts.wholeLine };
    if (action === 'mask') {
      if (facts.textOnly)
        return { ...this.#mask, replace: (value) => this.#maskText(value), wholeLine: facts.wholeLine };
      return facts.wholeLine ? this.#maskLine : this.#mask;
    }
    return inQuery && this.#names.isQueryParameter(name) ? this.#mask : undefined;
  }

  #maskText(value: string): string | undefined {
    return DIGITS_ONLY.test(value) ? undefined : this.#mask.replace(value);
  }

  #hashedText(value: string): string {
    return value === this.censor ? value : (this.#hash?.of(value) ?? this.censor);
  }

  #hashed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((element: unknown) => this.#hashed(element));
    const text = typeof value === 'object' ? objectText(value) : String(value);
    return text === undefined ? this.censor : this.#hashedText(text);
  }
}

function objectText(value: object | null): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
