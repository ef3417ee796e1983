import { describe, expect, it } from 'vitest';
import { defaultEncoding } from '../../src/codec/limits.ts';
import { loggier } from '../../src/platforms/loggier.ts';
import { logtide } from '../../src/platforms/logtide.ts';
import { odysseus } from '../../src/platforms/odysseus.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { redarch } from '../../src/platforms/redarch.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { JsonWriter } from '../../src/record/json-value.ts';
import type { EmittedRecord } from '../../src/record/record.ts';
import { Redactor } from '../../src/record/redact/redactor.ts';
import { redactSettings } from '../../src/redact-options.ts';
import { defaultCredentials } from '../../src/sink/credentials.ts';
import { PLATFORM_NAMES, platformAt } from '../support/platform-rig.ts';
import { duplicateKeys, record, SPAN_CONTEXT, textProblems } from '../support/records.ts';
import { SecretScan } from '../support/secret-scan.ts';
import { OTHERS, PLANTS, SECRET, WORD } from './plants.ts';

function scanFor(): SecretScan {
  const scan = new SecretScan();
  scan.plant('the secret', SECRET);
  scan.plant('the word', WORD);
  for (const [name, text] of Object.entries(OTHERS)) scan.plant(name, text);
  return scan;
}

/** Platforms with options that bring attributes to further places. */
const VARIANTS: Readonly<Record<string, Platform>> = {
  ...Object.fromEntries(
    PLATFORM_NAMES.map((name) => [name, platformAt(name, 'http://127.0.0.1:1', defaultCredentials)]),
  ),
  'odysseus, caller and user': odysseus({
    ...{ appId: 'a', appKey: 'k', callerFromException: true, stripFileName: false, getUser: () => `token=${WORD}` },
    recordUid: true,
  }),
  'logtide, metadata and aliases': logtide({
    ...{ url: 'http://127.0.0.1:1', apiKey: 'lp_x', identifierAliases: true },
    metadata: { apiKey: SECRET, nested: { password: SECRET }, note: `token=${WORD}` },
  }),
  'redarch, nested and stack': redarch({
    ...{ url: 'http://127.0.0.1:1', apiKey: 'k', attributeKeys: 'nested', appendStack: true, userId: `token=${WORD}` },
  }),
  'loggier, context and limit': loggier({
    ...{ apiKey: 'k', messageLimit: 64, tags: [`token=${WORD}`] },
    context: { apiKey: SECRET, nested: { password: SECRET } },
  }),
  'trakerr, slots': trakerr({
    ...{
      apiKey: 'k',
      user: `token=${WORD}`,
      systemLoad: false,
      customSegments: { stringData: { 'exception.password': 4 } },
    },
    customProperties: {
      stringData: { password: 1, credentials: 2, 'deployment.password': 3, env: 4 },
      doubleData: { pin: 1 },
    },
  }),
};

function texts(platform: Platform, given: EmittedRecord): readonly string[] {
  return [...new Set([platform.logs, platform.events])].map(({ codec }) => codec.encode(given));
}

describe.each(Object.keys(VARIANTS))('%s', (name) => {
  const platform = VARIANTS[name] as Platform;

  it.each(Object.keys(PLANTS))('row 86: a secret in %s is taken out before anything rests', (place) => {
    const scan = scanFor();
    const given = record({ severityNumber: 17, spanContext: SPAN_CONTEXT, ...PLANTS[place] });
    for (const text of texts(platform, given)) {
      expect(textProblems(text)).toEqual([]);
      expect(duplicateKeys(text)).toEqual([]);
      scan.hear(place, text);
      // What a reader sees once it has taken the JSON apart, and the JSON in it.
      scan.hear(`${place}, parsed`, JSON.parse(text));
    }
    expect(scan.found()).toEqual([]);
  });
});

describe('the scan', () => {
  it.each(Object.keys(PLANTS).filter((place) => !/^(?:too much|behind)/.test(place)))(
    'row 86: would see a secret in %s without redaction',
    (place) => {
      const given = record({ severityNumber: 17, ...PLANTS[place] });
      const scan = scanFor();
      for (const name of PLATFORM_NAMES) {
        const { codec } = (VARIANTS[name] as Platform).logs;
        const plain = codec.encoder?.({ ...defaultEncoding(), redactor: undefined });
        scan.hear(place, JSON.parse(plain?.(given) ?? '{}'));
      }
      expect(scan.found()).not.toEqual([]);
    },
  );

  it('row 86: names what nobody can know: a secret in pieces, under an innocent name, in hexadecimal', () => {
    const scan = scanFor();
    const attributes = {
      note: WORD,
      first: WORD.slice(0, 9),
      second: WORD.slice(9),
      hex: Buffer.from(WORD).toString('hex'),
    };
    for (const text of texts(VARIANTS.logtide as Platform, record({ attributes }))) scan.hear('text', text);
    expect(scan.found()).toEqual(['the word in text']);
  });
});

describe('fields of one’s own, wherever a platform reads them', () => {
  const names = [
    'user.id',
    'session.id',
    'tenant.id',
    'request.id',
    'exception.message',
    'service.name',
    'event.name',
    'tags',
    'url.full',
    'exception.stacktrace',
    'host.name',
    'log.logger',
  ];
  const attributes = Object.fromEntries(names.map((name) => [name, WORD]));

  it.each(Object.keys(VARIANTS))('%s', (variant) => {
    const { codec } = (VARIANTS[variant] as Platform).logs;
    for (const options of [{ fields: names }, { hash: { fields: names, key: 'a key for hashes, 0123456789' } }]) {
      const redactor = new Redactor(redactSettings(options));
      const encode = codec.encoder?.({ ...defaultEncoding(), redactor }) ?? codec.encode;
      const scan = scanFor();
      scan.plant('the key', 'a key for hashes, 0123456789');
      const text = encode(record({ body: 'x', attributes, resource: attributes, scope: { name: 's', attributes } }));
      scan.hear('text', text);
      expect(scan.found()).toEqual([]);
      expect(text).toContain('hash' in options ? 'hmac:' : '[REDACTED]');
    }
  });
});

describe('what is cut or turned into text first', () => {
  it('row 86: a card that the end of what is read cuts in two leaves no digits', () => {
    const json = new JsonWriter(undefined, undefined, new Redactor());
    // So much is taken out in front that what is left would fit, up to where reading ends.
    const head = `password=${'p'.repeat(30_000)} `;
    const text = `${head}${'x'.repeat(65_536 + 1_024 - head.length - 9)} 4111111111111111 ${'y'.repeat(9_000)}`;
    expect(json.string(text)).not.toContain('41111111');
    expect(json.string(text)).toMatch(/x…\[\+\d+\]"$/);
  });

  it.each(['loggier', 'trakerr'])('row 86: %s: objects among the tags are read by their names, not as text', (name) => {
    const { codec } = (VARIANTS[name] as Platform).logs;
    const redactor = new Redactor(redactSettings({ fields: ['a.b'] }));
    const encode = codec.encoder?.({ ...defaultEncoding(), redactor }) ?? codec.encode;
    const text = encode(record({ body: 'x', attributes: { tags: [{ a: { b: WORD, c: 'kept' } }] } }));
    expect(text).toContain('kept');
    expect(text).not.toContain(WORD);
  });
});
