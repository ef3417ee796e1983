import type { Level, LevelTarget } from './names.ts';
import { levelOf, levelTarget, scopeTarget, severityOf } from './names.ts';
import { isPattern, ScopePatterns } from './pattern.ts';

/** Levels by target: `{ 'db.*': 'warn', http: 'off', trakerr: 'error' }`. */
export type LevelMap = Readonly<Record<string, Level>>;

/** A level as it is now. */
export interface LevelSetting {
  /** A destination, or a pattern of scope names; `setLevel` takes it as it stands here. */
  readonly target: string;
  readonly kind: 'destination' | 'scope';
  readonly level: Level;
  /** Whether it was changed at run time. */
  readonly changed: boolean;
}

/** What holds for every destination that has no say of its own. */
export interface CommonLevels {
  /** Lowest severity number, 0 for all. */
  readonly minimumSeverity?: number;
  readonly levels?: LevelMap;
}

/** By target; destinations and patterns apart. */
class Layer {
  readonly destinations = new Map<string, number>();
  readonly scopes = new Map<string, number>();

  of(target: LevelTarget): { readonly levels: Map<string, number>; readonly key: string } {
    if ('destination' in target) return { levels: this.destinations, key: target.destination };
    return { levels: this.scopes, key: target.scope };
  }
}

function layerOf(levels: LevelMap, names: readonly string[]): Layer {
  const layer = new Layer();
  for (const [text, level] of Object.entries(levels)) {
    const severity = severityOf(level);
    const { levels: map, key } = layer.of(levelTarget(text.trim(), names));
    if (severity !== undefined && isPattern(key)) map.set(key, severity);
  }
  return layer;
}

/**
 * Minimum severities of one set of destinations, by destination and by scope, that can be changed at run time.
 *
 * The longest pattern that matches a scope decides for it, in place of the common minimum. A destination with a level
 * of its own takes nothing below that level, whatever the patterns say. What is set at run time wins over a levels
 * file, which wins over what was configured. Never throws.
 */
export class Levels {
  readonly #minimum: number;
  readonly #configuredLevels: LevelMap;
  #configured = new Layer();
  #fileLevels: LevelMap = {};
  #file = new Layer();
  readonly #set = new Layer();
  /** Of its own, by destination, as configured. */
  readonly #destinations = new Map<string, number | undefined>();
  #lowered: number | undefined;
  #patterns: ScopePatterns<number> | undefined;
  #version = 0;

  constructor({ minimumSeverity = 0, levels = {} }: CommonLevels = {}) {
    this.#minimum = minimumSeverity;
    this.#configuredLevels = levels;
    this.#fill();
  }

  /** Changes with every change of any level. */
  get version(): number {
    return this.#version;
  }

  /** What holds where nothing else does. */
  get minimum(): number {
    return this.#minimum;
  }

  /** Everything from here on passes for now, whatever else says more. */
  get lowered(): number {
    return this.#lowered ?? Number.POSITIVE_INFINITY;
  }

  /** What patterns say, all of them together. */
  get patterns(): ScopePatterns<number> {
    this.#patterns ??= new ScopePatterns(this.#scopes());
    return this.#patterns;
  }

  /** Makes a destination known, with the minimum that was configured for it alone. */
  add(destination: string, minimum: number | undefined): void {
    const known = this.#destinations.has(destination);
    this.#destinations.set(destination, this.#destinations.get(destination) ?? minimum);
    if (known) return;
    // A name that is no platform's could not be told from a pattern before.
    this.#fill();
  }

  /** The level that a destination has of its own, if any. */
  own(destination: string, configured: number | undefined): number | undefined {
    return (
      this.#set.destinations.get(destination) ??
      this.#file.destinations.get(destination) ??
      configured ??
      this.#configured.destinations.get(destination)
    );
  }

  /**
   * Sets the level of a destination (`logtide`) or of a pattern of scope names (`db.*`; `scope:logtide` for a scope of
   * that name); undefined goes back to what was configured. False when target or level cannot be read.
   */
  set(target: string, level: Level | undefined): boolean {
    if (!isPattern(target)) return false;
    const { levels, key } = this.#set.of(levelTarget(target.trim(), this.#destinations.keys()));
    const severity = severityOf(level);
    if (!isPattern(key) || (level !== undefined && severity === undefined)) return false;
    if (severity === undefined) levels.delete(key);
    else levels.set(key, severity);
    this.#changed();
    return true;
  }

  /** Takes all levels of a levels file, in place of those it had before. */
  follow(levels: LevelMap): void {
    this.#fileLevels = levels;
    this.#fill();
  }

  /** Lets everything pass from a level on, until undefined ends it. */
  lower(to: Level | undefined): void {
    this.#lowered = severityOf(to);
    this.#changed();
  }

  /** Every destination's level, then those of patterns, as they hold now. */
  list(): readonly LevelSetting[] {
    const changed = (map: 'destinations' | 'scopes', key: string): boolean =>
      this.#lowered !== undefined || this.#set[map].has(key) || this.#file[map].has(key);
    const level = (severity: number): Level => levelOf(Math.min(severity, this.lowered));
    const names = [...this.#destinations.keys()];
    return [
      ...[...this.#destinations].map(([target, configured]) => ({
        target,
        kind: 'destination' as const,
        level: level(this.own(target, configured) ?? this.#minimum),
        changed: changed('destinations', target),
      })),
      ...[...this.#scopes()].map(([pattern, severity]) => ({
        target: scopeTarget(pattern, names),
        kind: 'scope' as const,
        level: level(severity),
        changed: changed('scopes', pattern),
      })),
    ];
  }

  #fill(): void {
    const names = [...this.#destinations.keys()];
    this.#configured = layerOf(this.#configuredLevels, names);
    this.#file = layerOf(this.#fileLevels, names);
    this.#changed();
  }

  #scopes(): Map<string, number> {
    return new Map([...this.#configured.scopes, ...this.#file.scopes, ...this.#set.scopes]);
  }

  #changed(): void {
    this.#patterns = undefined;
    this.#version += 1;
  }
}
