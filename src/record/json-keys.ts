import { distinctKey, MAX_KEY_LENGTH, quote } from './json-text.ts';
import type { NameFacts } from './redact/name-rules.ts';
import { ORDINARY } from './redact/name-rules.ts';
import type { Redactor } from './redact/redactor.ts';

const MAX_CACHED_KEYS = 2_048;
/** Characters of a key in which secrets are looked for. */
const MAX_READ = 1_280;

/** A key as it is written, and what its name says of the value. */
interface KeyText {
  /** `"key":` */
  readonly text: string;
  readonly facts: NameFacts;
}

/** Keys, renamed, quoted and judged once and remembered. */
export class KeyTexts {
  readonly #known = new Map<string, KeyText>();
  readonly #rename: ((key: string) => string) | undefined;
  readonly #redactor: Redactor | undefined;
  #redacted = 0;

  constructor(rename: ((key: string) => string) | undefined, redactor: Redactor | undefined) {
    this.#rename = rename;
    this.#redactor = redactor;
  }

  of(name: string): KeyText {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const renamed = this.#rename === undefined ? name : this.#rename(name);
    const text = `${quote(distinctKey(this.#safe(renamed)))}:`;
    const key = { text, facts: this.#redactor?.facts(name) ?? ORDINARY };
    // A long key would stay in memory as a whole.
    if (this.#known.size < MAX_CACHED_KEYS && name.length <= MAX_KEY_LENGTH) this.#known.set(name, key);
    return key;
  }

  /** A name without secrets; numbered, so that two names never become one. */
  #safe(name: string): string {
    const redactor = this.#redactor;
    if (redactor === undefined || redactor.isHarmless(name)) return name;
    const read = name.slice(0, MAX_READ);
    const safe = redactor.text(read);
    if (safe === read) return name;
    this.#redacted += 1;
    return `${safe}~${this.#redacted}`;
  }
}
