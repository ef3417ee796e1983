import { describe, expect, it } from 'vitest';
import { stem } from '../../src/sink/stemmer.ts';
import { messageTest } from '../../src/sink/text-search.ts';

const matches = (q: string, message: string, mode = 'fulltext'): boolean => messageTest(q, mode)(message);

describe('fulltext search', () => {
  it.each([
    ['requests timeouts', 'request number 11 timeout at /v1/items'],
    ['timeout REQUEST', 'Request timed out: timeout'],
    ['the connection was refused', 'refusing connections'],
    ['caching', 'cache miss'],
    ['ünïcode', 'some ÜNÏCODE text'],
    ['42', 'answer 42'],
    ['user_id', 'a user with an id'],
    ["can't connect", 'T: could not connect'],
  ])('finds %j in %j', (q, message) => {
    expect(matches(q, message)).toBe(true);
  });

  it.each([
    ['request failed', 'request number 11'],
    ['imeou', 'timeout'],
    ['time', 'timeout'],
    ['the of and', 'the of and'],
    ['!?', 'anything'],
    ['cat', 'dog'],
  ])('does not find %j in %j', (q, message) => {
    expect(matches(q, message)).toBe(false);
  });

  it('is fast with many different words', () => {
    const test = messageTest('needle haystacks', 'fulltext');
    const messages = Array.from({ length: 20_000 }, (_, n) => `word${n} other${n * 7} haystack`);
    expect(messages.filter(test)).toEqual([]);
    expect(test('a needle in the haystack')).toBe(true);
  });
});

describe('substring search', () => {
  it.each([
    ['IMEOU', 'timeout', true],
    ['100%', 'at 100% now', true],
    ['100%', 'at 1000', false],
    ['a_b', 'a_b', true],
    ['a_b', 'axb', false],
    ['\\', 'C:\\x', true],
    ['the', 'the', true],
  ])('of %j in %j: %s', (q, message, expected) => {
    expect(matches(q, message, 'substring')).toBe(expected);
  });
});

describe('stems', () => {
  // From the sample vocabulary of the stemmer's own site, and one word for each of its rules.
  const stems: Readonly<Record<string, string>> = {
    consign: 'consign consigned consigning consignment',
    consist: 'consist consisted consistency consistent consistently consisting consists',
    consol: 'consolation consolations consoled consoles consoling consolingly consols',
    consolid: 'consolidate consolidated consolidating',
    conspicu: 'conspicuous conspicuously',
    conspir: 'conspirator conspirators conspire conspired conspiring',
    constabl: 'constable constables',
    knackeri: 'knackeries',
    knavish: 'knavish',
    knight: 'knight knightly knights',
    knit: 'knit knits knitted knitting',
    knive: 'knives',
    kneel: 'kneel kneeled kneeling kneels',
    die: 'dying die dies died',
    sky: 'sky skies',
    news: 'news',
    tie: 'tie ties tying',
    cri: 'cry cries cried crying',
    say: 'say says',
    by: 'by',
    gas: 'gas',
    gap: 'gaps gap',
    kiwi: 'kiwis',
    class: 'class classes',
    focus: 'focus',
    proceed: 'proceed',
    agre: 'agreed agree',
    feed: 'feed',
    hope: 'hoping hoped hope',
    hop: 'hopping hopped hop',
    size: 'sized size',
    relat: 'relational relate related relation',
    valu: 'value values valued',
    condit: 'conditional condition',
    hesit: 'hesitance',
    digit: 'digitizer',
    radic: 'radically radical',
    differ: 'differently different',
    geolog: 'geology',
    formal: 'formalize',
    format: 'formative',
    electr: 'electricity electrical',
    good: 'goodness',
    general: 'generalization generals',
    adopt: 'adoption',
    rate: 'rate',
    control: 'controlling control',
    roll: 'roll',
    beauti: 'beautiful beauty',
    communic: 'communication communicate',
    yes: 'yes',
    boy: 'boys',
    enjoy: 'enjoyed enjoy enjoying',
  };
  it.each(
    Object.entries(stems).flatMap(([expected, list]) =>
      list.split(' ').map((word): [string, string] => [word, expected]),
    ),
  )('%s: %s', (word, expected) => {
    expect(stem(word)).toBe(expected);
  });

  it.each(['über', 'a1b2', '42', '日本語'])('leave %s alone', (word) => {
    expect(stem(word)).toBe(word);
  });
});
