import type { TracerProvider } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { ProxyTracerProvider } from '../global-providers.ts';
import { attachBridgeOrSay, onDelegate } from '../global-providers.ts';
import type { RunningSource } from '../sources/load.ts';
import { WINSTON_TRANSPORT } from '../sources/winston.ts';
import type { AnySpanProcessor } from '../span-processors.ts';
import { watchApiLogs } from './api-logs.ts';
import { attachProcessor } from './attach.ts';
import type { AnyLoggerProvider, LoggerOwner, SwitchableLoggerProvider } from './loggers.ts';
import { keepOwnLoggers } from './loggers.ts';
import type { Slot } from './registry.ts';
import { RegistryWatch } from './registry.ts';
import type { SwitchableTracerProvider } from './tracers.ts';

const WINSTON = '@opentelemetry/instrumentation-winston';

/** Our instrumentations, which make room for the same ones of others. */
export class OwnSources implements LoggerOwner {
  /** Undefined while they are being loaded. */
  #running: readonly RunningSource[] | undefined;

  get running(): readonly RunningSource[] {
    return this.#running ?? [];
  }

  /** What runs from now on. */
  watch(running: readonly RunningSource[]): void {
    this.#running = running;
  }

  /** Whether it is one of our instrumentations that asks for a logger of this scope; they do so with every logger. */
  ownsLogger(scope: string): boolean {
    return this.#running === undefined || this.#find(scope === WINSTON_TRANSPORT ? WINSTON : scope).length > 0;
  }

  /**
   * Told of every tracer that is asked for. Instrumentations do so once, when they are made and before they instrument
   * anything: one that has the name of one of ours, which have theirs, is somebody else's.
   */
  onTracer(scope: string): void {
    this.#stop(this.#find(scope));
  }

  /** Stops what somebody else has as well. */
  stopWhere(others: (scope: string) => boolean): void {
    this.#stop((this.#running ?? []).filter(({ instrumentation }) => others(instrumentation.instrumentationName)));
  }

  stopTracing(): void {
    this.#stop((this.#running ?? []).filter(({ signal }) => signal === 'traces'));
  }

  #find(name: string): readonly RunningSource[] {
    return (this.#running ?? []).filter(({ instrumentation }) => instrumentation.instrumentationName === name);
  }

  #stop(stopped: readonly RunningSource[]): void {
    if (stopped.length === 0) return;
    this.#running = this.#running?.filter((source) => !stopped.includes(source));
    for (const { instrumentation } of stopped) {
      try {
        instrumentation.disable();
      } catch {
        // It has nothing to take back, or somebody else has been over it.
      }
    }
  }
}

/** What we have registered, and what it goes on with when others register. */
export interface Ours {
  readonly loggers: SwitchableLoggerProvider;
  /** Undefined: we have registered none. */
  readonly tracers: SwitchableTracerProvider | undefined;
  readonly processor: LogRecordProcessor;
  /** Name of the service, for providers that have none. */
  readonly service: string;
  readonly bridge: AnySpanProcessor;
  readonly sources: OwnSources;
  /** Whether somebody else has the instrumentation of this name, as far as can be seen. */
  isActive(scope: string): boolean;
  /** Called when others take over spans or records. */
  onTakeover(signal: RunningSource['signal']): void;
}

/** Makes way for an SDK that the application starts after us: it gets everything, and so do we, each record once. */
export class Takeover {
  readonly #ours: Ours;
  readonly #known = new WeakSet<object>();

  constructor(ours: Ours) {
    this.#ours = ours;
    this.#known.add(ours.loggers);
  }

  /** `slots`: what is ours in the API's registry. */
  start(slots: readonly Slot[]): void {
    new RegistryWatch(slots, (slot, value) => this.#onRegistered(slot, value)).start();
    watchApiLogs((provider) => this.#loggers(provider));
  }

  #onRegistered(slot: Slot, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (slot === 'logs') return this.#loggers(value as AnyLoggerProvider);
    if (slot === 'trace') {
      const proxy = value as ProxyTracerProvider;
      onDelegate(proxy, () => this.#tracers(proxy));
    }
    return value;
  }

  #tracers(proxy: ProxyTracerProvider): void {
    const { tracers, sources, bridge } = this.#ours;
    attachBridgeOrSay(bridge, proxy);
    if (tracers === undefined) {
      this.#makeRoom();
      return;
    }
    const target = (proxy.getDelegate?.() ?? proxy) as TracerProvider;
    const getTracer = target.getTracer.bind(target);
    target.getTracer = (...scope) => {
      sources.onTracer(scope[0]);
      return getTracer(...scope);
    };
    tracers.switchTo(target);
    sources.stopTracing();
    this.#ours.onTakeover('traces');
  }

  /** Which provider is to be the global one. */
  #loggers(theirs: AnyLoggerProvider): AnyLoggerProvider {
    if (this.#known.has(theirs)) return theirs;
    this.#known.add(theirs);
    const { loggers, processor, service } = this.#ours;
    this.#ours.onTakeover('logs');
    this.#makeRoom();
    if (!attachProcessor(theirs, processor, service)) {
      loggers.switchTo([...loggers.targets, theirs]);
      return loggers;
    }
    loggers.switchTo([theirs]);
    keepOwnLoggers(theirs, loggers);
    return theirs;
  }

  /** Without a tracer provider of ours, nothing has told us of the instrumentations that others have made so far. */
  #makeRoom(): void {
    const { tracers, sources, isActive } = this.#ours;
    if (tracers === undefined) sources.stopWhere(isActive);
  }
}
