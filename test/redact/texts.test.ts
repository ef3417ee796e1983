import { describe, expect, it } from 'vitest';
import { isCard } from '../../src/record/redact/personal.ts';
import { Redactor } from '../../src/record/redact/redactor.ts';
import { isHarmless } from '../../src/record/redact/text-redactor.ts';
import type { RedactOptions } from '../../src/redact-options.ts';
import { redactSettings } from '../../src/redact-options.ts';

const R = '[REDACTED]';
const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xf\n-----END RSA PRIVATE KEY-----';
const CARD = '4111111111111111';

function redact(text: string, options?: RedactOptions): string {
  return new Redactor(redactSettings(options)).text(text);
}

/** Whether a text would be read at all, as it would be in a record. */
function seen(text: string): boolean {
  return !isHarmless(text);
}

const CHANGED: readonly (readonly [text: string, wanted: string])[] = [
  // Names beside values.
  ['password=hunter2', `password=${R}`],
  ['login password=hunter2 failed', `login password=${R} failed`],
  ['password: hunter2, user: bob', `password: ${R}, user: bob`],
  ["{ user: 'bob', password: 'hun ter2' }", `{ user: 'bob', password: '${R}' }`],
  ['{"user":"bob","password":"hun\\"ter2","n":1}', `{"user":"bob","password":"${R}","n":1}`],
  ['{"a":{"pin":1234,"token":null,"secret":true}}', `{"a":{"pin":"${R}","token":null,"secret":true}}`],
  ['{"credentials":{"a":["x}","y"]},"b":2}', `{"credentials":"${R}","b":2}`],
  ['{"secrets":["x","y"],"b":2}', `{"secrets":"${R}","b":2}`],
  [
    String.raw`{"body":"{\"password\":\"hun\\\"ter2\",\"n\":1}"}`,
    String.raw`{"body":"{\"password\":\"[REDACTED]\",\"n\":1}"}`,
  ],
  ['/cb?token=abc&page=2#x', `/cb?token=${R}&page=2#x`],
  ['https://x.io/a?access_token=abc', `https://x.io/a?access_token=${R}`],
  ['page=2&user%5Bpassword%5D=x&q=1', `page=2&user%5Bpassword%5D=${R}&q=1`],
  ['user[password]=x&q=1', `user[password]=${R}&q=1`],
  ['https://s3/x?X-Amz-Signature=abc&X-Amz-Date=1', `https://s3/x?X-Amz-Signature=${R}&X-Amz-Date=1`],
  ['sig=abc&sv=1', `sig=${R}&sv=1`],
  [
    'Server=db;Database=x;User Id=sa;Password=p@ss!;Encrypt=true',
    `Server=db;Database=x;User Id=sa;Password=${R};Encrypt=true`,
  ],
  ['AccountName=x;AccountKey=abc==;EndpointSuffix=y', `AccountName=x;AccountKey=${R};EndpointSuffix=y`],
  ['Authorization: Digest username="x"', `Authorization: ${R}"x"`],
  ['Authorization: Custom a b c\nHost: x', `Authorization: ${R}\nHost: x`],
  ['Cookie: a=1; b=2\r\nHost: x', `Cookie: ${R}\r\nHost: x`],
  ["curl -H 'Cookie: a=1; b=2' https://x", `curl -H 'Cookie: ${R}' https://x`],
  ['token: Bearer abcdef', `token: ${R}`],
  ['API key: abc123', `API key: ${R}`],
  ['card number: 1234', `card number: ${R}`],
  ['mysql --password hunter2 --host x', `mysql --password ${R} --host x`],
  ["mysql --password 'hun ter2' x", `mysql --password ${R} x`],
  ['run --api-key=abc', `run --api-key=${R}`],
  ['PASSWORD = "x"', `PASSWORD = "${R}"`],
  ["password => 'x'", `password => '${R}'`],
  ['password := x', `password := ${R}`],
  ['<password: <Buffer 68 75>>', `<password: ${R}>`],
  ['password: `x y`', `password: \`${R}\``],
  ['{"password":"cut off', `{"password":"${R}`],
  ['{"secrets":["cut", "off', `{"secrets":"${R}"`],
  ['passwörd=1 password=ü𝄞', `passwörd=1 password=${R}`],
  ['password=a,b next', `password=${R} next`],
  // By shape.
  ['sent Bearer abcdef1234567890', `sent Bearer ${R}`],
  ['BEARER abcdef1234567890.', `BEARER ${R}`],
  ['Basic dXNlcjpwYXNz', `Basic ${R}`],
  [`got ${JWT}!`, `got ${R}!`],
  [`x${JWT}`, `x${R}`],
  ['AKIAIOSFODNN7EXAMPLE was used', `${R} was used`],
  [`push with ghp_${'a1B2'.repeat(9)}`, `push with ${R}`],
  [`sk_live_${'a1B2'.repeat(6)}`, R],
  [`key xoxb-${'1234567890-'.repeat(2)}abc`, `key ${R}`],
  [`AIza${'a1B2c'.repeat(7)}`, R],
  [`sk-proj-${'a1B2'.repeat(6)}`, R],
  [`a ${PEM} b`, `a -----BEGIN RSA PRIVATE KEY-----${R}-----END RSA PRIVATE KEY----- b`],
  [PEM.slice(0, 50), `-----BEGIN RSA PRIVATE KEY-----${R}`],
  [PEM.replaceAll('\n', '\\n'), `-----BEGIN RSA PRIVATE KEY-----${R}-----END RSA PRIVATE KEY-----`],
  ['postgres://bob:hun:ter2@db:5432/x', `postgres://bob:${R}@db:5432/x`],
  ['redis://:hunter2@db', `redis://:${R}@db`],
  ['mongodb://bob:p@ss@a,b/x', `mongodb://bob:${R}@a,b/x`],
  ['postgres://bob:p#s/s@db/x', `postgres://bob:${R}@db/x`],
  ['https://0123456789abcdef0123@sentry.io/1', `https://${R}@sentry.io/1`],
  ['http://a,http://b:c@d', `http://a,http://b:${R}@d`],
  ['(https://a:b@c)(https://d:e@f)', `(https://a:${R}@c)(https://d:${R}@f)`],
  [`paid with ${CARD}.`, `paid with ${R}.`],
  ['4111 1111 1111 1111', R],
  ['4111-1111-1111-1111', R],
  ['3782 822463 10005', R],
  ['at 2024-01-02 4111 1111 1111 1111 12', `at 2024-01-02 ${R} 12`],
  ['pan:5555555555554444', `pan:${R}`],
  // Encoded.
  ['next=%2Fcb%3Ftoken%3Dabc%26page%3D2&q=1', `next=${encodeURIComponent(`/cb?token=${R}&page=2`)}&q=1`],
  ['data=%7B%22password%22%3A%22hunter2%22%7D', `data=${encodeURIComponent(`{"password":"${R}"}`)}`],
  ['a%2570assword%253Dhunter2', encodeURIComponent(encodeURIComponent(`apassword=${R}`)).replace('%2570', 'p')],
  [Buffer.from('{"password":"hunter2"}').toString('base64'), Buffer.from(`{"password":"${R}"}`).toString('base64')],
  [Buffer.from('login password=hunter2').toString('base64url'), Buffer.from(`login password=${R}`).toString('base64')],
  [
    `payload ${Buffer.from('{"token":"abcdef"}').toString('base64')} end`,
    `payload ${Buffer.from(`{"token":"${R}"}`).toString('base64')} end`,
  ],
];

const KEPT = [
  ...['', 'hello', 'a=b', 'user=bob&page=2', 'took 12:30:45', 'GET /orders?page=2&sort=name', '50% of 100%'],
  ...['Unauthorized: no session', 'author: Jane', 'session.id=abc', 'keyboard: qwerty', 'tokens: 17', 'token: 17'],
  ...['Bearer authentication failed', 'the bearer of bad news', 'basic subscription', 'Basic authentication required'],
  ...['0af7651916cd43dd8448eb211c80319c', '00f067aa0ba902b7', '123e4567-e89b-12d3-a456-426614174000'],
  ...['1767323045678', '1767323045678901000', '2026-01-02T03:04:05.678Z', '+41 44 668 18 00', '4111111111111112'],
  ...['0.4111111111111111', 'x4111111111111111', '41111111111111111111', '4111 1111 1111 1112', '1234567890123456'],
  ...[
    'bob@example.com',
    'https://example.com/@scope/pkg',
    'https://bob@example.com/',
    'npm:@scope/pkg@1.2.3',
    'http://h:80/a@b',
  ],
  ...[
    'at f (file:///srv/app/x.js:10:15)',
    'node:internal/process/task_queues:95:5',
    'password:',
    'password=',
    'password: ""',
  ],
  ...['token: null', 'secret = undefined', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
  ...[
    '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
    'eyJust a word',
    'task-runner',
    'risk-assessment-of-everything-here',
  ],
  ...[
    '{"a":1,"b":[true,null]}',
    'SELECT * FROM tokens WHERE id = 5',
    'AKIA',
    'ghp_short',
    'SG.1',
    'npm_config_registry=x',
  ],
  ...[
    '/api/v2/orders/4711/items',
    Buffer.from('just some text, no more').toString('base64'),
    'data%20with%20blanks',
    '100%25',
  ],
  ...[
    'sig: not a parameter',
    'a sig=1',
    'code=abc',
    'passenger=Bob',
    'bypass=1',
    'compass: north',
    'x::y',
    'a==b',
    '=',
    ':',
    '@',
  ],
];

describe('texts', () => {
  it.each(CHANGED)('%s', (text, wanted) => {
    expect(redact(text)).toBe(wanted);
    expect(seen(text)).toBe(true);
    // What has been redacted stays as it is.
    expect(redact(wanted)).toBe(wanted);
  });

  it.each(KEPT)('%s stays', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('are read wherever a secret stands', () => {
    // Base64 is read where it is all of a text, and a parameter at the beginning is one of a query.
    const anywhere = CHANGED.filter(([text]) => !/^(?:sig=|[A-Za-z0-9+/_-]{20,}=*$)/.test(text));
    expect(anywhere.length).toBeGreaterThan(60);
    for (const [text, wanted] of anywhere) {
      expect(redact(`é ${text}`)).toBe(`é ${wanted}`);
    }
  });
});

describe('patterns', () => {
  it.each<[string, string]>([
    ['pairs', 'password=hunter2'],
    ['bearer', 'Bearer abcdef1234567890'],
    ['jwt', JWT],
    ['apiKey', 'AKIAIOSFODNN7EXAMPLE'],
    ['privateKey', PEM],
    ['connectionString', 'redis://:hunter2@db'],
    ['card', CARD],
  ])('%s can be chosen', (name, text) => {
    expect(redact(text, { patterns: [name as 'card'] })).toContain(R);
    const others = (['pairs', 'bearer', 'jwt', 'apiKey', 'privateKey', 'connectionString', 'card'] as const).filter(
      (each) => each !== name,
    );
    expect(redact(text, { patterns: others })).toBe(text);
    expect(redact(text, { patterns: [] })).toBe(text);
  });

  it('find e-mail addresses where that is wanted', () => {
    const options = { patterns: ['default', 'email'] } as const;
    expect(redact('to bob.o+x@mail.example.com, ü@bücher.de!', options)).toBe(`to ${R}, ${R}!`);
    expect(redact('password=x', options)).toBe(`password=${R}`);
    for (const text of ['a@b', '@scope/pkg', 'x@1.2.3', 'user@host', 'a @b.com'])
      expect(redact(text, options)).toBe(text);
  });

  it('know cards by network, length and check digit', () => {
    for (const card of [
      '4222222222222',
      '378282246310005',
      '5105105105105100',
      '6011111111111117',
      '30569309025904',
      '3530111333300000',
      '2221000000000009',
    ]) {
      expect(isCard(card)).toBe(true);
      expect(isCard(card.slice(0, -1) + ((Number(card.at(-1)) + 1) % 10))).toBe(false);
    }
    for (const number of ['1234567812345670', '9999999999999995', '411111111111', '0000000000000000'])
      expect(isCard(number)).toBe(false);
  });

  it('take a censor of one’s own', () => {
    expect(redact('password=x pin: 1', { censor: '***' })).toBe('password=*** pin: ***');
    expect(redact('password=*** pin: ***', { censor: '***' })).toBe('password=*** pin: ***');
  });
});

describe('patterns of one’s own', () => {
  it('replace matches anywhere', () => {
    const customPatterns = [
      { name: 'order', pattern: /ORD-(\d+)-\d+/, replacement: 'ORD-$1-…' },
      { name: 'iban', pattern: /\b[A-Z]{2}\d{10,}\b/y },
    ];
    expect(redact('ORD-1-22, ORD-3-44 to CH9300762011623852957', { customPatterns })).toBe(`ORD-1-…, ORD-3-… to ${R}`);
    expect(redact('x CH9300762011623852957', { customPatterns, censor: '$&' })).toBe('x $&');
    expect(new Redactor(redactSettings({ customPatterns })).isHarmless('ORD-1-22')).toBe(false);
  });

  it('row 85: are timed, and one that is slow is used no more and told of', () => {
    let now = 0;
    const told: unknown[] = [];
    const settings = redactSettings({
      customPatterns: [
        { name: 'slow', pattern: /x/ },
        { name: 'fast', pattern: /b/ },
      ],
    });
    if (settings === undefined) throw new Error('no settings');
    const ticks = [0, 150, 150, 151];
    const redactor = new Redactor({
      ...settings,
      now: () => {
        now = ticks.shift() ?? now;
        return now;
      },
      onSlowPattern: (...args) => told.push(args),
    });
    expect(redactor.text('axb')).toBe(`a${R}${R}`);
    expect(told).toEqual([['slow', 150]]);
    expect(redactor.text('axb')).toBe(`ax${R}`);
  });
});
