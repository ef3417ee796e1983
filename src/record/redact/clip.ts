import { clip } from '../json-text.ts';
import type { Redactor } from './redactor.ts';

/** Of a text that is cut, so much more is read for secrets, and so much of it left out, that none is cut in two. */
const LOOK_AHEAD = 1_024;
const MARGIN = 512;

/** The part of a text that fits, without its secrets, also those that the end cuts in two. */
export function clipRedacted(text: string, max: number, redactor: Redactor): string {
  const read = clip(text, max + LOOK_AHEAD);
  const safe = redactor.text(read);
  const kept =
    read.length === text.length ? clip(safe, max) : clip(safe, Math.max(1, Math.min(max, safe.length - MARGIN)));
  const left = text.length - read.length + safe.length - kept.length;
  return left === 0 ? kept : `${kept}…[+${left}]`;
}
