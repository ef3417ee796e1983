import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, parseJson } from './check.ts';

/** The outcome of looking at a token: its subject, or why it is not accepted. */
export type TokenVerdict =
  | { readonly ok: true; readonly subject: string }
  | { readonly ok: false; readonly reason: string };

/** How far in the future `iat` may lie, for clients whose clock runs ahead. Inferred; JWT libraries default to 0–60. */
const issuedAheadSeconds = 60;

const refused = (reason: string): TokenVerdict => ({ ok: false, reason });

function decodePart(part: string): Record<string, unknown> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  const parsed = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/**
 * Verifies a compact JWT signed with HS256 (RFC 7515, RFC 7519) as RedArch clients make it.
 * `secret` is used as UTF-8 bytes; `nowMillis` is epoch milliseconds. Claims needed: `sub` text, `iat` and `exp` whole
 * seconds, `exp` in the future, `iat` at most a minute ahead. The signature is looked at before any claim.
 */
export function verifyToken(token: string, secret: string, nowMillis: number): TokenVerdict {
  const [head, payload, signature, extra] = token.split('.');
  if (head === undefined || payload === undefined || signature === undefined || extra !== undefined) {
    return refused('token: must have three parts');
  }
  // The algorithm is fixed here and never taken from the token, or "alg: none" would sign for anybody.
  if (decodePart(head)?.alg !== 'HS256') return refused('token: alg must be HS256');
  const expected = createHmac('sha256', secret).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refused('token: wrong signature');
  const claims = decodePart(payload);
  if (claims === undefined) return refused('token: claims are not a JSON object');
  const { sub, iat, exp } = claims;
  if (typeof sub !== 'string' || sub === '') return refused('token: sub must be a non-empty string');
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return refused('token: iat and exp must be whole seconds');
  const nowSeconds = nowMillis / 1000;
  if ((exp as number) <= nowSeconds) return refused('token: expired');
  if ((iat as number) > nowSeconds + issuedAheadSeconds) return refused('token: issued in the future');
  return { ok: true, subject: sub };
}
