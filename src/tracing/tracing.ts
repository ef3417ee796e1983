import type { ContextManager, TracerProvider } from '@opentelemetry/api';
import { context, propagation, trace } from '@opentelemetry/api';
import type { ProxyTracerProvider } from '../global-providers.ts';
import { attachBridgeOrSay } from '../global-providers.ts';
import type { Slot } from '../others/registry.ts';
import { registrations } from '../others/registry.ts';
import { SwitchableTracerProvider } from '../others/tracers.ts';
import { TRACING } from '../sources/packages.ts';
import type { PackageFinder } from '../sources/resolve.ts';
import type { AnySpanProcessor } from '../span-processors.ts';
import type { Env } from './environment.ts';
import { propagatorOf, samplerOf } from './environment.ts';
import type { FlushableProcessor } from './exporters.ts';
import { spanProcessorsOf } from './exporters.ts';

export interface TracingSetup {
  readonly finder: PackageFinder;
  readonly env: Env;
  readonly resource: object;
  /** Gets every span that ends. */
  readonly bridge: AnySpanProcessor;
  /** Told the scope of every tracer that is asked for. */
  readonly onTracer: (scope: string) => void;
}

export interface StartedTracing {
  /** Whose spans there are. */
  readonly kind: 'ours' | 'others' | 'missing';
  readonly tracers?: SwitchableTracerProvider;
  /** What is ours in the API's registry. */
  readonly slots: readonly Slot[];
  /** Span processors that send to where `OTEL_TRACES_EXPORTER` says. */
  readonly exporters: readonly FlushableProcessor[];
  /** Problems, as lines that begin with their code. */
  readonly warnings: readonly string[];
}

type Sdk = Readonly<Record<string, unknown>>;
type ProviderClass = new (options: object) => TracerProvider;

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
}

function loadFirst(finder: PackageFinder, names: readonly string[], warnings: string[]): Sdk | undefined {
  for (const name of names) {
    const loaded = finder.load(name);
    if (loaded.kind === 'loaded') return loaded.exports;
    if (loaded.kind === 'failed') warnings.push(`LF021 ${name} could not be loaded: ${loaded.message}`);
  }
  return undefined;
}

/** Fills what is free of context manager and propagators. */
function registerContext({ finder, env }: TracingSetup, sdk: Sdk, warnings: string[]): readonly Slot[] {
  const slots: Slot[] = [];
  if (registrations().context === undefined) {
    const manager = new (sdk.AsyncLocalStorageContextManager as new () => ContextManager)();
    if (context.setGlobalContextManager(manager.enable())) slots.push('context');
  }
  const propagator = registrations().propagation === undefined ? propagatorOf(env, finder, warnings) : undefined;
  if (propagator !== undefined && propagation.setGlobalPropagator(propagator)) slots.push('propagation');
  return slots;
}

function startOwn(setup: TracingSetup, sdk: Sdk, contextSdk: Sdk, warnings: string[]): StartedTracing {
  const { finder, env, resource, bridge, onTracer } = setup;
  const Provider = (sdk.TracerProvider ?? sdk.BasicTracerProvider) as ProviderClass;
  const exporters = spanProcessorsOf(env, sdk, finder, warnings);
  const sampler = samplerOf(env, sdk, warnings);
  const provider = new Provider({
    resource,
    spanProcessors: [bridge, ...exporters],
    ...(sampler && { sampler }),
  });
  const tracers = new SwitchableTracerProvider(provider, onTracer);
  const slots = registerContext(setup, contextSdk, warnings);
  trace.setGlobalTracerProvider(tracers);
  return { kind: 'ours', tracers, slots: ['trace', ...slots], exporters, warnings };
}

/**
 * Makes spans, so that records have trace ids: registers a tracer provider, a context manager and propagators as the
 * environment says, if the packages for it are installed. Where somebody else has registered a tracer provider, theirs
 * stays and gets the bridge. Never throws.
 */
export function startTracing(setup: TracingSetup): StartedTracing {
  if (registrations().trace !== undefined) {
    attachBridgeOrSay(setup.bridge, trace.getTracerProvider() as ProxyTracerProvider);
    return { kind: 'others', slots: [], exporters: [], warnings: [] };
  }
  const warnings: string[] = [];
  const [sdk, contextSdk] = TRACING.map(({ alternatives }) => loadFirst(setup.finder, alternatives, warnings));
  const missing: StartedTracing = { kind: 'missing', slots: [], exporters: [], warnings };
  if (sdk === undefined || contextSdk === undefined) return missing;
  try {
    return startOwn(setup, sdk, contextSdk, warnings);
  } catch (error) {
    warnings.push(`LF021 tracing could not be started: ${messageOf(error)}`);
    return missing;
  }
}
