import type { NormalName } from './names.ts';
import { isOrdinary, isSecretName, isTextOnly, isWholeLine, normalName } from './names.ts';

/** What happens to a value: replaced by the censor, by a keyed hash, or left alone. */
export type Action = 'mask' | 'hash' | 'keep';

/** An action that holds where the names above (nearest last) fit; none for everywhere. */
interface Candidate {
  readonly above: readonly string[];
  readonly action: Action;
}

/** What a name says of its value, before one knows what stands around it. */
export interface NameFacts {
  /** First that fits wins. */
  readonly candidates: readonly Candidate[];
  /** The name is another member of the same object (`{name, value}`). */
  readonly namedBeside: boolean;
  /** Lists under this name may be names and values in turn, as `rawHeaders`. */
  readonly headers: boolean;
  /** A number under this name is no secret. */
  readonly textOnly: boolean;
  /** In a text the value goes to the end of the line. */
  readonly wholeLine: boolean;
}

/** The facts of nearly all names; compared by identity. */
export const ORDINARY: NameFacts = {
  ...{ candidates: [], namedBeside: false, headers: false, textOnly: false, wholeLine: false },
};

/** Which names are redacted; checked already. */
export interface NameSettings {
  readonly defaultFields: boolean;
  /** Name patterns; `*` stands for anything, dots for nesting. */
  readonly fields: readonly string[];
  readonly hashFields: readonly string[];
  readonly allow: readonly string[];
  /** Names of headers and of query parameters, besides those that are secret anywhere. */
  readonly headers: readonly string[];
  readonly queryParameters: readonly string[];
}

/** Headers that are secret although their names are not, anywhere else. */
const HEADERS = ['x-auth', 'authentication', 'x-signature', 'x-hub-signature', 'x-hub-signature-256'];
/** The same for parameters of a URL; the first four are the semantic conventions'. */
const QUERY_PARAMETERS = ['AWSAccessKeyId', 'Signature', 'sig', 'X-Goog-Signature', 'X-Amz-Signature'];
const ABOVE_HEADERS = ['*header', '*headers'];
const ABOVE_PARAMETERS = ['query', '*params', '*parameters'];
const MAX_CACHED_NAMES = 2_048;
const MAX_CACHED_LENGTH = 256;

interface Pattern {
  readonly segments: readonly string[];
  /** All of it without dots, for names that use other separators; undefined for nested ones only. */
  readonly whole: string | undefined;
  readonly action: Action;
}

/** Whether a text fits a pattern in which `*` stands for anything; no backtracking. */
export function fits(text: string, pattern: string): boolean {
  if (!pattern.includes('*')) return text === pattern;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= text.length - last.length;
}

function normalPattern(text: string): string {
  return text
    .split('*')
    .map((part) => normalName(part).joined)
    .join('*');
}

function pattern(text: string, action: Action): Pattern {
  const segments = text
    .split('.')
    .map(normalPattern)
    .filter((segment) => segment !== '');
  return { segments, whole: normalPattern(text), action };
}

function below(parents: readonly string[], name: string): readonly Pattern[] {
  return parents.map((parent) => ({ segments: [parent, normalPattern(name)], whole: undefined, action: 'mask' }));
}

/** What is left of a pattern's segments above a name; undefined when the name does not fit. */
function rest({ segments, whole }: Pattern, name: NormalName): readonly string[] | undefined {
  if (whole !== undefined && fits(name.joined, whole)) return [];
  const shared = Math.min(segments.length, name.segments.length);
  for (let back = 1; back <= shared; back++) {
    if (!fits(name.segments.at(-back) as string, segments.at(-back) as string)) return undefined;
  }
  return shared === 0 ? undefined : segments.slice(0, -shared);
}

/** Decides by name what happens to a value; every name is cut and compared once, then remembered. */
export class NameRules {
  readonly #patterns: readonly Pattern[];
  readonly #queryParameters: readonly string[];
  /** Whether the query parameters are the default ones, which a glance tells from most others. */
  readonly #usualParameters: boolean;
  readonly #defaultFields: boolean;
  /** Whether a name without any secret stem is ordinary for sure. */
  readonly #stemsDecide: boolean;
  readonly #known = new Map<string, NameFacts>();
  readonly #inText = new Map<string, NameFacts>();

  constructor(settings: NameSettings) {
    const { defaultFields, fields, hashFields, allow } = settings;
    const usual = (names: readonly string[]): readonly string[] => (defaultFields ? names : []);
    const headers = [...settings.headers, ...usual(HEADERS)];
    const parameters = [...settings.queryParameters, ...usual(QUERY_PARAMETERS)];
    this.#defaultFields = defaultFields;
    this.#stemsDecide = fields.length === 0 && hashFields.length === 0;
    this.#usualParameters = settings.queryParameters.length === 0;
    this.#queryParameters = parameters.map(normalPattern);
    this.#patterns = [
      ...hashFields.map((field) => pattern(field, 'hash')),
      ...fields.map((field) => pattern(field, 'mask')),
      ...settings.headers.flatMap((name) => below(ABOVE_HEADERS, name)),
      ...settings.queryParameters.flatMap((name) => below(ABOVE_PARAMETERS, name)),
      ...allow.map((field) => pattern(field, 'keep')),
      ...headers.flatMap((name) => below(ABOVE_HEADERS, name)),
      ...parameters.flatMap((name) => below(ABOVE_PARAMETERS, name)),
    ];
  }

  /** What a member's name says. */
  of(name: string): NameFacts {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const facts = this.#facts(name);
    if (this.#known.size < MAX_CACHED_NAMES && name.length <= MAX_CACHED_LENGTH) this.#known.set(name, facts);
    return facts;
  }

  /** What a name in a text says, where there are many that nobody sees twice. */
  inText(name: string): NameFacts {
    if (this.#stemsDecide && isOrdinary(name)) return ORDINARY;
    const known = this.#inText.get(name);
    if (known !== undefined) return known;
    const facts = this.#facts(name.includes('%') ? unescaped(name) : name);
    if (this.#inText.size < MAX_CACHED_NAMES) this.#inText.set(name, facts);
    return facts;
  }

  /** What happens to a value whose name has these facts, below these names. */
  decide({ candidates }: NameFacts, path: readonly string[]): Action {
    for (const { above, action } of candidates) {
      if (above.length === 0 || isAbove(above, path)) return action;
    }
    return 'keep';
  }

  /** Whether a name is secret as a parameter of a URL. */
  isQueryParameter(name: string): boolean {
    if (this.#usualParameters && !/sig|key/i.test(name)) return false;
    const { joined } = normalName(name);
    return this.#queryParameters.some((parameter) => fits(joined, parameter));
  }

  #facts(name: string): NameFacts {
    const normal = normalName(name);
    const candidates: Candidate[] = [];
    for (const each of this.#patterns) {
      const above = rest(each, normal);
      if (above !== undefined) candidates.push({ above, action: each.action });
    }
    if (this.#defaultFields && isSecretName(normal)) candidates.push({ above: [], action: 'mask' });
    const { joined } = normal;
    const headers = /(?:headers|rawtrailers)$/.test(joined);
    const namedBeside = joined === 'value';
    if (candidates.length === 0 && !headers && !namedBeside) return ORDINARY;
    return { candidates, namedBeside, headers, textOnly: isTextOnly(normal), wholeLine: isWholeLine(normal) };
  }
}

function isAbove(above: readonly string[], path: readonly string[]): boolean {
  const names = path.flatMap((name) => normalName(name).segments);
  if (above.length > names.length) return false;
  return above.every((segment, index) => fits(names[names.length - above.length + index] as string, segment));
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
