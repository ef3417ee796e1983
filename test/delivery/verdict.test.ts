import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../src/delivery/endpoint.ts';
import type { Verdict } from '../../src/delivery/verdict.ts';
import { jsonObject, judgeStatus } from '../../src/delivery/verdict.ts';

const answer = (status: number, headers: Record<string, string> = {}, body = ''): HttpAnswer => ({
  status,
  headers,
  body,
});

/** Every status that is not what its class says (reliability.md §3.5). */
const EXCEPTIONS: Readonly<Record<number, Verdict['kind']>> = {
  401: 'held',
  402: 'held',
  403: 'held',
  404: 'held',
  405: 'held',
  407: 'held',
  408: 'transient',
  410: 'held',
  413: 'tooLarge',
  415: 'held',
  425: 'transient',
  429: 'throttled',
  501: 'held',
  505: 'held',
  507: 'held',
};
const CLASSES: Readonly<Record<number, Verdict['kind']>> = {
  1: 'held',
  2: 'delivered',
  3: 'held',
  4: 'refused',
  5: 'transient',
};

describe('judgeStatus', () => {
  it('knows every status from 100 to 599', () => {
    const got = new Map<number, string>();
    const expected = new Map<number, string | undefined>();
    for (let status = 100; status < 600; status++) {
      got.set(status, judgeStatus(answer(status)).kind);
      expected.set(status, EXCEPTIONS[status] ?? CLASSES[Math.floor(status / 100)]);
    }
    expect(got).toEqual(expected);
  });

  it('names the status and nothing else of the answer', () => {
    for (let status = 300; status < 600; status++) {
      const verdict = judgeStatus(answer(status, { location: 'https://secret.example' }, 'secret'));
      expect(verdict).toMatchObject({ reason: String(status) });
      expect(JSON.stringify(verdict)).not.toContain('secret');
    }
  });

  it.each([429, 503, 500, 408])('hands Retry-After of %d on', (status) => {
    expect(judgeStatus(answer(status, { 'retry-after': '5' }))).toMatchObject({ retryAfter: '5' });
    expect(judgeStatus(answer(status))).not.toHaveProperty('retryAfter');
  });

  it.each([402, 507])('waits five minutes for a quota (%d)', (status) => {
    expect(judgeStatus(answer(status))).toMatchObject({ retryMillis: 300_000 });
  });
});

describe('jsonObject', () => {
  it.each(['', 'null', '[]', '"x"', '1', '<html></html>', '{', '{"a":1}}'])('takes %j for no object', (body) => {
    expect(jsonObject(answer(200, {}, body))).toBeUndefined();
  });

  it('reads an object', () => {
    expect(jsonObject(answer(200, {}, ' {"received":1} '))).toEqual({ received: 1 });
  });
});
