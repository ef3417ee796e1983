import type { TimeInput } from '@opentelemetry/api';
import type { Level } from '../levels/names.ts';
import type { LogEmitter } from './application-logger.ts';
import { emitSafely } from './application-logger.ts';
import { severityOf } from './level.ts';
import { snapshot, snapshotAttributes } from './snapshot.ts';
import { isFirstReport, thrownAttributes } from './thrown.ts';

/** Options of `report`. */
export interface ReportOptions {
  /** Default `error` for errors, `info` for messages. */
  readonly level?: Level;
  /** Text of the record about an error. Default: the error's message. */
  readonly message?: string;
  /** Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

/** Options of `emitEvent`. */
export interface EmitEventOptions {
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** When it happened. Default: now. */
  readonly timestamp?: TimeInput;
  /** Default `info`. */
  readonly level?: Level;
  /** Odysseus: the stream that the event belongs to, a UUID or any name. Default: the trace. */
  readonly streamId?: string;
  /** Odysseus: its place in the stream, from 0. Default: counted. */
  readonly position?: number;
  /** Odysseus: a number of your own for the kind of event. Default: the platform option's, 0. */
  readonly type?: number;
  /** Odysseus: what is about the event rather than of it. */
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

function checked(level: Level): ReturnType<typeof severityOf> {
  try {
    return severityOf('level', level);
  } catch {
    // A helper on the way of an error must not make another one.
    return severityOf('level', 'info');
  }
}

/**
 * Logs an error with its structured exception, or a message, without a logger at hand: to the registered provider, or
 * nowhere when there is none. An error reported here is not logged again by `captureErrors` around it. Never throws.
 */
export function report(
  errorOrMessage: unknown,
  fields?: Readonly<Record<string, unknown>>,
  options?: ReportOptions,
): void {
  const { level, message, logger } = options ?? {};
  const attributes = snapshotAttributes(fields);
  if (typeof errorOrMessage === 'string') {
    emitSafely(logger, { ...checked(level ?? 'info'), body: errorOrMessage, attributes });
    return;
  }
  isFirstReport(errorOrMessage);
  const thrown = thrownAttributes(errorOrMessage);
  emitSafely(logger, {
    ...checked(level ?? 'error'),
    body: message ?? (thrown.message || thrown.type),
    attributes: { ...thrown.attributes, ...attributes },
  });
}

/**
 * Emits an event: a record with an event name and structured data as its body, which Odysseus takes as an event of its
 * own and the other platforms as an entry. To the registered provider, or nowhere when there is none. Never throws.
 */
export function emitEvent<Data extends object>(name: string, data?: Data, options?: EmitEventOptions): void {
  const { attributes, timestamp, level, streamId, position, type, meta, logger } = options ?? {};
  const body = snapshot(data);
  emitSafely(logger, {
    ...checked(level ?? 'info'),
    eventName: name,
    ...(body !== undefined && { body }),
    ...(timestamp !== undefined && { timestamp }),
    attributes: {
      ...snapshotAttributes(attributes),
      ...(streamId !== undefined && { 'odysseus.stream_id': streamId }),
      ...(position !== undefined && { 'odysseus.position': position }),
      ...(type !== undefined && { 'odysseus.type': type }),
      ...(meta !== undefined && { 'odysseus.meta': snapshot(meta) }),
    },
  });
}
