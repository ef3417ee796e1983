// `npm run parity`: every call of the five platforms' own clients in its form here, performed against the local sink.
//
//   node test/parity/run.mjs [--seed loggier] [--row 30] [--json]        `npm run build` first
//   node test/parity/run.mjs --markdown                                  the calls as tables, without running them
import { parseArgs } from 'node:util';
import { attempt } from './attempt.mjs';
import { ENTRIES, NO_CALLS, ROWS } from './entries.mjs';
import { tables } from './markdown.mjs';
import { Rig } from './rig.mjs';

const EXCERPT = 110;

function chosen({ seed, row }) {
  return ENTRIES.filter(
    (entry) =>
      (seed === undefined || entry.seed.toLowerCase() === seed.toLowerCase()) &&
      (row === undefined || entry.rows.includes(Number(row))),
  );
}

function cut(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function print({ entry, ok, problem, excerpt }) {
  const { rows, seed, what, old, now, why } = entry;
  process.stdout.write(`${ok ? 'ok    ' : 'NOT OK'} ${rows.join(', ').padEnd(8)} ${seed.padEnd(8)} ${what}\n`);
  process.stdout.write(`         was: ${old}\n         now: ${now}\n`);
  if (why !== undefined) process.stdout.write(`         why: ${why}\n`);
  process.stdout.write(`         saw: ${cut(excerpt, EXCERPT)}\n`);
  if (!ok) process.stdout.write(`         ${problem.replaceAll('\n', '\n         ')}\n`);
}

function summary(results) {
  const failed = results.filter(({ ok }) => !ok);
  const rows = new Set(results.flatMap(({ entry }) => entry.rows));
  const failedRows = new Set(failed.flatMap(({ entry }) => entry.rows));
  const calls = `${results.length - failed.length} of ${results.length} calls ok`;
  return `${calls}; rows with calls: ${rows.size}, all of them ok: ${rows.size - failedRows.size}`;
}

async function main({ json, ...choice }) {
  const results = [];
  const rig = await Rig.open();
  try {
    for (const entry of chosen(choice)) {
      const result = await attempt(entry, rig);
      results.push(result);
      if (!json) print(result);
    }
  } finally {
    await rig.close();
  }
  if (json) {
    const shown = results.map(({ entry: { run: _, expect: __, ...entry }, ...result }) => ({ ...entry, ...result }));
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  } else {
    if (choice.seed === undefined && choice.row === undefined) {
      process.stdout.write(`\nNo calls of ${ROWS} rows: `);
      process.stdout.write(`${NO_CALLS.map(({ rows, file }) => `${rows.join(', ')} (${file})`).join('; ')}\n`);
    }
    process.stdout.write(`\n${summary(results)}\n`);
  }
  return results.length > 0 && results.every(({ ok }) => ok) ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    row: { type: 'string' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});
if (values.markdown) process.stdout.write(tables());
else process.exitCode = await main(values);
