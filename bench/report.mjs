import { cpus } from 'node:os';

export function fixed(value, digits = 1) {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);
}

export function whole(value) {
  return value === undefined || Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en-US');
}

export function machineLine() {
  const processors = cpus();
  return `Node ${process.version}, ${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'})`;
}

/** A table of texts; the first column is aligned to the left, the others to the right. */
export function table(head, rows) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => String(row[column]).length)));
  const line = (cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? String(cell).padEnd(widths[column]) : String(cell).padStart(widths[column]),
      )
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** A goal: `value` at most (or, with `least`, at least) `limit`; without a value it was not measured. */
export function goal(text, value, limit, { unit = '', digits = 2, least = false } = {}) {
  const measured = value !== undefined && !Number.isNaN(value);
  const met = measured && (least ? value >= limit : value <= limit);
  return {
    text,
    value,
    limit,
    least,
    verdict: measured ? (met ? 'ok' : 'MISSED') : 'not measured',
    row: [
      text,
      measured ? `${fixed(value, digits)}${unit}` : '–',
      `${least ? '≥' : '≤'} ${limit}${unit}`,
      measured ? (met ? 'ok' : 'MISSED') : 'not measured',
    ],
  };
}

export function goalTable(goals) {
  return table(
    ['goal', 'measured', 'wanted', 'verdict'],
    goals.map(({ row }) => row),
  );
}
