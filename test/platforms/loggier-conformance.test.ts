import { describe, expect, test } from 'vitest';
import { ARRAY, SINGLE } from '../../src/codec/framing.ts';
import { defaultEncoding } from '../../src/codec/limits.ts';
import { loggier } from '../../src/platforms/loggier.ts';
import { captures, haveCaptures } from '../sink/captures.ts';
import type { RecordParts } from '../support/records.ts';
import { hrTimeOf, record } from '../support/records.ts';

/**
 * What is different on purpose, and why. Everything else must be equal to what the official client sent.
 *
 * | field | official client | here | reason |
 * | --- | --- | --- | --- |
 * | runtime_context | python_version, python_implementation, ip | node_version | another runtime; no DNS look-up per record |
 * | context.resource | – | the resource | OpenTelemetry knows it |
 * | exception | type, message, traceback | also traceback_summary | the formatter's richest shape has it |
 * | exception.traceback | Python's | V8's | another runtime; compared as the text given |
 * | exception.frames | from Python's traceback | from V8's stack, none here | compared in loggier-exception |
 * | tags | old: 7, null | "7" | the newest client does so |
 * | timestamp | old: without Z | with Z | the newest client does so |
 * | message | old: NUL | without NUL | PostgreSQL refuses it |
 * | context secrets | [FILTERED] by a list of its own | as given | redaction is the pipeline's |
 */
const RESOURCE = { 'service.name': 'checkout', 'deployment.environment.name': 'production' };
const KEY = 'lgk_TEST_0123456789abcdef';

type Body = Record<string, unknown> & {
  message: string;
  level: string;
  timestamp: string;
  context: Record<string, unknown>;
  tags?: unknown[];
  exception?: Record<string, unknown>;
  runtime_context: Record<string, unknown>;
};

const LEVELS: Readonly<Record<string, number>> = { DEBUG: 5, INFO: 9, WARNING: 13, ERROR: 17, CRITICAL: 21 };

/** The record that an application on OpenTelemetry would have emitted for a captured body. */
function equivalent(body: Body, clientTags: readonly unknown[]): RecordParts {
  const { environment: _, service_name: service, tags: __, ...context } = body.context;
  const own = (body.tags ?? []).slice(clientTags.length);
  const exception = body.exception ?? {};
  const { type, message, traceback, module, args, custom_attributes: custom } = exception;
  return {
    body: body.message,
    severityNumber: LEVELS[body.level],
    time: hrTimeOf(body.timestamp.replace(/(?<!Z)$/, 'Z')),
    resource: { ...RESOURCE, 'service.name': service },
    attributes: {
      ...context,
      ...(own.length > 0 && { tags: own }),
      ...(type !== undefined && {
        'exception.type': type,
        'exception.message': message,
        'exception.stacktrace': traceback,
      }),
      ...(module !== undefined && { 'exception.module': module }),
      ...(args !== undefined && { 'exception.args': args }),
      ...Object.fromEntries(Object.entries(custom ?? {}).map(([key, value]) => [`exception.${key}`, value])),
    },
  };
}

function expected(body: Body): object {
  const exception = body.exception && {
    ...body.exception,
    traceback_summary: [`${body.exception.type}: ${body.exception.message}`],
  };
  const { runtime_context: _, ...rest } = body;
  return {
    ...rest,
    message: body.message.replaceAll('\u0000', ''),
    timestamp: body.timestamp.replace(/(?<!Z)$/, 'Z'),
    ...(body.tags && { tags: body.tags.filter((tag) => tag !== null).map(String) }),
    ...(exception && { exception }),
  };
}

/** Bodies of the golden captures; those of web frameworks have the shape of `context` and are in, GETs are not. */
const golden = captures('loggier', /^(?!evidence|project).*\.json$/).flatMap(({ name, requests }) =>
  requests.flatMap(({ method, body, path }, index) => {
    if (method !== 'POST') return [];
    const parsed: Body | Body[] = typeof body === 'string' ? JSON.parse(body) : body;
    return [
      { name: `${name} ${index}`, path, list: Array.isArray(parsed) ? parsed : [parsed], batch: Array.isArray(parsed) },
    ];
  }),
);

describe.skipIf(!haveCaptures)('the official client', () => {
  test('is captured often enough to mean something', () => expect(golden.length).toBeGreaterThan(70));

  test.each(golden.map((capture) => [capture.name, capture] as const))('%s', (_, { list, path, batch }) => {
    for (const body of list) {
      // The richest shape was sent without global context; ours is always there.
      const bare = body.context.environment === undefined;
      const clientTags = (body.context.tags as unknown[] | undefined) ?? [];
      const { codec } = loggier({
        ...{ apiKey: KEY, deliveryId: false, tags: clientTags.map(String), environment: String(body.environment) },
      }).logs;
      // The captures hold the secrets that the official client lets pass; what becomes of them is another test.
      const encode = codec.encoder?.({ ...defaultEncoding(), redactor: undefined }) ?? codec.encode;
      const written: Body = JSON.parse(encode(record(equivalent(body, clientTags))));
      const { runtime_context: runtime, ...rest } = written;
      const { resource, ...context } = rest.context;
      const wanted = expected(body);
      if (bare) for (const key of ['environment', 'service_name', 'tags']) delete context[key];
      const { frames: _frames, ...given } = (wanted as Body).exception ?? {};
      const comparable = { ...wanted, ...(body.exception && { exception: given }) };
      expect({ ...rest, context }).toEqual(comparable);
      expect(resource).toMatchObject({ 'deployment.environment.name': 'production' });
      // Key order too: the official client's, runtime_context last.
      expect(Object.keys(written)).toEqual(Object.keys(body));
      const keys = (object: object) => Object.keys(object).filter((key) => !/python|node_version|^ip$/.test(key));
      expect(keys(runtime)).toEqual(keys(body.runtime_context));
    }
    const { codec, endpoint } = loggier({ apiKey: KEY }).logs;
    expect(codec.framing(list.length)).toBe(batch ? ARRAY : SINGLE);
    expect(endpoint.request(new Uint8Array(), list.length)).toMatchObject({ path, headers: { 'x-loggier-key': KEY } });
  });
});
