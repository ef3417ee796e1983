import { didYouMean } from '../did-you-mean.ts';

/** Kinds of spans that a rule can name. */
const SPAN_KINDS = [
  'http.server',
  'http.client',
  'db',
  'rpc.server',
  'rpc.client',
  'messaging',
  'server',
  'client',
  'producer',
  'consumer',
  'internal',
  'any',
] as const;

/** A kind of span: by its attributes (`http.server`, `db` …), or by OpenTelemetry's span kind alone. */
export type SlowSpanKind = (typeof SPAN_KINDS)[number];

/** Which spans are logged, and when; spans are named by kind, by name, or by both. */
export interface SlowSpanRule {
  /** Default `any`. */
  readonly kind?: SlowSpanKind;
  /** The span's name; `*` stands for any text. */
  readonly name?: string;
  /** A span that took at least this long is slow. Default: none is, only failed ones are logged. */
  readonly thresholdMillis?: number;
  /** What is logged. Default `both` with a threshold, `failed` without. */
  readonly when?: 'slow' | 'failed' | 'both';
}

/** Rules, or what is wrong with the first bad one: which, where, and what is expected. */
export type ParsedRules =
  | { readonly value: readonly SlowSpanRule[] }
  | { readonly expected: string; readonly rule?: number };

const RULE = /^(name:[^>]+?|[^>:]*)(?:>([^>:]*))?(?::(slow|failed|both))?$/;
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/i;
const UNIT_MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const EXAMPLE = 'rules such as http.server>1s,db>100ms';

function isKind(text: string): text is SlowSpanKind {
  return (SPAN_KINDS as readonly string[]).includes(text);
}

function millis(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (UNIT_MILLIS[(match[2] ?? 'ms').toLowerCase()] as number);
}

type One = SlowSpanRule | string;

function selectorOf(text: string): One {
  if (text.startsWith('name:')) return { name: text.slice('name:'.length).trim() };
  if (isKind(text)) return { kind: text };
  const meant = didYouMean(text, SPAN_KINDS);
  return `"${text}" is no kind of span; use ${meant ?? `${SPAN_KINDS.join(', ')} or name:TEXT`}`;
}

/** One rule, or what is wrong with it. */
function parseRule(text: string): One {
  const match = RULE.exec(text);
  if (match === null) return 'use KIND>DURATION, with :slow or :failed behind it if wanted';
  const selector = selectorOf((match[1] as string).trim());
  if (typeof selector === 'string') return selector;
  const limit = match[2]?.trim();
  const when = match[3] as SlowSpanRule['when'];
  if (limit === undefined) {
    if (when === 'failed') return { ...selector, when };
    return 'the duration is missing; use KIND>DURATION, or KIND:failed for failed spans only';
  }
  const thresholdMillis = millis(limit);
  if (thresholdMillis === undefined) return `"${limit}" is no duration; use one such as 500ms, 1s or 2m`;
  return { ...selector, thresholdMillis, ...(when !== undefined && { when }) };
}

/**
 * Reads rules from text: `http.server>1s,http.client>1s,db>100ms,name:checkout.*>2s`. Spans that take as long or fail
 * are logged; `:slow` or `:failed` behind a rule leaves the others out, and `db:failed` needs no duration. Never throws.
 */
export function parseSlowRules(text: string): ParsedRules {
  const rules: SlowSpanRule[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const written = part.trim();
    if (written === '') continue;
    const rule = parseRule(written);
    if (typeof rule === 'string') {
      return { expected: `${EXAMPLE}; in rule ${index + 1}, "${written}", ${rule}`, rule: index + 1 };
    }
    rules.push(rule);
  }
  return rules.length === 0 ? { expected: EXAMPLE } : { value: rules };
}

/** Throws a `TypeError` or `RangeError` that names what is wrong with a rule given in code. */
export function checkRule(rule: SlowSpanRule, index: number): void {
  const where = `rules[${index}]`;
  const { kind, name, thresholdMillis, when } = rule ?? {};
  if (kind === undefined && name === undefined) throw new TypeError(`${where} must have a kind or a name`);
  if (kind !== undefined && !isKind(kind)) throw new RangeError(`${where}.kind: ${selectorOf(String(kind))}`);
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError(`${where}.name must be text`);
  }
  if (thresholdMillis === undefined ? when !== undefined && when !== 'failed' : !(thresholdMillis >= 0)) {
    throw new RangeError(`${where}.thresholdMillis must be a number of at least 0, got ${thresholdMillis}`);
  }
  if (when !== undefined && !['slow', 'failed', 'both'].includes(when)) {
    throw new RangeError(`${where}.when must be slow, failed or both, got ${String(when)}`);
  }
}
