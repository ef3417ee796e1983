import type { Context } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Additions } from './additions.ts';
import type { DestinationStats } from './delivery/stats.ts';
import type { Destination } from './destination.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import { flushReport } from './flush.ts';
import type { EnrichableRecord } from './instrument/log-context-processor.ts';
import type { LevelSetting } from './levels/levels.ts';
import type { Level } from './levels/names.ts';
import type { EmittedRecord } from './record/record.ts';
import type { SpanEventTarget } from './span-event-bridge.ts';

/** What a processor asks whether it would take. */
export interface RecordKind {
  readonly severityNumber?: number;
  readonly eventName?: string;
  readonly instrumentationScope?: EmittedRecord['instrumentationScope'];
}

/** What a processor does besides handing records on. */
export interface ProcessorOptions {
  /** Added to every record, once for all destinations. Default none. */
  readonly additions?: Additions | undefined;
  /** Adds to a record what its surroundings know: see `recordEnricher`. Default: nothing. */
  readonly enrich?: (record: EnrichableRecord, context?: Context) => void;
}

/**
 * Hands every record to several destinations within `emit()`: no queue of objects in between, so a burst of any size
 * is bounded by bytes only and nothing waits a second in memory that no one counts. The destinations share their levels.
 */
export class WriteThroughLogRecordProcessor implements LogRecordProcessor, SpanEventTarget {
  readonly #destinations: readonly Destination[];
  readonly #additions: Additions | undefined;
  readonly #enrich: ProcessorOptions['enrich'];

  constructor(destinations: readonly Destination[], { additions, enrich }: ProcessorOptions = {}) {
    this.#destinations = destinations;
    this.#additions = additions;
    this.#enrich = enrich;
  }

  onEmit(record: ReadableLogRecord, context?: Context): void {
    this.#enrich?.(record as EnrichableRecord & ReadableLogRecord, context);
    const whole = this.#additions === undefined ? record : this.#additions.to(record);
    for (const destination of this.#destinations) destination.accept(whole);
  }

  enabled({ severityNumber, eventName, instrumentationScope }: RecordKind): boolean {
    return this.#destinations.some((destination) => destination.takes(severityNumber, eventName, instrumentationScope));
  }

  emitSpanEvent(record: EmittedRecord): void {
    const whole = this.#additions === undefined ? record : this.#additions.to(record);
    for (const destination of this.#destinations) destination.acceptSpanEvent(whole);
  }

  /** Sets the level of a destination or of a pattern of scope names; undefined resets it. False for what is neither. */
  setLevel(target: string, level: Level | undefined): boolean {
    return this.#destinations[0]?.levels.set(target, level) ?? false;
  }

  /** The level of every destination, then those of patterns, as they hold now. */
  levels(): readonly LevelSetting[] {
    return this.#destinations[0]?.levels.list() ?? [];
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
