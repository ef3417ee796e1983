import type { LogEmitter } from './application-logger.ts';
import { checkLogger, emitSafely } from './application-logger.ts';
import { severityOf } from './level.ts';
import { store } from './store.ts';
import { isFirstReport, thrownAttributes } from './thrown.ts';

/** Options of `captureUncaught`. */
export interface CaptureUncaughtOptions {
  /** Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

const FATAL = severityOf('level', 'fatal');
const ERROR = severityOf('level', 'error');
const TITLES: Readonly<Record<string, string>> = {
  uncaughtException: 'uncaught exception',
  unhandledRejection: 'unhandled rejection',
};

/** Whether somebody takes the error, so that the process lives on. */
function isHandled(): boolean {
  return process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
}

function listen(logger: LogEmitter | undefined): () => void {
  const listener = (error: unknown, origin: string): void => {
    isFirstReport(error);
    const { type, message, attributes } = thrownAttributes(error);
    const text = message === '' ? type : `${type}: ${message}`;
    emitSafely(logger, {
      ...(isHandled() ? ERROR : FATAL),
      body: `${TITLES[origin] ?? origin}: ${text}`,
      attributes: { ...attributes, 'exception.origin': origin },
    });
  };
  process.on('uncaughtExceptionMonitor', listener);
  return () => process.removeListener('uncaughtExceptionMonitor', listener);
}

/**
 * Logs what nobody catches, rejections included, with its structured exception: FATAL when it ends the process, ERROR
 * when the application's own `uncaughtException` listener takes it. What the process does, prints and exits with stays
 * as it is, so there is no waiting for delivery: with a spool the record is on disk before the process ends and is
 * delivered at the next start, without one it is lost with the memory of the process. Gives a function that ends it;
 * several callers share one listener, with the options of the first. Throws a `TypeError` for a bad logger.
 */
export function captureUncaught({ logger }: CaptureUncaughtOptions = {}): () => void {
  checkLogger(logger);
  const shared = store();
  const capture = shared.uncaught ?? { holders: 0, stop: listen(logger) };
  shared.uncaught = capture;
  capture.holders += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    capture.holders -= 1;
    if (capture.holders > 0) return;
    capture.stop();
    shared.uncaught = undefined;
  };
}
