import type { RecordAdditions } from '../additions.ts';
import type { RequestLogOptions } from '../instrument/http/request-logs.ts';
import type { LogContextProcessorOptions } from '../instrument/log-context-processor.ts';
import type { SlowSpanRule } from '../instrument/slow-rules.ts';
import type { LevelMap } from '../levels/levels.ts';
import type { DeliveryOptions } from '../options.ts';
import type { PlatformDelivery } from '../platform-delivery.ts';
import type { LoggierOptions } from '../platforms/loggier.ts';
import type { LogTideOptions } from '../platforms/logtide.ts';
import type { OdysseusOptions } from '../platforms/odysseus.ts';
import type { Platform } from '../platforms/platform.ts';
import type { RedArchOptions } from '../platforms/redarch.ts';
import type { TrakerrOptions } from '../platforms/trakerr.ts';

/** Options of one platform, any of which may be left to the environment; `delivery` concerns this destination alone. */
export type DestinationConfig<Options> = Partial<Options> & { readonly delivery?: DeliveryOptions };

/** What `LOGFERRY_CONFIG` names may export. Everything is optional; what is given here wins over variables. */
export interface Config extends RecordAdditions {
  /** By platform; false switches one off. Credentials may come from here or from the environment. */
  readonly destinations?: {
    readonly odysseus?: DestinationConfig<OdysseusOptions> | false;
    readonly logtide?: DestinationConfig<LogTideOptions> | false;
    readonly redarch?: DestinationConfig<RedArchOptions> | false;
    readonly loggier?: DestinationConfig<LoggierOptions> | false;
    readonly trakerr?: DestinationConfig<TrakerrOptions> | false;
  };
  /** More destinations, made in code: a second account of a platform, or a platform of one's own. */
  readonly platforms?: readonly (Platform | PlatformDelivery)[];
  /** For all destinations. Times are milliseconds, sizes bytes. */
  readonly delivery?: Omit<DeliveryOptions, 'levels'>;
  /** Levels by scope pattern or destination, such as `{ 'db.*': 'warn', trakerr: 'error' }`. */
  readonly levels?: LevelMap;
  /** Attributes of the resource, such as `service.name`. */
  readonly resource?: Readonly<Record<string, string | number>>;
  /** Loggers and libraries whose instrumentation is to be loaded or left alone, by name: `{ pino: false }`. */
  readonly sources?: Readonly<Record<string, boolean>>;
  /** What is added to records from their surroundings: Baggage, trace ids, the call site. */
  readonly context?: LogContextProcessorOptions;
  /** A FATAL record of what nobody catches; the process ends as it would without. Default true. */
  readonly captureUncaught?: boolean;
  /** Spans that are logged when they are slow or fail: `'http.server>1s,db>100ms'`, or rules. Default: none. */
  readonly slow?: string | readonly SlowSpanRule[];
  /** Log HTTP requests from their spans. Default: none. */
  readonly http?: Omit<RequestLogOptions, 'targets'>;
  /** Longest wait for delivery when the process ends, in milliseconds. Default 5,000. */
  readonly flushTimeoutMillis?: number;
  /** No start line. Default false. */
  readonly quiet?: boolean;
  /** Exit with code 78 before the application starts when anything is wrong with the configuration. Default false. */
  readonly strict?: boolean;
}

/**
 * Types a configuration for `LOGFERRY_CONFIG=./logferry.config.mjs`: returns what it is given.
 *
 *     export default defineConfig({ destinations: { trakerr: { delivery: { minimumSeverity: 13 } } } });
 */
export function defineConfig(config: Config): Config {
  return config;
}
