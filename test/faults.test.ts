import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('.', import.meta.url));
const ROWS = [...Array.from({ length: 88 }, (_, index) => String(index + 1)), '20b'];
const SHORTEST_REASON = 20;

/** A title stands first in `it(…)` or `describe(…)`, or first behind the cases of `it.each(…)`. */
const TITLES = [
  /\b(?:it|test|describe)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,/g,
  /\)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,\s*(?:async\s*)?\(/g,
  /\)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,\s*(?:async\s+)?\w+\s*=>/g,
];

function titlesOf(source: string): readonly string[] {
  return TITLES.flatMap((pattern) =>
    [...source.matchAll(pattern)].map((match) => String(match[2]).replace(/\\(.)/g, '$1')),
  );
}

/** The titles of every test, by the file's path below `test/`. */
const TITLES_BY_FILE = new Map(
  readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.m?[jt]s$/.test(name) && !name.includes('node_modules'))
    .map((name) => [name, titlesOf(readFileSync(join(TESTS, name), 'utf8'))]),
);

/** The rows that a title begins with: `row 1: …`, `rows 18, 19: …`, `rows 45 and 47: …`. */
function rowsOf(title: string): readonly string[] {
  const [, rows = ''] = /^rows? (\d+b?(?:(?:, | and )\d+b?)*):/.exec(title) ?? [];
  return rows.match(/\d+b?/g) ?? [];
}

interface Citation {
  readonly file: string;
  readonly title: string;
}

interface Row {
  readonly row: string;
  readonly fault: string;
  readonly citations: readonly Citation[];
  readonly reasons: readonly string[];
  /** Entries that are neither. */
  readonly strange: readonly string[];
}

/** A row is `| number | fault | entries |`, the entries divided by `<br>`: `` `file` title `` or `No test: reason`. */
function readRow(line: string): Row {
  const [row = '', fault = '', proof = ''] = line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
  const entries = proof.split('<br>').map((entry) => entry.trim());
  const citations: Citation[] = [];
  const reasons: string[] = [];
  const strange: string[] = [];
  for (const entry of entries) {
    const [, file, title] = /^`([^`]+)` (.+)$/.exec(entry) ?? [];
    if (file !== undefined && title !== undefined) citations.push({ file, title });
    else if (entry.startsWith('No test: ')) reasons.push(entry.slice('No test: '.length));
    else strange.push(entry);
  }
  return { row, fault, citations, reasons, strange };
}

const TABLE = readFileSync(join(TESTS, 'faults.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| *\d+b? *\|/.test(line))
  .map(readRow);

describe('test/faults.md', () => {
  it('has every row of the fault matrix once, each with a fault', () => {
    expect(TABLE.map(({ row }) => row).toSorted()).toEqual(ROWS.toSorted());
    expect(TABLE.filter(({ fault }) => fault === '')).toEqual([]);
  });

  it('has tests or a reason for each row, and nothing else', () => {
    const strange = TABLE.flatMap(({ row, strange: entries }) => entries.map((entry) => `row ${row}: ${entry}`));
    expect(strange).toEqual([]);
    const bare = TABLE.filter(({ citations, reasons }) => citations.length + reasons.length === 0);
    expect(bare.map(({ row }) => row)).toEqual([]);
    expect(TABLE.flatMap(({ reasons }) => reasons).filter((reason) => reason.length < SHORTEST_REASON)).toEqual([]);
  });

  it('cites tests that exist', () => {
    const missing = TABLE.flatMap(({ row, citations }) =>
      citations
        .filter(({ file, title }) => !TITLES_BY_FILE.get(file)?.some((known) => known.includes(title)))
        .map(({ file, title }) => `row ${row}: ${file}: ${title}`),
    );
    expect(missing).toEqual([]);
  });

  it('names every test that calls itself the test of a row', () => {
    const cited = (row: string, file: string, title: string): boolean =>
      TABLE.some(
        (each) =>
          each.row === row &&
          each.citations.some((citation) => citation.file === file && title.includes(citation.title)),
      );
    const missing = [...TITLES_BY_FILE].flatMap(([file, titles]) =>
      titles.flatMap((title) => rowsOf(title).flatMap((row) => (cited(row, file, title) ? [] : [`${file}: ${title}`]))),
    );
    expect(missing).toEqual([]);
  });

  it('reads titles however a test is written', () => {
    const source = `
      describe('a group', () => {});
      it('plain', () => {});
      it("it's", async () => {});
      it.each([1, (2)])('each %s', (value) => {});
      test.each([['a', () => 1]])(
        'over lines', async (value) => {});
      it.each(LIST)(\`of all\`, value => {});
    `;
    expect(['row 1: a', 'rows 18, 19: b', 'rows 45 and 20b: c', 'row of rows'].map(rowsOf)).toEqual([
      ['1'],
      ['18', '19'],
      ['45', '20b'],
      [],
    ]);
    expect(titlesOf(source).toSorted()).toEqual(['a group', 'each %s', "it's", 'of all', 'over lines', 'plain']);
  });
});
