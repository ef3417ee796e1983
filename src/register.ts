import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Environment, Problem } from './env.ts';
import { readEnvironment } from './env.ts';
import { attachBridgeOnceRegistered, hasLoggerProvider, registerLoggerProvider } from './global-providers.ts';
import type { OtelEnvironment } from './otel-env.ts';
import { readOtelEnvironment } from './otel-env.ts';
import { flushAtEnd } from './process-end.ts';
import { WriteThroughLogRecordProcessor } from './processor.ts';
import { resourceAttributes, resourceOf } from './resource.ts';
import { SpanEventBridge } from './span-event-bridge.ts';
import { SPOOL_DEFAULTS } from './spool-options.ts';
import { installDiagLogger, writeLine } from './stderr-diag.ts';
import { SDK_VERSION } from './version.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const REGISTERED = Symbol.for('logferry.register');
const MEGABYTE = 1_048_576;

function describe({ code, where, what, fix }: Problem): string {
  return `logferry ${code} ${where} ${what}: ${fix}`;
}

/** What is wrong, in the order of its lines. `LOGFERRY_QUIET` is for those who know that nothing is configured. */
function complaints(otel: OtelEnvironment, environment: Environment): { ignored: string[]; serious: string[] } {
  const serious = environment.problems.map(describe);
  if (environment.destinations.length === 0) {
    if (!environment.quiet || environment.strict)
      serious.push('logferry LF007 no platform has its credentials set: nothing is sent; see README, "Environment"');
  } else if (hasLoggerProvider()) {
    serious.push(
      'logferry LF008 another OpenTelemetry logger provider is registered already: nothing is sent; load logferry/register first, or set OTEL_LOGS_EXPORTER=none',
    );
  }
  return { ignored: otel.warnings.map((warning) => `logferry ${warning}`), serious };
}

function sizeText(bytes: number): string {
  return bytes < MEGABYTE ? `${bytes / 1_024} kB` : `${Math.round(bytes / MEGABYTE)} MB`;
}

/** Where records wait: what survives a crash and what does not is to be seen at the start. */
function storageText({ spool, queueBytes, destinations }: Environment): string {
  const memory = `${sizeText(queueBytes)} of memory each`;
  if (spool === undefined) return `${memory}, nothing on disk (see LOGFERRY_SPOOL_DIR)`;
  if (destinations.some(({ destination }) => destination.spoolProblem !== undefined)) return `${memory} for now`;
  return `spool ${spool.directory} (${sizeText(spool.maxDiskBytes ?? SPOOL_DEFAULTS.maxDiskBytes)})`;
}

function startLine(service: string, environment: Environment): string {
  const targets = environment.destinations.map(
    ({ destination, origin }) => `${destination.name} (${origin}, key ****)`,
  );
  return `logferry ${SDK_VERSION}: logs of "${service}" go to ${targets.join(', ')}; ${storageText(environment)}`;
}

function start(): void {
  const { env } = process;
  const otel = readOtelEnvironment(env);
  if (otel.disabled) return;
  const attributes = resourceAttributes(env, process.argv[1]);
  const service = String(attributes['service.name']);
  const environment = readEnvironment({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    delivery: otel.delivery,
    service,
  });
  // Worker threads have the same environment; its problems have been told.
  if (isMainThread) {
    const { ignored, serious } = complaints(otel, environment);
    for (const line of [...ignored, ...serious]) writeLine(line);
    if (environment.strict && serious.length > 0) process.exit(EXIT_CONFIG);
  }
  if (environment.destinations.length === 0) return;
  if (hasLoggerProvider()) {
    for (const { destination } of environment.destinations) void destination.shutdown(0);
    return;
  }
  installDiagLogger(otel.logLevel);
  const processor = new WriteThroughLogRecordProcessor(environment.destinations.map(({ destination }) => destination));
  const provider = new LoggerProvider({
    resource: resourceOf(attributes),
    logRecordLimits: otel.logRecordLimits,
    processors: [processor],
  });
  registerLoggerProvider(provider);
  attachBridgeOnceRegistered(new SpanEventBridge({ targets: processor }));
  flushAtEnd(processor, environment.flushMillis);
  if (!environment.quiet && isMainThread) writeLine(startLine(service, environment));
}

function startOnce(): void {
  const global = globalThis as Record<symbol, unknown>;
  if (global[REGISTERED]) return;
  global[REGISTERED] = true;
  try {
    start();
  } catch (error) {
    // Whatever it is, the application starts.
    writeLine(`logferry LF009 could not start: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

startOnce();
