import type { CustomPatterns } from './custom-patterns.ts';
import { mayBeBase64, rewriteBase64, rewritePercent } from './encoded.ts';
import type { PairDecider } from './pairs.ts';
import { maskPairs } from './pairs.ts';
import { maskCards, maskEmails } from './personal.ts';
import { maskApiKeys, maskBasic, maskBearer, maskJwt, maskPrivateKeys, maskUserInfo } from './tokens.ts';

/** The built-in value patterns. */
export const PATTERN_NAMES = [
  ...(['pairs', 'bearer', 'jwt', 'apiKey', 'privateKey', 'connectionString', 'card', 'email'] as const),
];
export type PatternName = (typeof PATTERN_NAMES)[number];

/** Below this length a loop over the characters beats the regular expression engine, and no bare secret fits. */
const SHORT = 13;
/** Any character but those that neither JSON escapes nor a pattern with a sign of its own needs. */
const SIGN = /[^ !#$&-9;<>?A-[\]-~\u00a0-\ud7ff]/;
/** The beginnings of secrets that have no such sign. */
const WORD = /earer |asic |EARER |ASIC |--|eyJ/;
const PREFIX = /AKIA|ASIA|gh[pousr]_|b_pat|glpat|xox[a-z]-|k_live|k_test|sk-|AIza|npm_|SG\./;
/** Twelve characters of a card, plain or in one of the groupings in print. */
const DIGITS = /\d{3}[\d \u00a0-]\d{3}[\d \u00a0-]{5}/;
const FLAG = /(^|\s)(--?[A-Za-z][\w-]{0,63})([ \t]{1,8})(?!-)/g;
/** What is encoded in what is encoded, and so on. */
const MAX_ENCODINGS = 3;

/**
 * Whether a text can be written between quotes as it is: nothing in it needs an escape or could be a secret. A quick
 * answer for nearly all texts; false does not mean that there is a secret.
 */
export function isHarmless(text: string): boolean {
  if (text.length >= SHORT) {
    return !SIGN.test(text) && !WORD.test(text) && !DIGITS.test(text) && !PREFIX.test(text) && !mayBeBase64(text);
  }
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || code === 0x3d || code === 0x3a || code === 0x40) return false;
    if (code === 0x25 || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

/** How texts are read; checked already. */
export interface TextSettings {
  readonly patterns: ReadonlySet<PatternName>;
  readonly censor: string;
  readonly custom: CustomPatterns;
  readonly decide: PairDecider;
}

/** Finds secrets in texts by their names beside them and by their shape. */
export class TextRedactor {
  readonly #settings: TextSettings;

  constructor(settings: TextSettings) {
    this.#settings = settings;
  }

  /** The text without its secrets; the same text where there are none. */
  redact(text: string, depth = 0): string {
    let result = text;
    if (depth < MAX_ENCODINGS) {
      const inner = (plain: string): string => (isHarmless(plain) ? plain : this.redact(plain, depth + 1));
      result = rewriteBase64(result, inner);
      if (result.includes('%')) result = rewritePercent(result, inner);
    }
    result = this.#byShape(result, depth);
    return this.#settings.custom.isEmpty ? result : this.#settings.custom.mask(result);
  }

  #byShape(text: string, depth: number): string {
    const { patterns, censor, decide } = this.#settings;
    let result = text;
    if (patterns.has('privateKey') && result.includes('PRIVATE KEY')) result = maskPrivateKeys(result, censor);
    if (patterns.has('connectionString') && result.includes('://')) result = maskUserInfo(result, censor);
    if (patterns.has('pairs')) {
      result = maskPairs(result, decide);
      if (result.includes('-')) result = maskFlags(result, decide);
    }
    if (patterns.has('bearer') && WORD.test(result)) result = maskBasic(maskBearer(result, censor), censor);
    if (patterns.has('jwt') && result.includes('eyJ')) {
      result = maskJwt(result, censor, (base64) =>
        depth < MAX_ENCODINGS ? rewriteBase64(base64, (plain) => this.redact(plain, depth + 1)) : base64,
      );
    }
    if (patterns.has('apiKey') && PREFIX.test(result)) result = maskApiKeys(result, censor);
    if (patterns.has('card') && DIGITS.test(result)) result = maskCards(result, censor);
    return patterns.has('email') && result.includes('@') ? maskEmails(result, censor) : result;
  }
}

/** Command lines: `--password hunter2`. */
function maskFlags(text: string, decide: PairDecider): string {
  let result = '';
  let done = 0;
  FLAG.lastIndex = 0;
  for (let match = FLAG.exec(text); match !== null; match = FLAG.exec(text)) {
    const start = FLAG.lastIndex;
    const decision = decide((match[2] as string).replace(/^-+/, ''), false);
    if (decision === undefined) continue;
    VALUE.lastIndex = start;
    const value = VALUE.exec(text)?.[0] ?? '';
    const replacement = value === '' ? undefined : decision.replace(value);
    if (replacement === undefined) continue;
    result += text.slice(done, start) + replacement;
    done = start + value.length;
    FLAG.lastIndex = done;
  }
  return done === 0 ? text : result + text.slice(done);
}

const VALUE = /"[^"]*"?|'[^']*'?|[^\s"']+/y;
