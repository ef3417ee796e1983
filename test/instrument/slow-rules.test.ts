import { describe, expect, it } from 'vitest';
import { parseSlowRules } from '../../src/instrument/slow-rules.ts';

describe('parseSlowRules', () => {
  it('reads kinds, names, durations and what is to be logged', () => {
    expect(
      parseSlowRules('http.server>1s, http.client > 1.5s ,db>100ms,,name:checkout.*>2m:slow,rpc.server>5'),
    ).toEqual({
      value: [
        { kind: 'http.server', thresholdMillis: 1_000 },
        { kind: 'http.client', thresholdMillis: 1_500 },
        { kind: 'db', thresholdMillis: 100 },
        { name: 'checkout.*', thresholdMillis: 120_000, when: 'slow' },
        { kind: 'rpc.server', thresholdMillis: 5 },
      ],
    });
    expect(parseSlowRules('db:failed,any>0:both,name:a:b:failed')).toEqual({
      value: [
        { kind: 'db', when: 'failed' },
        { kind: 'any', thresholdMillis: 0, when: 'both' },
        { name: 'a:b', when: 'failed' },
      ],
    });
  });

  it.each([
    ['htp.server>1s', 'in rule 1, "htp.server>1s", "htp.server" is no kind of span; use http.server'],
    ['db>1s,htttp.client>1s', 'in rule 2, "htttp.client>1s", "htttp.client" is no kind of span; use http.client'],
    ['nonsense-altogether>1s', 'is no kind of span; use http.server, http.client, db'],
    ['db>soon', 'in rule 1, "db>soon", "soon" is no duration; use one such as 500ms, 1s or 2m'],
    ['db>-1s', '"-1s" is no duration'],
    ['db>1e3', '"1e3" is no duration'],
    ['db>', '"" is no duration'],
    ['db', 'the duration is missing; use KIND>DURATION, or KIND:failed for failed spans only'],
    ['db:slow', 'the duration is missing'],
    ['db>1s>2s', 'use KIND>DURATION'],
    ['db>1s:often', 'use KIND>DURATION, with :slow or :failed behind it if wanted'],
    ['>1s', '"" is no kind of span'],
    ['name:>1s', 'use KIND>DURATION'],
  ])('says what is wrong with %s', (text, expected) => {
    const parsed = parseSlowRules(text);
    expect('expected' in parsed ? parsed.expected : parsed).toContain(expected);
    expect('expected' in parsed ? parsed.expected : parsed).toContain('rules such as http.server>1s,db>100ms');
  });

  it('wants at least one rule', () => {
    expect(parseSlowRules('')).toEqual({ expected: 'rules such as http.server>1s,db>100ms' });
    expect(parseSlowRules(' , ')).toEqual({ expected: 'rules such as http.server>1s,db>100ms' });
  });
});
