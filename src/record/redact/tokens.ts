/**
 * Secrets that are known by their own shape. Every expression here begins with fixed text and then only consumes, so
 * that it cannot fail after more than a few characters: the time is linear in the length of the text. What a match
 * has to fulfil besides is checked afterwards.
 */

const BEARER = /\bbearer[ \t]{1,8}([\w.~+/=%-]+)/gi;
const BASIC = /\bbasic[ \t]{1,8}([A-Za-z0-9+/]+={0,2})/gi;
const JWT = /eyJ[\w-]*(?:\.[\w-]*)*/g;
const MIN_BEARER = 8;

/** Not a word of a sentence: a digit, an inner capital or a sign of base64 in it. */
function isToken(text: string): boolean {
  return text.length >= MIN_BEARER && (/\d|[a-z][A-Z]|[+/=~_]|[\w-]\.[\w-]/.test(text) || text.length >= 32);
}

/** `Bearer …` anywhere in a text. */
export function maskBearer(text: string, censor: string): string {
  return text.replace(BEARER, (match, token: string) => {
    return isToken(token) ? match.slice(0, match.length - token.length) + censor : match;
  });
}

/** `Basic …`, where what follows is base64 of a user and a password. */
export function maskBasic(text: string, censor: string): string {
  return text.replace(BASIC, (match, token: string) => {
    const credentials = /^[\x20-\x7e\u00a0-\uffff]*:/.test(Buffer.from(token.slice(0, 4_096), 'base64').toString());
    return credentials ? match.slice(0, match.length - token.length) + censor : match;
  });
}

const MIN_JWT = 20;

/** JSON web tokens and encrypted ones; base64 of other JSON goes to `other`. */
export function maskJwt(text: string, censor: string, other: (base64: string) => string): string {
  return text.replace(JWT, (match) => {
    const [head = '', payload = ''] = match.split('.', 2);
    if (payload.length >= 2 && match.length >= MIN_JWT) return match.endsWith('.') ? `${censor}.` : censor;
    const rewritten = other(head);
    return rewritten === head ? match : rewritten + match.slice(head.length);
  });
}

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** PEM and PGP private keys, up to their end or, cut off, to the end of the text. */
export function maskPrivateKeys(text: string, censor: string): string {
  let result = '';
  let done = 0;
  KEY_BEGIN.lastIndex = 0;
  for (let begin = KEY_BEGIN.exec(text); begin !== null; begin = KEY_BEGIN.exec(text)) {
    const inner = begin.index + begin[0].length;
    KEY_END.lastIndex = inner;
    const end = KEY_END.exec(text);
    result += text.slice(done, inner) + censor;
    done = end?.index ?? text.length;
    KEY_BEGIN.lastIndex = end === null ? text.length : done + end[0].length;
  }
  return done === 0 ? text : result + text.slice(done);
}

const AUTHORITY = /:\/\/([^\s/?#"'<>\\`]+)/g;
const MIN_USER_SECRET = 20;
/** Behind a colon that no port follows there is a password, even one with signs that a URL would have to encode. */
const UNENCODED = /^[^\s:@[\]]*:(?!\d{1,5}$)[^\s@]*$/;
const REST = /[^\s"'<>\\`@]{0,256}@/y;

/** Where the user info of an authority ends, its `@`; undefined when there is none. */
function userInfoEnd(text: string, start: number, authority: string): number | undefined {
  const at = authority.lastIndexOf('@');
  if (at !== -1) return start + at;
  const end = start + authority.length;
  // What ends in a scheme is followed by another URL.
  if (!UNENCODED.test(authority) || text.startsWith('//', end)) return undefined;
  REST.lastIndex = end;
  return REST.test(text) ? REST.lastIndex - 1 : undefined;
}

/** User info of a URL: the password, or a user that is itself a token. */
export function maskUserInfo(text: string, censor: string): string {
  let result = '';
  let done = 0;
  AUTHORITY.lastIndex = 0;
  for (let match = AUTHORITY.exec(text); match !== null; match = AUTHORITY.exec(text)) {
    const start = match.index + '://'.length;
    const end = userInfoEnd(text, start, match[1] as string);
    // The colon of the next URL may be the last character of this authority.
    AUTHORITY.lastIndex = end ?? AUTHORITY.lastIndex - 1;
    if (end === undefined) continue;
    const user = text.slice(start, end);
    const colon = user.indexOf(':');
    const secret = colon === -1 ? user.length >= MIN_USER_SECRET && /\d/.test(user) : colon < user.length - 1;
    if (!secret) continue;
    result += text.slice(done, start + colon + 1) + censor;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** Keys that their makers gave a prefix: AWS, GitHub, GitLab, Slack, Stripe, OpenAI, Anthropic, Google, npm, SendGrid. */
const PREFIXED = [
  ...[/(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/, /gh[pousr]_[A-Za-z0-9]{20,}/, /github_pat_\w{20,}/],
  ...[/glpat-[\w-]{16,}/, /xox[abeoprs]-[\w-]{10,}/, /[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/, /sk-[\w-]{20,}/],
  ...[/AIza[\w-]{35}/, /npm_[A-Za-z0-9]{36}/, /SG\.[\w-]{16,32}\.[\w-]{16,64}/],
];
const API_KEY = new RegExp(`(?<![A-Za-z0-9])(?:${PREFIXED.map(({ source }) => source).join('|')})`, 'g');

/** Keys with a well-known prefix. */
export function maskApiKeys(text: string, censor: string): string {
  return text.replace(API_KEY, (match) => (/^sk-/.test(match) && !/\d/.test(match) ? match : censor));
}
