import { describe, expect, it } from 'vitest';
import { checkLoggier } from '../../src/sink/check-loggier.ts';
import { accepted, check, keys, verdict } from './checking.ts';

describe('Loggier', () => {
  const good = {
    message: 'm',
    level: 'NOTICE',
    environment: 'e',
    timestamp: '2026-01-02T03:04:05.678901Z',
    runtime_context: {},
  };
  const key = keys.loggierApiKey;
  const post = (path: string, body: unknown, header: string | undefined = key): [number, string | undefined] =>
    verdict(check(checkLoggier, { path, body, headers: header === undefined ? {} : { 'x-loggier-key': header } }));

  it('takes one object or a batch', () => {
    expect(post(`/api/ingest/${key}`, good)).toEqual(accepted);
    expect(post(`/api/ingest/${key}/batch`, [good, { ...good, tags: ['a', 7, null] }])).toEqual(accepted);
  });

  it('refuses the wrong shape for the path', () => {
    expect(post(`/api/ingest/${key}`, [good])[0]).toBe(400);
    expect(post(`/api/ingest/${key}/batch`, good)[0]).toBe(400);
    expect(post(`/api/ingest/${key}/batch`, [])[0]).toBe(400);
    expect(post(`/api/ingest/${key}/other`, good)[0]).toBe(404);
  });

  it('needs the same good key in path and header', () => {
    expect(post('/api/ingest/other', good, 'other')[0]).toBe(401);
    expect(post(`/api/ingest/${key}`, good, 'other')[0]).toBe(401);
    expect(post('/api/ingest/other', good, key)[0]).toBe(401);
    expect(verdict(check(checkLoggier, { path: `/api/ingest/${key}`, body: good }))).toEqual([
      401,
      'x-loggier-key: is missing',
    ]);
  });

  it.each([
    ['message', undefined],
    ['level', ''],
    ['environment', undefined],
    ['timestamp', '2026-01-02T03:04:05+00:00'],
    ['runtime_context', undefined],
    ['context', []],
    ['tags', 'a'],
    ['exception', 'Error'],
  ])('refuses %s %j', (field, value) => {
    expect(post(`/api/ingest/${key}/batch`, [good, { ...good, [field]: value }])).toEqual([
      400,
      expect.stringMatching(new RegExp(`^\\[1\\]\\.${field}: `)),
    ]);
  });
});
