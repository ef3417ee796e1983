import { VARIABLES } from '../../env/table.ts';
import type { Surroundings } from './surroundings.ts';

/** What is too short to be a secret would blot out words. */
const SHORTEST = 6;
const MASK = '****';

/** A secret as it stands, and as it would stand in a URL or inside a JSON text. */
function spellings(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}

/** The user part of an address; a DSN carries its key there. */
function userOf(text: string): readonly string[] {
  try {
    const { username, password } = new URL(text);
    return [username, password, decodeURIComponent(username), decodeURIComponent(password)];
  } catch {
    return [];
  }
}

/** Every secret that the environment names, directly or by a file, in every spelling. */
export function secretsOf({ env, readFile }: Pick<Surroundings, 'env' | 'readFile'>): readonly string[] {
  const found: string[] = [];
  const add = (text: string | undefined): void => {
    if (text?.trim()) found.push(text.trim(), ...userOf(text.trim()));
  };
  for (const { name, kind } of VARIABLES) {
    // Credentials in an address are refused, but they are there.
    if (kind === 'url') found.push(...userOf(env[name]?.trim() ?? ''));
    if (kind !== 'secret') continue;
    add(env[name]);
    const path = env[`${name}_FILE`]?.trim();
    try {
      if (path) add(readFile(path));
    } catch {
      // It holds nothing that could get out.
    }
  }
  const all = found.filter((text) => text.length >= SHORTEST).flatMap(spellings);
  // Longest first, so that one that is part of another leaves no rest.
  return [...new Set(all)].sort((a, b) => b.length - a.length);
}

/** Replaces secrets wherever they stand: the last line of defence behind checks that do not print them. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}
