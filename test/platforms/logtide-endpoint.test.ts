import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { logtide } from '../../src/platforms/logtide.ts';

const KEY = `lp_${'0123456789abcdef'.repeat(4)}`;

function judged(status: number, body: unknown, count = 3) {
  const { endpoint } = logtide({ url: 'https://logs.example.com', apiKey: KEY }).logs;
  return endpoint.judge({ status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) }, count);
}

describe('LogTide address and credentials', () => {
  const body = Buffer.from('{}');

  it.each([
    [{ url: 'https://logs.example.com', apiKey: KEY }, 'https://logs.example.com', '/api/v1/ingest'],
    [{ url: 'https://logs.example.com/base/', apiKey: KEY }, 'https://logs.example.com', '/base/api/v1/ingest'],
    [{ dsn: `https://${KEY}@logs.example.com` }, 'https://logs.example.com', '/api/v1/ingest'],
    [{ dsn: `http://${KEY}:ignored@localhost:8080/base/path/` }, 'http://localhost:8080', '/base/path/api/v1/ingest'],
  ])('sends to the address of %j', (options, origin, path) => {
    const { endpoint } = logtide(options).logs;
    expect(endpoint.origin).toBe(origin);
    expect(endpoint.request(body, 1)).toEqual({
      path,
      headers: { 'content-type': 'application/json', 'x-api-key': KEY },
      body,
    });
  });

  it('asks a function for the key at each request', () => {
    const keys = ['lp_one', 'lp_two'];
    const { endpoint } = logtide({ url: 'https://l.example.com', apiKey: () => keys.shift() ?? 'lp_none' }).logs;
    const sent = [endpoint.request(body, 1), endpoint.request(body, 1)].map(({ headers }) => headers['x-api-key']);
    expect(sent).toEqual(['lp_one', 'lp_two']);
  });

  it.each([
    [{}, 'apiKey is missing'],
    [{ apiKey: KEY }, 'url is missing'],
    [{ apiKey: '', url: 'https://l.example.com' }, 'apiKey must not be empty'],
    [{ apiKey: 'secret\nkey', url: 'https://l.example.com' }, 'apiKey has blanks, control'],
    [{ apiKey: KEY, url: 'not a url' }, 'url is not a valid URL'],
    [{ apiKey: KEY, url: 'ftp://l.example.com' }, 'must start with https://'],
    [{ apiKey: KEY, url: 'https://user:secret@l.example.com' }, 'must not contain user or password'],
    [{ apiKey: KEY, url: 'https://l.example.com/?token=secret' }, 'must not have a query'],
    [{ dsn: 'https://logs.example.com' }, 'dsn has no key'],
    [{ dsn: 'secret' }, 'dsn is not a valid URL'],
  ])('refuses %j without showing a secret', (options, message) => {
    expect(() => logtide(options)).toThrow(TypeError);
    expect(() => logtide(options)).toThrow(message);
    expect(() => logtide(options)).not.toThrow(/secret(?!\w*Key)/);
  });

  it('shows no key when printed', () => {
    const platform = logtide({ url: 'https://l.example.com', apiKey: KEY });
    expect(inspect(platform, { depth: 9, showHidden: true })).not.toContain(KEY);
    expect(JSON.stringify(platform)).not.toContain(KEY);
  });
});

describe('LogTide answers', () => {
  it.each([
    ['all stored', 200, { received: 3 }, { kind: 'delivered' }],
    ['storage failed', 200, { received: 0 }, { kind: 'unstored', reason: 'received 0 of 3' }],
    ['part stored', 200, { received: 2 }, { kind: 'unstored', reason: 'received 2 of 3' }],
    [
      'one taken out',
      200,
      { received: 2, rejected: [{ index: 1, reason: 'pii_masking_failed' }] },
      { kind: 'delivered', rejected: [{ index: 1, reason: 'pii_masking_failed' }] },
    ],
    ['a captive portal', 200, '<html>', { kind: 'transient', reason: 'not a LogTide answer' }],
    ['an empty body', 204, '', { kind: 'transient', reason: 'not a LogTide answer' }],
    [
      'named records',
      400,
      { error: 'Validation error', details: { _errors: [], logs: { '1': { level: {} }, _errors: [] } } },
      { kind: 'refused', reason: '400', indexes: [1] },
    ],
    ['unnamed records', 400, { error: 'Validation error', details: {} }, { kind: 'refused', reason: '400' }],
    ['text it cannot store', 500, { code: '22P05' }, { kind: 'refused', reason: '500 22P05' }],
    ['text too complex', 500, { code: '54000' }, { kind: 'refused', reason: '500 54000' }],
    ['any other failure', 500, { code: '08P01' }, { kind: 'transient', reason: '500' }],
    ['a wrong key', 401, { error: 'Unauthorized' }, { kind: 'held', reason: '401' }],
    ['too many bytes', 413, {}, { kind: 'tooLarge', reason: '413' }],
    ['too many requests', 429, { statusCode: 429 }, { kind: 'throttled', reason: '429' }],
    ['a used-up quota', 429, { code: 'logs_per_month' }, { kind: 'held', reason: '429 quota', retryMillis: 300_000 }],
  ])('understands %s', (_case, status, body, verdict) => {
    expect(judged(status, body)).toEqual(verdict);
  });
});
