import type { Entry } from './entries.mjs';
import type { Rig } from './rig.mjs';

export interface Attempt {
  readonly entry: Entry;
  readonly ok: boolean;
  readonly problem?: string;
  readonly excerpt: string;
}
export function attempt(entry: Entry, rig: Rig): Promise<Attempt>;
