import type { LogRecordExporter, LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BatchLogRecordProcessor, ConsoleLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { systemClock } from '../clock.ts';
import type { PackageFinder } from '../sources/resolve.ts';
import type { Env } from './environment.ts';
import { itemsOf } from './environment.ts';

type Sdk = Readonly<Record<string, unknown>>;
type Class = new (...args: unknown[]) => object;

const DEFAULT_FLUSH_MILLIS = 5_000;

/** A processor of either signal. */
export interface FlushableProcessor {
  forceFlush(): Promise<void>;
}

interface Signal {
  readonly variable: string;
  readonly protocolVariable: string;
  readonly packagePrefix: string;
  readonly className: string;
}

const LOGS: Signal = {
  variable: 'OTEL_LOGS_EXPORTER',
  protocolVariable: 'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL',
  packagePrefix: '@opentelemetry/exporter-logs-otlp-',
  className: 'OTLPLogExporter',
};
const TRACES: Signal = {
  variable: 'OTEL_TRACES_EXPORTER',
  protocolVariable: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  packagePrefix: '@opentelemetry/exporter-trace-otlp-',
  className: 'OTLPTraceExporter',
};
const PROTOCOLS = new Map([
  ['http/protobuf', 'proto'],
  ['http/json', 'http'],
  ['grpc', 'grpc'],
]);

/** The OTLP exporter for the protocol that is asked for; it reads its address and headers by itself. */
function otlpExporter(signal: Signal, env: Env, finder: PackageFinder, warnings: string[]): object | undefined {
  const asked = (env[signal.protocolVariable] || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf')
    .trim()
    .toLowerCase();
  const ending = PROTOCOLS.get(asked);
  if (ending === undefined) {
    warnings.push(`LF022 OTEL_EXPORTER_OTLP_PROTOCOL is none of ${[...PROTOCOLS.keys()].join(', ')}: otlp is left out`);
    return undefined;
  }
  const name = `${signal.packagePrefix}${ending}`;
  const loaded = finder.load(name);
  if (loaded.kind === 'loaded') return new (loaded.exports[signal.className] as Class)();
  warnings.push(
    loaded.kind === 'missing'
      ? `LF023 ${signal.variable} asks for otlp over ${asked}: npm install ${name}`
      : `LF021 ${name} could not be loaded: ${loaded.message}`,
  );
  return undefined;
}

interface Makers<T> {
  readonly otlp: (exporter: object) => T;
  readonly console: () => T;
}

/** One processor for each exporter that is listed. Unset means none. */
function processorsOf<T>(signal: Signal, env: Env, finder: PackageFinder, warnings: string[], makers: Makers<T>): T[] {
  return (itemsOf(env[signal.variable]) ?? []).flatMap((item) => {
    if (item === 'none') return [];
    if (item === 'console') return [makers.console()];
    if (item !== 'otlp') {
      warnings.push(`LF022 ${signal.variable} lists "${item.slice(0, 40)}": use some of otlp, console, none`);
      return [];
    }
    const exporter = otlpExporter(signal, env, finder, warnings);
    return exporter === undefined ? [] : [makers.otlp(exporter)];
  });
}

/** What `OTEL_LOGS_EXPORTER` asks for beside the platforms. */
export function logProcessorsOf(env: Env, finder: PackageFinder, warnings: string[]): LogRecordProcessor[] {
  return processorsOf<LogRecordProcessor>(LOGS, env, finder, warnings, {
    otlp: (exporter) => new BatchLogRecordProcessor({ exporter: exporter as LogRecordExporter }),
    console: () => new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() }),
  });
}

/** What `OTEL_TRACES_EXPORTER` asks for; spans go nowhere otherwise. */
export function spanProcessorsOf(env: Env, sdk: Sdk, finder: PackageFinder, warnings: string[]): FlushableProcessor[] {
  // sdk-trace-base takes the exporter, sdk-trace an object with it.
  const make = (className: string, exporter: object): FlushableProcessor =>
    new (sdk[className] as Class)(sdk.TracerProvider ? { exporter } : exporter) as FlushableProcessor;
  return processorsOf<FlushableProcessor>(TRACES, env, finder, warnings, {
    otlp: (exporter) => make('BatchSpanProcessor', exporter),
    console: () => make('SimpleSpanProcessor', new (sdk.ConsoleSpanExporter as Class)()),
  });
}

/** Processors that can be taken out of a provider again. */
export class DetachableProcessors implements LogRecordProcessor {
  #processors: readonly LogRecordProcessor[];

  constructor(processors: readonly LogRecordProcessor[]) {
    this.#processors = processors;
  }

  onEmit(...args: Parameters<LogRecordProcessor['onEmit']>): void {
    for (const processor of this.#processors) processor.onEmit(...args);
  }

  enabled(): boolean {
    return this.#processors.length > 0;
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.shutdown()));
  }

  /** Sends what waits; nothing more comes in. */
  detach(): void {
    void this.shutdown().catch(() => undefined);
    this.#processors = [];
  }
}

/** Waits for others' flushing, bounded; what they say of it is not ours to tell. Never rejects. */
export async function within(timeoutMillis: number | undefined, flushing: Promise<void>): Promise<void> {
  const done = new AbortController();
  const timeout = systemClock.sleep(timeoutMillis ?? DEFAULT_FLUSH_MILLIS, done.signal);
  await Promise.race([flushing.catch(() => undefined), timeout]);
  done.abort();
}
