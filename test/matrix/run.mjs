// The compatibility matrix: Node.js × OpenTelemetry × logger × module format, each a service of its own.
//
//   node test/matrix/run.mjs [--only TEXT] [--write] [--readme FILE]        `npm run build` first
//
// --only runs the cells whose names (`node22/line-b/pino/mjs`) contain the text; --write puts the table into the README.
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCell } from './cell.mjs';
import { allCells, LINES, nameOf, unsupported } from './cells.mjs';
import { application, install, nodeOf, packagesOf, ROOT } from './installation.mjs';
import { isCurrent, markdown, write } from './table.mjs';

const CONCURRENCY = 2;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    readme: { type: 'string', default: join(ROOT, 'README.md') },
  },
});
const cells = allCells().filter((cell) => nameOf(cell).includes(values.only));
if (cells.length === 0) throw new RangeError(`--only: no cell with "${values.only}" in its name`);

/** A folder with the services for every line that takes part. */
function folders() {
  const lines = Object.keys(LINES).filter((line) => cells.some((cell) => cell.line === line));
  return new Map(
    lines.map((line) => {
      install(line);
      const folder = application(packagesOf(line));
      cpSync(join(import.meta.dirname, 'apps'), folder, { recursive: true });
      return [line, folder];
    }),
  );
}

async function resultOf(cell, { folderOf, sink }) {
  const reason = unsupported(cell.line, cell.version, cell.column.logger);
  if (reason !== undefined) return { verdict: 'unsupported', reason };
  const node = nodeOf(cell.version);
  if (node === undefined)
    return { verdict: 'unsupported', reason: `no Node ${cell.version} for this platform`, local: true };
  return runCell(cell, { node, folder: folderOf.get(cell.line), sink });
}

async function runAll(context) {
  const results = new Map();
  const waiting = [...cells];
  const worker = async () => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const result = await resultOf(cell, context);
      results.set(nameOf(cell), result);
      if (result.verdict === 'failed') process.stderr.write(`✗ ${nameOf(cell)}\n  ${result.wrong.join('\n  ')}\n`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

/** Writes the table, or says that the README has another one; whether all is well. */
function settle(results, text) {
  const whole = values.only === '' && [...results.values()].every(({ local }) => !local);
  if (values.write) write(values.readme, text);
  else if (whole && isCurrent(values.readme, text) === false) {
    process.stderr.write('The table in the README is another one: npm run test:matrix -- --write\n');
    return false;
  }
  return true;
}

async function main() {
  const begun = performance.now();
  install('nodes');
  const folderOf = folders();
  const installed = performance.now();
  const { startSink } = await import(new URL('../../dist/sink/sink.js', import.meta.url));
  const sink = await startSink();
  try {
    const results = await runAll({ folderOf, sink });
    const text = markdown(results);
    const count = (verdict) => [...results.values()].filter((result) => result.verdict === verdict).length;
    const seconds = (from, to) => Math.round((to - from) / 1000);
    process.stdout.write(`${text}\n`);
    process.stdout.write(
      `${count('ok')} ok, ${count('failed')} failed, ${count('unsupported')} not possible; ` +
        `${seconds(installed, performance.now())} s after ${seconds(begun, installed)} s of installation\n`,
    );
    if (!settle(results, text) || count('failed') > 0 || count('ok') === 0) process.exitCode = 1;
  } finally {
    await sink.close();
    for (const folder of folderOf.values()) rmSync(folder, { recursive: true, force: true });
  }
}

await main();
