import type { Attributes, Context, Span } from '@opentelemetry/api';
import { isSpanContextValid, context as otelContext, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Level } from '../levels/names.ts';
import { knownOptions, numberOption } from '../option-checks.ts';
import { SDK_NAME, SDK_VERSION } from '../version.ts';
import type { LogEmitter } from './application-logger.ts';
import { checkLogger, emitSafely } from './application-logger.ts';
import { isDecoratorContext } from './capture-errors.ts';
import { severityOf } from './level.ts';
import { snapshot, snapshotAttributes } from './snapshot.ts';
import type { Thrown } from './thrown.ts';
import { isFirstReport, thrownAttributes } from './thrown.ts';
import type { AnyFunction, DecoratorContext, Watch } from './wrap.ts';
import { nameOf, wrap } from './wrap.ts';

/** Options of `traced`. */
export interface TracedOptions {
  /** Name of span and record. Default: the function's name. */
  readonly name?: string;
  /** A call that takes at least this long is slow. Default 500. */
  readonly thresholdMillis?: number;
  /** Attributes of span and record. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Tags of the record, besides `performance`, `function_call` and, where they apply, `slow` and `error`. */
  readonly tags?: readonly string[];
  /** Level of a call that was neither slow (`warn`) nor failed (`error`). Default `info`. */
  readonly level?: Level;
  /** The record tells the arguments, as they are when the call has ended, shortened. Default false. */
  readonly includeArguments?: boolean;
  /** The record tells the result, shortened. Default false. */
  readonly includeResult?: boolean;
  /** Which calls are logged; failed ones always are. Default `slow`. */
  readonly recordWhen?: 'slow' | 'always';
  /** Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

const DEFAULT_THRESHOLD_MILLIS = 500;
const OPTIONS = [
  ...['name', 'thresholdMillis', 'attributes', 'tags', 'level', 'includeArguments', 'includeResult', 'recordWhen'],
  'logger',
];
const MAX_ARGUMENTS = 20;
/** Arguments and results are shown, not kept whole. */
const VALUE_LIMITS = { maxStringLength: 1_024, maxMessageLength: 1_024, maxDepth: 4, maxValues: 100 };

interface Settings extends Omit<TracedOptions, 'attributes'> {
  readonly name: string;
  readonly thresholdMillis: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spanAttributes: Attributes;
  readonly level: Level;
}

/** Lists and maps are no values of span attributes everywhere. */
function scalars(attributes: object): Attributes {
  const entries = Object.entries(attributes).filter(([, value]) => typeof value !== 'object');
  return Object.fromEntries(entries) as Attributes;
}

function settingsOf(fn: AnyFunction, options: TracedOptions | DecoratorContext): Settings {
  const given: TracedOptions = isDecoratorContext(options) ? { name: String(options.name) } : options;
  knownOptions(given, OPTIONS, '');
  const { level = 'info', recordWhen = 'slow' } = given;
  severityOf('level', level);
  checkLogger(given.logger);
  if (recordWhen !== 'slow' && recordWhen !== 'always') throw new RangeError('recordWhen must be slow or always');
  const attributes = snapshotAttributes(given.attributes);
  return {
    ...given,
    level,
    name: given.name || nameOf(fn) || '<anonymous>',
    thresholdMillis: numberOption('thresholdMillis', given.thresholdMillis, DEFAULT_THRESHOLD_MILLIS, 0, false),
    attributes,
    spanAttributes: scalars(attributes),
  };
}

/** What has become of a call. */
interface Ended {
  readonly durationMillis: number;
  readonly isSlow: boolean;
  readonly error?: Thrown;
  /** The error has not been logged before. */
  readonly isNews?: boolean;
  readonly result?: unknown;
}

function messageOf({ name, thresholdMillis }: Settings, { durationMillis, isSlow, error }: Ended): string {
  const slow = isSlow ? ` [SLOW: ${durationMillis.toFixed(2)}ms >= ${thresholdMillis}ms]` : '';
  return `Function call: ${name}${slow}${error === undefined ? '' : ` [ERROR: ${error.type}]`}`;
}

function levelOf(settings: Settings, { isSlow, error }: Ended): Level {
  if (error !== undefined) return 'error';
  return isSlow ? 'warn' : settings.level;
}

function recordAttributes(settings: Settings, args: readonly unknown[], ended: Ended): Record<string, unknown> {
  const { durationMillis, isSlow, error, isNews, result } = ended;
  const { tags = [] } = settings;
  const markers = [...(isSlow ? ['slow'] : []), ...(error === undefined ? [] : ['error'])];
  return {
    function: { name: settings.name },
    duration_ms: durationMillis,
    performance: { is_slow: isSlow, threshold_ms: settings.thresholdMillis },
    tags: ['performance', 'function_call', ...tags, ...markers],
    ...(settings.includeArguments && {
      call_args: { args: args.slice(0, MAX_ARGUMENTS).map((arg) => snapshot(arg, VALUE_LIMITS) ?? String(typeof arg)) },
    }),
    ...(settings.includeResult && result !== undefined && { return_value: snapshot(result, VALUE_LIMITS) }),
    ...(error !== undefined && { 'error.type': error.type }),
    ...(isNews && error?.attributes),
    ...settings.attributes,
  };
}

/** One call: its span, its time, and in the end its record. The first end counts. */
class TracedCall implements Watch {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #args: readonly unknown[];
  readonly #span: Span;
  readonly #context: Context;
  /** Without a tracer and a span around there is nothing to be told to what is inside. */
  readonly #isTraced: boolean;
  readonly #begun: number;
  #ended = false;

  constructor(settings: Settings, clock: Clock, args: readonly unknown[]) {
    this.#settings = settings;
    this.#clock = clock;
    this.#args = args;
    const tracer = trace.getTracer(SDK_NAME, SDK_VERSION);
    const parent = otelContext.active();
    this.#span = tracer.startSpan(settings.name, { attributes: settings.spanAttributes }, parent);
    this.#isTraced = isSpanContextValid(this.#span.spanContext());
    this.#context = this.#isTraced ? trace.setSpan(parent, this.#span) : parent;
    this.#begun = clock.now();
  }

  within<Result>(run: () => Result): Result {
    return this.#isTraced ? otelContext.with(this.#context, run) : run();
  }

  returned(value: unknown): void {
    this.#end((ended) => ({ ...ended, result: value }));
  }

  left(): void {
    this.#end((ended) => ended);
  }

  threw(thrown: unknown): void {
    this.#end((ended) => {
      const error = thrownAttributes(thrown);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      this.#span.setAttribute('error.type', error.type);
      return { ...ended, error, isNews: isFirstReport(thrown) };
    });
  }

  #end(complete: (ended: Ended) => Ended): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      const durationMillis = Math.round((this.#clock.now() - this.#begun) * 1_000) / 1_000;
      const ended = complete({ durationMillis, isSlow: durationMillis >= this.#settings.thresholdMillis });
      this.#span.end();
      if (ended.isSlow || ended.error !== undefined || this.#settings.recordWhen === 'always') this.#log(ended);
    } catch {
      // A tracing SDK that throws; the call goes on as if nobody had watched it.
    }
  }

  #log(ended: Ended): void {
    emitSafely(this.#settings.logger, {
      ...severityOf('level', levelOf(this.#settings, ended)),
      body: messageOf(this.#settings, ended),
      attributes: recordAttributes(this.#settings, this.#args, ended),
      context: this.#context,
    });
  }
}

const UNWATCHED: Watch = { within: (run) => run(), returned: () => {}, threw: () => {}, left: () => {} };

/** `traced` with a clock. */
export function tracedWith<Fn extends AnyFunction>(
  clock: Clock,
  fn: Fn,
  options: TracedOptions | DecoratorContext = {},
): Fn {
  if (typeof fn !== 'function') throw new TypeError(`only functions can be wrapped, got ${typeof fn}`);
  const settings = settingsOf(fn, options);
  return wrap(fn, (args) => {
    try {
      return new TracedCall(settings, clock, args);
    } catch {
      return UNWATCHED;
    }
  });
}

/**
 * Wraps a function, async function, generator or method: each call is a span where there is a tracer, and a record when
 * it is slow or fails, with the fields of Loggier's `trace_function` (`function`, `duration_ms`, `performance`, `tags`,
 * and on request `call_args` and `return_value`). What it throws is thrown on untouched; `this`, name, length and
 * results stay. A promise counts until it settles, a generator until it ends. Also a decorator: `@traced`. Throws a
 * `TypeError` or `RangeError` for bad options.
 */
export function traced<Fn extends AnyFunction>(fn: Fn, options: TracedOptions | DecoratorContext = {}): Fn {
  return tracedWith(systemClock, fn, options);
}
