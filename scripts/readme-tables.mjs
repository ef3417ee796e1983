import { readFileSync, writeFileSync } from 'node:fs';

// The README's tables of variables, made from the table that the parser reads. After a build:
//
//     node scripts/readme-tables.mjs

const BEGIN = '<!-- variables: made by scripts/readme-tables.mjs -->';
const END = '<!-- end of variables -->';
const HEAD = '| Variable | Default | Meaning |\n|---|---|---|';
const TOPICS = [
  ...['What is sent', 'How much is sent', 'What is added', 'Privacy'],
  ...['Waiting and sending', 'Spool', 'The process'],
];

function nameOf({ name, of, platform, kind }) {
  if (of === 'delivery' && platform === undefined) return `\`${name.replace('LOGFERRY_', 'LOGFERRY_[PLATFORM_]')}\``;
  return kind === 'secret' ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
}

function row(variable) {
  const { usual, fallback, description } = variable;
  const cells = [nameOf(variable), usual ?? (fallback === undefined ? '' : `\`${fallback}\``), description];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function table(variables) {
  return [HEAD, ...variables.map(row)].join('\n');
}

/** All tables, with what has to be said between them. */
function tables(variables) {
  const shown = variables.filter(({ of, platform, yields }) => of !== 'delivery' || platform === undefined || yields);
  const about = (topic) => {
    const rows = shown.filter((variable) => variable.topic === topic);
    return [...rows.filter(({ of }) => of === 'delivery'), ...rows.filter(({ of }) => of !== 'delivery')];
  };
  return [
    '`[PLATFORM_]` may be left out, or name one destination, for which that then wins: `LOGFERRY_TRAKERR_LEVEL=warn`.',
    ...TOPICS.map((topic) => `**${topic}**\n\n${table(about(topic))}`),
    `**Credentials and addresses**\n\n${table(about('Credentials and addresses'))}`,
    `<details><summary><b>Options of each platform</b></summary>\n\n${table(about('Platforms'))}\n\n</details>`,
  ].join('\n\n');
}

/** The README with its tables as they should be; throws when the marks between which they stand are missing. */
export function withTables(readme, variables) {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`README.md needs the lines ${BEGIN} and ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${tables(variables)}\n\n${readme.slice(end)}`;
}

if (process.argv[1] === import.meta.filename) {
  const { VARIABLES } = await import('../dist/env/table.js');
  const path = new URL('../README.md', import.meta.url);
  writeFileSync(path, withTables(readFileSync(path, 'utf8'), VARIABLES));
}
