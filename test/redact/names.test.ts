import { describe, expect, it } from 'vitest';
import { JsonWriter } from '../../src/record/json-value.ts';
import { fits } from '../../src/record/redact/name-rules.ts';
import { Redactor } from '../../src/record/redact/redactor.ts';
import type { RedactOptions } from '../../src/redact-options.ts';
import { redactSettings } from '../../src/redact-options.ts';

interface Hashed {
  readonly 'user.id': string;
  readonly user: { readonly id: string };
  readonly tenant: string;
}

const KEY = 'a key for hashes, 0123456789';
const VALUE = 'correct horse';

function write(value: unknown, options?: RedactOptions): unknown {
  return JSON.parse(new JsonWriter(undefined, undefined, new Redactor(redactSettings(options))).value(value) ?? 'null');
}

/** A name as it is written: long ones are cut. */
function keyOf(name: string): string {
  return Object.keys(write({ [name]: 1 }) as object)[0] as string;
}

const SECRET = [
  ...['password', 'Password', 'PASSWORD', 'pass-word', 'pass_word', 'userPassword', 'new_password', 'oldPassword'],
  ...['password1', 'passwd', 'PGPASSWORD', 'MYSQL_PWD', 'pwd', 'passphrase', 'passwords', 'password_confirmation'],
  ...['passwordHash', 'db.pass', 'dbPass', 'pass', 'secret', 'clientSecret', 'client_secret', 'secrets', 'APP_SECRET'],
  ...['token', 'accessToken', 'access_token', 'refresh-token', 'idToken', 'authToken', 'accesstoken', 'csrf_token'],
  ...[
    'x-csrf-token',
    'X-XSRF-TOKEN',
    'session_token',
    'access_tokens',
    'jwt',
    'userJwt',
    'apiKey',
    'api-key',
    'api_key',
  ],
  ...['API key', 'apikey', 'x-api-key', 'X-Api-Key', 'api.key', 'apiKeys', 'secretAccessKey', 'aws_secret_access_key'],
  ...['privateKey', 'private_key_pem', 'signingKey', 'encryption.key', 'AccountKey', 'SharedAccessKey', 'appKey'],
  ...['authorization', 'Authorization', 'proxy-authorization', 'http.request.header.authorization'],
  ...['cookie', 'Cookie', 'cookies', 'set-cookie', 'Set-Cookie', 'http.response.header.set-cookie', 'sessionCookie'],
  ...['credentials', 'credential', 'awsCredentials', 'creditCard', 'credit_card', 'cardNumber', 'card_number', 'cvv'],
  ...['cvv2', 'card.cvc', 'security_code', 'ssn', 'user.ssn', 'social_security_number', 'otp', 'pin', 'cardPin'],
  ...['JSESSIONID', 'PHPSESSID', 'connect.sid', 'samlResponse', 'client_assertion', 'code_verifier', 'seedPhrase'],
  ...['ｐａｓｓｗｏｒｄ', 'pass\u200bword', '\u0000password', `${'x.'.repeat(2_000)}password`],
];

const HARMLESS = [
  ...['token_count', 'tokens', 'max_tokens', 'gen_ai.usage.input_tokens', 'tokenType', 'nextToken', 'next_page_token'],
  ...['continuationToken', 'cancellationToken', 'tokenizer', 'author', 'authority', 'authenticated', 'authorized'],
  ...['passenger', 'passengers', 'passed', 'compass', 'bypass', 'boardingPass', 'encompass', 'passport.country'],
  ...['session.id', 'sessionId', 'session', 'keyboard', 'key', 'keys', 'keyword', 'monkey', 'primaryKey', 'public_key'],
  ...['code.function.name', 'code', 'http.response.status_code', 'trace_id', 'span_id', 'user.id', 'enduser.id'],
  ...['secretary', 'secretName', 'secret.arn', 'cookieConsent', 'cookie_policy', 'password_reset_at', 'passwordLength'],
  ...['pinned', 'spin', 'opinion', 'shipping', 'mapping', 'class_n', 'cardinality', 'discard', 'dashboard', 'postcard'],
  ...['creditor', 'card', 'cardType', 'url.full', 'db.query.text', 'server.address', 'service.name', 'name', 'value'],
  ...['signature', 'sig', 'x-auth', 'messageKey', 'foreign_key', 'cache.key', 'routing_key', 'partitionKey', 'email'],
];

describe('names', () => {
  it.each(SECRET)('%s is a secret', (name) => {
    expect(Object.values(write({ [name]: VALUE }) as object)).toEqual(['[REDACTED]']);
    expect(write({ deep: [{ er: { [name]: VALUE } }] })).toEqual({ deep: [{ er: { [keyOf(name)]: '[REDACTED]' } }] });
    expect(Object.values(write(new Map([[name, VALUE]])) as object)).toEqual(['[REDACTED]']);
  });

  it.each(HARMLESS)('%s is none', (name) => {
    expect(Object.values(write({ [name]: VALUE }) as object)).toEqual([VALUE]);
  });

  it('replaces values of any kind as a whole, but for those that tell nothing', () => {
    const at = new Date(0);
    expect(write({ password: { a: 1 }, secret: ['x', 'y'], pin: 1234, apiKey: 5n, cookie: at, token: '' })).toEqual({
      ...{
        password: '[REDACTED]',
        secret: '[REDACTED]',
        pin: '[REDACTED]',
        apiKey: '[REDACTED]',
        cookie: '[REDACTED]',
      },
      token: '',
    });
    expect(write({ password: null, secret: true, token: undefined, pin: false })).toEqual({
      ...{ password: null, secret: true, pin: false },
    });
  });

  it('takes numbers under token and pass for counts', () => {
    expect(write({ token: 17, pass: 3, password: 17 })).toEqual({ token: 17, pass: 3, password: '[REDACTED]' });
  });

  it('never throws, whatever getters do', () => {
    const broken = Object.defineProperty({ password: 'x' }, 'secret', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    expect(write(broken)).toEqual({ password: '[REDACTED]', secret: '[Unserializable]' });
  });
});

describe('fields of one’s own', () => {
  it.each<[string, object, object]>([
    [
      'email',
      { email: 'a', 'user.email': 'a', contact_email: 'a' },
      { email: 'R', 'user.email': 'R', contact_email: 'a' },
    ],
    ['*email', { email: 'a', contactEmail: 'a', emails: 'a' }, { email: 'R', contactEmail: 'R', emails: 'a' }],
    ['e*l', { email: 'a', el: 'a', e: 'a', email2: 'a' }, { email: 'R', el: 'R', e: 'a', email2: 'a' }],
    [
      'user.email',
      { 'user.email': 'a', user_email: 'a', userEmail: 'a', email: 'a' },
      { 'user.email': 'R', user_email: 'R', userEmail: 'R', email: 'a' },
    ],
    [
      'user.email',
      { user: { email: 'a', plan: 'b' }, other: { email: 'a' } },
      { user: { email: 'R', plan: 'b' }, other: { email: 'a' } },
    ],
    ['user.email', { app: { user: [{ email: 'a' }] } }, { app: { user: [{ email: 'R' }] } }],
    ['user.*.zip', { user: { home: { zip: '1' }, zip: '2' } }, { user: { home: { zip: 'R' }, zip: '2' } }],
    [
      'app.user.email',
      { 'app.user': { email: 'a' }, user: { email: 'a' } },
      { 'app.user': { email: 'R' }, user: { email: 'a' } },
    ],
  ])('%s', (field, given, wanted) => {
    expect(write(given, { fields: [field], censor: 'R' })).toEqual(wanted);
  });

  it('come on top of the default ones, or in their place', () => {
    const given = { email: 'a', password: 'b', headers: { 'x-auth': 'c' } };
    const usual = { email: '[REDACTED]', password: '[REDACTED]', headers: { 'x-auth': '[REDACTED]' } };
    expect(write(given, { fields: ['email'] })).toEqual(usual);
    expect(write(given, { fields: ['email'], defaultFields: false })).toEqual({ ...given, email: '[REDACTED]' });
  });

  it('can be allowed again, but for those asked for', () => {
    const given = { password: 'a', oauth: { token: 'b' }, token: 'c', email: 'd' };
    expect(write(given, { allow: ['oauth.token', 'password', 'email'], fields: ['email'] })).toEqual({
      ...{ password: 'a', oauth: { token: 'b' }, token: '[REDACTED]', email: '[REDACTED]' },
    });
  });

  it('match without backtracking', () => {
    expect(fits('abcabc', 'a*c')).toBe(true);
    expect(fits('aba', 'ab*ba')).toBe(false);
    expect(fits('a'.repeat(50_000), `${'a*'.repeat(20)}b`)).toBe(false);
  });
});

describe('headers and parameters', () => {
  it('are secret by their place', () => {
    const given = {
      headers: { 'X-Auth': 'a', accept: 'b' },
      'http.request.header.x-auth': 'c',
      query: { sig: 'd', page: '1' },
      'x-auth': 'e',
      sig: 'f',
    };
    expect(write(given, { censor: 'R' })).toEqual({
      ...given,
      headers: { 'X-Auth': 'R', accept: 'b' },
      'http.request.header.x-auth': 'R',
      query: { sig: 'R', page: '1' },
    });
  });

  it('can be added', () => {
    const given = {
      headers: { 'X-Tenant': 'a' },
      'x-tenant': 'a',
      params: { code: 'b' },
      text: '/cb?code=xyz&state=1',
    };
    expect(write(given, { headers: ['x-tenant'], queryParameters: ['code'], censor: 'R' })).toEqual({
      ...{ headers: { 'X-Tenant': 'R' }, 'x-tenant': 'a', params: { code: 'R' }, text: '/cb?code=R&state=1' },
    });
  });

  it('are found where names and values stand in turn or beside each other', () => {
    const given = {
      rawHeaders: ['Host', 'x', 'Cookie', 'sid=1', 'X-Auth', 'abc'],
      headers: [
        ['accept', '*/*'],
        ['set-cookie', 'sid=1'],
      ],
      env: [
        { name: 'DB_PASSWORD', value: 'hunter2' },
        { name: 'HOME', value: '/root' },
        { key: 'token', value: 'x' },
      ],
      'process.command_args': [
        'node',
        'app.js',
        '--password',
        'hunter2',
        '--port',
        '80',
        '--api-key=abc',
        '--secret',
        '--x',
      ],
    };
    expect(write(given, { censor: 'R' })).toEqual({
      rawHeaders: ['Host', 'x', 'Cookie', 'R', 'X-Auth', 'R'],
      headers: [
        ['accept', '*/*'],
        ['set-cookie', 'R'],
      ],
      env: [
        { name: 'DB_PASSWORD', value: 'R' },
        { name: 'HOME', value: '/root' },
        { key: 'token', value: 'R' },
      ],
      'process.command_args': ['node', 'app.js', '--password', 'R', '--port', '80', '--api-key=R', '--secret', '--x'],
    });
  });
});

describe('hashes', () => {
  const hash = { fields: ['user.id', 'tenant'], key: KEY };

  it('are stable, keyed, and tell neither value nor key', () => {
    const one = write(
      { 'user.id': 'bob@example.com', user: { id: 'bob@example.com' }, tenant: 42 },
      { hash },
    ) as Hashed;
    expect(one['user.id']).toMatch(/^hmac:[\w-]{22}$/);
    expect(one.user.id).toBe(one['user.id']);
    expect(one.tenant).toMatch(/^hmac:[\w-]{22}$/);
    expect(write({ 'user.id': 'bob@example.com' }, { hash })).toEqual({ 'user.id': one['user.id'] });
    const other = write({ 'user.id': 'bob@example.com' }, { hash: { ...hash, key: `${KEY}.` } }) as Hashed;
    expect(other['user.id']).not.toBe(one['user.id']);
    expect(write({ 'user.id': 'bob@example.com' }, { hash: { ...hash, length: 10 } })).toEqual({
      'user.id': one['user.id'].slice(0, 15),
    });
    expect(JSON.stringify(one)).not.toMatch(/bob|example|0123456789/);
  });

  it('stand in for each element of a list, and for what texts say', () => {
    const { 'user.id': id } = write({ 'user.id': 'u1' }, { hash }) as Hashed;
    expect(write({ tenant: ['u1', 'u1'], text: 'login user.id=u1 ok', url: '/x?userId=u1' }, { hash })).toEqual({
      ...{ tenant: [id, id], text: `login user.id=${id} ok`, url: `/x?userId=${id}` },
    });
  });

  it('are not hashed again', () => {
    const first = write({ 'user.id': 'u1' }, { hash });
    const redactor = new Redactor(redactSettings({ hash }));
    const json = new JsonWriter(undefined, undefined, redactor);
    const once = redactor.attributes({ 'user.id': 'u1' });
    expect(JSON.parse(json.value(once) as string)).toEqual(first);
  });

  it('win over masks; without a key there are masks', () => {
    expect(write({ password: 'x' }, { hash: { fields: ['password'], key: KEY } })).toMatchObject({
      password: expect.stringMatching(/^hmac:/),
    });
    for (const key of [
      () => '',
      () => 'short',
      () => undefined as never,
      () => {
        throw new Error('no');
      },
    ]) {
      expect(write({ 'user.id': 'u1' }, { hash: { ...hash, key } })).toEqual({ 'user.id': '[REDACTED]' });
    }
  });

  it('follow a key that changes', () => {
    let key = KEY;
    const json = new JsonWriter(
      undefined,
      undefined,
      new Redactor(redactSettings({ hash: { ...hash, key: () => key } })),
    );
    const before = json.value({ tenant: 'a' });
    key = `${KEY} new`;
    expect(json.value({ tenant: 'a' })).not.toBe(before);
    key = KEY;
    expect(json.value({ tenant: 'a' })).toBe(before);
  });
});
