import type { Secret } from './settings.ts';
import { secretReader } from './settings.ts';

const CONTROL = /[\u0000-\u001f\u007f]/;

function assertSegment(option: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${option} must be a string, got ${typeof value}`);
  if (value.trim() === '') throw new TypeError(`${option} must not be empty`);
  // URL parsing collapses these segments, and the request would go to another route.
  if (value === '.' || value === '..') throw new TypeError(`${option} must not be "." or ".."`);
  if (CONTROL.test(value)) throw new TypeError(`${option} has control characters`);
  if (!value.isWellFormed()) throw new TypeError(`${option} is not well-formed Unicode`);
}

/**
 * A path segment as the official Python client writes it for all sane values: everything percent-encoded but letters,
 * digits and `- . _ ~`; unlike there, a `/` too, so that a key cannot change the route.
 */
function quoteSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Reads and quotes a credential at each use. Throws a `TypeError` that names the option and does not show the value
 * when a fixed one is bad.
 */
export function secretSegment(option: string, secret: Secret): () => string {
  const read = secretReader(option, secret, assertSegment);
  if (typeof secret !== 'function') {
    const quoted = quoteSegment(secret);
    return () => quoted;
  }
  return () => quoteSegment(read());
}
