import type { Span, Tracer, TracerProvider } from '@opentelemetry/api';

type Scope = Parameters<TracerProvider['getTracer']>;

/** A tracer of whichever provider is in charge. */
class SwitchableTracer implements Tracer {
  readonly #provider: SwitchableTracerProvider;
  readonly #scope: Scope;
  #from: TracerProvider | undefined;
  #tracer: Tracer | undefined;

  constructor(provider: SwitchableTracerProvider, scope: Scope) {
    this.#provider = provider;
    this.#scope = scope;
  }

  startSpan(...args: Parameters<Tracer['startSpan']>): Span {
    return this.#current().startSpan(...args);
  }

  startActiveSpan<F extends (span: Span) => unknown>(...args: unknown[]): ReturnType<F> {
    return Reflect.apply(this.#current().startActiveSpan, this.#current(), args);
  }

  #current(): Tracer {
    const { target } = this.#provider;
    if (this.#tracer === undefined || this.#from !== target) {
      this.#tracer = target.getTracer(...this.#scope);
      this.#from = target;
    }
    return this.#tracer;
  }
}

/**
 * Stands for a tracer provider that can be replaced: tracers that were taken before make their spans with the new one
 * from then on.
 */
export class SwitchableTracerProvider implements TracerProvider {
  readonly #onTracer: (scope: string) => void;
  #target: TracerProvider;

  /** `onTracer` is told the scope of every tracer that is asked for. */
  constructor(target: TracerProvider, onTracer: (scope: string) => void) {
    this.#target = target;
    this.#onTracer = onTracer;
  }

  get target(): TracerProvider {
    return this.#target;
  }

  getTracer(...scope: Scope): Tracer {
    this.#onTracer(scope[0]);
    return new SwitchableTracer(this, scope);
  }

  switchTo(target: TracerProvider): void {
    this.#target = target;
  }
}
