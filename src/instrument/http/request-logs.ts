import type { Context, HrTime } from '@opentelemetry/api';
import type { Level } from '../../levels/names.ts';
import { knownOptions, numberOption } from '../../option-checks.ts';
import type { EmittedRecord } from '../../record/record.ts';
import type { SpanEventTarget } from '../../span-event-bridge.ts';
import { SDK_VERSION } from '../../version.ts';
import { severityOf } from '../level.ts';
import { anyOf } from './capture-options.ts';
import { type HttpSpan, type ServerRequest, serverRequest } from './http-span.ts';
import { requestAttributes } from './request-attributes.ts';
import { extrasOf } from './request-extras.ts';
import { requestLine } from './request-line.ts';
import { type StatusTest, statusTest } from './statuses.ts';

/** Which requests are logged, and how. */
export interface RequestLogOptions {
  /** Where the records go. */
  readonly targets: SpanEventTarget | readonly SpanEventTarget[];
  /**
   * `responses`: one record when a request has ended · `all`: one at its start as well · `errors`: only those that
   * failed (5xx, or a span with status ERROR). Default `responses`.
   */
  readonly log?: 'errors' | 'responses' | 'all';
  /** Only these statuses, as `500`, `4xx` or `400-499`; slow requests are logged all the same. Default: all. */
  readonly statuses?: readonly (number | string)[];
  /** Requests that take at least this long are warnings, marked as slow, in milliseconds. Default: none is slow. */
  readonly slowMillis?: number;
  /** Paths that are not logged, `*` for any text: `/health`, `/static/*`. Default: none. */
  readonly skipPaths?: readonly string[];
}

const OPTIONS = ['targets', 'log', 'statuses', 'slowMillis', 'skipPaths'];
const LOGS: readonly unknown[] = ['errors', 'responses', 'all'];
/** Numeric `SpanStatusCode.ERROR`. */
const STATUS_ERROR = 2;
const SCOPE = { name: 'logferry.http', version: SDK_VERSION };

function millis([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + nanos / 1e6;
}

function checkedTargets({ targets }: RequestLogOptions): readonly SpanEventTarget[] {
  const list: readonly SpanEventTarget[] = Array.isArray(targets) ? targets : [targets];
  if (list.length > 0 && list.every((target) => typeof target?.emitSpanEvent === 'function')) return list;
  throw new TypeError('targets must be processors or exporters of logferry');
}

function skipTest(paths: readonly string[] | undefined): (path: string) => boolean {
  if (paths === undefined) return () => false;
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== 'string' || path === '')) {
    throw new TypeError('skipPaths must be a list of non-empty strings');
  }
  return anyOf(paths);
}

/**
 * A `SpanProcessor` that logs HTTP requests from their server spans, without a line of code in the application:
 * `GET /orders/17 200 (45ms)`, an ERROR for 5xx, a WARN for 4xx and slow ones, with the span's ids and attributes.
 * Works with the tracing SDKs of both OpenTelemetry lines; nothing is thrown into the application.
 */
export class RequestLogProcessor {
  readonly #targets: readonly SpanEventTarget[];
  readonly #log: 'errors' | 'responses' | 'all';
  readonly #tracked: StatusTest | undefined;
  readonly #slowMillis: number;
  readonly #skips: (path: string) => boolean;

  /** Throws a `TypeError` or `RangeError` that names a bad option. */
  constructor(options: RequestLogOptions) {
    knownOptions(options, OPTIONS, '');
    const { log = 'responses', statuses, slowMillis, skipPaths } = options;
    if (!LOGS.includes(log)) throw new TypeError(`log must be errors, responses or all, got ${String(log)}`);
    this.#targets = checkedTargets(options);
    this.#log = log;
    this.#tracked = statuses === undefined ? undefined : statusTest('statuses', statuses);
    this.#slowMillis = numberOption('slowMillis', slowMillis, Number.POSITIVE_INFINITY, 0, false);
    this.#skips = skipTest(skipPaths);
  }

  onStart(span: HttpSpan, _parentContext: Context): void {
    if (this.#log !== 'all') return;
    this.#guarded(span, (request) => {
      this.#emit(span, span.startTime, 'info', `${request.method} ${request.path}`, requestAttributes(span, request));
    });
  }

  onEnd(span: HttpSpan): void {
    this.#guarded(span, (request) => this.#ended(span, request));
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.forceFlush()));
  }

  /** Delivers what is waiting; the targets stay open, they belong to the logger provider. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  #ended(span: HttpSpan, request: ServerRequest): void {
    const extras = extrasOf(span);
    extras?.taken();
    const { method, path, status } = request;
    const slowMillis = extras?.slowMillis ?? this.#slowMillis;
    const durationMillis = millis(span.duration);
    const failed = span.status.code === STATUS_ERROR;
    const line = requestLine({ method, path, status, durationMillis, failed, slowMillis });
    const test = extras?.tracked ?? this.#tracked;
    const tracked = test === undefined || (status !== undefined && test(status));
    if (!line.slow && !(tracked && (line.failed || this.#log !== 'errors'))) return;
    this.#emit(span, span.endTime, line.level, line.text, {
      ...requestAttributes(span, request),
      duration_ms: durationMillis,
      ...(line.slow && { slow: true }),
      ...extras?.attributes(),
    });
  }

  #emit(span: HttpSpan, time: HrTime, level: Level, body: string, attributes: object): void {
    const severity = severityOf('level', level);
    const record: EmittedRecord = {
      ...{ hrTime: time, hrTimeObserved: time, spanContext: span.spanContext(), ...severity, body },
      resource: span.resource,
      instrumentationScope: SCOPE,
      attributes: attributes as EmittedRecord['attributes'],
      droppedAttributesCount: 0,
    };
    for (const target of this.#targets) target.emitSpanEvent(record);
  }

  #guarded(span: HttpSpan, act: (request: ServerRequest) => void): void {
    try {
      const request = serverRequest(span);
      if (request !== undefined && !this.#skips(request.path)) act(request);
    } catch {
      // A span of a foreign shape; the application that made it must not notice.
    }
  }
}
