import type { SpanFacts } from '../record/record.ts';
import { BadRecord, idAt, membersAt, onlyKnown, textAt, timeAt, wholeAt } from './preview-check.ts';
import { looksLikePino, looksLikeWinston, pinoParts, winstonParts } from './preview-lines.ts';
import { looksLikeOtlp, otlpParts } from './preview-otlp.ts';
import type { RecordParts } from './preview-parts.ts';

/** How the record was written. */
export type RecordShape = 'opentelemetry' | 'otlp' | 'pino' | 'winston';

type Members = Readonly<Record<string, unknown>>;

const KNOWN = [
  ...['timestamp', 'observedTimestamp', 'severityNumber', 'severity', 'severityText', 'body', 'attributes'],
  ...['eventName', 'traceId', 'spanId', 'traceFlags', 'resource', 'scope', 'exception', 'span'],
];
const SEVERITIES: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};
const SPAN = ['name', 'kind', 'status', 'durationMillis', 'offsetMillis'];

/** A number from 1 to 24, or one of the six names. */
function severityAt(path: string, value: unknown): number {
  const number = typeof value === 'string' ? SEVERITIES[value.toLowerCase()] : undefined;
  if (number !== undefined) return number;
  if (typeof value === 'string')
    throw new BadRecord(path, `must be one of ${Object.keys(SEVERITIES).join(', ')}`, value);
  return wholeAt(path, value, 1, 24);
}

function scopeOf(value: unknown): RecordParts['scope'] {
  if (typeof value === 'string') return { name: value };
  const scope = membersAt('scope', value);
  onlyKnown('scope', scope, ['name', 'version', 'attributes']);
  return {
    ...(scope.name !== undefined && { name: textAt('scope.name', scope.name) }),
    ...(scope.version !== undefined && { version: textAt('scope.version', scope.version) }),
    ...(scope.attributes !== undefined && { attributes: membersAt('scope.attributes', scope.attributes) }),
  };
}

/** As the SDK does with `LogRecord.exception`. */
function exceptionOf(value: unknown): Members {
  const exception = membersAt('exception', value);
  onlyKnown('exception', exception, ['type', 'message', 'stacktrace']);
  const entries = Object.entries(exception).map(([name, text]) => [
    `exception.${name}`,
    textAt(`exception.${name}`, text),
  ]);
  return Object.fromEntries(entries);
}

function millisAt(path: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new BadRecord(path, 'must be milliseconds', value);
}

function spanOf(value: unknown): SpanFacts {
  const span = membersAt('span', value);
  onlyKnown('span', span, SPAN);
  return {
    name: textAt('span.name', span.name),
    kind: wholeAt('span.kind', span.kind ?? 0, 0, 4),
    status: wholeAt('span.status', span.status ?? 0, 0, 2),
    durationMillis: millisAt('span.durationMillis', span.durationMillis ?? 0),
    offsetMillis: millisAt('span.offsetMillis', span.offsetMillis ?? 0),
  };
}

function resourceOf(value: unknown): Members {
  const resource = membersAt('resource', value);
  const { attributes } = resource;
  return typeof attributes === 'object' && attributes !== null
    ? membersAt('resource.attributes', attributes)
    : resource;
}

function opentelemetryParts(record: Members): RecordParts {
  const { instrumentationScope, ...rest } = record;
  const members: Members = { ...(instrumentationScope !== undefined && { scope: instrumentationScope }), ...rest };
  onlyKnown('', members, KNOWN);
  const part = <T>(name: string, read: (path: string, value: unknown) => T): { readonly [key: string]: T } =>
    members[name] === undefined ? {} : { [name]: read(name, members[name]) };
  const { severity } = members;
  const parts: RecordParts = {
    ...part('timestamp', timeAt),
    ...part('observedTimestamp', timeAt),
    ...(severity !== undefined && { severityNumber: severityAt('severity', severity) }),
    ...part('severityNumber', severityAt),
    ...part('severityText', textAt),
    ...part('body', (_path, value) => value),
    ...part('eventName', textAt),
    ...part('traceId', (path, value) => idAt(path, value, 32)),
    ...part('spanId', (path, value) => idAt(path, value, 16)),
    ...part('traceFlags', (path, value) => wholeAt(path, value, 0, 255)),
    ...part('span', (_path, value) => spanOf(value)),
    attributes: {
      ...(members.exception !== undefined && exceptionOf(members.exception)),
      ...(members.attributes !== undefined && membersAt('attributes', members.attributes)),
    },
    resource: members.resource === undefined ? {} : resourceOf(members.resource),
    scope: members.scope === undefined ? {} : scopeOf(members.scope),
  };
  if ((parts.traceId === undefined) !== (parts.spanId === undefined)) {
    throw new BadRecord(
      parts.traceId === undefined ? 'traceId' : 'spanId',
      'is missing: a record has both ids or none',
    );
  }
  return parts;
}

/**
 * Reads a record from JSON: in OpenTelemetry's names, an OTLP log record (alone or in an export request), or a line of
 * pino or winston. Throws `BadRecord`.
 */
export function partsOf(value: unknown): { readonly parts: RecordParts; readonly shape: RecordShape } {
  const record = membersAt('', value);
  if (looksLikeOtlp(record)) return { parts: otlpParts(record), shape: 'otlp' };
  if (looksLikePino(record)) return { parts: pinoParts(record), shape: 'pino' };
  if (looksLikeWinston(record)) return { parts: winstonParts(record), shape: 'winston' };
  return { parts: opentelemetryParts(record), shape: 'opentelemetry' };
}
