import type { Context } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { additionsOf, type RecordAdditions } from './additions.ts';
import type { DestinationStats } from './delivery/stats.ts';
import { Destination } from './destination.ts';
import type { FlushOptions, FlushReport } from './flush.ts';
import { type LogContextProcessorOptions, recordEnricher } from './instrument/log-context-processor.ts';
import type { LevelSetting } from './levels/levels.ts';
import { Levels } from './levels/levels.ts';
import type { Level } from './levels/names.ts';
import type { DeliveryOptions } from './options.ts';
import { deliverySettings } from './options.ts';
import type { PlatformDelivery, Platforms } from './platform-delivery.ts';
import type { Platform } from './platforms/platform.ts';
import { type RecordKind, WriteThroughLogRecordProcessor } from './processor.ts';
import type { EmittedRecord } from './record/record.ts';
import type { SpanEventTarget } from './span-event-bridge.ts';
import type { SpoolOptions } from './spool-options.ts';

export type { PlatformDelivery, Platforms } from './platform-delivery.ts';

/** Delivery options with a spool, and what is added to every record. */
export interface DurableOptions extends DeliveryOptions, RecordAdditions {
  readonly spool: SpoolOptions;
  /** What records get from their surroundings, as by a `LogContextProcessor`. Default: the log context alone. */
  readonly context?: LogContextProcessorOptions;
}

/** The levels of an entry are its own, those of `common` hold for all. */
function destinationOf(entry: Platform | PlatformDelivery, common: DeliveryOptions, levels: Levels): Destination {
  if (typeof entry !== 'object' || entry === null) {
    throw new TypeError(`platforms must be made by logtide(), odysseus() and the like, got ${typeof entry}`);
  }
  const { platform, ...own } = 'platform' in entry ? entry : { platform: entry as Platform };
  return new Destination(platform, { ...common, ...own }, { levels });
}

function destinations(platforms: Platforms, options: DeliveryOptions): readonly Destination[] {
  const list = (Array.isArray(platforms) ? platforms : [platforms]) as readonly (Platform | PlatformDelivery)[];
  if (list.length === 0) throw new TypeError('platforms must name at least one platform');
  const levels = new Levels(deliverySettings(options));
  const { minimumSeverity: _minimum, levels: _levels, ...common } = options;
  return list.map((entry) => destinationOf(entry, common, levels));
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
    const { attributes, tags, context, ...delivery } = options;
    const additions = additionsOf({ ...(attributes && { attributes }), ...(tags && { tags }) });
    const enrich = recordEnricher(context);
    this.#processor = new WriteThroughLogRecordProcessor(destinations(platforms, delivery), { additions, enrich });
  }

  onEmit(record: ReadableLogRecord, context?: Context): void {
    this.#processor.onEmit(record, context);
  }

  /** Whether any destination would take a record of this kind. */
  enabled(kind: RecordKind): boolean {
    return this.#processor.enabled(kind);
  }

  /** Takes a span event from a `SpanEventBridge`. */
  emitSpanEvent(record: EmittedRecord): void {
    this.#processor.emitSpanEvent(record);
  }

  /**
   * Sets the level of a destination (`logtide`) or of all scopes that match a pattern (`db.*`; `scope:logtide` for a
   * scope of that name), until undefined resets it. False, and nothing changes, when target or level cannot be read.
   */
  setLevel(target: string, level: Level | undefined): boolean {
    return this.#processor.setLevel(target, level);
  }

  /** The level of every destination, then those of patterns, as they hold now. */
  levels(): readonly LevelSetting[] {
    return this.#processor.levels();
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
