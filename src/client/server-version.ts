import type { LogQuery } from './query.ts';

/** Servers before these versions ignore the parameter, and answer with logs that were not asked for. */
const SINCE: readonly (readonly [keyof LogQuery, string])[] = [
  ['sessionId', '0.8.0'],
  ['hostname', '0.8.4'],
  ['metadata', '0.9.2'],
];

function numbersOf(version: string): readonly number[] {
  return version
    .replace(/^v/, '')
    .split(/[.+-]/)
    .map((part) => Number.parseInt(part, 10) || 0);
}

/** Whether the version is older than another. */
function isOlder(version: string, than: string): boolean {
  const [ours, theirs] = [numbersOf(version), numbersOf(than)];
  const at = theirs.findIndex((number, index) => number !== (ours[index] ?? 0));
  return at !== -1 && (ours[at] ?? 0) < (theirs[at] as number);
}

/** The first parameter that a server of this version does not know, and which version does. */
export function unsupported(query: LogQuery, version: string): { name: string; version: string } | undefined {
  const found = SINCE.find(([name, since]) => query[name] !== undefined && isOlder(version, since));
  return found === undefined ? undefined : { name: found[0], version: found[1] };
}
