import { idAt, membersAt, textAt, timeAt } from './preview-check.ts';
import type { RecordParts } from './preview-parts.ts';

type Members = Readonly<Record<string, unknown>>;

const PINO: ReadonlyMap<unknown, readonly [severity: number, text: string]> = new Map([
  [10, [1, 'trace']],
  [20, [5, 'debug']],
  [30, [9, 'info']],
  [40, [13, 'warn']],
  [50, [17, 'error']],
  [60, [21, 'fatal']],
]);
/** The numbers that winston's transport gives to the levels of npm and of syslog. */
const WINSTON: ReadonlyMap<unknown, number> = new Map([
  ...([
    ['error', 17],
    ['warn', 13],
    ['info', 9],
    ['http', 7],
    ['verbose', 6],
    ['debug', 5],
    ['silly', 1],
  ] as const),
  ...([
    ['emerg', 23],
    ['alert', 22],
    ['crit', 21],
    ['warning', 13],
    ['notice', 10],
  ] as const),
]);

/** Whether a record is a line that pino has written. */
export function looksLikePino(record: Members): boolean {
  return typeof record.level === 'number' && 'time' in record;
}

/** Whether a record is a line that winston has written. */
export function looksLikeWinston(record: Members): boolean {
  return typeof record.level === 'string' && 'message' in record;
}

function errorAttributes(error: unknown): Members {
  const { type, name, message, stack } = membersAt('err', error);
  const parts = { 'exception.type': type ?? name, 'exception.message': message, 'exception.stacktrace': stack };
  return Object.fromEntries(Object.entries(parts).filter(([, text]) => typeof text === 'string'));
}

function context(traceId: unknown, spanId: unknown): Partial<RecordParts> {
  if (traceId === undefined || spanId === undefined) return {};
  return { traceId: idAt('trace_id', traceId, 32), spanId: idAt('span_id', spanId, 16) };
}

/** A line of pino as its instrumentation hands it on. Throws `BadRecord`. */
export function pinoParts(line: Members): RecordParts {
  const { level, time, msg, err, trace_id, span_id, 'otel.event.name': eventName, ...others } = line;
  // What stands in the resource and the span context already, the instrumentation leaves out.
  const { pid: _pid, hostname: _host, trace_flags: _flags, ...rest } = others;
  const [severityNumber, severityText] = PINO.get(level) ?? [9, String(level)];
  return {
    timestamp: timeAt('time', time),
    severityNumber,
    severityText,
    ...(msg !== undefined && { body: textAt('msg', msg) }),
    ...(eventName !== undefined && { eventName: textAt('otel.event.name', eventName) }),
    ...context(trace_id, span_id),
    attributes: { ...rest, ...(err !== undefined && errorAttributes(err)) },
    resource: {},
    scope: { name: '@opentelemetry/instrumentation-pino' },
  };
}

/** A line of winston as its transport hands it on. Throws `BadRecord`. */
export function winstonParts(line: Members): RecordParts {
  const { level, message, trace_id, span_id, trace_flags: _flags, ...attributes } = line;
  const { timestamp } = attributes;
  return {
    ...(timestamp !== undefined && { timestamp: timeAt('timestamp', timestamp) }),
    severityNumber: WINSTON.get(level) ?? 9,
    severityText: String(level),
    body: message,
    ...context(trace_id, span_id),
    attributes,
    resource: {},
    scope: { name: '@opentelemetry/winston-transport' },
  };
}
