import type { PlatformName } from '../platforms/registry.ts';

/** A level by name; `all` lets everything pass, `off` only records without a severity number. */
type LevelName = 'all' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'off';

/** A level by name, or as an OpenTelemetry severity number from 1 to 24. */
export type Level = LevelName | number;

/** The lowest severity number that passes; `all` and `off` lie beyond both ends. */
const NUMBERS: Readonly<Record<LevelName, number>> = {
  all: 0,
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
  off: 25,
};
const SYNONYMS: Readonly<Record<string, number>> = { warning: NUMBERS.warn, critical: NUMBERS.fatal };
const BY_WORD = new Map([...Object.entries(NUMBERS), ...Object.entries(SYNONYMS)]);
const BY_NUMBER = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name as LevelName]));

/** Every word that is understood as a level. */
export const LEVEL_WORDS: readonly string[] = [...BY_WORD.keys()];

/** The lowest severity number of a level, 0–25; undefined for what is none. Names in any case, numbers also as text. */
export function severityOf(level: unknown): number | undefined {
  if (typeof level === 'string') {
    const text = level.trim();
    return BY_WORD.get(text.toLowerCase()) ?? (/^\d{1,2}$/.test(text) ? severityOf(Number(text)) : undefined);
  }
  return typeof level === 'number' && Number.isInteger(level) && level >= 0 && level <= NUMBERS.off ? level : undefined;
}

/** The name of a lowest severity number where it has one. */
export function levelOf(severity: number): Level {
  return BY_NUMBER.get(severity) ?? severity;
}

const PLATFORM_NAMES: Readonly<Record<PlatformName, true>> = {
  odysseus: true,
  logtide: true,
  redarch: true,
  loggier: true,
  trakerr: true,
};

/** What a level is set for: a destination, or all scopes whose names match a pattern. */
export type LevelTarget = { readonly destination: string } | { readonly scope: string };

const SCOPE_PREFIX = 'scope:';

/**
 * Tells destinations and scope patterns apart: the name of a platform, or of one of `destinations`, is a destination;
 * anything else is a pattern. `scope:` in front makes a pattern of any text, so that a scope may be named `logtide`.
 */
export function levelTarget(text: string, destinations: Iterable<string> = []): LevelTarget {
  if (text.startsWith(SCOPE_PREFIX)) return { scope: text.slice(SCOPE_PREFIX.length) };
  if (Object.hasOwn(PLATFORM_NAMES, text) || [...destinations].includes(text)) return { destination: text };
  return { scope: text };
}

/** The text that `levelTarget` reads as this pattern. */
export function scopeTarget(pattern: string, destinations: Iterable<string> = []): string {
  const plain = !pattern.startsWith(SCOPE_PREFIX) && 'scope' in levelTarget(pattern, destinations);
  return plain ? pattern : SCOPE_PREFIX + pattern;
}
