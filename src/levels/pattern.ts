const LONGEST_PATTERN = 256;

interface Compiled<T> {
  readonly value: T;
  /** Literal characters; the more, the more particular. */
  readonly literals: number;
  readonly parts: readonly string[];
}

/** Whether a text can be a pattern of scope names: 1 to 256 characters, `*` stands for any number of any. */
export function isPattern(text: unknown): text is string {
  return typeof text === 'string' && text.trim() !== '' && text.length <= LONGEST_PATTERN;
}

function compiled<T>(pattern: string, value: T): Compiled<T> {
  const parts = pattern.split('*');
  return { value, parts, literals: parts.join('').length };
}

/** Parts are looked for one after the other, never again from an earlier place: no pattern makes it slow. */
function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  if (parts.length === 1) return name === first;
  const end = name.length - last.length;
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** Whether `other` is more particular: more literal characters, then fewer wildcards, then the later of two. */
function isBetter<T>(other: Compiled<T>, than: Compiled<T> | undefined): boolean {
  if (than === undefined || other.literals !== than.literals) return other.literals > (than?.literals ?? -1);
  return other.parts.length <= than.parts.length;
}

/** Values by pattern of scope names, case-sensitive; the longest pattern that matches decides. */
export class ScopePatterns<T> {
  readonly #patterns: readonly Compiled<T>[];

  /** Entries that are no patterns are left out. */
  constructor(entries: Iterable<readonly [string, T]>) {
    this.#patterns = [...entries]
      .filter(([pattern]) => isPattern(pattern))
      .map(([pattern, value]) => compiled(pattern.trim(), value));
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** The value of the longest pattern that matches. */
  best(name: string): T | undefined {
    let best: Compiled<T> | undefined;
    for (const pattern of this.#patterns) {
      if (isBetter(pattern, best) && matches(pattern.parts, name)) best = pattern;
    }
    return best?.value;
  }
}

/**
 * Which scopes pass: `billing.*` lets in, `-http*` keeps out, the longest pattern that matches decides. Without any
 * that lets in, everything passes that is not kept out. Undefined for an empty list.
 */
export function scopeFilter(patterns: readonly string[]): ((name: string) => boolean) | undefined {
  if (patterns.length === 0) return undefined;
  const entries = patterns.map((text) => {
    const out = text.startsWith('-');
    return [out ? text.slice(1) : text, !out] as const;
  });
  const otherwise = entries.every(([, passes]) => !passes);
  const map = new ScopePatterns(entries);
  return (name) => map.best(name) ?? otherwise;
}
