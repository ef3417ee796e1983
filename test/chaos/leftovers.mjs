import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readMessage } from './message.mjs';

// What lies in a spool, seen from outside while processes come and go.

function filesBelow(directory) {
  for (;;) {
    try {
      return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    } catch (error) {
      // A folder was adopted or removed on the way.
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

/** Everything that lies in dead-letter files below `directory`, by application and number. */
export function deadLetters(directory) {
  const dead = new Set();
  for (const entry of filesBelow(directory)) {
    if (!/(?:^|\/)dead(?:\/|$)/.test(entry.parentPath)) continue;
    for (const text of textOf(join(entry.parentPath, entry.name)).split('\n').flatMap(textsOf)) {
      const read = readMessage(text);
      if (read?.intact) dead.add(`${read.app}-${read.n}`);
    }
  }
  return dead;
}

/** The file may be gone by now: the oldest dead letters make room for new ones. */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** All texts in a value, and in those of them that are JSON; a line that a kill has torn is one text. */
function textsOf(value) {
  if (typeof value === 'string') return value.startsWith('{') ? [value, ...textsOf(parsed(value))] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of all files below a directory; a process that lives may remove some meanwhile. */
export function bytesBelow(directory) {
  const sizeOf = ({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0;
  return filesBelow(directory).reduce((sum, file) => sum + sizeOf(file), 0);
}
