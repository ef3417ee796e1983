import { ENTRIES, NO_CALLS } from './entries.mjs';

const PROSE = /^(?:nothing|always|the same|not needed|a |secrets|\()/;
const NAMES = /[A-Z][A-Z0-9]*_[A-Z0-9_…]+(?:=[^\s,;)]+)?|\w+\(\)|node --[^;]+|npx logferry [a-z]+/g;

function code(text) {
  return `\`${text}\``;
}

/** Prose with the names in it as code; what is code already stays. */
function prose(text) {
  const parts = text.split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith('`') ? part : part.replace(NAMES, code))).join('');
}

function cell(text) {
  return (PROSE.test(text) ? prose(text) : code(text)).replaceAll('|', '\\|');
}

function line({ old, now, why, reason = '' }) {
  return `| ${cell(old)} | ${cell(now)} | ${prose(why ?? reason).replaceAll('|', '\\|')} |`;
}

/** For each client a table of its calls, the ones here, and why they differ; only LogTide's can read. */
export function tables() {
  const seeds = [...new Set(ENTRIES.map(({ seed }) => seed))];
  const reading = NO_CALLS.filter(({ old }) => old !== undefined);
  const parts = seeds.map((seed) => {
    const entries = ENTRIES.filter((entry) => entry.seed === seed);
    const lines = [...entries, ...(seed === 'LogTide' ? reading : [])].map(line);
    return [`### Coming from ${seed}`, '', `| ${seed} | logferry | |`, '|---|---|---|', ...lines, ''].join('\n');
  });
  const others = NO_CALLS.filter(({ old }) => old === undefined).map(({ what, reason }) => `${what}: ${prose(reason)}`);
  return `${parts.join('\n')}\nNo calls, but there: ${others.join('; ')}.\n`;
}
