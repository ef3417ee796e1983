/** A record that a platform refused for good. */
export interface DeadLetter {
  /** Name of the platform, e.g. `logtide`. */
  readonly platform: string;
  /** The record as it was sent, without credentials. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Why, in few words: a status, or what the platform said of this record. */
  readonly reason: string;
  /** When it was given up, milliseconds since the epoch. */
  readonly atMillis: number;
}

/** Hears of every dead letter; what it throws is ignored. */
export type DeadLetterHandler = (letter: DeadLetter) => void;
