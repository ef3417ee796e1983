import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { Environment, Problem } from './env.ts';
import { readEnvironment } from './env.ts';
import { attachBridge, hasLoggerProvider, registerLoggerProvider } from './global-providers.ts';
import { readOtelEnvironment } from './otel-env.ts';
import { flushAtEnd } from './process-end.ts';
import { WriteThroughLogRecordProcessor } from './processor.ts';
import { resourceAttributes, resourceOf } from './resource.ts';
import { SpanEventBridge } from './span-event-bridge.ts';
import { installDiagLogger, writeLine } from './stderr-diag.ts';
import { SDK_VERSION } from './version.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const REGISTERED = Symbol.for('logferry.register');

function describe({ code, where, what, fix }: Problem): string {
  return `logferry ${code} ${where} ${what}: ${fix}`;
}

function startLine(service: string, { destinations, queueBytes }: Environment): string {
  const targets = destinations.map(({ destination, origin }) => `${destination.name} (${origin}, key ****)`).join(', ');
  const memory = `${Math.round(queueBytes / 1_048_576)} MB of memory each`;
  return `logferry ${SDK_VERSION}: logs of "${service}" go to ${targets}; ${memory}`;
}

/** Now if tracing is set up already, else once the application has had its first turn. */
function attachWhenPossible(bridge: SpanEventBridge): void {
  if (attachBridge(bridge)) return;
  setImmediate(() => attachBridge(bridge)).unref();
}

function start(): void {
  const { env } = process;
  const otel = readOtelEnvironment(env);
  if (otel.disabled) return;
  installDiagLogger(otel.logLevel);
  for (const warning of otel.warnings) writeLine(`logferry ${warning}`);
  const environment = readEnvironment({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    delivery: otel.delivery,
  });
  for (const problem of environment.problems) writeLine(describe(problem));
  if (environment.strict && environment.problems.length > 0) process.exit(EXIT_CONFIG);
  if (environment.destinations.length === 0) {
    if (!environment.quiet)
      writeLine('logferry LF007 no platform has its credentials set: nothing is sent; see README, "Environment"');
    return;
  }
  if (hasLoggerProvider()) {
    writeLine(
      'logferry LF008 another OpenTelemetry logger provider is registered already: nothing is sent; load logferry/register first, or set OTEL_LOGS_EXPORTER=none',
    );
    return;
  }
  const attributes = resourceAttributes(env, process.argv[1]);
  const processor = new WriteThroughLogRecordProcessor(environment.destinations.map(({ destination }) => destination));
  const provider = new LoggerProvider({
    resource: resourceOf(attributes),
    logRecordLimits: otel.logRecordLimits,
    processors: [processor],
  });
  registerLoggerProvider(provider);
  attachWhenPossible(new SpanEventBridge({ targets: processor }));
  flushAtEnd(processor, environment.flushMillis);
  if (!environment.quiet && isMainThread) writeLine(startLine(String(attributes['service.name']), environment));
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
