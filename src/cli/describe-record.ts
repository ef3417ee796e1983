import type { SinkRecord } from '../sink/sink.ts';

/** What a person wants to see of a record, whichever platform it went to. Empty where the payload has nothing. */
export interface RecordView {
  readonly time: string;
  readonly level: string;
  /** Service, tag or type: who says it. */
  readonly source: string;
  readonly message: string;
  readonly traceId: string;
}

const odysseusSeverities = ['TRACE', 'DEBUG', 'INFO', 'SUCCESS', 'WARN', 'ERROR', 'CRITICAL'];

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function inside(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** Epoch milliseconds as ISO text; anything else as it stands. */
function timeOf(value: unknown): string {
  const date = new Date(typeof value === 'number' ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? textOf(value) : date.toISOString();
}

/** Picks the fields to show, by platform and channel (the platforms' wire contract §1). */
export function describeRecord({ platform, channel, record }: SinkRecord): RecordView {
  const pick = (time: unknown, level: unknown, source: unknown, message: unknown, trace: unknown): RecordView => ({
    time: timeOf(time),
    level: textOf(level).toUpperCase(),
    source: textOf(source),
    message: textOf(message),
    traceId: textOf(trace),
  });
  const r = record;
  switch (platform) {
    case 'odysseus':
      return channel === 'events'
        ? pick(r.timestamp, 'EVENT', r.user, r.name, inside(r.meta, 'trace_id') ?? r.stream_id)
        : pick(r.timestamp, odysseusSeverities[Number(r.severity)], r.tag, r.message, inside(r.context, 'trace_id'));
    case 'logtide':
      return pick(r.time, r.level, r.service, r.message, r.trace_id);
    case 'redarch':
      return pick(r.client_log_datetime, r.level, r.service, r.message, inside(r.context, 'trace_id') ?? r.request_id);
    case 'loggier':
      return pick(r.timestamp, r.level, inside(r.context, 'service_name'), r.message, inside(r.context, 'trace_id'));
    case 'trakerr':
      return pick(r.eventTime, r.logLevel, r.eventType, r.eventMessage, r.contextCrossAppCorrelationId);
  }
}
