import type { Attributes } from '../record/record.ts';

/** A credential, or a function that returns it when a request is built (so that a rotated key is seen). */
export type Secret = string | (() => string);

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Checks a credential; throws a `TypeError` that names the option and never shows the value. */
export type SecretCheck = (option: string, value: unknown) => asserts value is string;

function assertSecret(option: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${option} must be a string, got ${typeof value}`);
  if (value === '') throw new TypeError(`${option} must not be empty`);
  // A control character would end up in a header or a URL; the value itself must never appear in a message.
  if (!PRINTABLE.test(value)) throw new TypeError(`${option} has blanks, control or non-ASCII characters`);
}

/**
 * Checks a credential and returns how to read it; `check` is for credentials that are no header text. A function's
 * result is checked at each use; a bad one counts as absent and the platform answers 401, which holds the data.
 */
export function secretReader(option: string, secret: Secret, check: SecretCheck = assertSecret): () => string {
  if (typeof secret !== 'function') {
    check(option, secret);
    return () => secret;
  }
  return () => {
    try {
      const value: unknown = secret();
      check(option, value);
      return value;
    } catch {
      return 'unavailable';
    }
  };
}

export interface BaseUrl {
  /** `https://host[:port]` */
  readonly origin: string;
  /** Path without a trailing slash; empty for none. */
  readonly path: string;
}

/**
 * Parses an http(s) address. Throws a `TypeError` that names the option and shows no credentials; user info, query
 * and fragment are refused.
 */
export function parseBaseUrl(option: string, text: unknown): BaseUrl {
  if (typeof text !== 'string') throw new TypeError(`${option} must be a string, got ${typeof text}`);
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new TypeError(`${option} is not a valid URL; expected e.g. https://logs.example.com`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError(`${option} must start with https:// or http://, got ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') throw new TypeError(`${option} must not contain user or password`);
  if (url.search !== '' || url.hash !== '') throw new TypeError(`${option} must not have a query or fragment`);
  if (url.port === '0') throw new TypeError(`${option} must not have port 0`);
  return { origin: url.origin, path: url.pathname.replace(/\/+$/, '') };
}

/** Checks an optional text option; throws a `TypeError` naming it. */
export function optionalText(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new TypeError(`${option} must be a non-empty string`);
  return value;
}

/** Checks an optional list of texts; throws a `TypeError` naming it. */
export function optionalTexts(option: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((element) => typeof element !== 'string' || element === '')) {
    throw new TypeError(`${option} must be a list of non-empty strings`);
  }
  return [...value];
}

/** Checks an optional choice; throws a `TypeError` naming the option and the choices. */
export function optionalWord(option: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  throw new TypeError(`${option} must be ${words.map((word) => `"${word}"`).join(' or ')}, got ${String(value)}`);
}

/** `service.name` of a resource, unless it is absent or the SDK's placeholder. */
export function serviceName(attributes: Attributes): string | undefined {
  const name = attributes['service.name'];
  return typeof name === 'string' && name !== '' && !name.startsWith('unknown_service') ? name : undefined;
}
