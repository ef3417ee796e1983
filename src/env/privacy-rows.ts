import type { LimitOptions } from '../limit-options.ts';
import type { RedactOptions } from '../redact-options.ts';
import { MIN_KEY } from '../redact-options.ts';
import type { Rows } from './delivery-row.ts';
import { CODE_ONLY } from './variable.ts';

/** What is taken out of records; `LOGFERRY_REDACT` itself switches all of it. */
export const REDACT: Rows<Omit<RedactOptions, 'hash'>> = {
  fields: {
    suffix: 'REDACT_FIELDS',
    kind: 'names',
    description: 'names whose values are replaced, besides passwords, tokens, keys, cookies: `ssn,*_pin,user.email`',
  },
  defaultFields: {
    suffix: 'REDACT_DEFAULTS',
    kind: 'boolean',
    usual: '`true`',
    description: 'replace values of names that are secret by convention',
  },
  allow: {
    suffix: 'REDACT_ALLOW',
    kind: 'names',
    description: 'names that are secret by default and are to be sent all the same',
  },
  headers: { suffix: 'REDACT_HEADERS', kind: 'names', description: 'further secret names where they are headers' },
  queryParameters: {
    suffix: 'REDACT_QUERY',
    kind: 'names',
    description: 'further secret names where they are parameters of a URL',
  },
  patterns: {
    suffix: 'REDACT_PATTERNS',
    kind: 'patterns',
    usual: '`default`: all but `email`',
    description:
      'secrets found by their shape: `pairs bearer jwt apiKey privateKey connectionString card email`, by comma',
  },
  customPatterns: CODE_ONLY,
  censor: {
    suffix: 'REDACT_CENSOR',
    kind: 'censor',
    usual: '`[REDACTED]`',
    description: 'stands for what has been taken away',
  },
};

export const HASH: Rows<NonNullable<RedactOptions['hash']>> = {
  fields: {
    suffix: 'HASH_FIELDS',
    kind: 'names',
    description: 'names whose values are replaced by a keyed hash, e.g. `user.id,client.address`',
  },
  key: {
    suffix: 'HASH_KEY',
    kind: 'secret',
    shortest: MIN_KEY,
    description: 'key of these hashes, at least 16 characters',
  },
  length: {
    suffix: 'HASH_LENGTH',
    kind: 'count',
    least: 8,
    most: 43,
    usual: '22',
    description: 'characters of a hash',
  },
};

export const LIMITS: Rows<LimitOptions> = {
  maxStringLength: {
    suffix: 'MAX_STRING_LENGTH',
    kind: 'count',
    least: 64,
    most: 65_536,
    usual: '65,536',
    description: 'characters of one text; the rest is cut with a mark',
  },
  maxMessageLength: {
    suffix: 'MAX_MESSAGE_LENGTH',
    kind: 'count',
    least: 64,
    most: 262_144,
    usual: '262,144',
    description: 'characters of the message',
  },
  maxDepth: { suffix: 'MAX_DEPTH', kind: 'count', least: 1, most: 64, usual: '16', description: 'levels of nesting' },
  maxValues: {
    suffix: 'MAX_VALUES',
    kind: 'count',
    least: 10,
    most: 10_000,
    usual: '10,000',
    description: 'members and elements of a record',
  },
  maxRecordLength: {
    suffix: 'MAX_RECORD_LENGTH',
    kind: 'count',
    least: 4_096,
    most: 327_680,
    usual: '327,680',
    description: 'characters of an encoded record; a larger one is written again within tighter limits',
  },
  binary: {
    suffix: 'BINARY',
    kind: 'word',
    words: ['base64', 'size'],
    usual: '`base64`',
    description: 'bytes as `base64`, or a note of their `size`',
  },
  base64Text: {
    suffix: 'BASE64_TEXT',
    kind: 'word',
    words: ['keep', 'cut'],
    usual: '`keep`',
    description: 'long base64 and `data:` URIs in texts: `keep` them, or `cut` them out with a note',
  },
};
