import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OdysseusOptions } from '../../src/platforms/odysseus.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { RecordParts } from '../support/records.ts';
import { hrTimeOf, record } from '../support/records.ts';

const FOLDER = new URL('../../../shared/captures/odysseus/', import.meta.url);
const HAVE = existsSync(FOLDER);
if (!HAVE) process.stderr.write(`skipped: no captures at ${FOLDER.href}\n`);

type Entry = Record<string, unknown>;

interface Request {
  readonly path: string;
  readonly body: readonly Entry[];
}

function requests(name: string): readonly Request[] {
  const capture = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  return capture.requests ?? [capture.request];
}

const SESSION = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const ANDROID = { uuidFormat: 'dashed', platform: 7 } as const;
const CALLER = { 'code.file.path': '/srv/case.py', 'code.function.name': 'app', 'code.line.number': 12 };
const ALL_CONTEXT = { order: 17, ok: false, ratio: 0.5, none: null, list: [1, 'a'] };

interface Case {
  readonly options?: Partial<OdysseusOptions>;
  /** What the client was called with, one for each entry that was captured. */
  readonly calls: readonly RecordParts[];
  /** Fields that we write differently on purpose, besides those of every entry: what we write, and why. */
  readonly differences?: Readonly<Record<string, { readonly ours: unknown; readonly why: string }>>;
}

const level = (severityNumber: number, name: string): Case => ({
  calls: [{ body: `level ${name}`, severityNumber, severityText: name.toUpperCase(), attributes: CALLER }],
});
const quoting: Case = { calls: [{ body: 'quoting', severityNumber: 9 }] };

const FIXED_ID = {
  'event.id': '00000000-0000-0000-0000-000000000001',
  'odysseus.stream_id': '00000000-0000-0000-0000-000000000002',
  'odysseus.position': 0,
};
const STARTED = {
  'event.id': '00112233-4455-4677-8899-aabbccddeeff',
  'odysseus.type': 7,
  'odysseus.stream_id': '4bf92f35-77b3-4da6-a3ce-929d0e0e4736',
  'odysseus.position': 3,
};

const CASES: Readonly<Record<string, Case>> = {
  'py-log-all-fields': {
    options: { user: 'user-42', platform: 5 },
    calls: [
      {
        body: 'everything set',
        severityNumber: 17,
        attributes: {
          'odysseus.tag': 'billing',
          'code.file.path': '/srv/app/src/pay.py',
          'code.function.name': 'charge',
          'code.line.number': 118,
          ...ALL_CONTEXT,
          nested: { deep: { x: 1 } },
        },
      },
    ],
  },
  'py-log-minimal-explicit-none': { calls: [{ body: 'nothing optional', severityNumber: 9 }] },
  'py-log-unicode': {
    options: { user: 'zażółć' },
    calls: [
      {
        body: 'Zażółć gęślą jaźń – 日本語 – 🚀 – \u0000 – \u2028',
        severityNumber: 9,
        attributes: { 'odysseus.tag': 'größe', ключ: 'значение', emoji: '👩‍👩‍👧' },
      },
    ],
    differences: {
      message: { ours: 'Zażółć gęślą jaźń – 日本語 – 🚀 –  – \u2028', why: 'databases refuse NUL; it is removed' },
    },
  },
  'py-log-lone-surrogate': {
    calls: [{ body: 'half \ud83d emoji', severityNumber: 9 }],
    differences: { message: { ours: 'half \ufffd emoji', why: 'strict JSON parsers refuse lone surrogates' } },
  },
  'py-log-level-0-trace': level(1, 'trace'),
  'py-log-level-1-debug': level(5, 'debug'),
  'py-log-level-3-success': level(9, 'success'),
  'py-log-level-5-error': level(17, 'error'),
  'py-log-level-6-critical': level(21, 'critical'),
  'py-log-default-min-severity-drops-trace': { calls: [{ body: 'a debug', severityNumber: 5 }] },
  'py-log-min-severity-filter': {
    calls: [
      { body: 'at WARN', severityNumber: 13 },
      { body: 'at ERROR', severityNumber: 17 },
      { body: 'at CRITICAL', severityNumber: 21 },
    ],
  },
  'py-log-auto-caller-from-function': {
    calls: [{ body: 'who called', severityNumber: 9, attributes: { ...CALLER, 'code.function.name': 'worker' } }],
  },
  'py-log-auto-caller-module-level': { calls: [{ body: 'module level', severityNumber: 9 }] },
  'py-log-auto-caller-skip-1': {
    calls: [
      {
        body: 'skip one',
        severityNumber: 9,
        attributes: { ...CALLER, 'code.function.name': 'business', 'code.line.number': 14 },
      },
    ],
  },
  'py-log-file-not-stripped': {
    options: { stripFileName: false },
    calls: [{ body: 'full path', severityNumber: 9, attributes: { 'code.file.path': '/srv/app/src/pay.py' } }],
  },
  'py-log-batch-of-5': {
    calls: [0, 1, 2, 3, 4].map((index) => ({
      body: `entry ${index}`,
      severityNumber: 9,
      attributes: { 'odysseus.tag': 'batch' },
    })),
  },
  'py-log-user-session-change': {
    calls: [
      { body: 'before login', severityNumber: 9 },
      { body: 'after login', severityNumber: 9, attributes: { 'user.id': 'alice', 'odysseus.platform': 2 } },
      { body: 'after logout', severityNumber: 9, attributes: { 'odysseus.platform': 2 } },
    ],
  },
  'py-log-and-event-two-requests': {
    calls: [
      { body: 'a log', severityNumber: 9 },
      { eventName: 'an-event', attributes: FIXED_ID },
    ],
  },
  'py-event-all-fields': {
    options: { user: 'user-42', platform: 5 },
    calls: [
      {
        eventName: 'invoicing-started',
        body: { 'requested-for': 9, amount: 12.5, tags: ['a'] },
        attributes: { ...STARTED, 'odysseus.meta': { source: 'api', retry: false } },
      },
    ],
  },
  'py-event-minimal': {
    calls: [{ eventName: 'app-start' }],
    differences: { position: { ours: 0, why: 'null is a slip of event(); the model class and the others send 0' } },
  },
  'py-event-model-direct': { calls: [{ eventName: 'direct' }] },
  'py-event-not-filtered-by-min-severity': { calls: [{ eventName: 'kept', attributes: FIXED_ID }] },
  'android-log-all-fields': {
    options: ANDROID,
    calls: [
      {
        body: 'everything set',
        severityNumber: 17,
        attributes: {
          'odysseus.tag': 'billing',
          'code.file.path': 'Pay.java',
          'code.function.name': 'charge',
          'code.line.number': 118,
          'thread.id': 12,
          'thread.name': 'worker-1',
          'user.id': 'user-42',
          ...ALL_CONTEXT,
          when: new Date('2026-01-02T03:04:05.678Z'),
        },
      },
    ],
  },
  'android-log-minimal': { options: ANDROID, calls: [{ body: 'nothing optional', severityNumber: 9 }] },
  'android-log-empty-strings': {
    options: ANDROID,
    calls: [{ body: '', severityNumber: 9, attributes: { 'code.line.number': 0, 'thread.id': 0 } }],
    differences: { context: { ours: undefined, why: 'an empty context says nothing; the other clients leave it out' } },
  },
  'android-unicode': {
    options: ANDROID,
    calls: [
      {
        body: 'Zażółć – 日本語 – 🚀 – \u0000\u001f\u2028',
        severityNumber: 9,
        attributes: { 'odysseus.tag': 'größe', ключ: 'значение' },
      },
    ],
    differences: { message: { ours: 'Zażółć – 日本語 – 🚀 – \u001f\u2028', why: 'databases refuse NUL' } },
  },
  'android-event-all-fields': {
    options: ANDROID,
    calls: [
      {
        eventName: 'invoicing-started',
        body: { amount: 12.5 },
        attributes: { ...STARTED, 'odysseus.meta': { source: 'api' }, 'user.id': 'user-42' },
      },
    ],
  },
  'android-event-minimal': {
    options: ANDROID,
    calls: [{ eventName: 'app-start' }],
    differences: {
      stream_id: { ours: expect.any(String), why: 'Android leaves it out, Python makes a random one; so do we' },
    },
  },
  'android-path-quoting': { options: ANDROID, calls: [{ body: 'q', severityNumber: 9 }] },
  'py-path-quoting-percent': quoting,
  'py-path-quoting-plain': quoting,
  'py-path-quoting-plus-eq': quoting,
  'py-path-quoting-query-hash': quoting,
  'py-path-quoting-slash': quoting,
  'py-path-quoting-space': quoting,
  'py-path-quoting-tilde-star': quoting,
  'py-path-quoting-unicode': quoting,
};

/** What a client made up by itself (session, id, random stream, the time) is taken from its entry. */
function callFor(call: RecordParts, captured: Entry): RecordParts {
  const made: Record<string, unknown> = { 'session.id': captured.session_id };
  if (captured.id !== undefined) made['event.id'] = captured.id;
  if (captured.stream_id !== undefined) made['odysseus.stream_id'] = captured.stream_id;
  return { ...call, attributes: { ...made, ...call.attributes }, time: hrTimeOf(String(captured.timestamp)) };
}

/** The same in every entry: the same instant, written in UTC with `Z` and six digits whatever the client's zone was. */
function withOurTime(entry: Entry): Entry {
  const [seconds, nanos] = hrTimeOf(String(entry.timestamp));
  const micros = String(nanos / 1_000).padStart(6, '0');
  return { ...entry, timestamp: `${new Date(seconds * 1000).toISOString().slice(0, 20)}${micros}Z` };
}

describe.skipIf(!HAVE)('entries of the official clients, field by field', () => {
  test('every golden capture has its case', () => {
    const golden = readdirSync(FOLDER).filter((name) => /^(?:py|android)-.*\.json$/.test(name));
    expect(golden.map((name) => name.replace('.json', '')).sort()).toEqual(Object.keys(CASES).sort());
  });

  test.each(Object.entries(CASES))('%s', (name, { options = {}, calls, differences = {} }) => {
    const platform = odysseus({ appId: 'app_demo', appKey: 'key_demo', session: SESSION, ...options });
    const captured = requests(name).flatMap(({ path, body }) => body.map((entry) => ({ path, entry })));
    expect(captured).toHaveLength(calls.length);
    captured.forEach(({ path, entry }, index) => {
      const made = record(callFor(calls[index] as RecordParts, entry));
      const [channel] = platform.channelFor?.(made) ?? [];
      expect(channel).toBe(path.startsWith('/api/events/') ? platform.events : platform.logs);
      const ours = JSON.parse(channel?.codec.encode(made) ?? '');
      const expected = { ...withOurTime(entry) };
      for (const [field, { ours: value }] of Object.entries(differences)) expected[field] = value;
      expect(ours).toEqual(expected);
    });
  });
});

/** Id and key of the path captures, and where our path differs from the client's on purpose. */
const PATHS: readonly [name: string, appId: string, appKey: string, ours?: string][] = [
  ['py-path-quoting-percent', 'app_demo', '100%25'],
  ['py-path-quoting-plain', 'app_0123456789abcdef0123456789abcdef', 'AbCd_123-efGH'],
  ['py-path-quoting-plus-eq', 'app_demo', 'a+b=c=='],
  ['py-path-quoting-query-hash', 'app_demo', 'a?b#c&d'],
  // Python lets a slash change the route.
  ['py-path-quoting-slash', 'app_demo', 'k/e/y', '/api/logs/app_demo/k%2Fe%2Fy'],
  ['py-path-quoting-space', 'my app', 'my key'],
  ['py-path-quoting-tilde-star', 'app_demo', "~*!()'$,;:@"],
  ['py-path-quoting-unicode', 'aplikacja-ż', 'klucz-🔑'],
  // Android writes a blank as in a form, which is wrong in a path.
  ['android-path-quoting', 'my app', 'a+b/c=ż?#%', '/api/logs/my%20app/a%2Bb%2Fc%3D%C5%BC%3F%23%25'],
];

test.skipIf(!HAVE).each(PATHS)('path of %s', (name, appId, appKey, ours) => {
  const { logs } = odysseus({ appId, appKey });
  const captured = requests(name)[0]?.path;
  const path = logs.endpoint.request(new Uint8Array(), 1).path;
  expect(path).toBe(ours ?? captured);
  if (ours !== undefined) expect(path).not.toBe(captured);
});
