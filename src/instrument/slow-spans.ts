import type { Context } from '@opentelemetry/api';
import { context as otelContext, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { ScopePatterns } from '../levels/pattern.ts';
import type { EmittedRecord } from '../record/record.ts';
import type { SpanEventTarget } from '../span-event-bridge.ts';
import type { LogEmitter } from './application-logger.ts';
import { checkLogger, emitSafely } from './application-logger.ts';
import { contextAttributes } from './log-context.ts';
import type { Finding, FinishedSpan } from './slow-record.ts';
import { durationOf, isFailed, isOfKind, kindOf, recordOf } from './slow-record.ts';
import type { SlowSpanRule } from './slow-rules.ts';
import { checkRule, parseSlowRules } from './slow-rules.ts';

/** Options of `SlowSpanRules`. */
export interface SlowSpanRulesOptions {
  /** As text (`http.server>1s,db>100ms`) or one by one; the first rule that names a span decides about it. */
  readonly rules: string | readonly SlowSpanRule[];
  /** Where the records go: what a `SpanEventBridge` takes. Default: `logger`. */
  readonly targets?: SpanEventTarget | readonly SpanEventTarget[];
  /** Where the records go without targets. Default: a logger of the registered provider. */
  readonly logger?: LogEmitter;
}

interface Matcher extends SlowSpanRule {
  readonly matches: (span: FinishedSpan) => boolean;
}

function matcherOf(rule: SlowSpanRule): Matcher {
  const { kind = 'any', name } = rule;
  const names = name === undefined ? undefined : new ScopePatterns([[name, true]]);
  return {
    ...rule,
    matches: (span) => isOfKind(span, kind) && (names === undefined || names.best(span.name) === true),
  };
}

function rulesOf(rules: SlowSpanRulesOptions['rules']): readonly SlowSpanRule[] {
  if (typeof rules !== 'string') {
    if (!Array.isArray(rules)) throw new TypeError('rules must be text or a list');
    rules.forEach(checkRule);
    return rules;
  }
  const parsed = parseSlowRules(rules);
  if ('expected' in parsed) throw new TypeError(`rules must be ${parsed.expected}`);
  return parsed.value;
}

/**
 * A `SpanProcessor` that logs spans that are slow (WARN) or failed (ERROR), by rules for kinds and names: one record a
 * span, with its time, ids, resource and attributes, `duration_ms`, and the fields of the platforms' own clients
 * (`performance`, `tags`). Works with the tracing SDKs of both OpenTelemetry lines; nothing is thrown into the
 * application, and what emitting a record does is never logged itself.
 */
export class SlowSpanRules {
  readonly #rules: readonly Matcher[];
  readonly #targets: readonly SpanEventTarget[];
  readonly #logger: LogEmitter | undefined;
  /** A record is being emitted; spans that end meanwhile are its doing (a traced file system, say). */
  #isEmitting = false;

  /** Throws a `TypeError` or `RangeError` for bad options, naming the rule. */
  constructor({ rules, targets = [], logger }: SlowSpanRulesOptions) {
    this.#rules = rulesOf(rules).map(matcherOf);
    this.#targets = Array.isArray(targets) ? targets : [targets as SpanEventTarget];
    if (this.#targets.some((target) => typeof target?.emitSpanEvent !== 'function')) {
      throw new TypeError('targets must be PlatformLogExporter or DurableLogRecordProcessor instances');
    }
    checkLogger(logger);
    this.#logger = logger;
  }

  onStart(_span: unknown, _parentContext: Context): void {}

  onEnd(span: FinishedSpan): void {
    if (this.#isEmitting) return;
    try {
      const finding = this.#judge(span);
      if (finding === undefined) return;
      this.#isEmitting = true;
      // Spans that begin while the record is on its way are not recorded, so that none of them is ever slow.
      otelContext.with(suppressTracing(otelContext.active()), () =>
        this.#emit(recordOf(span, finding, contextAttributes())),
      );
    } catch {
      // A span of a foreign shape; the application that ended it must not notice.
    } finally {
      this.#isEmitting = false;
    }
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#targets.map((target) => target.forceFlush()));
  }

  /** Delivers what is waiting; the targets stay open, they belong to the logger provider. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  #judge(span: FinishedSpan): Finding | undefined {
    const rule = this.#rules.find(({ matches }) => matches(span));
    if (rule === undefined) return undefined;
    const { thresholdMillis, when = 'both' } = rule;
    const durationMillis = durationOf(span);
    const isSlow = thresholdMillis !== undefined && durationMillis >= thresholdMillis;
    const failed = isFailed(span);
    if (!(isSlow && when !== 'failed') && !(failed && when !== 'slow')) return undefined;
    return { kind: kindOf(span), durationMillis, thresholdMillis, isSlow, isFailed: failed };
  }

  #emit(record: EmittedRecord): void {
    if (this.#targets.length > 0) {
      for (const target of this.#targets) target.emitSpanEvent(record);
      return;
    }
    const { hrTime, severityNumber, severityText, body, attributes, spanContext } = record;
    emitSafely(this.#logger, {
      timestamp: hrTime,
      severityNumber: severityNumber as number,
      severityText: severityText as string,
      body,
      attributes,
      ...(spanContext !== undefined && { context: trace.setSpanContext(ROOT_CONTEXT, spanContext) }),
    });
  }
}
