// Everything about looks: colours on a terminal only, aligned columns, JSON that fits a screen.
import { fileURLToPath } from 'node:url';

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : `${text}`);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);

/** Paths of this checkout say nothing to a reader. */
const here = fileURLToPath(new URL('../../', import.meta.url));
const LONGEST_TEXT = 72;
const WIDTH = 110;

function shorten(value) {
  if (typeof value === 'string') {
    const text = value.replaceAll('file://', '').replaceAll(here, '');
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)` : text;
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, 2).map(shorten);
    return value.length > 2 ? [...items, `… (${value.length} entries)`] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shorten(member)]));
}

function layout(value, indent) {
  const flat = JSON.stringify(value, undefined, 1).replace(/\n\s*/g, ' ');
  if (typeof value !== 'object' || value === null || flat.length + indent.length <= WIDTH) return flat;
  const deeper = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => deeper + layout(item, deeper))
    : Object.entries(value).map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${layout(member, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** JSON with long texts and lists cut and short objects on one line. */
export function json(value, indent = '  ') {
  return indent + layout(shorten(value), indent);
}

const COLUMNS = [
  ['emitted', 'emitted'],
  ['delivered', 'delivered'],
  ['stored', 'at the sink'],
  ['lost', 'lost'],
  ['duplicated', 'twice'],
  ['refused', 'refused'],
  ['errors', 'errors'],
  ['requests', 'requests'],
  ['retries', 'retries'],
  ['trips', 'breaks'],
];

/** One line a platform. */
export function table(rows) {
  const head = `  ${'platform'.padEnd(9)}${COLUMNS.map(([, title]) => `  ${title.padStart(title.length)}`).join('')}`;
  const lines = rows.map((row) => {
    const cells = COLUMNS.map(([key, title]) => `  ${String(row[key]).padStart(title.length)}`).join('');
    return (row.ok ? green : red)(`  ${row.platform.padEnd(9)}${cells}`);
  });
  return [bold(head), ...lines].join('\n');
}
