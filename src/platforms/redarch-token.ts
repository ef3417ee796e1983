import { createHmac } from 'node:crypto';

/** Lifetime of a token, as in the official client (`exp` = `iat` + 3600). */
const LIFETIME_SECONDS = 3_600;
/** Tokens are renewed this long before they expire, so that none expires on its way. */
const RENEW_SECONDS = 300;
/** Services whose tokens are kept at once; one process rarely has more than a few. */
const MAX_TOKENS = 256;

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The header never changes: `{"alg":"HS256","typ":"JWT"}`, in this order, without `kid`. */
const HEADER = base64url('{"alg":"HS256","typ":"JWT"}');

/** JSON in ASCII, as Python's `json.dumps` writes it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A token as the official client signs it: HS256 over compact JSON claims `sub iat exp`; `iat` in whole seconds, the
 * key's UTF-8 bytes as they are. The same input always gives the same bytes.
 */
export function signToken(key: string, service: string, iat: number): string {
  const claims = asciiJson({ sub: service, iat, exp: iat + LIFETIME_SECONDS });
  const signed = `${HEADER}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** Tokens by service, signed when needed and kept until shortly before they expire. */
export class TokenCache {
  readonly #key: () => string;
  /** Oldest first. */
  readonly #tokens = new Map<string, { readonly iat: number; readonly token: string }>();
  #signedWith = '';

  /** `key` is read at each use; another value makes all tokens void at once. */
  constructor(key: () => string) {
    this.#key = key;
  }

  /** The token of a service at a time, in milliseconds since the epoch. */
  token(service: string, nowMillis: number): string {
    const key = this.#key();
    if (key !== this.#signedWith) {
      this.#tokens.clear();
      this.#signedWith = key;
    }
    const now = Math.floor(nowMillis / 1000);
    const known = this.#tokens.get(service);
    // A clock set back would leave tokens that are not valid yet.
    if (known !== undefined && now >= known.iat && now < known.iat + LIFETIME_SECONDS - RENEW_SECONDS) {
      return known.token;
    }
    const token = signToken(key, service, now);
    this.#tokens.delete(service);
    this.#tokens.set(service, { iat: now, token });
    if (this.#tokens.size > MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value as string);
    return token;
  }

  /** Forgets all tokens; the next ones are signed anew. */
  clear(): void {
    this.#tokens.clear();
  }
}
