import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { redarch } from '../../src/platforms/redarch.ts';
import type { RedArchRecordOptions } from '../../src/platforms/redarch-settings.ts';
import { signToken } from '../../src/platforms/redarch-token.ts';
import type { RecordParts } from '../support/records.ts';
import { hrTimeOf, record } from '../support/records.ts';

const FOLDER = new URL('../../../shared/captures/redarch/', import.meta.url);
const HAVE = existsSync(FOLDER);
if (!HAVE) process.stderr.write(`skipped: no captures at ${FOLDER.href}\n`);

type Entry = Record<string, unknown>;

interface Request {
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Entry;
  readonly jwt?: { readonly secret: string; readonly claims: { readonly sub: string; readonly iat: number } };
}

function requests(name: string): readonly Request[] {
  const capture = JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  const list: Request[] = Array.isArray(capture.requests) ? capture.requests : [capture.request];
  return list.filter((request) => Array.isArray(request?.headers));
}

interface Case {
  readonly options?: RedArchRecordOptions;
  /** What the client was called with, one for each record that was captured. */
  readonly calls: readonly RecordParts[];
  /** Fields that we write differently on purpose, besides those of every record: what we write, and why. */
  readonly differences?: readonly Readonly<Record<string, { readonly ours: unknown; readonly why: string }>>[];
}

const TEST_SERVICE = { 'service.name': 'test-service' };
const DETAILS = { step: 'demo', n: 3, ok: true, none: null, list: [1, 'a'] };
const ALL_FIELDS: RecordParts = {
  body: 'everything set',
  severityNumber: 17,
  scope: { name: 'test_logger' },
  attributes: {
    'user.id': 'user_123',
    'tenant.id': 'tenant_abc',
    'request.id': 'req_456',
    action: 'test_logging',
    details: DETAILS,
  },
};
const R = { 'request.id': 'r' };
const FLAT: RecordParts = { resource: { 'service.name': 'user-service' }, attributes: R };
/** `severity_number` always stands in our context: TRACE and INFO2 would otherwise be lost. */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{ DEBUG: 5, INFO: 9, WARN: 13, WARNING: 13, ERROR: 17, FATAL: 21, CRITICAL: 21 },
};

const CASES: Readonly<Record<string, Case>> = {
  'flat-functions': {
    calls: [
      { ...FLAT, body: 'flat log', attributes: { ...R, 'user.id': 'u', 'tenant.id': 't', a: 1 } },
      ...['debug', 'info', 'warn', 'error', 'fatal'].map((name) => ({ ...FLAT, body: `flat ${name}` })),
    ],
  },
  'simple-all-fields': { calls: [{ ...ALL_FIELDS, resource: TEST_SERVICE }] },
  'simple-context-non-object': {
    calls: [
      { body: 'list context', resource: TEST_SERVICE, attributes: { ...R, list: [1, 2] } },
      { body: 'string context', resource: TEST_SERVICE, attributes: { ...R, text: 'text' } },
      { body: { message: 'object' }, resource: TEST_SERVICE, attributes: { 'user.id': 42, 'request.id': 7 } },
    ],
    differences: [
      { context: { ours: { list: [1, 2] }, why: 'attributes have names; the context is always an object' } },
      { context: { ours: { text: 'text' }, why: 'likewise' } },
      {
        message: { ours: '{"message":"object"}', why: 'the message is always text' },
        user_id: { ours: '42', why: 'ids are always text' },
        request_id: { ours: '7', why: 'ids are always text' },
      },
    ],
  },
  'simple-empty-secret': { calls: [{ body: 'no key configured', resource: TEST_SERVICE, attributes: R }] },
  'simple-empty-values': {
    calls: [{ body: '', resource: TEST_SERVICE, attributes: { 'user.id': '', 'tenant.id': '' } }],
  },
  'simple-level-filter': {
    calls: ['warn', 'error', 'fatal'].map((name) => ({
      body: `at ${name}`,
      resource: TEST_SERVICE,
      scope: { name: 'f' },
      attributes: R,
    })),
  },
  'simple-level-info': {
    calls: [
      {
        body: 'a info message',
        resource: TEST_SERVICE,
        scope: { name: 'test_logger' },
        attributes: { 'request.id': 'req_456' },
      },
    ],
  },
  'simple-none-set': { calls: [{ body: 'nothing optional', resource: TEST_SERVICE }] },
  'simple-three-records-three-posts': {
    calls: [0, 1, 2].map((index) => ({
      body: `record ${index}`,
      resource: TEST_SERVICE,
      attributes: { 'request.id': `r${index}` },
    })),
  },
  'simple-unicode': {
    calls: [
      {
        body: 'Zażółć – 日本語 – 🚀 – \u0000 \u2028',
        resource: { 'service.name': 'usługa' },
        scope: { name: 'größe' },
        attributes: { ...R, 'user.id': 'użytkownik', ключ: 'значение', '👩': [1] },
      },
    ],
    differences: [{ message: { ours: 'Zażółć – 日本語 – 🚀 –  \u2028', why: 'databases refuse NUL; it is removed' } }],
  },
  'threaded011-all-fields': { calls: [{ ...ALL_FIELDS, resource: { 'service.name': 'test-threaded' } }] },
  'threaded011-levels': {
    calls: ['debug', 'info', 'warn', 'error', 'fatal'].map((name) => ({
      body: `at ${name}`,
      resource: { 'service.name': 'test-threaded' },
      attributes: R,
    })),
  },
  'threaded011-none-set': { calls: [{ body: 'nothing optional', resource: { 'service.name': 'test-threaded' } }] },
  'threaded014-all-fields': {
    options: { levelNames: 'stdlib' },
    calls: [
      { ...ALL_FIELDS, resource: { 'service.name': 'svc-conf' }, scope: { name: 'conf-name' } },
      {
        body: 'per-record service and logger',
        resource: { 'service.name': 'svc-conf' },
        scope: { name: 'conf-name' },
        attributes: { ...R, 'redarch.service': 'other-svc', 'redarch.logger_name': 'other-name' },
      },
    ],
  },
  'threaded014-exception': {
    options: { levelNames: 'stdlib', appendStack: true },
    calls: [
      {
        body: 'division failed',
        scope: { name: 'test_logger' },
        attributes: {
          ...R,
          'exception.type': 'ZeroDivisionError',
          'exception.message': 'division by zero',
          'exception.stacktrace':
            'Traceback (most recent call last):\n  File "/app/case.py", line 8, in <module>\n    try: 1/0\n         ~^~\nZeroDivisionError: division by zero',
        },
      },
    ],
    differences: [
      {
        context: {
          ours: {
            exception: {
              type: 'ZeroDivisionError',
              message: 'division by zero',
              stacktrace: expect.stringContaining('Traceback'),
            },
          },
          why: 'the client throws the parts of an exception away',
        },
      },
    ],
  },
  'threaded014-no-service-env': {
    options: { levelNames: 'stdlib' },
    calls: [
      { body: 'no service', scope: { name: 'x' }, attributes: R },
      { body: 'root logger warning', scope: { name: 'root' }, attributes: { 'request.id': 'r3' } },
    ],
  },
  'threaded014-none-set': {
    options: { levelNames: 'stdlib', service: 'svc-env' },
    calls: [{ body: 'nothing optional', scope: { name: 'test_logger' } }],
  },
};

/** The level that was logged, and what the client made up by itself: the time, and the request id where none is given. */
function callFor(call: RecordParts, captured: Entry): RecordParts {
  const made = { 'redarch.request_id': captured.request_id };
  const given = call.attributes?.['request.id'] !== undefined;
  return {
    ...call,
    severityNumber: Number(NUMBERS[String(captured.level)]),
    attributes: { ...(given ? {} : made), ...call.attributes },
    time: hrTimeOf(String(captured.client_log_datetime)),
  };
}

/** The same in every record, with the reason beside each. */
function asWeWriteIt(captured: Entry, resource: object): Entry {
  // A leak of client 0.1.11, not part of the contract.
  const { retry_count: _, ...entry } = captured;
  const [seconds, nanos] = hrTimeOf(String(entry.client_log_datetime));
  // The client passes given text through and leaves out a fraction of zero; we always write six digits and +00:00.
  const micros = String(nanos / 1_000).padStart(6, '0');
  entry.client_log_datetime = `${new Date(seconds * 1000).toISOString().slice(0, 20)}${micros}+00:00`;
  entry.context = { ...(entry.context as object), ...ownContext(entry, resource) };
  return entry;
}

/** What the client does not know: the exact severity, the resource. */
function ownContext({ level }: Entry, resource: object): object {
  const severity = { severity_number: NUMBERS[String(level)] };
  return Object.keys(resource).length === 0 ? severity : { ...severity, resource };
}

describe.skipIf(!HAVE)('records of the official client, field by field', () => {
  test('every golden capture has its case', () => {
    const golden = readdirSync(FOLDER).filter((name) => /^(?:simple|flat|threaded)/.test(name));
    expect(golden.map((name) => name.replace('.json', '')).sort()).toEqual(Object.keys(CASES).sort());
  });

  test.each(Object.entries(CASES))('%s', (name, { options = {}, calls, differences = [] }) => {
    const { codec } = redarch({ url: 'http://logs.example.test/log', apiKey: 'k', recordId: false, ...options }).logs;
    const captured = requests(`${name}.json`);
    expect(captured).toHaveLength(calls.length);
    captured.forEach(({ body }, index) => {
      const call = calls[index] as RecordParts;
      const text = codec.encode(record(callFor(call, body)));
      const expected = asWeWriteIt(body, call.resource ?? {});
      for (const [field, { ours }] of Object.entries(differences[index] ?? {})) {
        const context = field === 'context';
        expected[field] = context ? { ...(ours as object), ...ownContext(body, call.resource ?? {}) } : ours;
      }
      // The scope is kept even where it became the logger's name.
      const scope = call.scope === undefined ? {} : { scope: call.scope };
      expected.context = { ...(expected.context as object), ...scope };
      expect(JSON.parse(text)).toEqual(expected);
      expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(expected));
    });
  });
});

describe.skipIf(!HAVE)('tokens', () => {
  const names = HAVE ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : [];
  const signed = names.flatMap((name) => requests(name).filter(({ jwt }) => jwt?.claims !== undefined));

  test('every captured token is ours, byte by byte', () => {
    expect(signed.length).toBeGreaterThan(30);
    for (const { headers, jwt } of signed) {
      const authorization = headers.find(([name]) => name === 'Authorization')?.[1];
      const { secret, claims } = jwt as NonNullable<Request['jwt']>;
      expect(`Bearer ${signToken(secret, claims.sub, claims.iat)}`).toBe(authorization);
    }
  });

  test('the whole request, from the captured body', () => {
    const ours = signed.filter(({ jwt, body }) => jwt?.secret !== '' && body?.service === jwt?.claims.sub);
    expect(ours.length).toBeGreaterThan(30);
    for (const { headers, path, jwt, body } of ours) {
      const { secret, claims } = jwt as NonNullable<Request['jwt']>;
      const clock = { ...systemClock, wallNow: () => claims.iat * 1_000 + 999 };
      const { endpoint } = redarch({ url: `http://logs.example.test${path}`, apiKey: secret }, clock).logs;
      const request = endpoint.request(Buffer.from(JSON.stringify(body)), 1);
      expect(request.path).toBe(path);
      expect(request.headers.authorization).toBe(headers.find(([name]) => name === 'Authorization')?.[1]);
    }
  });
});
