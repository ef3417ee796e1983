import type { BinaryForm } from './binary.ts';

/** Bounds of one record; a value beyond them is cut with a visible marker, never refused. */
export interface JsonLimits {
  /** UTF-16 code units of one string (attribute value or map value); the rest is replaced by `…[+N]`. */
  readonly maxStringLength: number;
  /** UTF-16 code units of the message itself. */
  readonly maxMessageLength: number;
  /** Levels of nesting below an attribute; deeper values become `"[Depth]"`. */
  readonly maxDepth: number;
  /** Values (map entries and array elements) of one record; the rest is left out and `"…"` says so. */
  readonly maxValues: number;
  /** How bytes are written. Default `base64`. */
  readonly binary?: BinaryForm;
  /** Whether long base64 in texts is left out. Default `keep`. */
  readonly base64Text?: 'keep' | 'cut';
}

/** Far beyond what a log record needs, far below what any of the five platforms refuses. */
export const DEFAULT_LIMITS: JsonLimits = {
  maxStringLength: 65_536,
  maxMessageLength: 262_144,
  maxDepth: 16,
  maxValues: 10_000,
};
