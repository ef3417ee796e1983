// The Snowball stemmer for English ("Porter2", snowballstem.org), which PostgreSQL's text search uses: it maps the forms
// of a word to one. Apostrophes never reach it.

const irregular = new Map<string, string>([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['lying', 'lie'],
  ['tying', 'tie'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word): [string, string] => [word, word]),
]);
const finished = new Set(['inning', 'outing', 'canning', 'herring', 'earring', 'proceed', 'exceed', 'succeed']);

/** Endings and what replaces them where they lie behind the first syllable. Longer ones come first. */
const step2: readonly (readonly [string, string])[] = [
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
];
const step3: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
];
/** Endings that go where they lie behind the second syllable. Longer ones come first. */
const step4 = [
  'ement',
  'ance',
  'ence',
  'able',
  'ible',
  'ment',
  'ant',
  'ent',
  'ism',
  'ate',
  'iti',
  'ous',
  'ive',
  'ize',
  'al',
  'er',
  'ic',
];

const hasVowel = (text: string): boolean => /[aeiouy]/.test(text);

/** Where the part behind the first vowel and consonant from `start` begins. */
function regionAfter(word: string, start: number): number {
  const match = /[aeiouy][^aeiouy]/.exec(word.slice(start));
  return match === null ? word.length : start + match.index + 2;
}

/** A short syllable at the end: consonant, vowel, consonant other than w, x or Y; or vowel and consonant alone. */
const endsShort = (text: string): boolean => /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$/.test(text);

function plural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (/ie[sd]$/.test(word)) return word.length > 4 ? word.slice(0, -2) : word.slice(0, -1);
  if (/[us]s$/.test(word) || !word.endsWith('s')) return word;
  return hasVowel(word.slice(0, -2)) ? word.slice(0, -1) : word;
}

function pastAndGerund(word: string, r1: number): string {
  const eed = /eed(?:ly)?$/.exec(word);
  if (eed) return eed.index >= r1 ? `${word.slice(0, eed.index)}ee` : word;
  const ending = /(?:ed|ing)(?:ly)?$/.exec(word);
  if (ending === null || !hasVowel(word.slice(0, ending.index))) return word;
  const rest = word.slice(0, ending.index);
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) return rest.slice(0, -1);
  return r1 >= rest.length && endsShort(rest) ? `${rest}e` : rest;
}

function replaced(word: string, r1: number, table: readonly (readonly [string, string])[]): string | undefined {
  const found = table.find(([ending]) => word.endsWith(ending));
  if (found === undefined) return undefined;
  const at = word.length - found[0].length;
  return at >= r1 ? word.slice(0, at) + found[1] : word;
}

function derived(word: string, r1: number, r2: number): string {
  let text = replaced(word, r1, step2);
  if (text === undefined) {
    text = word;
    if (/logi$/.test(word) && word.length - 3 >= r1) text = word.slice(0, -1);
    else if (/[cdeghkmnrt]li$/.test(word) && word.length - 2 >= r1) text = word.slice(0, -2);
  }
  if (text.endsWith('ative')) text = text.length - 5 >= r2 ? text.slice(0, -5) : text;
  else text = replaced(text, r1, step3) ?? text;
  const ending = step4.find((item) => text.endsWith(item));
  if (ending !== undefined) return text.length - ending.length >= r2 ? text.slice(0, -ending.length) : text;
  return /[st]ion$/.test(text) && text.length - 3 >= r2 ? text.slice(0, -3) : text;
}

function lastLetter(word: string, r1: number, r2: number): string {
  const at = word.length - 1;
  if (word.endsWith('e')) return at >= r2 || (at >= r1 && !endsShort(word.slice(0, -1))) ? word.slice(0, -1) : word;
  return word.endsWith('ll') && at >= r2 ? word.slice(0, -1) : word;
}

/** The stem of a lower-case word. Words that are not plain a–z come back as they are. */
export function stem(word: string): string {
  if (word.length <= 2 || !/^[a-z]+$/.test(word)) return word;
  const known = irregular.get(word);
  if (known !== undefined) return known;
  // A "y" that is a consonant.
  const marked = word.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y');
  const prefix = /^(?:gener|commun|arsen)/.exec(marked);
  const r1 = prefix ? prefix[0].length : regionAfter(marked, 0);
  const r2 = regionAfter(marked, r1);
  const singular = plural(marked);
  if (finished.has(singular)) return singular;
  const present = pastAndGerund(singular, r1).replace(/(?<=.[^aeiouy])[yY]$/, 'i');
  return lastLetter(derived(present, r1, r2), r1, r2).replaceAll('Y', 'y');
}
