/** A query parameter, as the servers' schemas declare it. */
export type Param =
  /** `text` once, `texts` any number of times. */
  | { readonly name: string; readonly kind: 'text' | 'texts'; readonly onlyB?: true }
  | { readonly name: string; readonly kind: 'choice'; readonly choices: readonly string[]; readonly fallback?: string }
  | { readonly name: string; readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly name: string; readonly kind: 'time'; readonly required?: boolean }
  | {
      readonly name: string;
      readonly kind: 'number';
      readonly min: number;
      readonly max?: number;
      readonly fallback: number;
    };

/** One complaint, in the form of the servers' schema library. */
export interface SchemaError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Parameters that passed, by name. */
export interface QueryValues {
  /** The only value, `undefined` when there is none. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[] | undefined;
  number(name: string): number;
  /** Epoch milliseconds; NaN for what the schema takes and a `Date` does not, such as a leap second. */
  time(name: string): number | undefined;
}

const error = (
  name: string,
  keyword: string,
  params: SchemaError['params'],
  message: string,
  under = '',
  element = '',
): SchemaError => ({
  instancePath: `/${name}${element}`,
  schemaPath: `#/properties/${name}${under}/${keyword}`,
  keyword,
  params,
  message,
});

const typeError = (name: string, type: string, under?: string): SchemaError =>
  error(name, 'type', { type }, `must be ${type}`, under);

const enumError = (name: string, choices: readonly string[], under?: string, element?: string): SchemaError =>
  error(name, 'enum', { allowedValues: choices }, 'must be equal to one of the allowed values', under, element);

const date = /^(\d{4})-(\d\d)-(\d\d)$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const clock = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|[+-]\d\d(?::?\d\d)?)?$/i;
const zone = /(?:z|[+-]\d\d(?::?\d\d)?)$/i;

function isDate(text: string): boolean {
  const match = date.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (monthDays[month - 1] ?? 0) + (leap ? 1 : 0);
}

/**
 * The format `date-time` of the schema library: wider than ISO 8601 (a space, a lower-case z), but with seconds.
 * Line A's version of it also takes a time without a zone.
 */
function isDateTime(text: string, server: 'A' | 'B'): boolean {
  const [day, time, ...rest] = text.split(/t|\s/i);
  if (day === undefined || time === undefined || rest.length > 0 || !isDate(day)) return false;
  const match = clock.exec(time);
  if (match === null || (server === 'B' && !zone.test(time))) return false;
  const [hour, minute, second] = match.slice(1, 4).map(Number) as [number, number, number];
  // A leap second, which only midnight in UTC can have.
  return hour <= 23 && minute <= 59 && (second <= 59 || (second === 60 && hour === 23 && minute === 59));
}

function numberErrors(param: Param & { kind: 'number' }, given: readonly string[]): readonly SchemaError[] {
  const [text] = given;
  const { name, min, max = Number.POSITIVE_INFINITY } = param;
  // The schema library takes whatever `Number` takes.
  const value = Number(text);
  if (given.length > 1 || text === '' || Number.isNaN(value)) return [typeError(name, 'number')];
  if (!Number.isFinite(value)) return [];
  if (value < min) return [error(name, 'minimum', { comparison: '>=', limit: min }, `must be >= ${min}`)];
  if (value > max) return [error(name, 'maximum', { comparison: '<=', limit: max }, `must be <= ${max}`)];
  return [];
}

function choicesErrors({ name, choices }: Param & { kind: 'choices' }, given: readonly string[]): SchemaError[] {
  const bad = given.findIndex((value) => !choices.includes(value));
  if (bad < 0) return [];
  return [
    ...(given.length > 1 ? [typeError(name, 'string', '/anyOf/0')] : []),
    enumError(name, choices, '/anyOf/0'),
    enumError(name, choices, '/anyOf/1/items', `/${bad}`),
    error(name, 'anyOf', {}, 'must match a schema in anyOf'),
  ];
}

function errorsOf(param: Param, given: readonly string[], server: 'A' | 'B'): readonly SchemaError[] {
  const { name } = param;
  if (param.kind === 'texts') return [];
  if (param.kind === 'number') return numberErrors(param, given);
  if (param.kind === 'choices') return choicesErrors(param, given);
  const [text = ''] = given;
  if (given.length > 1) return [typeError(name, 'string')];
  if (param.kind === 'choice' && !param.choices.includes(text)) return [enumError(name, param.choices)];
  if (param.kind === 'time' && !isDateTime(text, server)) {
    return [error(name, 'format', { format: 'date-time' }, 'must match format "date-time"')];
  }
  return [];
}

function values(params: readonly Param[], query: URLSearchParams): QueryValues {
  const text = (name: string): string | undefined => {
    const param = params.find((item) => item.name === name);
    return query.get(name) ?? (param?.kind === 'choice' ? param.fallback : undefined);
  };
  return {
    text,
    texts: (name) => (query.has(name) ? query.getAll(name) : undefined),
    number: (name) => {
      const param = params.find((item) => item.name === name);
      const given = query.get(name);
      return given === null ? (param?.kind === 'number' ? param.fallback : 0) : Number(given);
    },
    time: (name) => {
      const given = query.get(name);
      return given === null ? undefined : new Date(given).getTime();
    },
  };
}

/** Checks a query against a schema, in the library's order, up to the first parameter that is wrong. */
export function checkQuery(
  params: readonly Param[],
  query: URLSearchParams,
  server: 'A' | 'B',
):
  | { readonly ok: true; readonly values: QueryValues }
  | { readonly ok: false; readonly errors: readonly SchemaError[] } {
  for (const param of params) {
    if (param.kind !== 'time' || param.required !== true || query.has(param.name)) continue;
    const { name } = param;
    const message = `must have required property '${name}'`;
    const missing = { instancePath: '', schemaPath: '#/required', keyword: 'required' };
    return { ok: false, errors: [{ ...missing, params: { missingProperty: name }, message }] };
  }
  for (const param of params) {
    const given = query.getAll(param.name);
    // What a schema does not declare is not looked at.
    const unknown = server === 'A' && 'onlyB' in param;
    const errors = given.length === 0 || unknown ? [] : errorsOf(param, given, server);
    if (errors.length > 0) return { ok: false, errors };
  }
  return { ok: true, values: values(params, query) };
}
