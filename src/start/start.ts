import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Environment } from '../env/environment.ts';
import { readEnvironment } from '../env/environment.ts';
import type { Features } from '../env/features.ts';
import type { FlushOptions, FlushReport } from '../flush.ts';
import { flushReport } from '../flush.ts';
import { hasLogsInApi, registeredLoggerProviders } from '../global-providers.ts';
import type { RegisterHandle } from '../handle.ts';
import { captureUncaught } from '../instrument/capture-uncaught.ts';
import { RequestLogProcessor } from '../instrument/http/request-logs.ts';
import { recordEnricher } from '../instrument/log-context-processor.ts';
import { SlowSpanRules } from '../instrument/slow-spans.ts';
import { controlLevels } from '../levels/control.ts';
import type { OtelEnvironment } from '../otel-env.ts';
import { readOtelEnvironment } from '../otel-env.ts';
import { attachProcessor } from '../others/attach.ts';
import type { AnyLoggerProvider } from '../others/loggers.ts';
import { OwnSources, Takeover } from '../others/takeover.ts';
import { flushAtEnd } from '../process-end.ts';
import { WriteThroughLogRecordProcessor } from '../processor.ts';
import { resourceAttributes, resourceOf } from '../resource.ts';
import { isActive } from '../sources/active.ts';
import { SOURCES } from '../sources/packages.ts';
import { applicationDirectories, PackageFinder } from '../sources/resolve.ts';
import { Selection } from '../sources/selection.ts';
import { startSources } from '../sources/start.ts';
import { SpanEventBridge } from '../span-event-bridge.ts';
import type { AnySpanProcessor } from '../span-processors.ts';
import { SpanProcessors } from '../span-processors.ts';
import { installDiagLogger, writeLine } from '../stderr-diag.ts';
import type { FlushableProcessor } from '../tracing/exporters.ts';
import { within } from '../tracing/exporters.ts';
import type { StartedTracing, TracingSetup } from '../tracing/tracing.ts';
import { startTracing } from '../tracing/tracing.ts';
import { SDK_VERSION } from '../version.ts';
import { problemLines, STAND_DOWN_LINES, startLine } from './lines.ts';
import { startLogs } from './logs.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const NO_TRACING: StartedTracing = { kind: 'missing', slots: [], exporters: [], warnings: [] };

/** What is there when nothing is sent. */
const IDLE: RegisterHandle = {
  version: SDK_VERSION,
  flush: async () => flushReport([]),
  stats: () => [],
  setLevel: () => false,
  levels: () => [],
};

interface Settings {
  readonly otel: OtelEnvironment;
  readonly environment: Environment;
  readonly service: string;
  readonly resource: ReturnType<typeof resourceOf>;
}

function readSettings(otel: OtelEnvironment): Settings {
  const { env } = process;
  const found = resourceAttributes(env, process.argv[1]);
  const environment = readEnvironment({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    delivery: otel.delivery,
    service: String(found['service.name']),
  });
  const attributes = { ...found, ...environment.resource };
  return { otel, environment, service: String(attributes['service.name']), resource: resourceOf(attributes) };
}

/** Worker threads have the same environment; its problems have been told. */
function complain({ otel, environment }: Settings, standsDown: boolean): void {
  if (!isMainThread) return;
  const serious = [...problemLines(environment), ...(standsDown ? STAND_DOWN_LINES : [])];
  for (const line of [...otel.warnings.map((warning) => `logferry ${warning}`), ...serious]) writeLine(line);
  if (environment.strict && serious.length > 0) process.exit(EXIT_CONFIG);
}

/** What is made of spans: platform events, and records of slow ones and of HTTP requests. */
function spanProcessorOf({ slow, http }: Features, targets: WriteThroughLogRecordProcessor): AnySpanProcessor {
  const bridge = new SpanEventBridge({ targets });
  const others: readonly AnySpanProcessor[] = [
    ...(slow === undefined ? [] : [new SlowSpanRules({ rules: slow, targets })]),
    ...(http === undefined ? [] : [new RequestLogProcessor({ ...http, targets })]),
  ];
  return others.length === 0 ? bridge : new SpanProcessors([bridge, ...others]);
}

function handleOf(processor: WriteThroughLogRecordProcessor, others: readonly FlushableProcessor[]): RegisterHandle {
  const flush = async (options?: FlushOptions): Promise<FlushReport> => {
    const [report] = await Promise.all([
      processor.flush(options),
      ...others.map((other) => within(options?.timeoutMillis, other.forceFlush())),
    ]);
    return report;
  };
  return {
    version: SDK_VERSION,
    flush,
    stats: () => processor.stats(),
    setLevel: (target, level) => processor.setLevel(target, level),
    levels: () => processor.levels(),
  };
}

/** Registers everything; what comes out of it flushes at the end of the process. */
function register(
  { otel, environment, service, resource }: Settings,
  processor: WriteThroughLogRecordProcessor,
  joined: readonly AnyLoggerProvider[],
): RegisterHandle {
  const { env } = process;
  const finder = new PackageFinder(applicationDirectories());
  const selection = new Selection(env, environment.sources);
  const own = new OwnSources();
  const diagnostics = installDiagLogger(otel.logLevel);
  const inform = (line: string): void => {
    if (!environment.quiet && isMainThread) writeLine(`logferry ${line}`);
  };
  const informed = new Set<string>();
  const informOnce = (line: string): void => {
    if (!informed.has(line)) inform(line);
    informed.add(line);
  };
  const options = { resource, logRecordLimits: otel.logRecordLimits };
  const logs = startLogs({ env, finder, processor, options, joined, owner: own });
  const bridge = spanProcessorOf(environment.features, processor);
  const setup: TracingSetup = {
    env,
    finder,
    resource,
    bridge,
    onTracer: (scope) => own.onTracer(scope),
  };
  const tracing = selection.isNone ? NO_TRACING : startTracing(setup);
  const afterOthers = joined.length > 0 || tracing.kind === 'others';
  if (afterOthers) diagnostics?.onlyOurs();
  const line = hasLogsInApi() ? 'B' : 'A';
  const sources = startSources({ finder, selection, line, tracing: tracing.kind, afterOthers });
  own.watch(sources.running);
  const takeover = new Takeover({
    loggers: logs.loggers,
    tracers: tracing.tracers,
    processor,
    service,
    bridge,
    sources: own,
    isActive: (scope) => SOURCES.some((source) => source.package === scope && isActive(finder, source)),
    onTakeover: (signal) => {
      if (signal === 'logs') logs.exporters.detach();
      // When the one who takes over is through with its own.
      else queueMicrotask(() => sources.renewHooks(own.running));
      diagnostics?.onlyOurs();
      informOnce(
        'LF025 the application starts an OpenTelemetry SDK of its own: it takes over, and goes on feeding logferry',
      );
    },
  });
  takeover.start([...tracing.slots, ...logs.slots]);
  if (environment.features.captureUncaught) captureUncaught();
  const { levels, levelControl } = environment;
  controlLevels({ levels, levelControl, say: writeLine });
  const handle = handleOf(processor, [logs.exporters, ...tracing.exporters]);
  flushAtEnd(handle, environment.flushMillis);
  if (isMainThread) {
    for (const text of [...logs.warnings, ...tracing.warnings, ...sources.warnings]) writeLine(`logferry ${text}`);
  }
  if (joined.length > 0) inform('LF024 records are taken from the logger provider that was there before');
  if (sources.advice !== undefined) inform(sources.advice);
  if (!environment.quiet && isMainThread) writeLine(startLine(service, environment));
  return handle;
}

/**
 * Reads the environment and starts what it asks for, in this thread: delivery, logger provider, spans, instrumentations.
 * Says on stderr what is wrong and what goes where. With `LOGFERRY_STRICT`, problems end the process with code 78.
 */
export function start(): RegisterHandle {
  const otel = readOtelEnvironment(process.env);
  if (otel.disabled) return IDLE;
  const settings = readSettings(otel);
  const { destinations, additions, features } = settings.environment;
  const processor = new WriteThroughLogRecordProcessor(
    destinations.map(({ destination }) => destination),
    { additions, enrich: recordEnricher(features.context) },
  );
  const others = destinations.length === 0 ? [] : registeredLoggerProviders();
  const joined = others.filter((provider) => attachProcessor(provider, processor, settings.service));
  const standsDown = others.length > 0 && joined.length === 0;
  complain(settings, standsDown);
  if (destinations.length === 0 || standsDown) {
    for (const { destination } of destinations) void destination.shutdown(0);
    return IDLE;
  }
  return register(settings, processor, joined);
}
