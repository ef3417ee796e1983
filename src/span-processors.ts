import type { Context } from '@opentelemetry/api';

/** A span processor, as the tracing SDKs of both OpenTelemetry lines use it. */
export interface AnySpanProcessor {
  onStart(span: unknown, parentContext: Context): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Several span processors as one, which is all that can be added to a tracer provider of somebody else. */
export class SpanProcessors implements AnySpanProcessor {
  readonly #all: readonly AnySpanProcessor[];

  constructor(all: readonly AnySpanProcessor[]) {
    this.#all = all;
  }

  onStart(span: unknown, parentContext: Context): void {
    for (const processor of this.#all) processor.onStart(span, parentContext);
  }

  onEnd(span: unknown): void {
    for (const processor of this.#all) processor.onEnd(span);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#all.map((processor) => processor.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#all.map((processor) => processor.shutdown()));
  }
}
