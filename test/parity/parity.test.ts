import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENTRIES, NO_CALLS, ROWS } from './entries.mjs';

const ROOT = join(import.meta.dirname, '../..');
const SHORTEST_REASON = 15;

describe('the list of calls', () => {
  it('has every row of the capability list, as a call or with the reason why it is none', () => {
    const called = ENTRIES.flatMap(({ rows }) => rows);
    const explained = NO_CALLS.flatMap(({ rows }) => rows);
    const rows = Array.from({ length: ROWS }, (_, index) => index + 1);
    expect(rows.filter((row) => !called.includes(row) && !explained.includes(row))).toEqual([]);
    expect(explained.filter((row) => called.includes(row))).toEqual([]);
    expect([...called, ...explained].filter((row) => !rows.includes(row))).toEqual([]);
  });

  it.each(NO_CALLS)('rows $rows are shown elsewhere: $file', ({ reason, file }) => {
    expect(reason.length).toBeGreaterThanOrEqual(SHORTEST_REASON);
    expect(existsSync(join(ROOT, file))).toBe(true);
  });

  it('gives for each call the old form, the new one, and a reason where one says something', () => {
    for (const { old, now, why = 'as it was', what } of ENTRIES) {
      for (const text of [old, now, why, what]) expect(text.trim()).not.toBe('');
    }
  });
});
