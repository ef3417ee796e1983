import { context, propagation, trace } from '@opentelemetry/api';
import type { Logger } from '@opentelemetry/api-logs';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { onTestFinished } from 'vitest';
import { clearGlobalContext } from '../../src/instrument/log-context.ts';
import type { LogContextProcessorOptions } from '../../src/instrument/log-context-processor.ts';
import { LogContextProcessor } from '../../src/instrument/log-context-processor.ts';

export interface LogRig {
  readonly provider: LoggerProvider;
  readonly logger: Logger;
  readonly records: ReadableLogRecord[];
  /** Emits one record and gives it back as the delivering processor got it. */
  readonly emitted: (attributes?: Record<string, unknown>, severityNumber?: number) => ReadableLogRecord;
}

/** A real logs SDK with a `LogContextProcessor` in front of a list. */
export function logRig(options?: LogContextProcessorOptions): LogRig {
  const records: ReadableLogRecord[] = [];
  const list: LogRecordProcessor = {
    onEmit: (record) => void records.push(record),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new LoggerProvider({ processors: [new LogContextProcessor(options), list] });
  const logger = provider.getLogger('shop');
  onTestFinished(() => {
    clearGlobalContext();
    return provider.shutdown();
  });
  const emitted: LogRig['emitted'] = (attributes = {}, severityNumber = 9) => {
    logger.emit({ body: 'text', severityNumber, attributes: attributes as never });
    return records.at(-1) as ReadableLogRecord;
  };
  return { provider, logger, records, emitted };
}

/** Registers the rig's provider as an SDK of line A does, for helpers without a logger. */
export function registered(rig: LogRig): LogRig {
  logs.setGlobalLoggerProvider(rig.provider);
  onTestFinished(() => logs.disable());
  return rig;
}

/** Registers a context manager, as every tracing set-up does. */
export function contextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(() => {
    context.disable();
    propagation.disable();
  });
}

/** Registers a tracer provider and a context manager. */
export function tracing(options?: ConstructorParameters<typeof BasicTracerProvider>[0]): BasicTracerProvider {
  contextManager();
  const provider = new BasicTracerProvider(options);
  trace.setGlobalTracerProvider(provider);
  onTestFinished(() => {
    trace.disable();
    return provider.shutdown();
  });
  return provider;
}
