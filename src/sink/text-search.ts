import { stem } from './stemmer.ts';

/** PostgreSQL's list for English: words that are not looked for. */
const stopWords = new Set(
  `i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
itself they them their theirs themselves what which who whom this that these those am is are was were be been being have
has had having do does did doing a an the and but if or because as until while of at by for with about against between
into through during before after above below to from up down in out on off over under again further then once here there
when where why how all any both each few more most other some such no nor not only own same so than too very s t can will
just don should now`.split(/\s+/),
);

const words = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * The test of `q` with `searchMode=fulltext`: every word of it, in any form and order, is in the message. A text of nothing
 * but stop words matches nothing. Unlike PostgreSQL it splits URLs, paths and numbers at their punctuation, so it finds a
 * little more.
 */
function fulltext(q: string): (message: string) => boolean {
  const wanted = new Set(
    words(q)
      .filter((word) => !stopWords.has(word))
      .map(stem),
  );
  // Messages repeat their words, and stemming is the dear part.
  const stems = new Map<string, string>();
  const stemOf = (word: string): string => {
    let found = stems.get(word);
    if (found === undefined) {
      found = stem(word);
      if (stems.size < 10_000) stems.set(word, found);
    }
    return found;
  };
  return (message) => {
    const missing = new Set(wanted);
    if (missing.size === 0) return false;
    return words(message).some((word) => missing.delete(stemOf(word)) && missing.size === 0);
  };
}

/** The test for a message of `q` in either mode. */
export function messageTest(q: string, mode: string): (message: string) => boolean {
  if (mode !== 'substring') return fulltext(q);
  const part = q.toLowerCase();
  return (message) => message.toLowerCase().includes(part);
}
