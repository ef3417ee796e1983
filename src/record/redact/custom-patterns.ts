/** A pattern of the application's own. */
export interface CustomPattern {
  readonly name: string;
  readonly pattern: RegExp;
  /** As for `String.replace`, `$1` and all; undefined for the censor. */
  readonly replacement: string | undefined;
}

/** Longer than any linear expression takes for the longest text that is looked at. */
const SLOW_MILLIS = 100;

interface Active {
  readonly name: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

function globally({ source, flags }: RegExp): RegExp {
  return new RegExp(source, `${flags.replace(/[gy]/g, '')}g`);
}

/**
 * Patterns that applications add. Nobody can stop a regular expression once it runs, so each is timed: the first text
 * that takes one longer than 100 ms is the last one it sees.
 */
export class CustomPatterns {
  #active: readonly Active[];
  readonly #now: () => number;
  readonly #onSlow: (name: string, millis: number) => void;

  constructor(
    patterns: readonly CustomPattern[],
    censor: string,
    now: () => number,
    onSlow: (name: string, millis: number) => void,
  ) {
    const literal = censor.replaceAll('$', '$$$$');
    this.#active = patterns.map(({ name, pattern, replacement = literal }) => {
      return { name, pattern: globally(pattern), replacement };
    });
    this.#now = now;
    this.#onSlow = onSlow;
  }

  get isEmpty(): boolean {
    return this.#active.length === 0;
  }

  /** The text with all matches replaced. */
  mask(text: string): string {
    let result = text;
    for (const each of this.#active) {
      const begun = this.#now();
      result = result.replace(each.pattern, each.replacement);
      const millis = this.#now() - begun;
      if (millis > SLOW_MILLIS) this.#giveUp(each, millis);
    }
    return result;
  }

  #giveUp(slow: Active, millis: number): void {
    this.#active = this.#active.filter((each) => each !== slow);
    this.#onSlow(slow.name, millis);
  }
}
