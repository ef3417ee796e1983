import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkRedarch } from '../../src/sink/check-redarch.ts';
import { accepted, check, keys, nowSeconds, verdict } from './checking.ts';

describe('RedArch', () => {
  const good = {
    level: 'WARN',
    service: 'shop',
    logger_name: 'cart',
    message: 'm',
    user_id: null,
    tenant_id: 't',
    request_id: 'r',
    context: {},
    client_log_datetime: '2026-01-02T03:04:05.678901+00:00',
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (claims: object, secret = keys.redarchApiKey, header: object = { alg: 'HS256', typ: 'JWT' }): string => {
    const text = `${part(header)}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const claims = { sub: 'shop', iat: nowSeconds, exp: nowSeconds + 3600 };
  const log = (body: unknown, token: string): [number, string | undefined] =>
    verdict(check(checkRedarch, { path: '/log', headers: { authorization: `Bearer ${token}` }, body }));

  it('takes a record with a token of its own service', () => {
    expect(log(good, sign(claims))).toEqual(accepted);
    expect(log({ ...good, retry_count: 0, level: 'CRITICAL' }, sign(claims))).toEqual(accepted);
  });

  it.each([
    ['expired this second', sign({ ...claims, exp: nowSeconds }), 'expired'],
    ['issued in the future', sign({ ...claims, iat: nowSeconds + 61 }), 'future'],
    ['signed with another key', sign(claims, 'another'), 'signature'],
    ['for another service', sign({ ...claims, sub: 'cart' }), "record's service"],
    ['without a subject', sign({ iat: claims.iat, exp: claims.exp }), 'sub'],
    ['with fractional times', sign({ ...claims, iat: nowSeconds - 0.5 }), 'whole seconds'],
    ['without an expiry', sign({ sub: 'shop', iat: claims.iat }), 'whole seconds'],
    ['unsigned', `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`, 'alg'],
    ['of another algorithm', sign(claims, keys.redarchApiKey, { alg: 'HS512' }), 'alg'],
    [
      'with other claims under the old signature',
      `${sign(claims).split('.')[0]}.${part({ ...claims, exp: nowSeconds + 7200 })}.${sign(claims).split('.')[2]}`,
      'signature',
    ],
    ['in two parts', 'a.b', 'three parts'],
  ])('refuses a token %s', (_what, token, reason) => {
    expect(log(good, token)).toEqual([401, expect.stringContaining(reason)]);
  });

  it('takes a token in its last second and one issued by a clock a minute ahead', () => {
    expect(log(good, sign({ ...claims, exp: nowSeconds + 1 }))).toEqual(accepted);
    expect(log(good, sign({ ...claims, iat: nowSeconds + 60 }))).toEqual(accepted);
  });

  it('needs the Bearer scheme', () => {
    expect(verdict(check(checkRedarch, { path: '/log', body: good }))[0]).toBe(401);
    const headers = { authorization: `Basic ${sign(claims)}` };
    expect(verdict(check(checkRedarch, { path: '/log', headers, body: good }))[0]).toBe(401);
  });

  it.each(Object.keys(good).filter((key) => key !== 'service'))('needs the key %s', (key) => {
    const { [key]: _gone, ...rest } = good as Record<string, unknown>;
    expect(log(rest, sign(claims))).toEqual([400, `${key}: is missing`]);
  });

  it.each([
    ['level', 'info'],
    ['message', 7],
    ['user_id', 7],
    ['request_id', ''],
    ['context', []],
    ['client_log_datetime', '2026-01-02T03:04:05'],
  ])('refuses %s %j', (field, value) => {
    expect(log({ ...good, [field]: value }, sign(claims))).toEqual([400, expect.stringMatching(`^${field}: must`)]);
  });

  it('takes one record, not an array', () => {
    expect(log([good], sign(claims))).toEqual([400, 'body: must be one JSON object']);
  });
});
