import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { DestinationStats } from './delivery/stats.ts';
import type { Destination } from './destination.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import { flushReport } from './flush.ts';
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

  /** Waits for what was taken before, bounded, and tells what has become of it. Never rejects. */
  async flush(options?: FlushOptions): Promise<FlushReport> {
    return flushReport(await Promise.all(this.#destinations.map((destination) => destination.flush(options))));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#destinations.map((destination) => destination.shutdown()));
  }

  stats(): readonly DestinationStats[] {
    return this.#destinations.map((destination) => destination.stats());
  }
}
