import type { Platform } from '../platforms/platform.ts';
import type { Field } from './preview-fields.ts';
import { type RecordParts, recordOf } from './preview-parts.ts';
import { changedPaths, type Leaves, leavesOf, type Path, pathText } from './preview-places.ts';
import { channelsOf } from './preview-request.ts';

/**
 * `same` as it was · `within` a longer text · `converted` into what the platform has for it · `cut` at its end ·
 * `implied`: left out, because it is what the platform takes when nothing is said · `redacted`: taken out as a secret.
 */
type PlaceForm = 'same' | 'within' | 'converted' | 'cut' | 'implied' | 'redacted';

/** Where a value of the record went. */
export interface Place {
  readonly path: string;
  readonly form: PlaceForm;
  /** Whether the platform has a field for it, or it stands where anything may stand. */
  readonly field: 'own' | 'free';
  /** What stands there, for `converted`, `cut` and `redacted`. */
  readonly value?: unknown;
}

/** What became of one value of the record; no places: it is lost. */
export interface FieldReport {
  readonly name: string;
  /** Undefined when it is a secret. */
  readonly value?: unknown;
  readonly places: readonly Place[];
}

/** Where platforms let anything stand. */
const FREE: Readonly<Record<string, readonly string[]>> = {
  odysseus: ['context', 'data', 'meta'],
  logtide: ['metadata'],
  redarch: ['context'],
  loggier: ['context'],
  trakerr: ['customProperties', 'customSegments'],
};
/** Random ids and counters differ from one encoding to the next. */
const ENCODINGS = 3;

/** The payloads of a record, together; with more than one request, each under the name of its channel. */
function leavesFor(platform: Platform, parts: RecordParts): Leaves {
  const record = recordOf(parts);
  const channels = channelsOf(platform, record);
  const payloads = channels.map((channel) => {
    const name = channel === platform.logs ? 'logs' : 'events';
    return [name, JSON.parse(channel.codec.encode(record)) as unknown] as const;
  });
  return leavesOf(payloads.length === 1 ? payloads[0]?.[1] : Object.fromEntries(payloads));
}

function formOf(given: unknown, found: unknown): PlaceForm {
  if (found === given || String(found) === String(given)) return 'same';
  if (typeof found !== 'string') return 'converted';
  const text = String(given);
  if (text.length > 1 && found.includes(text)) return 'within';
  const begin = found.replace(/…[^…]*$/, '');
  return begin.length > 0 && begin.length < text.length && begin !== found && text.startsWith(begin)
    ? 'cut'
    : 'converted';
}

const CHANNELS = ['logs', 'events'];

function isFree(platform: string, path: Path): boolean {
  const [first, second] = path;
  const member = CHANNELS.includes(String(first)) && path.length > 1 ? second : first;
  return FREE[platform]?.includes(String(member)) ?? false;
}

const SHOWN_LENGTH = 80;

function shown(value: unknown): unknown {
  return typeof value === 'string' && value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value;
}

/** One of many frames or elements stands for all of them. */
function withoutRepeats(places: readonly Place[]): readonly Place[] {
  const seen = new Set<string>();
  return places.filter(({ path, form }) => {
    const key = `${path.replace(/\[\d+\]/g, '[]')} ${form}`;
    return !seen.has(key) && seen.add(key);
  });
}

interface Hit {
  readonly key: string;
  readonly path: Path;
  readonly value: unknown;
}

/** Encodes a record again and again with something changed, and sees what changes in the payload. */
class Prober {
  readonly base: Leaves;
  readonly #platform: Platform;
  readonly #volatile = new Set<string>();

  constructor(platform: Platform, parts: RecordParts) {
    this.#platform = platform;
    this.base = leavesFor(platform, parts);
    for (let count = 1; count < ENCODINGS; count += 1) {
      for (const key of changedPaths(this.base, leavesFor(platform, parts))) this.#volatile.add(key);
    }
  }

  /** What stands where the value is, and what would be written only for another value. */
  probe(variants: readonly RecordParts[]): { readonly hits: readonly Hit[]; readonly added: readonly Path[] } {
    const others = variants.map((variant) => leavesFor(this.#platform, variant));
    const keys = new Set(others.flatMap((other) => changedPaths(this.base, other)));
    const hits = [...keys].flatMap((key) => {
      const leaf = this.base.get(key);
      return leaf === undefined || this.#volatile.has(key) ? [] : [{ key, ...leaf }];
    });
    const isNew = (key: string): boolean => !this.base.has(key);
    return {
      hits,
      added: others.flatMap((other) => [...other].flatMap(([key, { path }]) => (isNew(key) ? [path] : []))),
    };
  }
}

function placeOf(platform: string, path: Path, form: PlaceForm, value?: unknown): Place {
  const told = form === 'converted' || form === 'cut' || form === 'redacted';
  const field = isFree(platform, path) ? 'free' : 'own';
  return { path: pathText(path), form, field, ...(told && value !== undefined && { value: shown(value) }) };
}

/** A platform as it writes, and as it would write if nothing were taken out of records. */
interface Platforms {
  readonly platform: Platform;
  readonly unredacted: Platform;
}

/**
 * What becomes of each value of a record on a platform, found out by trying: the value is changed, the record is
 * encoded again, and what has changed in the payload is where the value went.
 */
export function lossReport(
  { platform, unredacted }: Platforms,
  parts: RecordParts,
  fields: readonly Field[],
): readonly FieldReport[] {
  const usual = new Prober(platform, parts);
  const bare = new Prober(unredacted, parts);
  const { name: of } = platform;
  return fields.map(({ name, value, variants }) => {
    const { hits, added } = usual.probe(variants);
    const found = hits.map((hit) => placeOf(of, hit.path, formOf(value, hit.value), hit.value));
    if (found.length > 0) return { name, value: shown(value), places: withoutRepeats(found) };
    const hidden = bare.probe(variants).hits.map((hit) => {
      return placeOf(of, hit.path, 'redacted', usual.base.get(hit.key)?.value);
    });
    // What is taken out of the record is not to be seen here either.
    if (hidden.length > 0) return { name, places: withoutRepeats(hidden) };
    // Another value would be written, so this one is what goes without saying.
    const implied = added.map((path) => placeOf(of, path, 'implied'));
    return { name, value: shown(value), places: withoutRepeats(implied) };
  });
}
