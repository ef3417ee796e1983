import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/sink/check.ts';
import { checkTrakerr } from '../../src/sink/check-trakerr.ts';
import { accepted, check, keys, verdict } from './checking.ts';

describe('Trakerr', () => {
  const good = { apiKey: keys.trakerrApiKey, classification: 'log', eventType: 'T', eventMessage: '' };
  const post = (body: unknown): CheckResult => check(checkTrakerr, { path: '/api/v1/events', body });

  it('answers {} and forgets the key', () => {
    const { answer, records } = post(good);
    expect(answer).toEqual({ status: 200, body: {} });
    expect(records).toEqual([{ ...good, apiKey: '[REDACTED]' }]);
  });

  it.each([
    [undefined, 'is missing'],
    ['other', 'is wrong'],
    [7, 'is wrong'],
  ])('refuses the key %j', (apiKey, message) => {
    expect(post({ ...good, apiKey }).answer).toMatchObject({
      status: 401,
      body: { code: 401, message, fields: 'apiKey' },
    });
  });

  it.each([
    ['logLevel', 'warn'],
    ['classification', null],
    ['eventTime', 1.5],
    ['eventTime', '1795203156078'],
    ['eventUser', 7],
    ['contextTags', ['a', 7]],
    ['contextCpuPercentage', 101],
    ['contextAppSKU', 'x'],
    ['customString', 'x'],
    ['customProperties', { stringData: { customData11: 'x' } }],
    ['customProperties', { stringData: { customData1: 7 } }],
    ['customProperties', { doubleData: { customData10: '7' } }],
    ['customSegments', { other: {} }],
    ['eventStacktrace', {}],
    ['eventStacktrace', [{ traceLines: [{ line: '21:28' }] }]],
    ['eventStacktrace', [{ traceLines: [{ column: 1 }] }]],
  ])('refuses %s %j in its error model', (field, value) => {
    expect(post({ ...good, [field]: value }).answer).toMatchObject({
      status: 400,
      body: { code: 400, message: expect.any(String), fields: field },
    });
  });

  it('takes all twenty slots, and null for what is optional', () => {
    const slots = (value: unknown): object =>
      Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`customData${index + 1}`, value]));
    const custom = { stringData: slots('x'), doubleData: slots(-1.5) };
    expect(verdict(post({ ...good, customProperties: custom, customSegments: custom }))).toEqual(accepted);
    expect(verdict(post({ ...good, contextEnvVersion: null, eventStacktrace: null }))).toEqual(accepted);
  });

  it('takes one event, not an array', () => {
    expect(verdict(post([good]))[0]).toBe(400);
  });
});
