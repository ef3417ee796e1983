import type { SinkPlatform, SinkRecord } from '../../src/sink/sink.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a platform has stored of a log line, read back from its own fields. */
export interface Stored {
  readonly message: unknown;
  readonly level: unknown;
  readonly timeMillis: number;
  readonly traceId: unknown;
  readonly spanId: unknown;
  readonly attributes: Json;
  readonly error: StoredError | undefined;
}

interface StoredError {
  readonly type: unknown;
  readonly message: unknown;
  /** The names of the functions or files of its frames are somewhere in this text. */
  readonly frames: string;
}

/** What each platform calls the levels that services use. */
export const LEVELS: Readonly<Record<SinkPlatform, Readonly<Record<string, unknown>>>> = {
  odysseus: { debug: 1, info: 2, warn: 4, error: 5 },
  logtide: { debug: 'debug', info: 'info', warn: 'warn', error: 'error' },
  redarch: { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' },
  loggier: { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' },
  trakerr: { debug: 'debug', info: 'info', warn: 'warning', error: 'error' },
};

function errorOf(value: unknown): StoredError | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { type, message, ...rest } = value as Json;
  return { type, message, frames: JSON.stringify(rest) };
}

const member = (value: unknown, name: string): unknown => (value as Json | undefined)?.[name];

const READERS: Readonly<Record<SinkPlatform, (record: Json) => Stored>> = {
  odysseus: ({ message, severity, timestamp, context }) => ({
    ...{ message, level: severity, timeMillis: Date.parse(String(timestamp)), attributes: context as Json },
    ...{ traceId: member(context, 'trace_id'), spanId: member(context, 'span_id') },
    error: errorOf(member(context, 'exception')),
  }),
  logtide: ({ message, level, time, metadata, trace_id, span_id }) => ({
    ...{ message, level, timeMillis: Date.parse(String(time)), attributes: metadata as Json },
    ...{ traceId: trace_id, spanId: span_id, error: errorOf(member(metadata, 'exception')) },
  }),
  redarch: ({ message, level, client_log_datetime, context }) => ({
    ...{ message, level, timeMillis: Date.parse(String(client_log_datetime)), attributes: context as Json },
    ...{ traceId: member(context, 'trace_id'), spanId: member(context, 'span_id') },
    error: errorOf(member(context, 'exception')),
  }),
  loggier: ({ message, level, timestamp, context, exception }) => ({
    ...{ message, level, timeMillis: Date.parse(String(timestamp)), attributes: context as Json },
    ...{ traceId: member(context, 'trace_id'), spanId: member(context, 'span_id'), error: errorOf(exception) },
  }),
  trakerr: ({ eventMessage, logLevel, eventTime, customProperties, eventStacktrace, ...rest }) => {
    const rich = member(member(customProperties, 'stringData'), 'customData10');
    const attributes = JSON.parse(String(rich ?? '{}')) as Json;
    return {
      ...{ message: eventMessage, level: logLevel, timeMillis: Number(eventTime), attributes },
      ...{ traceId: rest.contextCrossAppCorrelationId, spanId: attributes.span_id },
      error: errorOf((eventStacktrace as readonly unknown[] | undefined)?.[0]),
    };
  },
};

/** Reads back what a platform has stored. */
export function storedLine({ platform, record }: SinkRecord): Stored {
  return READERS[platform](record);
}
