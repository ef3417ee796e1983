import type { Level } from '../levels/names.ts';
import { knownOptions } from '../option-checks.ts';
import type { LogEmitter } from './application-logger.ts';
import { checkLogger, emitSafely } from './application-logger.ts';
import { severityOf } from './level.ts';
import { snapshotAttributes } from './snapshot.ts';
import { isFirstReport, thrownAttributes } from './thrown.ts';
import type { AnyFunction, DecoratorContext, Watch } from './wrap.ts';
import { nameOf, wrap } from './wrap.ts';

/** Options of `captureErrors`. */
export interface CaptureErrorsOptions {
  /** Text of the record. Default: the error's message. */
  readonly message?: string;
  /** Attributes of the record. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Default `error`. */
  readonly level?: Level;
  /** Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

const OPTIONS = ['message', 'attributes', 'level', 'logger'];
const pass = <Result>(run: () => Result): Result => run();
const nothing = (): void => {};

/** Whether the second argument comes from a decorator rather than from a caller with options. */
export function isDecoratorContext(options: object): options is DecoratorContext {
  return typeof (options as { kind?: unknown }).kind === 'string';
}

/**
 * Wraps a function, async function, generator or method: what it throws, or rejects with, is logged once, as one record
 * with the structured exception, and thrown on untouched. `this`, name, length and results stay; an error that passes
 * through several wrappers is logged by the innermost (a thrown string or number, having no identity, by each). Also a
 * decorator: `@captureErrors`. Throws a `TypeError` or `RangeError` for bad options.
 */
export function captureErrors<Fn extends AnyFunction>(
  fn: Fn,
  options: CaptureErrorsOptions | DecoratorContext = {},
): Fn {
  const settings: CaptureErrorsOptions = isDecoratorContext(options) ? {} : options;
  knownOptions(settings, OPTIONS, '');
  const { message, level = 'error', logger } = settings;
  const attributes = snapshotAttributes(settings.attributes);
  const severity = severityOf('level', level);
  checkLogger(logger);
  const watch: Watch = {
    within: pass,
    returned: nothing,
    left: nothing,
    threw(error) {
      if (!isFirstReport(error)) return;
      const thrown = thrownAttributes(error);
      emitSafely(logger, {
        ...severity,
        body: message ?? (thrown.message || thrown.type),
        attributes: { function: { name: nameOf(fn) || '<anonymous>' }, ...thrown.attributes, ...attributes },
      });
    },
  };
  return wrap(fn, () => watch);
}
