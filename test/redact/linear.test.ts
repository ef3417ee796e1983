import { describe, expect, it } from 'vitest';
import { TEXTS } from '../../bench/sections/redact-texts.mjs';
import { JsonWriter } from '../../src/record/json-value.ts';
import { Redactor } from '../../src/record/redact/redactor.ts';
import { isHarmless } from '../../src/record/redact/text-redactor.ts';
import { redactSettings } from '../../src/redact-options.ts';

const LENGTH = 500_000;
/** A pattern that looks at every character from every other one would take hours. */
const HOURS_MILLIS = 60_000;

describe('row 85: texts that are hard on patterns', () => {
  const settings = redactSettings({ patterns: ['default', 'email'], fields: ['*a*b*c*'] });

  it.each(Object.keys(TEXTS))('%s: read to the end', { timeout: HOURS_MILLIS }, (name) => {
    const redactor = new Redactor(settings);
    const text = (TEXTS[name] as (length: number) => string)(LENGTH);
    expect(text).toHaveLength(LENGTH);
    isHarmless(text);
    const redacted = redactor.text(text);
    expect(redactor.text(`${text}\npassword=hunter2x`)).not.toContain('hunter2x');
    expect(redacted.isWellFormed()).toBe(true);
  });

  it('reads no more of a text than is sent', () => {
    const read: number[] = [];
    const redactor = new Redactor();
    const text = redactor.text.bind(redactor);
    redactor.text = (given) => {
      read.push(given.length);
      return text(given);
    };
    const json = new JsonWriter(undefined, undefined, redactor);
    json.string('a:'.repeat(500_000));
    json.message('a:'.repeat(500_000));
    json.key('a:'.repeat(500_000));
    expect(read).toEqual([65_536 + 1_024, 262_144 + 1_024, 1_280]);
  });
});
