import { describe, expect, test } from 'vitest';
import type { TrakerrOptions } from '../../src/platforms/trakerr.ts';
import { trakerr } from '../../src/platforms/trakerr.ts';
import { captures, haveCaptures } from '../sink/captures.ts';
import type { RecordParts } from '../support/records.ts';
import { record } from '../support/records.ts';

interface Trace {
  readonly type: string;
  readonly message: string;
  readonly traceLines: readonly { function?: string; file: string; line: number | string }[];
}

type Body = Record<string, unknown> & {
  readonly logLevel: string;
  readonly eventTime: number;
  readonly eventStacktrace?: readonly Trace[];
  readonly customProperties?: { stringData?: Record<string, string>; doubleData?: Record<string, number> };
  readonly customSegments?: { stringData?: Record<string, string>; doubleData?: Record<string, number> };
};

const LEVELS: Readonly<Record<string, number>> = { debug: 5, info: 9, warning: 13, error: 17, fatal: 21 };

/**
 * What is different on purpose, and why. Everything else must be equal to what the official clients sent.
 * The load of the capturing machine is not part of an event's input and is tested in `trakerr-event`.
 */
const DIFFERENCES: Readonly<Record<string, (body: Body) => Partial<Record<keyof Body | string, unknown>>>> = {
  'CPU and memory: sampled, not an input; Python sends fractions of a declared int32, JS always 100': () => ({
    ...{ contextCpuPercentage: undefined, contextMemoryPercentage: undefined },
  }),
  'apiKey: added while sending': () => ({ apiKey: undefined }),
  'environment language: JavaScript': () => ({ contextEnvLanguage: 'JavaScript' }),
  'logLevel: lower case, as the model has it (the JavaScript client sends it as given)': ({ logLevel }) => ({
    logLevel: logLevel.toLowerCase(),
  }),
  'sku: the sku, where the Python client sends the app version instead': (body) =>
    body.contextAppSku === body.contextAppVersion ? { contextAppSku: undefined } : {},
  'type and message: required by the model, never left out': (body) => ({
    ...{ eventType: body.eventType ?? 'unknown', eventMessage: body.eventMessage ?? 'unknown' },
  }),
  'classification: required by the model, never left out': (body) => ({
    classification: body.classification ?? 'issue',
  }),
  'operation time: an integer, where the Python client sends the text it was given': (body) =>
    typeof body.contextOperationTimeMillis === 'string'
      ? { contextOperationTimeMillis: Number(body.contextOperationTimeMillis) }
      : {},
  'URL: query values masked': (body) =>
    typeof body.contextURL === 'string' ? { contextURL: body.contextURL.replace(/=[^&]*/g, '=***') } : {},
  'frames: integer lines and <anonymous>, where the JavaScript client sends "line:column" and no function': (body) =>
    body.eventStacktrace === undefined ? {} : { eventStacktrace: body.eventStacktrace.map(asV8) },
};

function asV8({ type, message, traceLines }: Trace): object {
  const lines = traceLines.map(({ function: name, file, line }) => ({
    function: name ?? '<anonymous>',
    line: Number(String(line).split(':')[0]),
    file,
  }));
  return { type, message, traceLines: lines };
}

/** A printed stack that has these frames. */
function printed(trace: readonly Trace[]): string {
  return trace
    .map(({ type, message, traceLines }, index) => {
      const frames = traceLines.map(({ function: name, file, line }) => {
        const position = `${file}:${String(line).includes(':') ? line : `${line}:1`}`;
        return name === undefined ? `    at ${position}` : `    at ${name} (${position})`;
      });
      return [`${index === 0 ? '' : 'Caused by: '}${type}: ${message}`, ...frames].join('\n');
    })
    .join('\n');
}

const SLOTS = ['stringData', 'doubleData'] as const;

/** Options and attributes that put the captured custom data where it was. */
function custom(prefix: string, data: Body['customProperties']) {
  const options: Record<string, Record<string, number>> = {};
  const attributes: Record<string, unknown> = {};
  for (const kind of SLOTS) {
    for (const [slot, value] of Object.entries(data?.[kind] ?? {})) {
      const key = `${prefix}.${kind}.${slot}`;
      attributes[key] = value;
      options[kind] = { ...options[kind], [key]: Number(slot.replace('customData', '')) };
    }
  }
  return { options, attributes };
}

function present(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}

/** Record and options of an application on OpenTelemetry that says the same as the captured event. */
function equivalent(body: Body, handler: boolean): { parts: RecordParts; options: Partial<TrakerrOptions> } {
  const text = (key: string): string | undefined => (typeof body[key] === 'string' ? (body[key] as string) : undefined);
  const tags = (body.contextTags as string[] | undefined) ?? [];
  const properties = custom('p', body.customProperties);
  const segments = custom('s', body.customSegments);
  const trace = body.eventStacktrace;
  const sku = text('contextAppSku') === text('contextAppVersion') ? undefined : text('contextAppSku');
  const attributes = present({
    ...{ 'trakerr.classification': text('classification'), 'trakerr.sku': sku, 'enduser.id': text('eventUser') },
    ...{ 'session.id': text('eventSession'), 'user_agent.name': text('contextAppBrowser') },
    ...{ 'user_agent.version': text('contextAppBrowserVersion'), 'url.full': text('contextURL') },
    ...{ duration_ms: body.contextOperationTimeMillis, 'trakerr.correlation_id': text('contextCrossAppCorrelationId') },
    ...{ 'device.model.name': text('contextDevice'), ...properties.attributes, ...segments.attributes },
    ...(trace && {
      'exception.type': body.eventType,
      'exception.message': trace[0]?.message,
      'exception.stacktrace': printed(trace),
    }),
  });
  const resource = present({
    ...{ 'service.version': text('contextAppVersion'), 'deployment.environment.name': text('deploymentStage') },
    ...{ 'process.runtime.name': text('contextEnvName'), 'process.runtime.version': text('contextEnvVersion') },
    ...{ 'host.name': text('contextEnvHostname'), 'os.type': text('contextAppOS') },
    ...{ 'os.version': text('contextAppOSVersion'), 'cloud.availability_zone': text('contextDataCenter') },
    'cloud.region': text('contextDataCenterRegion'),
  });
  return {
    parts: {
      body: text('eventMessage'),
      severityNumber: LEVELS[body.logLevel.toLowerCase()],
      time: [Math.floor(body.eventTime / 1000), (body.eventTime % 1000) * 1e6],
      resource,
      attributes,
      // The handler's event type is the logger's name, and its last tag too.
      ...(handler ? { scope: { name: String(body.eventType) } } : {}),
      ...(!handler && !trace && text('eventType') !== undefined ? { eventName: text('eventType') } : {}),
    },
    options: {
      tags: handler ? tags.slice(0, -1) : tags,
      customProperties: properties.options,
      customSegments: segments.options,
      unmappedSlot: false,
    },
  };
}

const golden = captures('trakerr', /^(?!evidence|v8-).*\.json$/).flatMap(({ name, requests }) =>
  requests.map(({ path, body }) => ({ name, path, body: JSON.parse(String(body)) as Body })),
);

describe.skipIf(!haveCaptures)('the official clients', () => {
  test('are captured often enough to mean something', () => expect(golden.length).toBeGreaterThanOrEqual(30));

  test.each(golden.map((capture) => [capture.name, capture] as const))('%s', (name, { path, body }) => {
    const { parts, options } = equivalent(body, name.startsWith('handler'));
    const { codec, endpoint } = trakerr({ apiKey: String(body.apiKey), systemLoad: false, ...options }).logs;
    const text = codec.encode(record(parts));
    const changed = Object.assign({}, body, ...Object.values(DIFFERENCES).map((difference) => difference(body)));
    // A Python process has a runtime name and version of its own; the JavaScript client sends null for the version.
    const version = body.contextEnvVersion ?? process.versions.node;
    expect(JSON.parse(text)).toEqual(present({ ...changed, contextEnvVersion: version }));
    const sent = endpoint.request(Buffer.from(text), 1);
    expect(sent.path).toBe(path);
    expect(JSON.parse(Buffer.from(sent.body).toString()).apiKey).toBe(body.apiKey);
  });

  test('levels that the Python client turns into error keep their meaning here', () => {
    const level = (severityText: string): unknown =>
      JSON.parse(trakerr({ apiKey: 'k', systemLoad: false }).logs.codec.encode(record({ severityText }))).logLevel;
    expect(['warn', 'CRITICAL', 'notice'].map(level)).toEqual(['warning', 'fatal', 'info']);
    const sent = golden.filter(({ name }) => /^level-(?:warn|upper-CRITICAL|notice)$/.test(name));
    expect(sent.map(({ body }) => body.logLevel)).toEqual(['error', 'error', 'error']);
  });
});
