import type { SpanContext } from '@opentelemetry/api';
import fc from 'fast-check';
import type { EmittedRecord, SpanFacts } from '../../src/record/record.ts';

type Time = readonly [seconds: number, nanos: number];

/** What a test says about a record; everything else is absent. */
export interface RecordParts {
  readonly body?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, unknown>>;
  readonly scope?: { readonly name: string; readonly version?: string; readonly attributes?: Record<string, unknown> };
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  /** Default `TIME`. */
  readonly time?: Time;
  /** Default the time. */
  readonly observed?: Time;
  readonly eventName?: string | undefined;
  readonly spanContext?: SpanContext | undefined;
  readonly dropped?: number;
  readonly span?: SpanFacts;
}

/** 2026-01-02T03:04:05.678901Z */
export const TIME: [number, number] = [1_767_323_045, 678_901_000];
export const SPAN_CONTEXT: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
};
/** A server span of 25 ms whose event came after 5 ms. */
export const SPAN: SpanFacts = { name: 'GET /orders', kind: 1, status: 0, durationMillis: 25, offsetMillis: 5 };

/** A record at `TIME` with nothing set but the parts given. */
export function record(parts: RecordParts = {}): EmittedRecord {
  const { attributes = {}, resource = {}, scope = { name: '' }, time = TIME, observed, dropped = 0, ...rest } = parts;
  const whole: unknown = {
    ...rest,
    hrTime: time,
    hrTimeObserved: observed ?? time,
    attributes,
    droppedAttributesCount: dropped,
    resource: { attributes: resource },
    instrumentationScope: scope,
  };
  return whole as EmittedRecord;
}

/** The same with body `hello` and severity INFO. */
function logRecord(parts: RecordParts = {}): EmittedRecord {
  return record({ body: 'hello', severityNumber: 9, ...parts });
}

/** Texts with quotes, control characters, NUL, lone surrogates and names that JavaScript treats specially. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    'a\udc00b',
    '"\\',
    '\u2028',
    '__proto__',
    'constructor',
    '…',
    '',
    '1',
    'toString',
  ),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

function circular(): object {
  const loop: Record<string, unknown> = { name: 'loop' };
  loop.self = loop;
  return loop;
}

/** Any value that an application may put into a record, well beyond what the API allows. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({
    ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true },
    ...{ withTypedArray: true, withSparseArray: true, withUnicodeString: true, withBoxedValues: true },
  }),
  hostileText,
  fc.constantFrom<unknown>(Number.NaN, Number.POSITIVE_INFINITY, -0, 2n ** 80n, undefined, null, Symbol('s'), () => 1),
  fc.constant(null).map(circular),
  hostileText.map((message) => Object.assign(new Error(message), { code: message })),
  fc.constant({
    get broken(): never {
      throw new Error('getter');
    },
  }),
  fc.constant({
    toJSON(): never {
      throw new Error('toJSON');
    },
  }),
);

/** Keys as applications choose them, with those that mean something to a mapper among them. */
export function hostileAttributes(known: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(fc.oneof(hostileText, fc.constantFrom(...known)), hostileValue, { maxKeys: 12 });
}

/** A record with hostile values in every place that an application reaches. */
export function hostileRecord(known: readonly string[]): fc.Arbitrary<EmittedRecord> {
  const attributes = hostileAttributes(known);
  return fc
    .record({
      body: hostileValue,
      attributes,
      resource: attributes,
      eventName: fc.oneof(fc.constant(undefined), hostileText),
      severityNumber: fc.oneof(fc.integer({ min: -5, max: 40 }), fc.constantFrom(undefined, Number.NaN, 2.5)),
      severityText: fc.oneof(fc.constant(undefined), hostileText),
      time: fc.tuple(fc.oneof(fc.double(), fc.integer()), fc.oneof(fc.double(), fc.nat())),
      spanContext: fc.constantFrom(undefined, SPAN_CONTEXT, { traceId: '0', spanId: 'x', traceFlags: 1 }),
      scopeName: hostileText,
    })
    .map(({ scopeName, ...parts }) => logRecord({ ...parts, scope: { name: scopeName } }));
}

/** Problems of a JSON text that platforms and databases trip over: NUL and lone surrogates. */
export function textProblems(json: string): readonly string[] {
  const problems: string[] = [];
  if (!json.isWellFormed() || /\\ud[89a-f]/i.test(json)) {
    const parsed: unknown = JSON.parse(json);
    JSON.stringify(parsed, (key, value: unknown) => {
      if (!key.isWellFormed()) problems.push('lone surrogate in a key');
      if (typeof value === 'string' && !value.isWellFormed()) problems.push('lone surrogate in a value');
      return value;
    });
  }
  if (json.includes('\u0000') || /(?<!\\)(?:\\\\)*\\u0000/.test(json)) problems.push('NUL');
  return problems;
}

/** The keys that stand twice in one object of a JSON text; JSON.parse hides them. */
export function duplicateKeys(json: string): readonly string[] {
  const duplicates: string[] = [];
  const stack: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
  let expectKey = false;
  for (const [part] of json.matchAll(token)) {
    if (part === '{') stack.push(new Set());
    else if (part === '[') stack.push(undefined);
    else if (part === '}' || part === ']') stack.pop();
    const keys = stack.at(-1);
    if (expectKey && keys !== undefined && part.startsWith('"')) {
      if (keys.has(part)) duplicates.push(part);
      keys.add(part);
    }
    expectKey = part === '{' || (part === ',' && keys !== undefined);
  }
  return duplicates;
}

/** An ISO 8601 time with up to nine fraction digits as seconds and nanoseconds. */
export function hrTimeOf(iso: string): [number, number] {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? '';
  return [Math.floor(Date.parse(iso.replace(/\.\d+/, '')) / 1000), Number(fraction.padEnd(9, '0'))];
}
