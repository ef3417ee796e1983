import { isUtf8 } from 'node:buffer';

type Rewrite = (text: string) => string;

const TOKEN = /[^\s&=?#"'<>;,]+/g;
const ESCAPE = /%[2-7][0-9a-f]/i;

/** Text that tells something: no control characters but line ends and tabs. */
function isReadable(text: string): boolean {
  return !/[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/.test(text);
}

function unescaped(token: string): string | undefined {
  try {
    return decodeURIComponent(token);
  } catch {
    return undefined;
  }
}

/** Looks into what is percent-encoded; a part whose plain text has to change is encoded anew. */
export function rewritePercent(text: string, rewrite: Rewrite): string {
  if (!ESCAPE.test(text)) return text;
  return text.replace(TOKEN, (token) => {
    if (!token.includes('%')) return token;
    const plain = unescaped(token) ?? unescaped(token.replace(/%(?![0-9a-f]{2})/gi, '%25'));
    if (plain === undefined || plain === token) return token;
    const rewritten = rewrite(plain);
    return rewritten === plain ? token : encodeURIComponent(rewritten.toWellFormed());
  });
}

const MIN_BASE64 = 16;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Six bits for each character of both alphabets, −1 for all others. */
const SEXTETS = Int8Array.from({ length: 128 }, (_, code) => {
  const found = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(code));
  return code === 0x2d ? 62 : code === 0x5f ? 63 : found;
});

function sextet(text: string, index: number): number {
  return SEXTETS[text.charCodeAt(index)] ?? -1;
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether a text can be base64 of text that begins in ASCII; nearly all that are not fail at their first four characters. */
export function mayBeBase64(text: string): boolean {
  if (text.length < MIN_BASE64) return false;
  const bits = (sextet(text, 0) << 18) | (sextet(text, 1) << 12) | (sextet(text, 2) << 6) | sextet(text, 3);
  if (bits < 0) return false;
  return isTextByte(bits >> 16) && isTextByte((bits >> 8) & 0xff) && isTextByte(bits & 0xff) && BASE64.test(text);
}

/** Looks into a text that is base64 of text as a whole; what has to change there is encoded anew. */
export function rewriteBase64(text: string, rewrite: Rewrite): string {
  if (!mayBeBase64(text)) return text;
  const bytes = Buffer.from(text, 'base64');
  const plain = readable(bytes);
  if (plain === undefined) return text;
  const rewritten = rewrite(plain);
  if (rewritten === plain) return text;
  return Buffer.from(rewritten).toString(/[-_]/.test(text) ? 'base64url' : 'base64');
}

/** The text in bytes, undefined when they are none; a character cut off at the end is left out. */
function readable(bytes: Buffer): string | undefined {
  for (let cut = 0; cut < 4 && cut < bytes.length; cut++) {
    const part = bytes.subarray(0, bytes.length - cut);
    if (!isUtf8(part)) continue;
    const text = part.toString();
    return isReadable(text) ? text : undefined;
  }
  return undefined;
}
