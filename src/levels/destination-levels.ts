import type { LevelMap } from './levels.ts';
import { Levels } from './levels.ts';
import { levelTarget, severityOf } from './names.ts';
import { ScopePatterns, scopeFilter } from './pattern.ts';

/** What a destination says for itself; it concerns no other. */
export interface OwnLevels {
  readonly minimumSeverity?: number | undefined;
  /** By pattern of scope names. */
  readonly levels?: LevelMap | undefined;
  /** Patterns of the scopes that it takes, and with `-` in front of those that it does not. */
  readonly scopes?: readonly string[] | undefined;
}

/** Zero, NaN and negative numbers say no more than none at all, and records without a severity pass. */
export function passes(severityNumber: number | undefined, minimum: number): boolean {
  return !severityNumber || severityNumber < 1 || severityNumber >= minimum;
}

/** Nothing of the scope is taken, whatever its severity. */
export const NOTHING = Number.POSITIVE_INFINITY;
/** Names remembered; a program that makes up scope names must not fill the memory. */
const MAX_NAMES = 1_000;

type Scope = { readonly name: string };

function patternOf(text: string): string {
  const target = levelTarget(text);
  return 'scope' in target ? target.scope : text;
}

/** The minimum severity of one destination for each scope: a comparison where it is the same for all, else a look-up. */
export class DestinationLevels {
  readonly #name: string;
  readonly levels: Levels;
  readonly #own: ScopePatterns<number>;
  readonly #minimum: number | undefined;
  readonly #passes: ((name: string) => boolean) | undefined;
  readonly #byName = new Map<string, number>();
  /** The minimum of every scope, where it is the same. */
  #same: number | undefined;
  /** The lowest minimum that any scope may have. */
  #least = 0;
  #lastScope: Scope | undefined;
  #last = 0;
  #version = -1;

  constructor(name: string, levels: Levels, { minimumSeverity, levels: own = {}, scopes = [] }: OwnLevels) {
    this.#name = name;
    this.levels = levels;
    this.#minimum = minimumSeverity;
    this.#own = new ScopePatterns(
      Object.entries(own).map(([text, level]) => [patternOf(text.trim()), severityOf(level) ?? 0] as const),
    );
    this.#passes = scopeFilter(scopes);
    levels.add(name, minimumSeverity);
  }

  /**
   * The lowest severity number that is taken from a scope, `NOTHING` if none is. Of an unknown scope everything that
   * might be taken from any.
   */
  of(scope: Scope | undefined): number {
    if (this.#version !== this.levels.version) this.#refresh();
    if (this.#same !== undefined) return this.#same;
    if (scope === undefined) return this.#least;
    if (scope === this.#lastScope) return this.#last;
    this.#last = this.#lookUp(scope);
    this.#lastScope = scope;
    return this.#last;
  }

  #refresh(): void {
    this.#version = this.levels.version;
    this.#byName.clear();
    this.#lastScope = undefined;
    const isSame = this.#passes === undefined && this.#own.isEmpty && this.levels.patterns.isEmpty;
    const own = this.#own.isEmpty ? this.levels.own(this.#name, this.#minimum) : undefined;
    this.#least = Math.min(own ?? 0, this.levels.lowered);
    this.#same = isSame ? this.#minimumOf('') : undefined;
  }

  #lookUp(scope: Scope): number {
    let name = '';
    try {
      name = String(scope.name ?? '');
    } catch {
      // Foreign code made it; it counts as a scope without a name.
    }
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= MAX_NAMES) this.#byName.clear();
    const minimum = this.#passes?.(name) === false ? NOTHING : this.#minimumOf(name);
    this.#byName.set(name, minimum);
    return minimum;
  }

  #minimumOf(name: string): number {
    const pattern = this.levels.patterns.best(name);
    const own = this.#own.best(name) ?? this.levels.own(this.#name, this.#minimum);
    const usual = pattern ?? (own === undefined ? this.levels.minimum : 0);
    return Math.min(Math.max(usual, own ?? 0), this.levels.lowered);
  }
}

/**
 * The levels of a destination. Those in its settings are its own where it shares levels with others; where it stands
 * alone they are the common ones, so that a pattern may let pass what the minimum would not.
 */
export function destinationLevels(name: string, settings: Required<OwnLevels>, shared?: Levels): DestinationLevels {
  const { minimumSeverity, levels, scopes } = settings;
  if (shared !== undefined) {
    return new DestinationLevels(name, shared, { minimumSeverity: minimumSeverity || undefined, levels, scopes });
  }
  return new DestinationLevels(name, new Levels({ minimumSeverity: minimumSeverity ?? 0, levels: levels ?? {} }), {
    scopes,
  });
}
