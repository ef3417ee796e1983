import { didYouMean } from '../did-you-mean.ts';
import { PLATFORMS } from '../platforms/registry.ts';
import type { Reader } from './reader.ts';
import { VARIABLES } from './table.ts';
import { upperSnake } from './variable.ts';

const PREFIX = 'LOGFERRY_';
const KNOWN: ReadonlySet<string> = new Set(VARIABLES.map(({ name }) => name));
/** What looks like one of our names for a credential, to the platform's own name. */
const OWN_NAMES = new Map(
  VARIABLES.filter(({ name }) => !name.startsWith(PREFIX)).flatMap(({ name, platform = '', option }) => [
    [PREFIX + name, name],
    [`${PREFIX}${platform.toUpperCase()}_${upperSnake(option)}`, name],
  ]),
);

/** The part of a name that is one platform's or, for all others, everything after `LOGFERRY_`. */
function split(name: string): readonly [prefix: string, rest: string] {
  const platform = PLATFORMS.find((entry) => name.startsWith(`${PREFIX}${entry.name.toUpperCase()}_`));
  const prefix = platform === undefined ? PREFIX : `${PREFIX}${platform.name.toUpperCase()}_`;
  return [prefix, name.slice(prefix.length)];
}

/** The variable that was probably meant: what names have in common must not make them alike. */
function meantBy(name: string): string | undefined {
  const own = OWN_NAMES.get(name);
  if (own !== undefined) return own;
  const [prefix, rest] = split(name);
  const rests = [...KNOWN].filter((known) => known.startsWith(prefix));
  const meant = didYouMean(
    rest,
    rests.map((known) => known.slice(prefix.length)),
  );
  return meant === undefined ? undefined : prefix + meant;
}

/** Reports names that begin like ours and are none. */
export function reportUnknownNames(env: Readonly<Record<string, string | undefined>>, reader: Reader): void {
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || KNOWN.has(name)) continue;
    const meant = meantBy(name);
    reader.report('LF003', name, 'is not a variable of logferry', meant ? `did you mean ${meant}?` : 'remove it');
  }
}
