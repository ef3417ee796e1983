import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Node.js: the oldest that each line is for, and the newest of each major. */
export const NODES = ['20.19', '20', '22.15', '22', '24', '26'];

function titleOf(line) {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, line, 'package.json'), 'utf8'));
  return `sdk-logs ${dependencies['@opentelemetry/sdk-logs']}, api ${dependencies['@opentelemetry/api']}`;
}

/** OpenTelemetry lines, by the folder that has their packages. */
export const LINES = {
  'line-a-floor': { title: titleOf('line-a-floor'), oldestNode: 20, lacks: ['console'] },
  'line-a': { title: titleOf('line-a'), oldestNode: 20, lacks: [] },
  'line-b': { title: titleOf('line-b'), oldestNode: 22, lacks: [] },
};

const LOGGERS = ['pino', 'winston', 'bunyan', 'console', 'api'];
const IMPORT = ['--import', 'logferry/register'];
/** What a logger needs beside its packages. */
const VARIABLES = { console: { LOGFERRY_CONSOLE: 'true' } };
const REQUIRE = ['--require', 'logferry/register'];

/** Columns: each has an app as ES module and as CommonJS, and a way to load us. */
export const COLUMNS = [
  ...LOGGERS.map((logger) => ({ name: logger, logger, flags: IMPORT, env: VARIABLES[logger] ?? {} })),
  { name: 'require', logger: 'pino', flags: REQUIRE, env: {} },
  { name: 'node-options', logger: 'pino', flags: [], env: { NODE_OPTIONS: IMPORT.join(' ') } },
];
export const FORMATS = ['mjs', 'cjs'];

/** Why a combination is not supported; undefined when it is. */
export function unsupported(line, version, logger) {
  const { oldestNode, lacks } = LINES[line];
  if (Number(version) < oldestNode) return 'OpenTelemetry SDK 3 needs Node 22.15';
  // The floor has api 1.9.0 on purpose, the oldest that is allowed.
  if (lacks.includes(logger)) return `instrumentation-${logger} needs api 1.9.1`;
  return undefined;
}

/** Every combination, in the order of the table. */
export function allCells() {
  return NODES.flatMap((version) =>
    Object.keys(LINES).flatMap((line) =>
      COLUMNS.flatMap((column) => FORMATS.map((format) => ({ version, line, column, format }))),
    ),
  );
}

export function nameOf({ version, line, column, format }) {
  return `node${version}/${line}/${column.name}/${format}`;
}
