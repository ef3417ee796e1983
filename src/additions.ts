import { optionalTexts } from './platforms/settings.ts';
import { copyOf } from './record/copy.ts';
import type { Attributes, EmittedRecord } from './record/record.ts';
import { listAttribute } from './record/record.ts';

/** What every record gets on its way out. */
export interface RecordAdditions {
  /** Attributes of every record; those of the record win. Default none. */
  readonly attributes?: Attributes;
  /** Tags of every record, attribute `tags`; those of the record follow, each once. Default none. */
  readonly tags?: readonly string[];
}

function checkedAttributes(value: unknown): Attributes {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError('attributes must be an object');
}

/** Adds attributes and tags to records without touching them: other processors see what was emitted. */
export class Additions {
  readonly #attributes: Attributes;
  readonly #tags: readonly string[];

  /** Throws a `TypeError` that names a bad option. */
  constructor({ attributes, tags }: RecordAdditions) {
    this.#attributes = checkedAttributes(attributes);
    this.#tags = [...new Set(optionalTexts('tags', tags))];
  }

  /** A copy with the additions, or the record itself when it cannot be read. Never throws. */
  to(record: EmittedRecord): EmittedRecord {
    try {
      return { ...copyOf(record), attributes: this.#merged(record.attributes) as EmittedRecord['attributes'] };
    } catch {
      return record;
    }
  }

  #merged(own: Attributes): Attributes {
    const attributes = { ...this.#attributes, ...own };
    if (this.#tags.length === 0) return attributes;
    return { ...attributes, tags: [...new Set([...this.#tags, ...listAttribute(attributes, 'tags')])] };
  }
}

/** Additions if there are any. Throws a `TypeError` that names a bad option. */
export function additionsOf(options: RecordAdditions): Additions | undefined {
  const additions = new Additions(options);
  const isEmpty = Object.keys(options.attributes ?? {}).length === 0 && (options.tags ?? []).length === 0;
  return isEmpty ? undefined : additions;
}
