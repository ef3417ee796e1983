import { isObject, parseJson } from './check.ts';
import { typeName } from './logtide-entry.ts';

/** One condition on a top-level key of an entry's metadata (line B). */
export interface MetadataFilter {
  readonly key: string;
  readonly op: string;
  readonly value: string;
  readonly values: readonly string[];
  /** Whether entries without the key pass a negative condition; they do unless the request says otherwise. */
  readonly includeMissing: boolean;
}

/** The conditions, or the server's complaint about them. */
export type ParsedFilters =
  | { readonly ok: true; readonly filters: readonly MetadataFilter[] }
  | { readonly ok: false; readonly body: unknown; readonly reason: string };

const withValue = ['equals', 'not_equals', 'contains'];
const withValues = ['in', 'not_in'];
const ops = ['equals', 'not_equals', 'in', 'not_in', 'exists', 'not_exists', 'contains'];
const maxFilters = 10;
const maxKeyUnits = 200;
const maxValueUnits = 1000;
const maxValues = 50;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= maxValueUnits;

/** The field that is wrong, and why; the words are not the server's. */
function problemOf(filter: Record<string, unknown>): readonly [field: string, message: string] | undefined {
  const { key, op, value, values, include_missing: missing } = filter;
  if (typeof key !== 'string' || key === '' || key.length > maxKeyUnits) {
    return ['key', `must be text of 1 to ${maxKeyUnits} characters`];
  }
  if (typeof op !== 'string' || !ops.includes(op)) return ['op', `must be one of ${ops.join(', ')}`];
  if (value !== undefined && !isText(value)) return ['value', `must be text of at most ${maxValueUnits} characters`];
  const good = values === undefined || (Array.isArray(values) && values.length > 0 && values.length <= maxValues);
  if (!good || (Array.isArray(values) && !values.every(isText))) return ['values', `must be 1 to ${maxValues} texts`];
  if (missing !== undefined && typeof missing !== 'boolean') return ['include_missing', 'must be true or false'];
  if (value === undefined && withValue.includes(op)) return ['value', `op ${op} requires value`];
  if (values === undefined && withValues.includes(op)) return ['values', `op ${op} requires non-empty values`];
  return undefined;
}

/**
 * Reads `metadata_filters`: a JSON array of at most ten `{key, op, value | values, include_missing}`.
 * The limits and the two errors are the server's; the wording inside `details` is the sink's own.
 */
export function parseMetadataFilters(text: string): ParsedFilters {
  const parsed = parseJson(text);
  const notJson = 'metadata_filters must be valid JSON';
  if (!parsed.ok) return { ok: false, body: { error: notJson }, reason: notJson };
  const refuse = (path: readonly (string | number)[], message: string): ParsedFilters => ({
    ok: false,
    body: { error: 'invalid metadata_filters', details: [{ code: 'custom', path, message }] },
    reason: `metadata_filters${path.map((part) => `[${part}]`).join('')}: ${message}`,
  });
  if (!Array.isArray(parsed.value)) return refuse([], `Expected array, received ${typeName(parsed.value)}`);
  if (parsed.value.length > maxFilters) return refuse([], `Array must contain at most ${maxFilters} element(s)`);
  const filters: MetadataFilter[] = [];
  for (const [index, item] of (parsed.value as unknown[]).entries()) {
    if (!isObject(item)) return refuse([index], `Expected object, received ${typeName(item)}`);
    const problem = problemOf(item);
    if (problem !== undefined) return refuse([index, problem[0]], problem[1]);
    const {
      key,
      op,
      value = '',
      values = [],
      include_missing: includeMissing = true,
    } = item as never as MetadataFilter & {
      include_missing?: boolean;
    };
    filters.push({ key, op, value, values, includeMissing });
  }
  return { ok: true, filters };
}

/** A metadata value as the database's text operator gives it; `undefined` for none and for null. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Whether metadata meets a condition, with the database's treatment of missing things: null compares with nothing, and
 * without any metadata even `not_exists` fails.
 */
export function matchesMetadata(metadata: Readonly<Record<string, unknown>> | null, filter: MetadataFilter): boolean {
  const { key, op, value, values, includeMissing } = filter;
  const has = metadata !== null && Object.hasOwn(metadata, key);
  const text = has ? textOf(metadata[key]) : undefined;
  switch (op) {
    case 'equals':
      return text === value;
    case 'not_equals':
      return text === undefined ? includeMissing : text !== value;
    case 'in':
      return text !== undefined && values.includes(text);
    case 'not_in':
      return text === undefined ? includeMissing : !values.includes(text);
    case 'exists':
      return has;
    case 'not_exists':
      return metadata !== null && !has;
    default:
      return text?.toLowerCase().includes(value.toLowerCase()) ?? false;
  }
}
