import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { DestinationStats } from './delivery/pipeline.ts';
import type { Destination } from './destination.ts';
import type { EmittedRecord } from './record/record.ts';
import type { SpanEventTarget } from './span-event-bridge.ts';

/**
 * Hands every record to several destinations within `emit()`: no queue of objects in between, so a burst of any size
 * is bounded by bytes only and nothing waits a second in memory that no one counts.
 */
export class WriteThroughLogRecordProcessor implements LogRecordProcessor, SpanEventTarget {
  readonly #destinations: readonly Destination[];

  constructor(destinations: readonly Destination[]) {
    this.#destinations = destinations;
  }

  onEmit(record: ReadableLogRecord): void {
    for (const destination of this.#destinations) destination.accept(record);
  }

  enabled({ severityNumber, eventName }: { readonly severityNumber?: number; readonly eventName?: string }): boolean {
    return this.#destinations.some((destination) => destination.takes(severityNumber, eventName));
  }

  emitSpanEvent(record: EmittedRecord): void {
    for (const destination of this.#destinations) destination.acceptSpanEvent(record);
  }

  async forceFlush(): Promise<void> {
    await this.flush();
  }

  /** Waits for the delivery of what was taken before, `timeoutMillis` at most. Never rejects. */
  async flush(timeoutMillis?: number): Promise<void> {
    await Promise.all(this.#destinations.map((destination) => destination.flush(timeoutMillis)));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#destinations.map((destination) => destination.shutdown()));
  }

  stats(): readonly DestinationStats[] {
    return this.#destinations.map((destination) => destination.stats());
  }
}
