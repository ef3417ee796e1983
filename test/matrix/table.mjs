import { readFileSync, writeFileSync } from 'node:fs';
import { COLUMNS, FORMATS, LINES, NODES, nameOf } from './cells.mjs';

const SIGNS = { ok: '✓', failed: '✗', unsupported: '–', 'not run': ' ' };
const TITLES = { api: 'API', require: '`--require`', 'node-options': '`NODE_OPTIONS`' };
const PART = /(<!-- matrix -->\n)[\s\S]*?(<!-- \/matrix -->)/;

/** The results (by name of the cell) as a Markdown table: one row a Node.js and line, `ESM CJS` in each column. */
export function markdown(results) {
  const head = ['Node.js', 'OpenTelemetry', ...COLUMNS.map(({ name }) => TITLES[name] ?? name)];
  const rows = NODES.flatMap((version) =>
    Object.entries(LINES).map(([line, { title }]) => {
      const signs = COLUMNS.map((column) =>
        FORMATS.map(
          (format) => SIGNS[results.get(nameOf({ version, line, column, format }))?.verdict ?? 'not run'],
        ).join(' '),
      );
      return [version, title, ...signs];
    }),
  );
  const reasons = [...new Set([...results.values()].flatMap(({ reason }) => reason ?? []))];
  return [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `Left ES modules, right CommonJS${reasons.length > 0 ? `; –: ${reasons.join('; ')}` : ''}.`,
    '',
  ].join('\n');
}

/** Whether the part of a file between its `matrix` marks is this text; undefined without marks. */
export function isCurrent(file, text) {
  const part = PART.exec(readFileSync(file, 'utf8'))?.[0];
  return part && part === `<!-- matrix -->\n${text}<!-- /matrix -->`;
}

/** Replaces the part of a file between its `matrix` marks. Throws when it has none. */
export function write(file, text) {
  const before = readFileSync(file, 'utf8');
  if (!PART.test(before)) throw new Error(`${file} has no <!-- matrix --> … <!-- /matrix -->`);
  writeFileSync(
    file,
    before.replace(PART, (_all, begin, end) => `${begin}${text}${end}`),
  );
}
