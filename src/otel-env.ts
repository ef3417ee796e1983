import type { DeliveryOptions } from './options.ts';
import { parseResourceAttributes } from './resource.ts';
import { diagLevel } from './stderr-diag.ts';

/** What OpenTelemetry's own variables ask for. */
export interface OtelEnvironment {
  /** `OTEL_SDK_DISABLED=true` */
  readonly disabled: boolean;
  /** `OTEL_LOG_LEVEL` */
  readonly logLevel: string | undefined;
  /** `OTEL_LOGRECORD_ATTRIBUTE_*`, falling back to `OTEL_ATTRIBUTE_*`. */
  readonly logRecordLimits: { attributeCountLimit?: number; attributeValueLengthLimit?: number };
  /** `OTEL_BLRP_*` in terms of our queue. */
  readonly delivery: DeliveryOptions;
  /** Values that could not be read; they are ignored, as the specification asks. */
  readonly warnings: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

const DEFAULT_SCHEDULE_DELAY_MILLIS = 1_000;

/**
 * Reads the variables of the OpenTelemetry specification. `OTEL_BLRP_SCHEDULE_DELAY` is how long a record waits for
 * company, `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE` bounds a request's records, `OTEL_BLRP_EXPORT_TIMEOUT` bounds a request.
 * `OTEL_BLRP_MAX_QUEUE_SIZE` has no counterpart: our queue is bounded in bytes and a burst never overruns a count.
 */
export function readOtelEnvironment(env: Env): OtelEnvironment {
  const warnings: string[] = [];
  const whole = (name: string, least: number): number | undefined => {
    const text = env[name]?.trim();
    if (!text) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    warnings.push(`LF010 ${name} is not a whole number of at least ${least}: the default is used`);
    return undefined;
  };
  const { OTEL_LOG_LEVEL: logLevel } = env;
  if (logLevel?.trim() && diagLevel(logLevel) === undefined) {
    warnings.push('LF010 OTEL_LOG_LEVEL is none of ALL, VERBOSE, DEBUG, INFO, WARN, ERROR, NONE: WARN is used');
  }
  const { malformed } = parseResourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES);
  if (malformed > 0) {
    warnings.push(
      `LF010 OTEL_RESOURCE_ATTRIBUTES has ${malformed} of its parts not in the form key=value, percent-encoded: they are left out`,
    );
  }
  const maxRecords = whole('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', 1);
  const timeoutMillis = whole('OTEL_BLRP_EXPORT_TIMEOUT', 1);
  const count = whole('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', 0) ?? whole('OTEL_ATTRIBUTE_COUNT_LIMIT', 0);
  const length =
    whole('OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT', 0) ?? whole('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 0);
  return {
    disabled: env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true',
    logLevel,
    logRecordLimits: {
      ...(count !== undefined && { attributeCountLimit: count }),
      ...(length !== undefined && { attributeValueLengthLimit: length }),
    },
    delivery: {
      batch: {
        maxDelayMillis: whole('OTEL_BLRP_SCHEDULE_DELAY', 0) ?? DEFAULT_SCHEDULE_DELAY_MILLIS,
        ...(maxRecords !== undefined && { maxRecords }),
      },
      ...(timeoutMillis !== undefined && { http: { timeoutMillis } }),
    },
    warnings,
  };
}
