import type { RecordParts } from '../support/records.ts';
import { SPAN } from '../support/records.ts';

/** A secret with everything in it that an encoding might trip over. */
export const SECRET = 'S3cr/t+pl4nted "ü" \\n <x>';
/** A secret for places that a blank or quote would end. */
export const WORD = 'Zq7planted0Secret9x';

const json = JSON.stringify;

class Account {
  readonly name = 'bob';
  readonly password = SECRET;
}

function failure(): Error {
  const cause = Object.assign(new Error(`login with password=${WORD}`), { token: SECRET });
  const member = Object.assign(new Error('member'), { config: { headers: { Authorization: SECRET } } });
  const error = new AggregateError([member, { apiKey: SECRET }], `connect redis://:${WORD}@db`, { cause });
  return Object.assign(error, { options: { auth: { password: SECRET } } });
}

/** Where secrets are put so that they might get past redaction; none may be seen in what is written. */
export const PLANTS: Readonly<Record<string, RecordParts>> = {
  'an attribute': { attributes: { password: SECRET } },
  'another case and spelling': { attributes: { 'PASS-word': SECRET, Api_Key: SECRET, 'x.accessToken': SECRET } },
  'a number': { attributes: { pin: 48_151_623, 'card.number': 4_111_111_111_111_111 }, body: 'x' },
  'deep inside': { attributes: { a: [{ b: { c: [[{ password: SECRET }]] } }] } },
  'an object or list under a secret name': { attributes: { credentials: { a: SECRET }, secrets: [SECRET, [SECRET]] } },
  'a map': {
    attributes: {
      map: new Map<unknown, unknown>([
        ['password', SECRET],
        ['m', new Map([['token', SECRET]])],
      ]),
    },
  },
  'a set': { attributes: { set: new Set([{ password: SECRET }]) } },
  'a class instance': { attributes: { account: new Account() } },
  'what toJSON returns': { attributes: { o: { toJSON: () => ({ password: SECRET }) } } },
  'a getter': {
    attributes: {
      o: {
        get password() {
          return SECRET;
        },
      },
    },
  },
  'an error in an attribute': { attributes: { error: failure() } },
  'an error as body': { body: failure() },
  'exception attributes': {
    attributes: {
      'exception.type': 'Error',
      'exception.message': `bad password=${WORD}`,
      'exception.stacktrace': `Error: bad password=${WORD}\n    at f (/a.js:1:2)\n  [cause]: Error: token=${WORD}\n    at g (/b.js:1:2)`,
      'exception.password': SECRET,
      'exception.args': [{ password: SECRET }, `token=${WORD}`],
    },
  },
  'a structured body': { body: { user: 'bob', password: SECRET, items: [{ token: SECRET }] } },
  'a list as body': { body: [{ password: SECRET }, 'x'] },
  'text as body': { body: `login password=${WORD} failed for https://bob:${WORD}@example.com/?token=${WORD}#x` },
  'JSON text as body': { body: json({ user: 'bob', password: SECRET, list: { token: [SECRET] } }) },
  'JSON in JSON': { attributes: { text: json({ body: json({ body: json({ password: SECRET, token: WORD }) }) }) } },
  'inspected objects': { body: `{ user: 'bob', password: '${WORD}', token: \`${WORD}\` }` },
  bytes: { body: Buffer.from(json({ password: SECRET })), attributes: { raw: Buffer.from(`token=${WORD}`) } },
  base64: {
    attributes: { text: Buffer.from(json({ password: SECRET })).toString('base64') },
    body: `got ${Buffer.from(json({ token: WORD })).toString('base64url')}`,
  },
  'percent-encoding': {
    attributes: { text: encodeURIComponent(json({ password: SECRET })) },
    body: `next=${encodeURIComponent(encodeURIComponent(`/cb?token=${WORD}`))}`,
  },
  URLs: {
    attributes: {
      'url.full': `https://bob:${WORD}@example.com/cb?access_token=${WORD}&page=2`,
      'url.query': `token=${WORD}&page=2`,
      'http.url': `https://example.com/cb?sig=${WORD}`,
      'http.target': `/cb?api_key=${WORD}`,
      url: new URL(`https://bob:${WORD}@example.com/?token=${WORD}`),
    },
  },
  headers: {
    attributes: {
      'http.request.header.authorization': [`Bearer ${WORD}`],
      'http.request.header.cookie': [`sid=${WORD}`],
      headers: { Cookie: `sid=${WORD}`, 'X-Auth': SECRET, 'set-cookie': [SECRET] },
      rawHeaders: ['Host', 'x', 'Cookie', `sid=${WORD}`, 'X-Api-Key', SECRET],
      request: { headers: [['authorization', SECRET]] },
    },
    body: `GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; sid=${WORD}\r\nAuthorization: Custom ${WORD} ${WORD}\r\n\r\n`,
  },
  'names beside values': {
    attributes: {
      env: [
        { name: 'DB_PASSWORD', value: SECRET },
        { key: 'apiKey', value: SECRET },
      ],
    },
  },
  'command lines': {
    resource: {
      'process.command_args': ['node', '--password', SECRET, `--api-key=${WORD}`],
      'process.command_line': `node --token ${WORD}`,
    },
  },
  'connection strings': {
    attributes: {
      dsn: `postgres://bob:${WORD}@db/x`,
      ado: `Server=db;Password=${WORD};User=bob`,
      key: `AccountKey=${WORD}==;Suffix=x`,
    },
  },
  'the resource': {
    resource: {
      'service.name': 'shop',
      'deployment.password': SECRET,
      nested: { token: SECRET },
      'host.name': `token=${WORD}`,
    },
  },
  'the scope': { scope: { name: `password=${WORD}`, version: `token=${WORD}`, attributes: { apiKey: SECRET } } },
  'names of keys': {
    attributes: {
      [`token=${WORD}`]: 1,
      map: new Map([[`password=${WORD}`, 1]]),
      [`Bearer ${WORD}`]: 2,
      [`Bearer ${WORD}2`]: 3,
    },
  },
  'event and severity': {
    eventName: `cb?token=${WORD}`,
    severityText: `password=${WORD}`,
    attributes: { 'event.name': `pin=${WORD}` },
  },
  'a span': { span: { ...SPAN, name: `GET /cb?token=${WORD}` }, eventName: 'x', attributes: { password: SECRET } },
  'fields of platforms': {
    attributes: {
      ...{
        'user.id': `token=${WORD}`,
        'enduser.id': `token=${WORD}`,
        'session.id': `token=${WORD}`,
        tags: [{ password: SECRET }, `pin=${WORD}`],
      },
      ...{
        'logtide.service': `password=${WORD}`,
        'redarch.service': `password=${WORD}`,
        'log.logger': `password=${WORD}`,
      },
      ...{
        'odysseus.meta': { password: SECRET, deep: { token: SECRET } },
        'odysseus.tag': `token=${WORD}`,
        'code.function.name': `token=${WORD}`,
      },
      ...{
        'code.file.path': `/x?token=${WORD}`,
        'thread.name': `token=${WORD}`,
        'trakerr.classification': `token=${WORD}`,
      },
      ...{
        'trakerr.correlation_id': `token=${WORD}`,
        'device.id': `token=${WORD}`,
        request_id: { password: SECRET },
        'log.record.uid': `token=${WORD}`,
      },
      ...{
        'user_agent.name': `token=${WORD}`,
        'event.outcome': `token=${WORD}`,
        'tenant.id': `token=${WORD}`,
        'request.id': `token=${WORD}`,
      },
      ...{ constructor: { password: SECRET }, resource: `token=${WORD}`, 'exception.module': { token: SECRET } },
    },
  },
  'behind the cut of a long text': {
    body: `${'x '.repeat(131_060)}password=${WORD} and more of it ${'y '.repeat(4_000)}`,
    attributes: { text: `${'z '.repeat(32_765)}Bearer ${WORD}${WORD} and more` },
  },
  'too much of everything': {
    attributes: {
      a: Array.from({ length: 12_000 }, (_, at) => ({ password: SECRET, at })),
      text: `${'w'.repeat(400_000)} token=${WORD}`,
    },
  },
  lookalikes: {
    attributes: {
      ｐａｓｓｗｏｒｄ: SECRET,
      'pass\u200bword': SECRET,
      'user[password]': SECRET,
      'password\u0000': SECRET,
    },
  },
  'keys by their shape': {
    body: `jwt eyJhbGciOiJIUzI1NiJ9.eyJ4IjoiMSJ9.${WORD} key AKIAZQ7PLANTED0SECRE`,
    attributes: {
      note: `ghp_${WORD}${WORD}`,
      pem: `-----BEGIN PRIVATE KEY-----\n${WORD}\n-----END PRIVATE KEY-----`,
      pan: '4111 1111 1111 1111',
      b: `Basic ${Buffer.from(`bob:${WORD}`).toString('base64')}`,
    },
  },
};

/** What must not be found of them, besides `SECRET` and `WORD`. */
export const OTHERS: Readonly<Record<string, string>> = {
  pin: '48151623',
  card: '4111111111111111',
  'card in groups': '4111 1111 1111 1111',
  'access key': 'AKIAZQ7PLANTED0SECRE',
};
