/** The networks' prefixes and lengths; anything else that passes Luhn's check is a number of another kind. */
const NETWORKS: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65|62)/, [16, 17, 18, 19]],
  [/^(?:30[0-5]|36|38|39)/, [14]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6)/, [16]],
];
/** How cards are grouped in print. */
const SHAPES: readonly (readonly number[])[] = [
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
];

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let back = 1; back <= digits.length; back++) {
    const digit = digits.charCodeAt(digits.length - back) - 0x30;
    const doubled = back % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Whether digits are the number of a payment card. */
export function isCard(digits: string): boolean {
  const { length } = digits;
  if (length < 13 || length > 19) return false;
  return NETWORKS.some(([prefix, lengths]) => lengths.includes(length) && prefix.test(digits)) && passesLuhn(digits);
}

const RUN = /\d(?:[ \u00a0-]?\d)*/g;

/** Digits that go on as a word or a decimal fraction are no card. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  const after = text.slice(end, end + 2);
  return !/[A-Za-z_]$|\d[.,]$/.test(before) && !/^(?:[A-Za-z_]|[.,]\d)/.test(after);
}

interface Group {
  readonly digits: string;
  /** In the text. */
  readonly start: number;
  readonly end: number;
}

const LEAST = 13;
/** A card in print with a blank or dash after every digit. */
const MOST_PRINTED = 37;

function groupsOf(run: string, offset: number): readonly Group[] {
  const groups: Group[] = [];
  for (const { 0: digits, index } of run.matchAll(/\d+/g)) {
    groups.push({ digits, start: offset + index, end: offset + index + digits.length });
  }
  return groups;
}

function hasShape(groups: readonly Group[], first: number, shape: readonly number[]): boolean {
  return shape.every((length, at) => groups[first + at]?.digits.length === length);
}

/** How many groups from `first` on make a card; 0 for none. */
function cardAt(groups: readonly Group[], first: number): number {
  const { digits } = groups[first] as Group;
  if (digits.length !== 4) return isCard(digits) ? 1 : 0;
  if (!/^[2-6]/.test(digits)) return 0;
  for (const shape of SHAPES) {
    if (!hasShape(groups, first, shape)) continue;
    const all = groups.slice(first, first + shape.length).map((group) => group.digits);
    if (isCard(all.join(''))) return shape.length;
  }
  return 0;
}

/** Card numbers, plain or grouped by blanks or dashes, also between other numbers. */
export function maskCards(text: string, censor: string): string {
  let result = '';
  let done = 0;
  const mask = (start: number, end: number): boolean => {
    if (!standsAlone(text, start, end)) return false;
    result += text.slice(done, start) + censor;
    done = end;
    return true;
  };
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (run.length < LEAST) continue;
    const groups = groupsOf(run, index);
    const all = run.length <= MOST_PRINTED ? groups.map(({ digits }) => digits).join('') : '';
    if (isCard(all) && mask(index, index + run.length)) continue;
    for (let first = 0; first < groups.length; first++) {
      const count = cardAt(groups, first);
      const last = groups[first + count - 1];
      if (count > 0 && last !== undefined && mask((groups[first] as Group).start, last.end)) first += count - 1;
    }
  }
  return done === 0 ? text : result + text.slice(done);
}

const MAX_LOCAL = 64;
const DOMAIN = /[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*/uy;

function isLocal(code: number): boolean {
  if (code > 0x7f) return true;
  if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) return true;
  return (code >= 0x30 && code <= 0x39) || "._%+-'".includes(String.fromCharCode(code));
}

/** E-mail addresses. */
export function maskEmails(text: string, censor: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at;
    const least = Math.max(done, at - MAX_LOCAL);
    while (start > least && isLocal(text.charCodeAt(start - 1))) start -= 1;
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text)?.[0];
    if (start === at || domain === undefined || !/\.\p{L}{2,}$/u.test(domain)) continue;
    result += text.slice(done, start) + censor;
    done = at + 1 + domain.length;
  }
  return done === 0 ? text : result + text.slice(done);
}
