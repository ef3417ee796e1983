import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { registerLoggerProvider } from '../global-providers.ts';
import type { AnyLoggerProvider, LoggerOwner } from '../others/loggers.ts';
import { keepOwnLoggers, SwitchableLoggerProvider } from '../others/loggers.ts';
import type { Slot } from '../others/registry.ts';
import type { PackageFinder } from '../sources/resolve.ts';
import type { Env } from '../tracing/environment.ts';
import { DetachableProcessors, logProcessorsOf } from '../tracing/exporters.ts';

export interface LogsSetup {
  readonly env: Env;
  readonly finder: PackageFinder;
  /** Where every record goes. */
  readonly processor: LogRecordProcessor;
  /** Options of a logger provider of our own. */
  readonly options: Omit<NonNullable<ConstructorParameters<typeof LoggerProvider>[0]>, 'processors'>;
  /** Providers of somebody else that hand their records to the processor already. */
  readonly joined: readonly AnyLoggerProvider[];
  readonly owner: LoggerOwner;
}

export interface StartedLogs {
  readonly loggers: SwitchableLoggerProvider;
  /** What is ours in the API's registry. */
  readonly slots: readonly Slot[];
  /** What `OTEL_LOGS_EXPORTER` asks for beside the platforms. */
  readonly exporters: DetachableProcessors;
  readonly warnings: readonly string[];
}

/** Registers a logger provider with both Logs APIs; where somebody else's is joined, only with the one that has none. */
export function startLogs({ env, finder, processor, options, joined, owner }: LogsSetup): StartedLogs {
  const warnings: string[] = [];
  // Somebody else's provider has its own exporters.
  const exporters = new DetachableProcessors(joined.length === 0 ? logProcessorsOf(env, finder, warnings) : []);
  const own = new LoggerProvider({ ...options, processors: [processor, exporters] }) as unknown as AnyLoggerProvider;
  const loggers = new SwitchableLoggerProvider(own, owner, joined[0]);
  for (const theirs of joined) keepOwnLoggers(theirs, loggers);
  return { loggers, slots: registerLoggerProvider(loggers), exporters, warnings };
}
