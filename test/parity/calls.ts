import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt } from './attempt.mjs';
import type { Entry } from './entries.mjs';
import { ENTRIES } from './entries.mjs';
import { Rig } from './rig.mjs';

function title({ rows, what, seed }: Entry): string {
  return `row${rows.length > 1 ? 's' : ''} ${rows.join(', ')}: ${what} (${seed})`;
}

/** Tests every call of one client: what works must work, and what is noted as missing must not. */
export function testCalls(seed: string): void {
  describe(`calls of ${seed}'s client`, () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await Rig.open();
    });
    afterAll(() => rig.close());

    const entries = ENTRIES.filter((entry) => entry.seed === seed).map((entry) => [title(entry), entry] as const);
    it.each(entries)('%s', async (_title, entry) => {
      const { ok, problem } = await attempt(entry, rig);
      if (entry.missing === undefined) expect(problem).toBeUndefined();
      else expect(ok, `it works now: take \`missing\` away ("${entry.missing}")`).toBe(false);
    });
  });
}
