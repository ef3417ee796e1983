import type { Rig } from './rig.mjs';

export interface Entry {
  readonly seed: string;
  /** Rows of the capability list. */
  readonly rows: readonly number[];
  readonly what: string;
  /** The platform's own client. */
  readonly old: string;
  readonly now: string;
  /** Where the form is another one. */
  readonly why?: string;
  readonly run: (rig: Rig) => unknown;
  /** Throws unless the platforms have what they should. */
  readonly expect: (seen: never, rig: Rig) => unknown;
  /** What does not work yet. */
  readonly missing?: string;
}

export interface NoCall {
  readonly rows: readonly number[];
  readonly what: string;
  readonly old?: string;
  readonly now?: string;
  readonly reason: string;
  readonly file: string;
}

export const ENTRIES: readonly Entry[];
export const NO_CALLS: readonly NoCall[];
export const ROWS: number;
