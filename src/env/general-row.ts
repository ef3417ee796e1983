import type { Topic, VariableKind } from './variable.ts';

/** A variable of the whole process. */
export interface GeneralRow {
  readonly name: string;
  readonly topic: Topic;
  readonly kind: VariableKind;
  readonly fallback?: string;
  readonly usual?: string;
  readonly description: string;
  readonly words?: readonly string[];
  readonly least?: number;
}
