import { createHmac } from 'node:crypto';

const MAX_REMEMBERED = 1_024;

/** How values are replaced by hashes; checked already. */
export interface HashSettings {
  /** The key; undefined while it cannot be read, when values are masked instead. */
  readonly key: () => string | undefined;
  /** Characters of base64url that are kept, six bits each. */
  readonly length: number;
}

/** Marks a hash, so that nobody takes it for the value. */
const HASH_PREFIX = 'hmac:';

/**
 * Replaces values by `hmac:` and the beginning of their HMAC-SHA-256: the same value always has the same hash, and
 * without the key nobody can try values out. A hash that comes by again stays as it is.
 */
export class KeyedHash {
  readonly #settings: HashSettings;
  /** The newest results and those before them: two halves are cheaper than an order of use. */
  #newer = new Map<string, string>();
  #older = new Map<string, string>();
  #key: string | undefined;

  constructor(settings: HashSettings) {
    this.#settings = settings;
  }

  /** The hash of a text; undefined without a key. */
  of(text: string): string | undefined {
    const key = this.#settings.key();
    if (key === undefined) return undefined;
    if (key !== this.#key) this.#useKey(key);
    const known = this.#newer.get(text) ?? this.#older.get(text);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', key).update(text).digest('base64url');
    const hash = HASH_PREFIX + digest.slice(0, this.#settings.length);
    this.#remember(text, hash);
    // What has been replaced under one name must not be hashed again under the next.
    this.#remember(hash, hash);
    return hash;
  }

  #useKey(key: string): void {
    this.#key = key;
    this.#newer.clear();
    this.#older.clear();
  }

  #remember(text: string, hash: string): void {
    if (this.#newer.size >= MAX_REMEMBERED) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    // A long text would stay in memory as a whole.
    if (text.length <= 256) this.#newer.set(text, hash);
  }
}
