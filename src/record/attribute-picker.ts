import { bigintText } from './guarded.ts';
import type { Attributes } from './record.ts';

/** What one field of a platform is made from. */
export interface FieldRule<Value> {
  /** Attribute names; the first whose value can be read wins, the others stay where they are. */
  readonly from: readonly string[];
  /** The value of the field, or undefined when this attribute cannot be it. May throw, which counts as undefined. */
  readonly read: (value: unknown) => Value | undefined;
  /** Whether the attribute stays among the others although it was read, because the field holds less than it does. */
  readonly keep?: (value: unknown) => boolean;
}

export type FieldRules<Fields> = { readonly [Name in keyof Fields]-?: FieldRule<NonNullable<Fields[Name]>> };

const MAX_INT = 2_147_483_647;

/** Reads an integer from `min` to `max` (default 2³¹ − 1), or decimal text of one. */
export function integerBetween(value: unknown, min: number, max = MAX_INT): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max ? number : undefined;
}

/** Reads text that is not empty, or a number as text. */
export function nonEmpty(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'bigint') return bigintText(value);
  return typeof value === 'number' ? String(value) : undefined;
}

/** Reads text, empty text too. */
export function anyText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

interface Slot {
  readonly name: string;
  readonly rule: FieldRule<unknown>;
}

/** Stands for a key that the mapper itself writes. */
const RESERVED = 'reserved';

/**
 * Picks the attributes that become fields of their own out of a record, in the same walk that writes the others:
 * pass `skip` to `JsonWriter.members`, then read `fields`. Attributes that are no field cost one map lookup each.
 * One instance serves one mapper; it is not re-entrant.
 */
export class AttributePicker<Fields extends object> {
  readonly #slots = new Map<string, Slot | typeof RESERVED>();
  #attributes: Attributes = {};
  #touched = false;
  /** What was found, by field name. */
  fields: Partial<Fields> = {};
  /** Whether an attribute has the name of a reserved key. */
  collided = false;

  /** `reserved`: keys that the mapper writes beside the attributes. */
  constructor(rules: FieldRules<Fields>, reserved: Iterable<string>) {
    for (const key of reserved) this.#slots.set(key, RESERVED);
    for (const [name, rule] of Object.entries(rules) as [string, FieldRule<unknown>][]) {
      for (const key of rule.from) this.#slots.set(key, { name, rule });
    }
  }

  /** Starts a new record. */
  begin(attributes: Attributes): void {
    this.#attributes = attributes;
    if (!this.#touched) return;
    this.#touched = false;
    this.collided = false;
    this.fields = {};
  }

  /** Whether an attribute is not to be written among the others; picks it on the way. */
  readonly skip = (key: string): boolean => {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#touched = true;
    if (slot !== RESERVED) return this.#take(slot, key);
    this.collided = true;
    return false;
  };

  #take({ name, rule }: Slot, key: string): boolean {
    for (const source of rule.from) {
      try {
        const value = this.#attributes[source];
        const read = value === undefined ? undefined : rule.read(value);
        if (read === undefined) continue;
        if (source !== key) return false;
        (this.fields as Record<string, unknown>)[name] = read;
        return !(rule.keep?.(value) ?? false);
      } catch {
        // A getter or a reader that throws: the attribute is no field, `members` writes its marker.
      }
    }
    return false;
  }
}

/** A name that `taken` does not have: `name` itself, else `otel.name`, `otel.otel.name` … */
export function freeName(name: string, taken: object): string {
  let free = name;
  while (Object.hasOwn(taken, free)) free = `otel.${free}`;
  return free;
}
