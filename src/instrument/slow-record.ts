import type { HrTime } from '@opentelemetry/api';
import type { EmittedRecord } from '../record/record.ts';
import type { EndedSpan } from '../span-event-bridge.ts';
import type { SlowSpanKind } from './slow-rules.ts';

/** What the rules read of an ended span; the SDKs of both OpenTelemetry lines fit. */
export interface FinishedSpan extends Omit<EndedSpan, 'status' | 'events'> {
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a rule has found. */
export interface Finding {
  readonly kind: SlowSpanKind;
  readonly durationMillis: number;
  readonly thresholdMillis: number | undefined;
  readonly isSlow: boolean;
  readonly isFailed: boolean;
}

const SERVER = 1;
const CLIENT = 2;
const PRODUCER = 3;
const CONSUMER = 4;
const STATUS_ERROR = 2;
const NANOS = 1e9;
const MAX_SUBJECT = 200;
const WARN = { severityNumber: 13, severityText: 'WARN' } as const;
const ERROR = { severityNumber: 17, severityText: 'ERROR' } as const;
const TAGS: Readonly<Record<string, string>> = {
  'http.server': 'http_request',
  'http.client': 'http_request',
  db: 'database',
};

/** Whole span in milliseconds, to the microsecond. */
export function durationOf({ duration: [seconds, nanos] }: FinishedSpan): number {
  return seconds * 1_000 + Math.round(nanos / 1_000) / 1_000;
}

export function isFailed({ status }: FinishedSpan): boolean {
  return status.code === STATUS_ERROR;
}

function has({ attributes }: FinishedSpan, ...keys: readonly string[]): boolean {
  return keys.some((key) => attributes[key] !== undefined);
}

/** The most telling kind that a span is of, in the semantic conventions' new names or old. */
export function kindOf(span: FinishedSpan): SlowSpanKind {
  const { kind } = span;
  if (has(span, 'db.system.name', 'db.system')) return 'db';
  if (has(span, 'messaging.system')) return 'messaging';
  const side = kind === SERVER ? 'server' : kind === CLIENT ? 'client' : undefined;
  if (side !== undefined && has(span, 'rpc.system.name', 'rpc.system')) return `rpc.${side}`;
  if (side !== undefined && has(span, 'http.request.method', 'http.method')) return `http.${side}`;
  return side ?? (kind === PRODUCER ? 'producer' : kind === CONSUMER ? 'consumer' : 'internal');
}

/** Whether a span is of a kind that a rule names. */
export function isOfKind(span: FinishedSpan, kind: SlowSpanKind): boolean {
  if (kind === 'any' || kindOf(span) === kind) return true;
  const kinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
  return kinds[span.kind] === kind;
}

function first({ attributes }: FinishedSpan, ...keys: readonly string[]): string | undefined {
  const value = keys.map((key) => attributes[key]).find((one) => typeof one === 'string' && one !== '');
  return value as string | undefined;
}

/** A query may hold anything. */
function withoutQuery(path: string): string {
  return path.replace(/[?#].*$/s, '');
}

function httpTarget(span: FinishedSpan): string | undefined {
  if (span.kind === SERVER) {
    return first(span, 'http.route') ?? first(span, 'url.path', 'http.target');
  }
  const full = first(span, 'url.full', 'http.url')?.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/i, '');
  return full ?? first(span, 'server.address', 'net.peer.name', 'http.host');
}

/** What the span was about, in the words of its conventions. */
function subjectOf(span: FinishedSpan, kind: SlowSpanKind): string {
  const method = first(span, 'http.request.method', 'http.method');
  const target = method === undefined ? undefined : httpTarget(span);
  if (target !== undefined) return `${method} ${withoutQuery(target)}`;
  if (kind === 'db') {
    const parts = [first(span, 'db.operation.name', 'db.operation'), first(span, 'db.collection.name', 'db.sql.table')];
    const text = first(span, 'db.query.summary') ?? parts.filter((part) => part !== undefined).join(' ');
    if (text !== '') return text;
  }
  return span.name;
}

function httpStatus({ attributes }: FinishedSpan): string | undefined {
  const status = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  return typeof status === 'number' ? String(status) : undefined;
}

function messageOf(span: FinishedSpan, { kind, durationMillis, thresholdMillis, ...finding }: Finding): string {
  const subject = subjectOf(span, kind).slice(0, MAX_SUBJECT);
  const took = `took ${Math.round(durationMillis)} ms`;
  const limit = finding.isSlow ? ` (limit ${thresholdMillis} ms)` : '';
  if (!finding.isFailed) return `slow ${kind} ${subject} ${took}${limit}`;
  const reason = span.status.message || first(span, 'error.type') || httpStatus(span);
  return `failed ${kind} ${subject} ${took}${limit}${reason === undefined ? '' : `: ${reason}`}`;
}

function endOf({ startTime, duration }: FinishedSpan): HrTime {
  const nanos = startTime[1] + duration[1];
  return [startTime[0] + duration[0] + Math.floor(nanos / NANOS), nanos % NANOS];
}

/** The record of a finding: the span's end as its time, its ids, its attributes, and what was found. */
export function recordOf(
  span: FinishedSpan,
  finding: Finding,
  context: Readonly<Record<string, unknown>>,
): EmittedRecord {
  const { durationMillis, thresholdMillis, isSlow, kind } = finding;
  const time = endOf(span);
  const tag = TAGS[kind];
  const slow = kind === 'db' ? 'slow_query' : 'slow';
  const attributes = {
    ...context,
    ...span.attributes,
    duration_ms: durationMillis,
    performance: { is_slow: isSlow, ...(thresholdMillis !== undefined && { threshold_ms: thresholdMillis }) },
    tags: [
      'performance',
      ...(tag === undefined ? [] : [tag]),
      ...(isSlow ? [slow] : []),
      ...(finding.isFailed ? ['error'] : []),
    ],
  };
  return {
    hrTime: time,
    hrTimeObserved: time,
    spanContext: span.spanContext(),
    ...(finding.isFailed ? ERROR : WARN),
    body: messageOf(span, finding),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    attributes: attributes as EmittedRecord['attributes'],
    droppedAttributesCount: 0,
    span: {
      name: span.name,
      kind: span.kind,
      status: span.status.code,
      durationMillis,
      offsetMillis: durationMillis,
    },
  };
}
