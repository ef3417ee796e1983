import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withTables } from '../scripts/readme-tables.mjs';
import { VARIABLES } from '../src/env/table.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the tables of variables in README.md are what the table says (npm run docs writes them)', () => {
  expect(withTables(README, VARIABLES)).toBe(README);
});

it('every variable is in them, those of delivery once for all destinations', () => {
  const tables = README.slice(README.indexOf('<!-- variables:'), README.indexOf('<!-- end of variables -->'));
  const missing = VARIABLES.filter(({ of, platform, name, yields }) => {
    if (of === 'delivery' && platform === undefined)
      return !tables.includes(`\`${name.replace('_', '_[PLATFORM_]')}\``);
    return (of !== 'delivery' || yields === true) && !tables.includes(`\`${name}\``);
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});

it('a README without marks is no place for them', () => {
  expect(() => withTables('# logferry', VARIABLES)).toThrow(/needs the lines/);
});
