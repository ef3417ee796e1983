/** What is to be done with a value in a text. */
export interface PairDecision {
  /** What stands for the value; undefined leaves it. */
  readonly replace: (value: string) => string | undefined;
  /** The value goes to the end of the line. */
  readonly wholeLine: boolean;
}

/** Decides by name; undefined for names that are not secret. `inQuery`: the name stands where a URL's parameter does. */
export type PairDecider = (name: string, inQuery: boolean) => PairDecision | undefined;

/** Characters to the left of `=` or `:` that are looked at. */
const MAX_NAME = 64;
const MAX_BLANKS = 8;
/** Names that say something only together with the word before: `API key: …`. */
const NEEDS_WORD_BEFORE = /^(?:key|keys|number|code|no)$/i;
const LITERAL = /^(?:null|undefined|true|false|none|nil|NaN)$/i;
const SCHEME = /^(?:bearer|basic|digest|token|apikey|negotiate)$/i;

function isNameCode(code: number): boolean {
  // Letters, digits, `_ - . $ %` and everything beyond ASCII.
  if (code > 0x7f) return true;
  if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) return true;
  return (
    (code >= 0x30 && code <= 0x39) || code === 0x5f || code === 0x2d || code === 0x2e || code === 0x24 || code === 0x25
  );
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60;
}

const BACKSLASH = 0x5c;

/** A quote with the backslashes before it, as they stand in a text: JSON in JSON has one, JSON in that three. */
interface Quote {
  readonly text: string;
  /** Behind the quote. */
  readonly end: number;
}

function quoteAt(text: string, at: number): Quote | undefined {
  let end = at;
  while (text.charCodeAt(end) === BACKSLASH) end += 1;
  return isQuote(text.charCodeAt(end)) ? { text: text.slice(at, end + 1), end: end + 1 } : undefined;
}

/** Where the text in a quote ends: at the same quote with no more backslashes before it, else at the end. */
function closing(text: string, { text: quote, end }: Quote): number {
  const backslashes = quote.length - 1;
  const mark = quote.charAt(backslashes);
  for (let at = text.indexOf(mark, end); at !== -1; at = text.indexOf(mark, at + 1)) {
    let run = 0;
    while (at - run - 1 >= end && text.charCodeAt(at - run - 1) === BACKSLASH) run += 1;
    const closes =
      backslashes === 0 ? run % 2 === 0 : run <= backslashes || (run - backslashes) % (2 * backslashes + 2) === 0;
    if (closes) return at - Math.min(run, backslashes);
  }
  return text.length;
}

/** Behind a bracketed value, brackets in strings not counted; the end of the text when it is cut off. */
function bracketEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (code === 0x22) {
      const quote = quoteBefore(text, at);
      at = closing(text, quote) + quote.text.length - 1;
    }
  }
  return text.length;
}

function quoteBefore(text: string, at: number): Quote {
  let start = at;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return { text: text.slice(start, at + 1), end: at + 1 };
}

/** What may follow the comma or bracket that ends a value. */
const ENDS_SENTENCE = '"\'`,;:.)]}&<>';

function endsBare(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code <= 0x20 || code === 0x26 || code === 0x3b || code === 0x3c || code === 0x3e || isQuote(code)) return true;
  const next = text.charCodeAt(at + 1);
  if (code === BACKSLASH) return isQuote(next) || next === BACKSLASH;
  if (code !== 0x2c && code !== 0x29 && code !== 0x5d && code !== 0x7d) return false;
  // A comma or bracket may belong to a password; at the end of a word it belongs to the sentence.
  return Number.isNaN(next) || next <= 0x20 || ENDS_SENTENCE.includes(text.charAt(at + 1));
}

function bareEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && !endsBare(text, end)) end += 1;
  if (!SCHEME.test(text.slice(start, Math.min(end, start + 10)))) return end;
  let next = end;
  while (isBlank(text.charCodeAt(next))) next += 1;
  if (next === end) return end;
  end = next;
  while (end < text.length && !endsBare(text, end)) end += 1;
  return end;
}

function lineEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === 0x0a || code === 0x0d || isQuote(code)) break;
    if (code === BACKSLASH && (isQuote(text.charCodeAt(end + 1)) || /[nr]/.test(text.charAt(end + 1)))) break;
    end += 1;
  }
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/** A name in front of a separator. */
interface Name {
  readonly text: string;
  readonly start: number;
  /** The quote around it, with its backslashes; empty for none. */
  readonly quote: string;
}

function nameBefore(text: string, separator: number, floor: number): Name | undefined {
  let end = separator;
  for (let blanks = 0; blanks < MAX_BLANKS && end > floor && isBlank(text.charCodeAt(end - 1)); blanks++) end -= 1;
  let quote = '';
  if (end > floor && isQuote(text.charCodeAt(end - 1))) {
    const before = quoteBefore(text, end - 1);
    quote = before.text;
    end -= quote.length;
  } else if (end > floor && text.charCodeAt(end - 1) === 0x5d) end -= 1;
  if (end > floor && isQuote(text.charCodeAt(end - 1))) end -= 1;
  let start = end;
  const least = Math.max(floor, end - MAX_NAME);
  while (start > least && isNameCode(text.charCodeAt(start - 1))) start -= 1;
  return end - start < 2 ? undefined : { text: text.slice(start, end), start, quote };
}

/** The name with the word before it, where it says nothing alone. */
function longerName(text: string, name: Name, floor: number): string | undefined {
  if (!NEEDS_WORD_BEFORE.test(name.text) || text.charCodeAt(name.start - 1) !== 0x20) return undefined;
  const before = nameBefore(text, name.start, floor);
  return before === undefined ? undefined : before.text + name.text;
}

interface Value {
  readonly start: number;
  readonly end: number;
  /** What has to stand around the replacement so that JSON stays JSON. */
  readonly quote: string;
}

function valueAfter(text: string, from: number, name: Name, wholeLine: boolean): Value | undefined {
  let start = from;
  while (text.charCodeAt(start) === 0x3e || text.charCodeAt(start) === 0x3d || text.charCodeAt(start) === 0x3a)
    start += 1;
  while (isBlank(text.charCodeAt(start))) start += 1;
  const quote = quoteAt(text, start);
  if (quote !== undefined) return { start: quote.end, end: closing(text, quote), quote: '' };
  const code = text.charCodeAt(start);
  if (code === 0x5b || code === 0x7b) return { start, end: bracketEnd(text, start), quote: name.quote };
  if (code === 0x3c) {
    const end = text.indexOf('>', start);
    return { start, end: end === -1 ? text.length : end + 1, quote: name.quote };
  }
  const end = wholeLine && name.quote === '' ? lineEnd(text, start) : bareEnd(text, start);
  return end === start ? undefined : { start, end, quote: name.quote };
}

/**
 * The text with the values of secret names replaced: `name=value`, `name: value`, `"name": value`, URL queries, form
 * bodies, headers, connection strings, JSON text, also JSON in JSON. Every character is looked at a bounded number of
 * times: names are looked for to the left of a separator, and a value that has been passed over is not read again.
 */
export function maskPairs(text: string, decide: PairDecider): string {
  let result = '';
  let done = 0;
  const separators = new Separators(text);
  for (let at = separators.next(0); at !== -1; at = separators.next(at + 1)) {
    const name = nameBefore(text, at, done);
    if (name === undefined) continue;
    const decision = decisionOn(text, at, name, done, decide);
    if (decision === undefined) continue;
    const value = valueAfter(text, at + 1, name, decision.wholeLine);
    if (value === undefined) continue;
    const old = text.slice(value.start, value.end);
    const replacement = LITERAL.test(old) || old === '' ? undefined : decision.replace(old);
    if (replacement !== undefined) {
      result += text.slice(done, value.start) + value.quote + replacement + value.quote;
      done = value.end;
    }
    at = Math.max(value.end - 1, at);
  }
  return done === 0 ? text : result + text.slice(done);
}

function decisionOn(
  text: string,
  at: number,
  name: Name,
  floor: number,
  decide: PairDecider,
): PairDecision | undefined {
  const before = text.charCodeAt(name.start - 1);
  const inQuery = text.charCodeAt(at) === 0x3d && (name.start === 0 || before === 0x26 || before === 0x3f);
  const decision = decide(name.text, inQuery);
  if (decision !== undefined) return decision;
  const longer = longerName(text, name, floor);
  return longer === undefined ? undefined : decide(longer, false);
}

/** The places of `=` and `:` in a text, in order; the engine's own search is faster than an expression. */
class Separators {
  readonly #text: string;
  #equals = -2;
  #colon = -2;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first at or behind `from`, −1 for none. */
  next(from: number): number {
    if (this.#equals !== -1 && this.#equals < from) this.#equals = this.#text.indexOf('=', from);
    if (this.#colon !== -1 && this.#colon < from) this.#colon = this.#text.indexOf(':', from);
    if (this.#equals === -1) return this.#colon;
    return this.#colon === -1 ? this.#equals : Math.min(this.#equals, this.#colon);
  }
}
