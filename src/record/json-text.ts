const NUL = /\u0000/g;
const NEEDS_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;
/** Below this length a loop over the characters beats entering the regular expression engine (measured). */
const SHORT = 24;
/** UTF-16 code units of a key as it is written; what is cut of a longer one is replaced by a mark of its own. */
export const MAX_KEY_LENGTH = 256;
/** Code units of a key that are looked at from either end; two names that differ only in between are taken as one. */
const KEY_SAMPLE = 4_096;

function isPlain(text: string): boolean {
  if (text.length > SHORT) return !NEEDS_ESCAPE.test(text);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}

/** Cuts text to at most `max` UTF-16 units without splitting a surrogate pair. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** The same, with `…[+N]` for what is gone. */
export function clipMarked(text: string, max: number): string {
  const kept = clip(text, max);
  return kept.length === text.length ? text : `${kept}…[+${text.length - kept.length}]`;
}

/**
 * Text that every JSON parser and database accepts: NUL removed (PostgreSQL refuses it), lone surrogates replaced
 * by U+FFFD.
 */
export function wellFormed(text: string): string {
  return text.replace(NUL, '').toWellFormed();
}

/** A JSON string. */
export function quote(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(wellFormed(text));
}

/** A key that can be written; what has to be changed for that gets a mark, so that two names never become one. */
export function distinctKey(name: string): string {
  const clean = clip(wellFormed(clip(name, KEY_SAMPLE)), MAX_KEY_LENGTH);
  if (clean === name) return name;
  const sample = name.length > 2 * KEY_SAMPLE ? name.slice(0, KEY_SAMPLE) + name.slice(-KEY_SAMPLE) : name;
  let hash = name.length;
  for (let index = 0; index < sample.length; index++) hash = (Math.imul(hash, 31) + sample.charCodeAt(index)) | 0;
  return `${clean}~${(hash >>> 0).toString(36)}`;
}
