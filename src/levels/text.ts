import { severityOf } from './names.ts';
import { isPattern } from './pattern.ts';

/** Lowest severity numbers by target, as text says them, and how many parts of it could not be read. */
export interface LevelsText {
  readonly levels: Readonly<Record<string, number>>;
  readonly malformed: number;
}

/**
 * Reads `db.*=warn,http=info`: targets with levels, separated by commas or line ends; `#` begins a comment. A pattern
 * may contain `=`, a level cannot. Never throws.
 */
export function parseLevels(text: string): LevelsText {
  const entries: [string, number][] = [];
  let malformed = 0;
  for (const line of text.split(/[\r\n]+/)) {
    for (const part of line.replace(/(?:^|\s)#.*$/, '').split(',')) {
      if (part.trim() === '') continue;
      const equals = part.lastIndexOf('=');
      const target = part.slice(0, Math.max(equals, 0)).trim();
      const level = severityOf(part.slice(equals + 1));
      if (level === undefined || !isPattern(target)) malformed += 1;
      else entries.push([target, level]);
    }
  }
  return { levels: Object.fromEntries(entries), malformed };
}
