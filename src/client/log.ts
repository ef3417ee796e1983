/** The levels LogTide knows, from the least to the most severe. */
export const LOGTIDE_LEVELS = ['debug', 'info', 'warn', 'error', 'critical'] as const;

export type LogTideLevel = (typeof LOGTIDE_LEVELS)[number];

/** One log as LogTide has stored it. */
export interface LogTideLog {
  /** UUID, given by the server. */
  readonly id: string;
  /** ISO 8601, UTC, milliseconds: when the application says that it happened. */
  readonly time: string;
  readonly service: string;
  readonly level: LogTideLevel;
  readonly message: string;
  /** Empty when there is none. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly projectId?: string;
  /** Absent when there is none. The span id is stored too, but the server does not hand it out. */
  readonly traceId?: string;
  /** Absent when there is none, and on servers before 0.8.0. */
  readonly sessionId?: string;
}

function textMember(name: string, value: unknown): Record<string, string> {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

/** A log of an answer; undefined for what is none: no id, no time. */
export function logOf(value: unknown): LogTideLog | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, time, service, level, message, metadata, projectId, traceId, sessionId } = value as Record<
    string,
    unknown
  >;
  const millis = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (typeof id !== 'string' || id === '' || Number.isNaN(millis)) return undefined;
  return {
    id,
    time: new Date(millis).toISOString(),
    service: String(service ?? ''),
    level: String(level ?? '') as LogTideLevel,
    message: String(message ?? ''),
    metadata: typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>) : {},
    ...textMember('projectId', projectId),
    ...textMember('traceId', traceId),
    ...textMember('sessionId', sessionId),
  };
}

/** A count, which servers send as number or as text; 0 for anything else. */
export function countOf(value: unknown): number {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) ? count : 0;
}
