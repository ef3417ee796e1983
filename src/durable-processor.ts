import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { DestinationStats } from './delivery/stats.ts';
import { Destination } from './destination.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import type { DeliveryOptions } from './options.ts';
import type { Platform } from './platforms/platform.ts';
import { WriteThroughLogRecordProcessor } from './processor.ts';
import type { EmittedRecord } from './record/record.ts';
import type { SpanEventTarget } from './span-event-bridge.ts';
import type { SpoolOptions } from './spool-options.ts';

/** Delivery options with a spool. */
export interface DurableOptions extends DeliveryOptions {
  readonly spool: SpoolOptions;
}

/** A platform with delivery options of its own, which take the place of the common ones group by group. */
export interface PlatformDelivery extends DeliveryOptions {
  readonly platform: Platform;
}

/** One destination, or several. */
export type Platforms = Platform | PlatformDelivery | readonly (Platform | PlatformDelivery)[];

function destinations(platforms: Platforms, common: DurableOptions): readonly Destination[] {
  const list = Array.isArray(platforms) ? (platforms as readonly (Platform | PlatformDelivery)[]) : [platforms];
  if (list.length === 0) throw new TypeError('platforms must name at least one platform');
  return list.map((entry) => {
    if (typeof entry !== 'object' || entry === null) {
      throw new TypeError(`platforms must be made by logtide(), odysseus() and the like, got ${typeof entry}`);
    }
    if (!('platform' in entry)) return new Destination(entry as Platform, common);
    const { platform, ...own } = entry;
    return new Destination(platform, { ...common, ...own });
  });
}

/**
 * A log record processor that has every record encoded and written to the spool before `emit()` returns: from then on
 * it survives a crash or kill of the process and is delivered at least once, or its end is counted by reason.
 *
 * Each destination has a queue, a circuit breaker and a part of the spool of its own. While the directory cannot be
 * used, records wait in memory, as one diagnostic tells. Nothing is ever thrown into the application.
 */
export class DurableLogRecordProcessor implements LogRecordProcessor, SpanEventTarget {
  readonly #processor: WriteThroughLogRecordProcessor;
  #shutdown: Promise<void> | undefined;

  /** Throws a `TypeError` or `RangeError` that names a bad option; an `Error` if `spool.required` and it cannot be used. */
  constructor(platforms: Platforms, options: DurableOptions) {
    if (typeof options?.spool !== 'object') throw new TypeError('spool must be an object with a directory');
    this.#processor = new WriteThroughLogRecordProcessor(destinations(platforms, options));
  }

  onEmit(record: ReadableLogRecord): void {
    this.#processor.onEmit(record);
  }

  /** Whether any destination would take a record of this kind. */
  enabled(kind: { readonly severityNumber?: number; readonly eventName?: string }): boolean {
    return this.#processor.enabled(kind);
  }

  /** Takes a span event from a `SpanEventBridge`. */
  emitSpanEvent(record: EmittedRecord): void {
    this.#processor.emitSpanEvent(record);
  }

  /** Waits for the delivery of what was emitted before, `timeouts.flushMillis` at most. Never rejects. */
  forceFlush(): Promise<void> {
    return this.#processor.forceFlush();
  }

  /** Waits for delivery, or until the disk has confirmed it, and tells what has become of the records. Never rejects. */
  flush(options?: FlushOptions): Promise<FlushReport> {
    return this.#processor.flush(options);
  }

  /**
   * Delivers what it can within `timeouts.shutdownMillis` and leaves the rest in the spool, for the next process or the
   * next processor on the same directory. Never rejects.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#processor.shutdown();
    return this.#shutdown;
  }

  /** The counts of each destination; `accepted = delivered + pending + deadLettered + Σ dropped` at every moment. */
  stats(): readonly DestinationStats[] {
    return this.#processor.stats();
  }
}
