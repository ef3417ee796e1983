import { readFileSync, statSync } from 'node:fs';
import type { Clock } from './clock.ts';

/** The file is looked at no more often than this. */
const LOOK_MILLIS = 1_000;

/**
 * The secret in a file as it is now, so that a mounted secret may be rotated without a restart: a changed file is read
 * again with the next use, a second later at most. While it is missing, empty or cannot be read, the last good value
 * stays; `initial` is the first. The text is trimmed. Never throws.
 */
export function secretFile(path: string, initial: string, clock: Clock): () => string {
  let value = initial;
  let seen = '';
  let lookAt = Number.NEGATIVE_INFINITY;

  const look = (): void => {
    try {
      // Asked before the file is read: what changes in between is noticed the next time.
      const { ino, size, mtimeMs, ctimeMs } = statSync(path);
      const version = [ino, size, mtimeMs, ctimeMs].join();
      if (version === seen) return;
      const text = readFileSync(path, 'utf8').trim();
      if (text === '') return;
      value = text;
      seen = version;
    } catch {
      // It may be in the middle of being replaced.
    }
  };

  return () => {
    const now = clock.now();
    if (now >= lookAt) {
      lookAt = now + LOOK_MILLIS;
      look();
    }
    return value;
  };
}
