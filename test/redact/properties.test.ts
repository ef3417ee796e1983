import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from '../../src/record/json-value.ts';
import { Redactor } from '../../src/record/redact/redactor.ts';
import { isHarmless } from '../../src/record/redact/text-redactor.ts';
import { redactSettings } from '../../src/redact-options.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { PLATFORM_NAMES, platformAt } from '../support/platform-rig.ts';
import { duplicateKeys, hostileText, hostileValue, record, textProblems } from '../support/records.ts';
import { SecretScan } from '../support/secret-scan.ts';

const SECRET = 'Pl4nted, "secret" ü\\n';
const WORD = 'Zq7planted0Secret9x';
const LIMITS = { maxStringLength: 200, maxMessageLength: 400, maxDepth: 8, maxValues: 400 };

const secretName = fc.constantFrom('password', 'API-Key', 'user.accessToken', 'set-cookie', 'clientSecret', 'x.cvv2');
const innocentName = fc.oneof(
  fc.constantFrom('a', 'user', 'headers', 'items', 'query', 'value', '__proto__'),
  hostileText,
);

/** Texts that name a secret, in the forms that applications write. */
const tellingText = fc
  .tuple(
    fc.constantFrom(
      'password=W',
      '"token":"W"',
      "{ apiKey: 'W' }",
      '/cb?access_token=W&x=1',
      'x://u:W@h/',
      'Bearer W',
      'pin: W',
    ),
    fc.stringMatching(/^[a-z <(\n]{0,12}$/),
    fc.stringMatching(/^[ )\n&][a-z &]{0,12}$/),
  )
  .map(([form, before, after]) => `${before} ${form.replace('W', WORD)}${after}`);

const planted: fc.Arbitrary<unknown> = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    hostileValue,
    tellingText,
    tellingText.map((text) => Buffer.from(text)),
    tellingText.map((text) => JSON.stringify({ text: JSON.stringify({ text }) })),
    fc
      .tuple(secretName, fc.oneof(fc.constant(SECRET), tie('tree'), fc.constant([SECRET])))
      .map(([name, value]) => ({ [name]: value })),
    fc.tuple(secretName, innocentName, tie('tree')).map(
      ([name, other, value]) =>
        new Map<unknown, unknown>([
          [name, SECRET],
          [other, value],
        ]),
    ),
    fc.dictionary(innocentName, tie('tree'), { maxKeys: 4 }),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc
      .tuple(tellingText, tie('tree'))
      .map(([text, cause]) => Object.assign(new Error(text, { cause }), { password: SECRET })),
  ),
})).tree;

const plantedRecord = fc
  .record({
    body: planted,
    attributes: fc.dictionary(
      fc.oneof(innocentName, secretName, fc.constantFrom('exception.message', 'user.id', 'tags', 'url.full')),
      planted,
      { maxKeys: 6 },
    ),
    resource: fc.dictionary(innocentName, planted, { maxKeys: 2 }),
    scope: fc.record({ name: tellingText, attributes: fc.dictionary(innocentName, planted, { maxKeys: 2 }) }),
    eventName: fc.option(tellingText, { nil: undefined }),
    severityText: fc.option(tellingText, { nil: undefined }),
    secret: fc.boolean(),
  })
  .map(({ secret, ...parts }) =>
    record({ ...parts, attributes: { ...parts.attributes, ...(secret && { password: SECRET }) } }),
  );

function scan(): SecretScan {
  const made = new SecretScan();
  made.plant('the secret', SECRET);
  made.plant('the word', WORD);
  return made;
}

describe('planted secrets', () => {
  it.each(PLATFORM_NAMES)('%s: none is written, wherever it stands in any record', (name) => {
    const { logs, events } = platformAt(name, 'http://127.0.0.1:1', defaultCredentials);
    fc.assert(
      fc.property(plantedRecord, (given) => {
        for (const { codec } of new Set([logs, events])) {
          const text = codec.encode(given);
          const heard = scan();
          heard.hear('text', text);
          heard.hear('parsed', JSON.parse(text));
          expect(heard.found()).toEqual([]);
          expect(textProblems(text)).toEqual([]);
          expect(duplicateKeys(text)).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('any value', () => {
  const redactor = new Redactor(redactSettings({ patterns: ['default', 'email'], fields: ['a'], censor: '<*>' }));

  it('becomes JSON within the limits', () => {
    fc.assert(
      fc.property(fc.oneof(hostileValue, planted), (value) => {
        const json = new JsonWriter(LIMITS, undefined, redactor);
        const text = json.value(value) ?? 'null';
        JSON.parse(text);
        expect(textProblems(text)).toEqual([]);
        expect(duplicateKeys(text)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('stays as it is where nothing is secret', () => {
    const word = fc.stringMatching(/^[b-z][a-z é_-]{0,30}$/);
    const value = fc.anything({
      ...{
        key: word,
        values: [
          word,
          fc.integer({ max: 1e11 }),
          fc.double(),
          fc.boolean(),
          fc.constant(null),
          fc.date(),
          fc.bigInt({ min: -1_000n, max: 1_000n }),
        ],
      },
      ...{ withMap: true, withSet: true, withNullPrototype: true },
    });
    fc.assert(
      fc.property(value, (given) => {
        const names = JSON.stringify([...keysOf(given)]);
        fc.pre(
          !/pass|pwd|secret|token|cred|auth|cookie|key|phrase|card|cv|cc|ssn|otp|jwt|pin|xsrf|csrf|sess|code|saml|header|query|param/i.test(
            names.replaceAll(/[ _-]/g, ''),
          ),
        );
        expect(new JsonWriter(undefined, undefined, new Redactor()).value(given)).toBe(new JsonWriter().value(given));
      }),
      { numRuns: 500 },
    );
  });

  it('is left alone by the quick answer only where reading would leave it alone', () => {
    fc.assert(
      fc.property(fc.oneof(hostileText, tellingText, fc.stringMatching(/^[ -~]{0,60}$/)), (text) => {
        if (isHarmless(text)) {
          expect(new Redactor().text(text)).toBe(text);
          expect(JSON.stringify(text)).toBe(`"${text}"`);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

function* keysOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) {
    for (const [key, member] of value)
      yield* [typeof key === 'object' ? '' : String(key), ...keysOf(key), ...keysOf(member)];
  } else if (value instanceof Set || Array.isArray(value)) for (const member of value) yield* keysOf(member);
  else for (const [key, member] of Object.entries(value)) yield* [key, ...keysOf(member)];
}
